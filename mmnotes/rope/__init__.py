"""Rotary position encoding in any number of dimensions: positions as rotations.

A position p in n dimensions turns plane j of a query or key by the angle ⟨ω_j, p⟩. What a query and a key make of each
other then depends on the difference of their positions alone, and the frequency vectors ω_j are all there is to choose.

Papers: Su et al., RoFormer: enhanced transformer with rotary position embedding (2021); Heo et al., Rotary position
embedding for vision transformer (2024), for frequency vectors that point along no axis.

Differs:
- no scaling of frequencies to longer contexts (NTK, YaRN), no part of the vector left unturned;
- frequency vectors are given, not learned; gradients to them pass.
"""

from mmnotes.rope.encoding import angles, character, frequency_vectors, gauge, position_kernel

__all__ = ["angles", "character", "frequency_vectors", "gauge", "position_kernel"]
