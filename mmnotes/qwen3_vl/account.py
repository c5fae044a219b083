"""Where a model's weights are, and how many of them one word meets.

Papers: Bai et al., Qwen3-VL technical report (2025), section 2; Yang et al., Qwen3 technical report (2025), tables 1
and 2, for the released sizes.
"""

import re
from typing import NamedTuple

from torch import nn

from mmnotes.qwen3_vl.feed_forward import Experts

# The rows of an account, in order, and what the names of their parameters begin with.
ROWS = {
    "patches": r"vision\.tower\.patch\.",
    "positions": r"vision\.tower\.table",
    "blocks of the tower": r"vision\.tower\.blocks\.",
    "merger": r"vision\.merger\.",
    "mergers of the levels": r"vision\.level_mergers\.",
    "words": r"(language\.)?words\.",
    "attention": r"(language\.)?blocks\.\d+\.attention\.",
    "routers": r"(language\.)?blocks\.\d+\.feed_forward\.router\.",
    "feed-forward": r"(language\.)?blocks\.\d+\.feed_forward\.",
    "norms": r"(language\.)?(blocks\.\d+\.\w+_norm|norm)\.",
    "head": r"head\.",
}


class Count(NamedTuple):
    """Weights in all, and those that one word meets on its way to the next."""

    total: int
    active: int


def account(model: nn.Module) -> dict[str, Count]:
    """The weights of a Qwen3-VL, or of its language model alone, row by row; rows that it does not have are left out.

    A word meets no weight of the tower, one row of the table of words, and of the experts those that it is sent to.
    A head that is tied to the table is counted there, once, and all of it is met. A model made under
    ``torch.device("meta")`` is counted without memory.

    Only sizes are read: there is nothing to trace.

    >>> from mmnotes.qwen3_vl import Experts, DecoderBlock
    >>> experts = Experts(dim=4, hidden=3, experts=8, top=2)
    >>> block = DecoderBlock(dim=4, heads=2, key_heads=1, d=2, feed_forward=experts)
    >>> account(nn.ModuleDict({"blocks": nn.ModuleList([block])}))["feed-forward"]
    Count(total=288, active=72)

    Errors: ValueError for a parameter that belongs to no row.
    Source: the sum for Qwen3-VL-235B-A22B is that of transformers' Qwen3VLMoeForConditionalGeneration.
    """
    counts = dict.fromkeys(ROWS, Count(0, 0))
    experts = {name: each for name, each in model.named_modules() if isinstance(each, Experts)}
    head = getattr(model, "head", None)
    for name, value in model.named_parameters():
        row = next((row for row, pattern in ROWS.items() if re.match(pattern, name)), None)
        if row is None:
            raise ValueError(f"model must have parameters of {', '.join(ROWS)}, got {name}")
        met = value.numel()
        if row == "feed-forward" and (chosen := experts.get(name.rpartition(".")[0])):
            met = met // len(value) * chosen.top
        elif row == "words" and not (head is not None and head.weight is value):
            met //= len(value)
        elif name.startswith("vision."):
            met = 0
        counts[row] = Count(counts[row].total + value.numel(), counts[row].active + met)
    return {row: count for row, count in counts.items() if count.total}
