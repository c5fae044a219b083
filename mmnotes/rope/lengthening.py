"""Ladders for longer texts than those of the training: what each way does to every frequency.

Papers: Chen et al., Extending context window of large language models via positional interpolation (2023); Peng et al.,
YaRN: efficient context window extension of large language models (2023), which also describes the NTK-aware ladder.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.rotation import frequency_ladder

Device = torch.device | str | None


def interpolated(ladder: Float[Tensor, "planes"], *, stretch: float) -> Float[Tensor, "planes"]:
    """Every frequency divided by ``stretch``, as if positions were: θ_j / s.

    No plane turns further over s times the length than it did over the length; one step turns each by 1 / s of what it
    did.

    Shapes: ladder (planes,) -> (planes,).
    Errors: ValueError for stretch < 1.
    Source: Chen et al. 2023; equal to transformers' ``linear``.
    """
    _check_stretch(stretch)
    return ladder / stretch


def ntk_aware(
    *, planes: int, base: float, stretch: float, dtype: torch.dtype = torch.float32, device: Device = None
) -> Float[Tensor, "planes"]:
    """The ladder of a larger base, β s^(N / (N - 1)): plane j is slowed s^(j / (N - 1)) times.

    The fastest plane stays as it is and the slowest is slowed s times.

    Shapes: -> (planes,).
    Units: radians for one step of position.
    Errors: ValueError for planes < 2, base <= 1 or stretch < 1.
    Source: Peng et al. 2023, NTK-aware interpolation. transformers' ``dynamic`` is this ladder with a stretch that
    follows the text: factor * length / trained - (factor - 1) for a text longer than the trained length.
    """
    _check_stretch(stretch)
    if planes < 2:
        raise ValueError(f"planes must be >= 2, since the slowest is slowed and the fastest is not, got {planes}")
    larger = base * stretch ** (planes / (planes - 1))
    return frequency_ladder(planes=planes, base=larger, dtype=dtype, device=device)


def yarn(
    *,
    planes: int,
    base: float,
    stretch: float,
    trained: int,
    fast: float = 32.0,
    slow: float = 1.0,
    dtype: torch.dtype = torch.float32,
    device: Device = None,
) -> Float[Tensor, "planes"]:
    """Each frequency divided by ``stretch`` in part: θ_j (1 - r_j) + r_j θ_j / s.

    The share r_j is 0 for planes that make more than ``fast`` turns over the trained
    length, 1 for those that make fewer than ``slow``, and grows evenly with j between,
    from the last whole index before the one range to the first one in the other.

    Shapes: -> (planes,).
    Units: radians for one step of position; trained in positions, fast and slow in
    turns over them.
    Errors: ValueError for planes < 1, base <= 1, stretch < 1, slow not between 0 and
    fast, or a trained length in which not even plane 0 makes ``slow`` turns.
    Source: Peng et al. 2023, with their 32 and 1; equal to transformers' ``yarn``,
    which multiplies cos and sin by ``yarn_factor`` besides.
    """
    _check_stretch(stretch)
    if not 0 < slow < fast:
        raise ValueError(f"slow must lie between 0 and fast, got {slow} and {fast}")
    if not trained > 2 * math.pi * slow:
        raise ValueError(f"trained must give plane 0 slow = {slow} turns, got {trained}")
    ladder = frequency_ladder(planes=planes, base=base, dtype=dtype, device=device)
    first = math.floor(_plane_of(fast, planes, base, trained))
    last = math.ceil(_plane_of(slow, planes, base, trained))
    first, last = max(first, 0), min(last, 2 * planes - 1)
    index = torch.arange(planes, dtype=ladder.dtype, device=device)
    share = ((index - first) / max(last - first, 1e-3)).clamp(0, 1)
    return ladder * (1 - share) + share * ladder / stretch


def yarn_factor(*, stretch: float) -> float:
    """What YaRN multiplies the tables cos and sin by: 1 + 0.1 ln s; a score grows by its square.

    A number of a number: there is nothing to trace.

    Errors: ValueError for stretch < 1.
    Source: Peng et al. 2023; transformers' ``attention_factor``.
    """
    _check_stretch(stretch)
    return 1 + 0.1 * math.log(stretch)


def _plane_of(turns: float, planes: int, base: float, trained: int) -> float:
    """The index j, not rounded, at which a plane makes so many turns over the trained length."""
    return planes * math.log(trained / (2 * math.pi * turns)) / math.log(base)


def _check_stretch(stretch: float) -> None:
    if not stretch >= 1:
        raise ValueError(f"stretch must be >= 1, got {stretch}")
