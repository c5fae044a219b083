"""What ``tests/test_traced.py`` compiles and transforms: one entry for everything public, in one module a few rooms.

A public name is ``infonce.info_nce`` for what ``mmnotes.infonce`` exports, ``layers.attention.attend`` for a function
of ``mmnotes.layers.attention`` (and alike in ``models``), ``clip.CLIP`` for a module's forward pass, and
``clip.ImageTower.embed`` for another public method that a module's class defines. Each needs an entry in ``TRACED``,
or a line in ``UNTRACED`` whose reason stands word for word in its docstring. A module of entries looks like this:

    TRACED = [
        Traced("infonce.similarity", lambda: (similarity, (randn(3, 7), randn(5, 7)))),
        Traced("infonce.info_nce", lambda: (partial(info_nce, scale=14.0), (randn(5, 5),))),
        # The result is a place, which has no slope.
        Traced("clip.end_position", lambda: (end_position, (torch.tensor([[1, 9, 0]]),)), transforms=("vmap",)),
    ]
    UNTRACED = {"infonce.gathered": "a collective of the process group cannot be traced"}
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Traced:
    """A call of a public function with example arguments.

    ``make`` returns a function of tensors alone and its tensors, made anew, with torch's generator seeded before; what
    is no tensor is bound with ``partial``. The function returns tensors, or tuples, lists or dicts of them. It is
    compiled with fullgraph and has to equal eager. For each of ``transforms`` it has to equal:

    - ``vmap``: a loop over the tensors as they are and flipped along their first axis;
    - ``jacrev`` and ``jvp``: autograd's slopes by the tensors that are real.
    """

    name: str
    make: Callable[[], tuple[Callable[..., object], tuple[Tensor, ...]]]
    transforms: tuple[str, ...] = ("vmap", "jacrev", "jvp")


def rand(*shape: int) -> Tensor:
    """Normal numbers, in double precision."""
    return torch.randn(shape, dtype=torch.float64)


def filled(module: nn.Module) -> nn.Module:
    """The module in double precision, with weights that nothing of it leaves at zero or one."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module.double()
