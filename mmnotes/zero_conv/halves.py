"""Guidance has two halves, with the text and without; a hint may steer both or the first alone.

Paper: Zhang, Rao and Agrawala, Adding conditional control to text-to-image diffusion models (2023), section 3.4.
"""

from collections.abc import Callable, Sequence

from jaxtyping import Float
from torch import Tensor

Network = Callable[[Tensor, Tensor, Tensor], Tensor]


def guided_in_one_half(
    steered: Network,
    plain: Network,
    text: Float[Tensor, "batch dim"],
    nothing: Float[Tensor, "dim"],
    *,
    scale: float,
) -> Callable[[Tensor, Tensor], Tensor]:
    """Guidance whose conditional half is steered and whose unconditional half is not:
    what it exaggerates is text and hint together.

    Give the steered network to ``guided_by`` and both halves are steered: guidance then
    exaggerates the text alone, and with no text it does nothing.

    Shapes: each network takes x (batch, ...), t (batch,) and text (batch, dim).
    Units: scale 1 is the steered network, more exaggerates.
    Source: Zhang et al. 2023, section 3.4; ``guess_mode`` in lllyasviel/ControlNet,
    gradio_canny2image.py.
    """
    empty = nothing.expand_as(text)

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        unconditional = plain(x, t, empty)
        return unconditional + scale * (steered(x, t, text) - unconditional)

    return velocity


def resolution_weights(rows: Sequence[int], *, page: int) -> list[float]:
    """For each tap the weight page / rows: a tap on a coarse grid weighs more.

    It cannot be traced: it counts, and takes no tensor.

    Shapes: rows, the height of each tap's grid -> as many weights.
    Units: with ``page`` the finest height the weights are the paper's, 1 and more; with
    the coarsest they are 1 and less, as in the released code.
    Errors: ValueError for a height that is not positive.
    Source: Zhang et al. 2023, section 3.4, w = 64 / h.
    Differs: the released code has 0.825^(12 - i) for tap i of 0 to 12, diffusers
    thirteen numbers from 0.1 to 1 in equal ratios: by place, not by grid.
    """
    if min(rows) < 1:
        raise ValueError(f"rows must be positive, got {min(rows)}")
    return [page / each for each in rows]
