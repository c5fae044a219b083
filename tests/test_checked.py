"""Annotations are enforced wherever a function is called, and not while it is traced."""

import json
import sys
from importlib import import_module

import pytest
import torch
from jaxtyping import TypeCheckError

from mmnotes.checked import check_imports_of

MODULE = '''
from functools import cache
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn


def added(x: Float[Tensor, "rows columns"], y: Float[Tensor, "rows"], *, scale: float = 1) -> Float[Tensor, "rows"]:
    """The documentation."""
    return scale * (x.sum(1) + y)


def lying(x: Float[Tensor, "rows"]) -> Float[Tensor, "rows rows"]:
    return x


class Layer(nn.Module):
    def forward(self, x: Float[Tensor, "batch 3"]) -> Float[Tensor, "batch"]:
        return x.sum(1)

    @staticmethod
    def of(x: Float[Tensor, "3"]) -> Tensor:
        return x


class Pair(NamedTuple):
    size: int


@cache
def kept(size: int) -> int:
    return size
'''


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A package of one module, imported with its annotations checked."""
    root = tmp_path_factory.mktemp("root")
    (root / "samplepackage").mkdir()
    (root / "samplepackage/__init__.py").write_text("")
    (root / "samplepackage/module.py").write_text(MODULE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(root))
        patch.setattr(sys, "meta_path", list(sys.meta_path))
        check_imports_of("samplepackage")
        yield import_module("samplepackage.module")
    for name in ("samplepackage", "samplepackage.module"):
        del sys.modules[name]


def test_a_right_call_goes_through(sample):
    assert sample.added(torch.ones(2, 3), torch.ones(2), scale=2).tolist() == [8, 8]
    assert sample.Layer()(torch.ones(2, 3)).tolist() == [3, 3]
    assert sample.Layer.of(torch.ones(3)).shape == (3,) and sample.Pair(3).size == 3 and sample.kept(4) == 4


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda s: s.added(torch.ones(2, 3), torch.ones(4)), "'y'"),
        (lambda s: s.added(torch.ones(2, 3), torch.ones(2), scale="two"), "'scale'"),
        (lambda s: s.added(torch.ones(2, 3).long(), torch.ones(2)), "'x'"),
        (lambda s: s.lying(torch.ones(2)), "return value"),
        (lambda s: s.Layer()(torch.ones(2, 4)), "'x'"),
        (lambda s: s.Layer.of(torch.ones(4)), "'x'"),
    ],
)
def test_a_wrong_one_names_the_argument(sample, call, named):
    with pytest.raises(TypeCheckError, match=named):
        call(sample)


def test_the_functions_keep_their_names_and_documentation(sample):
    assert sample.added.__name__ == "added" and sample.added.__doc__ == "The documentation."
    assert sample.added.__module__ == "samplepackage.module"


def test_what_is_traced_is_not_checked(sample):
    compiled = torch.compile(sample.lying, fullgraph=True, backend="eager")
    assert torch.equal(compiled(torch.ones(2)), torch.ones(2)), "the check would refuse the result"
    x, y = torch.rand(2, 3), torch.rand(2)
    torch.testing.assert_close(
        torch.compile(sample.added, fullgraph=True, backend="eager")(x, y), sample.added(x, y), rtol=0, atol=0
    )


def test_other_packages_are_left_alone(sample):
    assert not hasattr(json.dumps, "__wrapped__")
