"""Turning planes: loops, both pairings, gradients, transformers, low precision, bad inputs."""

import math
import re

import pytest
import torch
from jaxtyping import TypeCheckError
from torch.autograd import gradcheck, gradgradcheck
from transformers.models.cohere.modeling_cohere import apply_rotary_pos_emb as adjacent_by_transformers
from transformers.models.qwen3_vl.modeling_qwen3_vl import apply_rotary_pos_emb

from mmnotes.layers.rotation import adjacent_order, frequency_ladder, rotate_adjacent, rotate_halves

ROTATIONS = {"halves": rotate_halves, "adjacent": rotate_adjacent}
every_rotation = pytest.mark.parametrize("rotate", ROTATIONS.values(), ids=ROTATIONS)


def problem(batch=2, heads=3, tokens=5, planes=7, dtype=torch.float64, tables=None):
    """Random vectors, and tables of random angles, one for each item of the batch unless told otherwise."""
    generator = torch.Generator().manual_seed(batch * heads * tokens * planes)
    x = torch.randn(batch, heads, tokens, 2 * planes, generator=generator, dtype=torch.float64)
    angles = 9 * torch.randn(tables or batch, tokens, planes, generator=generator, dtype=torch.float64)
    return x.to(dtype), angles.cos().to(dtype), angles.sin().to(dtype)


def loops(x, cos, sin, pairs):
    turned = x.clone()
    for b, h, t in torch.cartesian_prod(*(torch.arange(size) for size in x.shape[:3])).tolist():
        for plane, (first, second) in enumerate(pairs):
            c, s = (float(table[min(b, len(table) - 1), t, plane]) for table in (cos, sin))
            a, e = float(x[b, h, t, first]), float(x[b, h, t, second])
            turned[b, h, t, first], turned[b, h, t, second] = c * a - s * e, s * a + c * e
    return turned


@every_rotation
def test_shapes(rotate):
    x, cos, sin = problem()
    assert rotate(x, cos, sin).shape == (2, 3, 5, 14)
    assert frequency_ladder(planes=7, base=100.0).shape == (7,) and adjacent_order(planes=7).shape == (14,)


@pytest.mark.parametrize("tables", [1, 2])
def test_both_pairings_are_the_loops(tables):
    x, cos, sin = problem(tables=tables)
    halves, adjacent = [(j, j + 7) for j in range(7)], [(2 * j, 2 * j + 1) for j in range(7)]
    torch.testing.assert_close(rotate_halves(x, cos, sin), loops(x, cos, sin, halves), rtol=0, atol=1e-14)
    torch.testing.assert_close(rotate_adjacent(x, cos, sin), loops(x, cos, sin, adjacent), rtol=0, atol=1e-14)


def test_the_ladder_is_the_formula():
    ladder = frequency_ladder(planes=64, base=1e6, dtype=torch.float64)
    expected = [1e6 ** (-j / 64) for j in range(64)]
    torch.testing.assert_close(ladder, torch.tensor(expected, dtype=torch.float64), rtol=1e-13, atol=0)
    assert 2 * math.pi / ladder[15] == pytest.approx(160.1, abs=0.05)


def test_one_pairing_is_a_permutation_of_the_other():
    x, cos, sin = problem()
    order = adjacent_order(planes=7)
    assert order.tolist() == [0, 7, 1, 8, 2, 9, 3, 10, 4, 11, 5, 12, 6, 13]
    expected = rotate_adjacent(x[..., order], cos, sin)
    torch.testing.assert_close(rotate_halves(x, cos, sin)[..., order], expected, rtol=0, atol=1e-14)


@every_rotation
def test_more_tokens_than_a_block_holds_in_any_memory_order(rotate):
    x, cos, sin = problem(2, 3, 5003, 13, torch.float32, tables=1)
    pieces = [rotate(x[:, :, [t]], cos[:, [t]], sin[:, [t]]) for t in (0, 2600, 3361, 3362, 5002)]
    turned = rotate(x, cos, sin)
    torch.testing.assert_close(turned[:, :, [0, 2600, 3361, 3362, 5002]], torch.cat(pieces, 2), rtol=0, atol=1e-6)
    strided = x.transpose(1, 2).contiguous().transpose(1, 2)
    torch.testing.assert_close(rotate(strided, cos, sin), turned, rtol=0, atol=1e-6)


@every_rotation
def test_lengths_are_kept_and_angle_zero_does_nothing(rotate):
    x, cos, sin = problem()
    kept = x.clone()
    torch.testing.assert_close(rotate(x, cos, sin).norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(rotate(x, torch.ones_like(cos), torch.zeros_like(sin)), x) and torch.equal(x, kept)
    torch.testing.assert_close(rotate(rotate(x, cos, sin), cos, -sin), x)


@every_rotation
def test_gradients(rotate):
    x, cos, sin = problem(1, 2, 3, 2)
    assert gradcheck(lambda x: rotate(x, cos, sin), (x.requires_grad_(),))
    assert gradgradcheck(lambda x: rotate(x, cos, sin).sin(), (x,))
    by_func = torch.func.grad(lambda x: rotate(x, cos, sin).pow(3).sum())(x.detach())
    torch.testing.assert_close(by_func, torch.autograd.grad(rotate(x, cos, sin).pow(3).sum(), x)[0])
    everything = tuple(each.detach().clone().requires_grad_() for each in (x, cos, sin))
    assert gradcheck(rotate, everything)


def test_constant_tables_receive_nothing_and_x_is_not_kept():
    x, cos, sin = problem(dtype=torch.float32)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda each: kept.append(each.shape) or each, lambda each: each):
        rotate_halves(x.requires_grad_(), cos, sin).sum().backward()
    assert x.grad is not None and cos.grad is None
    assert set(kept) == {(2, 5, 7)}


