"""Frequency vectors, the angles they turn by, and what of an encoding no change of basis alters.

Papers: Su et al., RoFormer (2021); Heo et al., Rotary position embedding for vision transformer (2024).
"""

import torch
from jaxtyping import Float, Real
from torch import Tensor


def frequency_vectors(
    ladder: Float[Tensor, "rungs"], directions: Float[Tensor, "directions axes"]
) -> Float[Tensor, "planes axes"]:
    """Every rung of a ladder in every direction: ω = θ_j u_i, direction by direction.

    The unit vectors of the axes, ``torch.eye(n)``, give the axial encoding of vision towers; directions that point
    along no axis give a mixed one.

    Shapes: ladder (rungs,), directions (directions, axes) -> (directions * rungs, axes).
    Units: radians for one step along an axis.
    Errors: TypeCheckError for other shapes.
    Source: axial: Qwen2-VL's vision tower, all rows first and then all columns; mixed: Heo et al. 2024, section 3.
    """
    return (directions[:, None] * ladder[:, None]).flatten(0, 1)


def angles(
    positions: Real[Tensor, "... axes"],
    frequencies: Float[Tensor, "planes axes"],
) -> Float[Tensor, "... planes"]:
    """The angle ⟨ω_j, p⟩ of each plane at each position.

    Shapes: positions (..., axes), frequencies (planes, axes) -> (..., planes).
    Units: radians; float32 keeps 1e-3 radians up to positions of ten thousand.
    Source: Su et al. 2021, equation 15, with a vector in place of mθ_j.
    """
    positions = positions.to(frequencies.dtype)
    turned: Tensor = torch.einsum("...a, pa -> ...p", positions, frequencies)
    return turned


def character(
    offsets: Real[Tensor, "... axes"],
    frequencies: Float[Tensor, "planes axes"],
) -> Float[Tensor, "..."]:
    """The trace of the rotation that an offset p stands for: χ(p) = 2 Σ_j cos⟨ω_j, p⟩.

    No change of basis alters a trace. So encodings with different characters cannot be made equal by other weights W_q
    and W_k; for encodings of all of Rⁿ the converse holds too.

    Shapes: offsets (..., axes), frequencies (planes, axes) -> (...).
    Units: none; between -2 planes and 2 planes, the value at offset 0.
    Source: any book on representations, such as Serre, Linear representations of finite groups, chapters 2 and 4.
    """
    trace: Tensor = 2 * angles(offsets, frequencies).cos().sum(-1)
    return trace


def position_kernel(
    offsets: Real[Tensor, "... axes"],
    frequencies: Float[Tensor, "planes axes"],
) -> Float[Tensor, "..."]:
    """What the position alone does to a score: the mean of cos⟨ω_j, p⟩ over the planes.

    The score of a query and a key that are equal, with the same length in every plane, divided by its value at offset
    zero; also the character divided by that of offset zero.

    Shapes: offsets (..., axes), frequencies (planes, axes) -> (...).
    Units: none; at most 1, at offset zero.
    Source: Su et al. 2021, section 3.4.3, where it bounds the decay with distance.
    """
    return angles(offsets, frequencies).cos().mean(-1)


def gauge(frequencies: Float[Tensor, "planes axes"], other: Float[Tensor, "planes axes"]) -> Float[Tensor, "dim dim"]:
    """The orthogonal matrix G with G Φ(p) Gᵀ = Φ'(p) for all p, where Φ and Φ' turn halves by the two encodings.

    There is one exactly if the two lists hold the same frequency vectors up to order and sign; they are compared to the
    last bit. Weights G W_q and G W_k then make the second encoding do what the first does with W_q and W_k.

    Shapes: frequencies (planes, axes), other (planes, axes) -> (dim, dim) with dim = 2 planes.
    Errors: ValueError where a frequency vector has no partner left, naming the first.
    Source: this book, chapter rope, from the uniqueness of the decomposition into planes.
    """
    planes = len(frequencies)
    plane, sign = torch.zeros(planes, dtype=torch.long), torch.ones(planes, dtype=frequencies.dtype)
    free = torch.ones(planes, dtype=torch.bool)
    for place, vector in enumerate(other):
        for turn in (1, -1):
            found = (free & (turn * frequencies == vector).all(-1)).nonzero()
            if len(found):
                plane[place], sign[place], free[found[0]] = found[0], turn, False
                break
        else:
            raise ValueError(f"other must hold the vectors of frequencies up to order and sign; plane {place} is alone")
    first = torch.eye(planes, dtype=frequencies.dtype)[plane]
    turned: Tensor = torch.block_diag(first, sign[:, None] * first)
    return turned
