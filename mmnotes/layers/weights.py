"""Fill the book's modules from the checkpoints of released libraries, entry by entry, by name."""

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn


def fill_(module: nn.Module, state: Mapping[str, Tensor], *, names: Sequence[tuple[str, str]]) -> None:
    """Copy a library's state dict into a module, whose parameters it changes.

    ``names`` are pairs of a pattern, which has to match a whole name of the library's, and the name that the entry has
    here, where ``\\1`` stands for the first group of the pattern. The first pattern that matches counts. An entry
    whose new name is empty is left out on purpose: a buffer, or a part that this module does not have.

    Names are compared and memory is written: there is nothing to trace.

    Shapes: every entry as the module's parameter of that name.
    Errors: one ValueError that lists every entry that no pattern matches, every parameter that no entry fills, every
    entry of another shape, and whatever on the meta device has no memory to copy from or to; then nothing has been
    copied.
    Source: the names are those of the library that wrote the checkpoint.
    """
    own, renamed, amiss = module.state_dict(), dict[str, Tensor](), list[str]()
    for name, value in state.items():
        found = next((re.sub(pattern, new, name) for pattern, new in names if re.fullmatch(pattern, name)), name)
        if found not in own and found:
            amiss.append(f"unknown: {name}")
        elif found and own[found].shape != value.shape:
            amiss.append(f"shape: {name} is {tuple(value.shape)}, {found} is {tuple(own[found].shape)}")
        if value.is_meta:
            amiss.append(f"without memory: {name} is on the meta device")
        renamed[found] = value
    amiss += [f"missing: {name}" for name in own if name not in renamed]
    amiss += [f"without memory: {name} of the module is on the meta device" for name in own if own[name].is_meta]
    if amiss:
        raise ValueError("state does not fit the module:\n" + "\n".join(amiss))
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(renamed[name])


def part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries whose names begin with a prefix, without it: the state of one module among several.

    Only names are looked at: there is nothing to trace.

    Errors: ValueError where no entry has the prefix.
    """
    own = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    if not own:
        raise ValueError(f"prefix must begin the name of an entry, got {prefix!r}")
    return own
