"""Rotary position encoding in any number of dimensions: positions as rotations.

A position p in n dimensions turns plane j of a query or key by the angle ⟨ω_j, p⟩. What a query and a key make of each
other then depends on the difference of their positions alone, and the frequency vectors ω_j are all there is to choose.

Papers: Su et al., RoFormer: enhanced transformer with rotary position embedding (2021); Heo et al., Rotary position
embedding for vision transformer (2024), for frequency vectors that point along no axis; Peng et al., YaRN (2023), for
ladders that reach further than the training did.

Differs:
- no part of the vector is left unturned (for that see ``mmnotes.mrope``);
- frequency vectors are given, not learned; gradients to them pass;
- of the ways to longer texts those that only change the ladder: no ladder per layer, no search.
"""

from mmnotes.rope.conversion import to_adjacent, to_halves
from mmnotes.rope.encoding import angles, character, frequency_vectors, gauge, position_kernel, spiral_vectors
from mmnotes.rope.lengthening import interpolated, ntk_aware, yarn, yarn_factor

__all__ = [
    "angles",
    "character",
    "frequency_vectors",
    "gauge",
    "interpolated",
    "ntk_aware",
    "position_kernel",
    "spiral_vectors",
    "to_adjacent",
    "to_halves",
    "yarn",
    "yarn_factor",
]
