"""SwiGLU and experts: the loops, limits, what a router's weights are and what breaks when they are not, bad inputs."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmnotes.qwen3_vl import Experts, SwiGLU, routed
from tests.qwen3_vl.cases import batch, ours, reference

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=40)


def experts(*, number=7, top=3):
    random, made = torch.Generator().manual_seed(0), Experts(dim=5, hidden=3, experts=number, top=top)
    for value in made.parameters():
        value.data = torch.randn(value.shape, generator=random, dtype=torch.float64) * 0.5
    return made.requires_grad_(False)


def some(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_shapes():
    assert SwiGLU(dim=5, hidden=3)(some(2, 11, 5).float()).shape == (2, 11, 5)
    assert experts()(some(2, 11, 5)).shape == (2, 11, 5)
    weights, chosen = routed(some(11, 7), top=3)
    assert weights.shape == chosen.shape == (11, 3)


def swiglu(x, gate, up, down):
    inner = [
        (g := sum(w * a for w, a in zip(row, x, strict=True)))
        / (1 + math.exp(-g))
        * sum(w * a for w, a in zip(other, x, strict=True))
        for row, other in zip(gate, up, strict=True)
    ]
    return [sum(w * a for w, a in zip(row, inner, strict=True)) for row in down]


def test_swiglu_is_the_loops():
    made = SwiGLU(dim=5, hidden=3).double().requires_grad_(False)
    x = some(1, 1, 5)
    expected = swiglu(x[0, 0].tolist(), *(each.weight.tolist() for each in (made.gate, made.up, made.down)))
    torch.testing.assert_close(made(x)[0, 0], torch.tensor(expected, dtype=torch.float64))


def test_experts_are_the_loops():
    made, x = experts(), some(1, 11, 5)
    for token, found in zip(x[0], made(x)[0], strict=True):
        scores = [math.exp(score) for score in (made.router.weight @ token).tolist()]
        chosen = sorted(range(7), key=lambda e: -scores[e])[:3]
        expected = torch.zeros(5, dtype=torch.float64)
        for e in chosen:
            gate, up = made.gate_up[e].chunk(2)
            out = swiglu(token.tolist(), gate.tolist(), up.tolist(), made.down[e].tolist())
            expected += scores[e] / sum(scores[c] for c in chosen) * torch.tensor(out, dtype=torch.float64)
        torch.testing.assert_close(found, expected)


def test_one_expert_is_a_swiglu():
    made, plain = experts(number=1, top=1), SwiGLU(dim=5, hidden=3).double()
    plain.gate.weight.data, plain.up.weight.data = made.gate_up[0].chunk(2)
    plain.down.weight.data = made.down[0]
    x = some(2, 3, 5)
    torch.testing.assert_close(made(x), plain(x))


def test_where_values_are_not_known_all_experts_compute_the_same():
    made, x = experts(), some(2, 11, 5)
    torch.testing.assert_close(torch.func.vmap(made)(x[None])[0], made(x))


@repeatable
@given(top=st.integers(1, 7), seed=st.integers(0, 99), shift=st.floats(-50, 50))
def test_weights_are_a_softmax_over_the_chosen(top, seed, shift):
    logits = some(5, 7, seed=seed)
    weights, chosen = routed(logits + shift, top=top)
    torch.testing.assert_close(weights.sum(-1), torch.ones(5, dtype=torch.float64), rtol=1e-6, atol=0)
    expected, places = logits.topk(top)
    assert torch.equal(chosen, places)
    torch.testing.assert_close(weights, expected.softmax(-1), rtol=1e-5, atol=1e-6)


def test_what_was_not_chosen_gets_no_gradient_and_the_router_gets_some():
    made, x = experts().requires_grad_(True), some(1, 1, 5)
    _, chosen = routed(made.router(x[0]), top=3)
    made(x).square().sum().backward()
    moved = (made.down.grad.abs().sum((1, 2)) > 0).nonzero().flatten().tolist()
    assert moved == sorted(chosen[0].tolist())
    assert (made.router.weight.grad.abs().sum(1) > 1e-9).nonzero().flatten().tolist() == moved


def test_one_of_one_gives_the_router_no_gradient():
    """A weight that is always one says nothing about the score it came from."""
    made = experts(top=1).requires_grad_(True)
    made(some(1, 4, 5)).square().sum().backward()
    assert made.router.weight.grad.abs().max() < 1e-12


def test_unnormalised_weights_are_not_transformers(monkeypatch):
    def unnormalised(logits, *, top):
        return logits.softmax(-1).topk(top)

    theirs = reference(experts=True)
    model, (prompt, row, grids, inputs) = ours(theirs.state_dict(), experts=True), batch()
    with torch.no_grad():
        expected = theirs(**inputs, use_cache=False).logits[prompt.kept]
    right = model(prompt, row, grids)[prompt.kept]
    monkeypatch.setattr("mmnotes.qwen3_vl.feed_forward.routed", unnormalised)
    wrong = model(prompt, row, grids)[prompt.kept]
    assert (right - expected).abs().max() < 5e-5 < 0.1 < (wrong - expected).abs().max()


def test_bad_tops():
    for top in (0, 8):
        with pytest.raises(ValueError, match=f"top must be from 1 to experts = 7, got {top}"):
            Experts(dim=5, hidden=3, experts=7, top=top)
        with pytest.raises(ValueError, match=f"top must be from 1 to experts = 7, got {top}"):
            routed(some(11, 7), top=top)
