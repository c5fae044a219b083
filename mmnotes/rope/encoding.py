"""Frequency vectors, the angles they turn by, and what of an encoding no change of basis alters.

Papers: Su et al., RoFormer (2021); Heo et al., Rotary position embedding for vision transformer (2024).
"""

import math

import torch
from jaxtyping import Float, Real
from torch import Tensor

from mmnotes.layers.checks import values_known
from mmnotes.layers.precision import promoted
from mmnotes.layers.rotation import frequency_ladder


def frequency_vectors(
    ladder: Float[Tensor, "rungs"], directions: Float[Tensor, "directions axes"]
) -> Float[Tensor, "planes axes"]:
    """Every rung of a ladder in every direction: ω = θ_j u_i, direction by direction.

    The unit vectors of the axes, ``torch.eye(n)``, give the axial encoding of vision towers; directions that point
    along no axis give a mixed one.

    Shapes: ladder (rungs,), directions (directions, axes) -> (directions * rungs, axes).
    Units: radians for one step along an axis.
    Source: axial: Qwen2-VL's vision tower, all rows first and then all columns; mixed: Heo et al. 2024.
    """
    return (directions[:, None] * ladder[:, None]).flatten(0, 1)


def spiral_vectors(
    *, planes: int, base: float, dtype: torch.dtype = torch.float32, device: torch.device | str | None = None
) -> Float[Tensor, "planes 2"]:
    """Vectors in the plane with one direction for each rung: rung j at the angle j times π divided by the golden ratio.

    ω and -ω are one wave, so directions count as lines: half a turn is all there is, and the golden part of it puts
    each direction into a gap that those before have left.

    Shapes: -> (planes, 2).
    Units: radians for one step along an axis.
    Errors: ValueError for planes < 1 or base <= 1.
    Source: Xiong, On N-dimensional rotary positional embeddings (2025), for the idea of one direction a frequency.
    """
    ladder = frequency_ladder(planes=planes, base=base, dtype=dtype, device=device)
    golden = torch.arange(planes, dtype=ladder.dtype, device=device) * (math.pi * (math.sqrt(5) - 1) / 2)
    return ladder[:, None] * torch.stack([golden.cos(), golden.sin()], dim=1)


def angles(
    positions: Real[Tensor, "... axes"],
    frequencies: Float[Tensor, "planes axes"],
) -> Float[Tensor, "... planes"]:
    """The angle ⟨ω_j, p⟩ of each plane at each position.

    >>> angles(torch.tensor([[0], [300], [301]]), torch.tensor([[1.0], [0.01]]))
    tensor([[  0.0000,   0.0000],
            [300.0000,   3.0000],
            [301.0000,   3.0100]])

    Whoever wants half precision casts the cosines and sines: an angle of 301 does not
    fit bfloat16, which would make it 300.

    Shapes: positions (..., axes), frequencies (planes, axes) -> (..., planes).
    Units: radians, in float32, or float64 for frequencies in float64; float32 keeps
    1e-3 radians up to positions of ten thousand.
    Source: Su et al. 2021, equation 15, with a vector in place of mθ_j.
    """
    (frequencies,) = promoted(frequencies)
    positions = positions.to(frequencies.dtype)
    return (positions[..., None, :] * frequencies).sum(-1)


def character(
    offsets: Real[Tensor, "... axes"],
    frequencies: Float[Tensor, "planes axes"],
) -> Float[Tensor, "..."]:
    """The trace of the rotation that an offset p stands for: χ(p) = 2 Σ_j cos⟨ω_j, p⟩.

    No change of basis alters a trace. So encodings with different characters cannot be made equal by other weights W_q
    and W_k; for encodings of all of Rⁿ the converse holds too.

    Shapes: offsets (..., axes), frequencies (planes, axes) -> (...).
    Units: between -2 planes and 2 planes, the value at offset 0; float32 or float64, as the angles.
    Source: any book on representations, such as Serre, Linear representations of finite groups, chapters 2 and 4.
    """
    return 2 * angles(offsets, frequencies).cos().sum(-1)


def position_kernel(
    offsets: Real[Tensor, "... axes"],
    frequencies: Float[Tensor, "planes axes"],
) -> Float[Tensor, "..."]:
    """What the position alone does to a score: the mean of cos⟨ω_j, p⟩ over the planes.

    The score of a query and a key that are equal, with the same length in every plane, divided by its value at offset
    zero; also the character divided by that of offset zero.

    Shapes: offsets (..., axes), frequencies (planes, axes) -> (...).
    Units: at most 1, the value at offset zero; float32 or float64, as the angles.
    Differs: Su et al. 2021, section 3.4.3, bound the score of any query and key by another mean, that of the lengths
    |Σ_{j<i} exp(i⟨ω_j, p⟩)| over i. This one is the score itself, of one query and key.
    """
    return angles(offsets, frequencies).cos().mean(-1)


def gauge(frequencies: Float[Tensor, "planes axes"], other: Float[Tensor, "planes axes"]) -> Float[Tensor, "dim dim"]:
    """The orthogonal matrix G with G Φ(p) Gᵀ = Φ'(p) for all p, where Φ and Φ' turn halves by the two encodings.

    There is one exactly if the two lists hold the same frequency vectors up to order and sign; they are compared to the
    last bit, and of several that are equal the first goes with the first. Weights G W_q and G W_k then make the second
    encoding do what the first does with W_q and W_k.

    Shapes: frequencies (planes, axes), other (planes, axes) -> (dim, dim) with dim = 2 planes.
    Errors: ValueError where a frequency vector has no partner left, naming the first. While the function is traced
    nobody can be told, and such a plane has rows of zeros.
    """
    same, opposite = _equal(other, frequencies), _equal(other, -frequencies)
    partner = (same | opposite) & (_rank(other)[:, None] == _rank(frequencies))
    if values_known(frequencies, other) and not partner.any(1).all():
        plane = int(partner.any(1).int().argmin())
        raise ValueError(f"other must hold the vectors of frequencies up to order and sign; plane {plane} is alone")
    order = partner.to(frequencies.dtype)
    sign = torch.where(same, 1.0, -1.0).to(frequencies.dtype)
    turned: Tensor = torch.block_diag(order, sign * order)
    return turned


def _equal(first: Tensor, second: Tensor) -> Tensor:
    return (first[:, None] == second).all(-1)


def _rank(vectors: Tensor) -> Tensor:
    """How many vectors before each are equal to it up to sign."""
    return (_equal(vectors, vectors) | _equal(vectors, -vectors)).tril(-1).sum(1)
