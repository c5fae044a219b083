"""What a conversation is to the model: words and pictures in a row, a mask of the visual ones, and three ids each.

Paper: Bai et al., Qwen3-VL technical report (2025), section 2.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mmnotes.mrope import Image, Text, position_ids_by_timestamp
from mmnotes.vision_tower import Grid

Part = Sequence[int] | Grid


class Prompt(NamedTuple):
    """Conversations of a batch, filled up at the left, so that what is said next comes behind all of them.

    ``ids`` hold 0 where a token is visual or filling; ``kept`` is False for filling; ``free`` is the next position of
    each conversation.
    """

    ids: Int[Tensor, "batch tokens"]
    visual: Bool[Tensor, "batch tokens"]
    kept: Bool[Tensor, "batch tokens"]
    position_ids: Int[Tensor, "3 batch tokens"]
    free: Int[Tensor, "batch"]

    def mask(self) -> Bool[Tensor, "batch tokens tokens"]:
        """Who may attend to whom: each token to itself and to what is no filling before it."""
        tokens = self.ids.shape[1]
        causal = torch.ones(tokens, tokens, dtype=torch.bool, device=self.ids.device).tril()
        return causal & self.kept[:, None] | torch.eye(tokens, dtype=torch.bool, device=self.ids.device)


def prompt_of(conversations: Sequence[Sequence[Part]], *, merge: int) -> Prompt:
    """Conversations whose parts are lists of word numbers and grids of pictures, as one batch.

    A film is a grid of one pair of frames after another, each behind the words of its time. Numbers come from lists,
    before there is a tensor: there is nothing to trace.

    Shapes: -> as ``Prompt``.
    Errors: ValueError for no conversation, one without a part, or a grid of several pairs of frames; as
    ``position_ids_by_timestamp``.
    Source: transformers' Qwen3VLProcessor and Qwen3VLModel.get_rope_index.
    """
    if not conversations:
        raise ValueError("conversations must hold at least one, got none")
    rows = [_row(parts, merge) for parts in conversations]
    most = max(len(ids) for ids, _, _, _ in rows)
    filled = [
        (
            torch.cat([torch.zeros(most - len(ids), dtype=torch.long), ids]),
            torch.cat([torch.zeros(most - len(ids), dtype=torch.bool), visual]),
            torch.arange(most) >= most - len(ids),
            torch.cat([torch.zeros(3, most - len(ids), dtype=torch.long), places], dim=1),
        )
        for ids, visual, places, _ in rows
    ]
    ids, visual, kept, places = (list(each) for each in zip(*filled, strict=True))
    free = torch.tensor([free for _, _, _, free in rows])
    return Prompt(torch.stack(ids), torch.stack(visual), torch.stack(kept), torch.stack(places, dim=1), free)


def _row(parts: Sequence[Part], merge: int) -> tuple[Tensor, Tensor, Tensor, int]:
    ids, visual, segments = list[int](), list[bool](), list[Text | Image]()
    for part in parts:
        if isinstance(part, Grid):
            if part.frames != 1:
                raise ValueError(f"conversations must hold one grid for each pair of frames, got {part}")
            segments.append(Image(part.rows // merge, part.columns // merge))
            count = part.tokens(merge=merge)
            ids += [0] * count
            visual += [True] * count
        else:
            segments.append(Text(len(part)))
            ids += part
            visual += [False] * len(part)
    places, free = position_ids_by_timestamp(segments)
    return torch.tensor(ids), torch.tensor(visual), places, free
