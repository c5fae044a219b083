"""When values can be looked at: in an ordinary call, and neither on the meta device nor under a transform."""

import pytest
import torch

from mmnotes.layers.checks import transformed, values_known


def told(*tensors):
    """The two answers, from inside of whatever calls."""
    answers.append((values_known(*tensors), transformed(*tensors)))
    return sum(each.sum() for each in tensors)


answers: list[tuple[bool, bool]] = []
X = torch.rand(3, 2, generator=torch.Generator().manual_seed(0))


def asked(call):
    answers.clear()
    call()
    return answers[0]


def test_an_ordinary_call_knows_and_a_gradient_changes_nothing():
    assert asked(lambda: told(X, X)) == (True, False)
    assert asked(lambda: told(X.clone().requires_grad_())) == (True, False)


def test_the_meta_device_knows_nothing_and_is_no_transform():
    assert asked(lambda: told(X, X.to("meta"))) == (False, False)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_no_transform_knows():
    for call in (
        lambda: torch.vmap(told)(X),
        lambda: torch.func.jacrev(told)(X),
        lambda: torch.func.jvp(told, (X,), (X,)),
        lambda: torch.vmap(told, in_dims=(None, 0))(X, X),
    ):
        assert asked(call) == (False, True)


def test_a_tracer_goes_past():
    def looked(x):
        return torch.zeros_like(x) + (1 if values_known(x) else 2) + (10 if transformed(x) else 20)

    assert looked(X).eq(21).all()
    assert torch.compile(looked, fullgraph=True, backend="eager")(X).eq(22).all()