@pytest.mark.parametrize("shape", [(2, 3, 5, 7), (1, 8, 33, 64), (3, 1, 17, 2)])
def test_halves_are_transformers(shape):
    x, cos, sin = problem(*shape, dtype=torch.float32)
    doubled = [torch.cat([table, table], -1) for table in (cos, sin)]
    q, k = apply_rotary_pos_emb(x, x.flip(1), *doubled)
    torch.testing.assert_close(rotate_halves(x, cos, sin), q, rtol=0, atol=1e-6)
    torch.testing.assert_close(rotate_halves(x.flip(1), cos, sin), k, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(2, 3, 5, 7), (1, 8, 33, 64), (3, 1, 17, 2)])
def test_adjacent_is_transformers(shape):
    x, cos, sin = problem(*shape, dtype=torch.float32)
    repeated = [table.repeat_interleave(2, -1) for table in (cos, sin)]
    expected, _ = adjacent_by_transformers(x, x, *repeated)
    torch.testing.assert_close(rotate_adjacent(x, cos, sin), expected, rtol=0, atol=1e-6)


@every_rotation
def test_half_precision_is_rounded_once(rotate):
    x, cos, sin = problem(2, 3, 1001, 7, torch.float32)
    x = x.bfloat16()
    expected = rotate(x.float(), cos, sin).bfloat16()
    assert torch.equal(rotate(x, cos, sin), expected)
    back = torch.autograd.grad(rotate(x.requires_grad_(), cos, sin).sum(), x)[0]
    assert back.dtype == torch.bfloat16


@every_rotation
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_rounded_once_by_every_way(rotate, dtype):
    """Tables in half precision too, learned or not, compiled and transformed."""
    x, cos, sin = problem(2, 3, 11, 7, dtype)
    expected = rotate(x.float(), cos.float(), sin.float()).to(dtype)
    learned = cos.clone().requires_grad_()
    torch.compiler.reset()
    for found in (
        rotate(x, cos, sin),
        rotate(x, learned, sin).detach(),
        torch.compile(rotate, fullgraph=True, backend="eager")(x, cos, sin),
        torch.vmap(rotate)(x[None], cos[None], sin[None])[0],
    ):
        assert found.dtype == dtype
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # PyTorch's own, in jacfwd
@every_rotation
def test_transforms_are_autograd(rotate):
    """vmap over heads' tables alone, slopes forwards and backwards, and a slope of a slope."""
    x, cos, sin = problem(1, 2, 3, 2)
    tables = torch.stack([cos, cos.flip(1)]), torch.stack([sin, sin.flip(1)])
    found = torch.vmap(rotate, in_dims=(None, 0, 0))(x, *tables)
    torch.testing.assert_close(found, torch.stack([rotate(x, *each) for each in zip(*tables, strict=True)]))
    expected = torch.autograd.functional.jacobian(rotate, (x, cos, sin))
    for transform in (torch.func.jacrev, torch.func.jacfwd):
        slopes = transform(rotate, argnums=(0, 1, 2))(x, cos, sin)
        torch.testing.assert_close(slopes, expected)
    bent = torch.func.hessian(lambda x: rotate(x, cos, sin).pow(3).sum())(x)
    torch.testing.assert_close(bent, torch.autograd.functional.hessian(lambda x: rotate(x, cos, sin).pow(3).sum(), x))


def test_a_ladder_in_half_precision_is_rounded_once():
    """bfloat16 has no 257: planes counted in it would share frequencies."""
    for dtype in (torch.bfloat16, torch.float16):
        expected = frequency_ladder(planes=1000, base=1e4).to(dtype)
        assert torch.equal(frequency_ladder(planes=1000, base=1e4, dtype=dtype), expected)


@every_rotation
def test_bad_vectors_and_tables(rotate):
    x, cos, sin = problem()
    with pytest.raises(ValueError, match="x must have an even dim, since its entries are turned in pairs, got 13"):
        rotate(x[..., :13], cos, sin)
    with pytest.raises(ValueError, match=re.escape("cos and sin must have dim / 2 = 7 planes, got 6")):
        rotate(x, cos[..., :6], sin[..., :6])
    for bad in ((x, cos, sin[..., :6]), (x, cos[:, :4], sin), (x[0], cos, sin), (x, cos[0], sin)):
        with pytest.raises(TypeCheckError, match=r"parameter '(x|cos|sin)'"):
            rotate(*bad)


def test_bad_ladders():
    for planes in (0, -3):
        with pytest.raises(ValueError, match=f"planes must be >= 1, got {planes}"):
            frequency_ladder(planes=planes, base=1e4)
        with pytest.raises(ValueError, match=f"planes must be >= 1, got {planes}"):
            adjacent_order(planes=planes)
    for base in (1.0, -2.0, math.nan):
        with pytest.raises(ValueError, match=f"base must be > 1, got {base}"):
            frequency_ladder(planes=4, base=base)
