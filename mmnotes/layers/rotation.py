"""Turning the coordinate planes of a vector: what every rotary position encoding does once it has its angles.

Plane j of a vector is a pair of its entries, and is turned by the angle a_j. Two pairings are in use. *Halves* takes
entries j and j + dim/2 (LLaMA as transformers stores it, Qwen's language models); *adjacent* takes 2j and 2j + 1 (the
RoFormer paper, LLaMA as Meta released it, Qwen-Image, LongCat), and some code calls it interleaved. A fixed permutation
of the entries leads from one to the other, so a model may use either, but weights trained with one are wrong with the
other.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mmnotes.layers.blocks import BLOCK_BYTES
from mmnotes.layers.checks import values_known


def frequency_ladder(
    *, planes: int, base: float, dtype: torch.dtype = torch.float32, device: torch.device | str | None = None
) -> Float[Tensor, "planes"]:
    """The ladder of frequencies θ_j = base^(-j / planes), from 1 down to base^(1/planes) / base.

    Half precision is rounded once, at the end, and then holds a frequency to three digits only: keep ladders in
    float32 at least.

    Shapes: -> (planes,).
    Units: radians for one step of position; the wavelength of plane j is 2π / θ_j.
    Errors: ValueError for planes < 1 or base <= 1.
    Source: Su et al., RoFormer (2021), section 3.2.2; in float32 equal to transformers' inv_freq to the last bit.
    """
    if planes < 1:
        raise ValueError(f"planes must be >= 1, got {planes}")
    if not base > 1:
        raise ValueError(f"base must be > 1, got {base}")
    planes_before = torch.arange(planes, dtype=torch.promote_types(dtype, torch.float32), device=device)
    return (1.0 / base ** (planes_before / planes)).to(dtype)


def rotate_halves(
    x: Float[Tensor, "batch heads tokens dim"],
    cos: Float[Tensor, "#batch tokens planes"],
    sin: Float[Tensor, "#batch tokens planes"],
) -> Float[Tensor, "batch heads tokens dim"]:
    """Each vector with entries j and j + dim/2 turned together: (a, b) -> (a cos - b sin, b cos + a sin).

    >>> quarter = torch.tensor([[[torch.pi / 2]]])
    >>> rotate_halves(torch.tensor([[[[3.0, 4.0]]]]), quarter.cos(), quarter.sin()).round()
    tensor([[[[-4.,  3.]]]])

    One pass over x, block of tokens by block of tokens. The gradient is the rotation back, so that a training step
    keeps no copy of x. While torch.compile traces it, under the transforms of ``torch.func`` and for tables that are
    learned, the equation is left to torch as it stands.

    Shapes: x (batch, heads, tokens, dim), cos and sin (batch or 1, tokens, dim / 2) -> (batch, heads, tokens, dim).
    Units: cos and sin of the angles, usually in float32; the result has the dtype of x.
    Errors: ValueError for an odd dim, or for tables that do not have dim / 2 planes.
    Source: transformers' apply_rotary_pos_emb, which it equals up to rounding; it wants each table twice, side by side.
    Differs: half precision is turned in float32 and rounded once, where transformers rounds every product.
    """
    _check(x, cos)
    if cos.requires_grad or sin.requires_grad or not values_known(x, cos, sin):
        return _by_the_equation(x, cos, sin)
    turned: Tensor = _Turn.apply(x, cos, sin)
    return turned


def rotate_adjacent(
    x: Float[Tensor, "batch heads tokens dim"],
    cos: Float[Tensor, "#batch tokens planes"],
    sin: Float[Tensor, "#batch tokens planes"],
) -> Float[Tensor, "batch heads tokens dim"]:
    """Each vector with entries 2j and 2j + 1 turned together: one complex number, multiplied by cos + i sin.

    Shapes: x (batch, heads, tokens, dim), cos and sin (batch or 1, tokens, dim / 2) -> (batch, heads, tokens, dim).
    Units: cos and sin of the angles; the result has the dtype of x.
    Errors: ValueError for an odd dim, or for tables that do not have dim / 2 planes.
    Source: Su et al., RoFormer (2021), equation 34; equal up to rounding to apply_rotary_pos_emb of transformers'
    Cohere, whose tables repeat each entry.
    """
    _check(x, cos)
    dtype = torch.promote_types(x.dtype, torch.float32)
    numbers = torch.view_as_complex(x.to(dtype).contiguous().unflatten(-1, (-1, 2)))
    turned = numbers * torch.complex(cos.to(dtype), sin.to(dtype))[:, None]
    return torch.view_as_real(turned).flatten(-2).to(x.dtype)


def adjacent_order(*, planes: int) -> Int[Tensor, "dim"]:
    """Where each entry of an adjacent vector stands in the same vector with halves: 0, N, 1, N + 1, ...

    With this ``order``, ``rotate_halves(x, ...)[..., order] == rotate_adjacent(x[..., order], ...)``.

    Shapes: -> (dim,) with dim = 2 planes.
    Errors: ValueError for planes < 1.
    Source: the permutation that conversion scripts apply to W_q and W_k, as in that of LLaMA's to transformers.
    """
    if planes < 1:
        raise ValueError(f"planes must be >= 1, got {planes}")
    return torch.arange(2 * planes).view(2, planes).T.flatten()


def _by_the_equation(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    dtype = torch.promote_types(x.dtype, torch.float32)
    first, second = x.to(dtype).chunk(2, dim=-1)
    cos, sin = (table[:, None].to(dtype) for table in (cos, sin))
    turned = torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
    return turned.to(x.dtype)


class _Turn(torch.autograd.Function):
    """The rotation of halves by tables that are constants."""

    @staticmethod
    def forward(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        return _turned(x, cos, sin)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[1:])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        back: Tensor = _Turn.apply(gradients[0], cos, -sin)
        return back, None, None


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Fresh memory for the result alone: all else stays in cache."""
    dtype, half = torch.promote_types(x.dtype, torch.float32), cos.shape[-1]
    cos, sin = torch.cat([cos, cos], dim=-1)[:, None].to(dtype), sin[:, None].to(dtype)
    result = torch.empty_like(x)
    block = max(1, BLOCK_BYTES * x.shape[2] // max(1, x.numel() * dtype.itemsize))
    for start in range(0, x.shape[2], block):
        tokens = slice(start, start + block)
        vectors, into, s = x[:, :, tokens].to(dtype), result[:, :, tokens], sin[:, :, tokens]
        turned = into if x.dtype == dtype else torch.empty_like(vectors)
        torch.mul(vectors, cos[:, :, tokens], out=turned)
        turned[..., :half].addcmul_(vectors[..., half:], s, value=-1)
        turned[..., half:].addcmul_(vectors[..., :half], s)
        if x.dtype != dtype:
            into.copy_(turned)
    return result


def _check(x: Tensor, cos: Tensor) -> None:
    dim, planes = x.shape[-1], cos.shape[-1]
    if dim % 2:
        raise ValueError(f"x must have an even dim, since its entries are turned in pairs, got {dim}")
    if 2 * planes != dim:
        raise ValueError(f"cos and sin must have dim / 2 = {dim // 2} planes, got {planes}")
