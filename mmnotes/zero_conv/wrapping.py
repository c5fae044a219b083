"""The exercise that wraps a U-Net of three layers: its solution, and what goes wrong on the way."""

from typing import Any

import torch
from torch import Tensor

_SHAPES = {
    "x": (5, 3),
    "hint": (5, 2),
    "encode": (3, 4),
    "middle": (4, 4),
    "decode": (8, 3),
    "encode_c": (3, 4),
    "middle_c": (4, 4),
    "z_hint": (2, 4),
    "z_skip": (4, 4),
    "z_middle": (4, 4),
}


def _wrapped(
    x: Tensor,
    hint: Tensor,
    encode: Tensor,
    middle: Tensor,
    decode: Tensor,
    encode_c: Tensor,
    middle_c: Tensor,
    z_hint: Tensor,
    z_skip: Tensor,
    z_middle: Tensor,
) -> Tensor:
    skip, skip_c = (x @ encode).tanh(), (x @ encode_c + hint @ z_hint).tanh()
    low, low_c = (skip @ middle).tanh(), (skip_c @ middle_c).tanh()
    return torch.cat([low + low_c @ z_middle, skip + skip_c @ z_skip], 1) @ decode


def _wrapped_mistakes(*given: Tensor) -> dict[str, Any]:
    x, hint, encode, middle, decode, encode_c, middle_c, z_hint, z_skip, z_middle = given
    skip, skip_c = (x @ encode).tanh(), (x @ encode_c + hint @ z_hint).tanh()
    low, low_c = (skip @ middle).tanh(), (skip_c @ middle_c).tanh()
    blind, seen = (x @ encode_c).tanh(), (x @ encode + hint @ z_hint).tanh()
    late, more = blind + hint @ z_hint, skip_c @ z_skip
    to_skip, to_low = skip + more, low + low_c @ z_middle

    def decoded(low: Tensor, skip: Tensor) -> Tensor:
        return torch.cat([low, skip], 1) @ decode

    stream = "The frozen middle reads the frozen skip, without the residual: nothing before the decoder may change."
    frozen = "The hint is let into the frozen encoder too; it belongs to the copy alone."
    after = "The hint is added before the tanh of the copy's encoder, to what its first layer makes."
    of_copy = "The copy's middle reads the copy's skip, not the frozen one."
    features = "The taps read the copy's features, not the frozen ones."
    in_place = "A residual is added to what was there; here it stands in its place."
    bare = "The copy's features go through the taps; here they are added as they are."
    order = "The decoder reads the middle first, then the skip."
    return {
        stream: decoded((to_skip @ middle).tanh() + low_c @ z_middle, to_skip),
        frozen: decoded((seen @ middle).tanh() + low_c @ z_middle, seen + more),
        after: decoded(low + (late @ middle_c).tanh() @ z_middle, skip + late @ z_skip),
        of_copy: decoded(low + (skip @ middle_c).tanh() @ z_middle, to_skip),
        "The middle has a tap too.": decoded(low, to_skip),
        "The skip has a tap too.": decoded(to_low, skip),
        features: decoded(low + low @ z_middle, skip + skip @ z_skip),
        in_place: decoded(low_c @ z_middle, more),
        bare: decoded(low + low_c, skip + skip_c),
        "The copy never sees the hint.": decoded(low + (blind @ middle_c).tanh() @ z_middle, skip + blind @ z_skip),
        order: decoded(to_skip, to_low),
        "The two taps are exchanged.": decoded(low + low_c @ z_skip, skip + skip_c @ z_middle),
    }


def _weights(*closed: str) -> tuple[Tensor, ...]:
    """What the wrapped network is tried with, some of its zero layers closed."""
    made = {}
    for place, (name, (rows, columns)) in enumerate(_SHAPES.items()):
        entries = torch.arange(1.0, 1 + rows * columns).reshape(rows, columns)
        made[name] = torch.zeros(rows, columns) if name in closed else torch.sin((place + 1) * entries**1.3)
    return tuple(made.values())
