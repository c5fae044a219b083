"""Qwen3-VL, assembled: a vision tower with levels, a language model, and a map from its states to words.

Paper: Bai et al., Qwen3-VL technical report (2025), section 2.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mmnotes.deepstack import LevelledTower, with_level
from mmnotes.layers.checks import values_known
from mmnotes.qwen3_vl.cache import Cache
from mmnotes.qwen3_vl.decoder import Decoder
from mmnotes.qwen3_vl.prompt import Prompt
from mmnotes.vision_tower import Grid


class Qwen3VL(nn.Module):
    """Logits of the next word after each token of conversations with pictures and films.

    Without grids the conversations are text alone, and the row is empty.

    Shapes: prompt (batch, tokens), row (patches, values) of all pictures in reading order -> (batch, tokens, words).
    Errors: ValueError where the pictures have another number of tokens than the prompt has visual ones.
    Source: transformers' Qwen3VLForConditionalGeneration and, with ``Experts``, Qwen3VLMoeForConditionalGeneration.
    """

    def __init__(self, *, vision: LevelledTower, language: Decoder) -> None:
        super().__init__()
        self.vision, self.language = vision, language
        words, dim = language.words.weight.shape
        self.head = nn.Linear(dim, words, bias=False)

    def forward(
        self, prompt: Prompt, row: Float[Tensor, "patches values"], grids: Sequence[Grid], cache: Cache | None = None
    ) -> Float[Tensor, "batch tokens words"]:
        """Logits, at the filling too, where they mean nothing."""
        logits: Tensor = self.head(self.language(*self.inputs(prompt, row, grids), cache=cache))
        return logits

    def inputs(
        self, prompt: Prompt, row: Float[Tensor, "patches values"], grids: Sequence[Grid]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, list[Tensor]]:
        """What ``Decoder`` takes: vectors, position ids, mask, where tokens are visual, and the levels."""
        tokens, levels = self.vision(row, grids) if grids else (row.new_zeros(0, self.head.in_features), [])
        return self.filled(prompt, tokens), prompt.position_ids, prompt.mask(), prompt.visual, levels

    def filled(self, prompt: Prompt, tokens: Float[Tensor, "visual dim"]) -> Float[Tensor, "batch tokens dim"]:
        """The vectors of the words, with those of the pictures in their places."""
        if values_known(prompt.visual) and int(prompt.visual.sum()) != len(tokens):
            raise ValueError(f"grids must have {int(prompt.visual.sum())} tokens as the prompt, got {len(tokens)}")
        words: Tensor = self.language.words(prompt.ids)
        return with_level(words.masked_fill(prompt.visual[..., None], 0), prompt.visual, tokens)


@torch.no_grad()
def generate(
    model: Qwen3VL,
    prompt: Prompt,
    row: Float[Tensor, "patches values"],
    grids: Sequence[Grid],
    *,
    words: int,
) -> Int[Tensor, "batch words"]:
    """The likeliest next word, so many times; each runs alone, beside what is kept.

    A picture takes fewer positions than tokens. So a new word's position is the next free
    one of its conversation, not the number of tokens so far.

    The cache grows as words are said, and what is said is chosen: there is nothing to trace.

    Shapes: -> (batch, words).
    Errors: ValueError for words < 1.
    Source: transformers' Qwen3VLForConditionalGeneration.generate with do_sample=False.
    """
    if words < 1:
        raise ValueError(f"words must be >= 1, got {words}")
    cache, kept = Cache(), prompt.kept
    said = [model(prompt, row, grids, cache)[:, -1].argmax(-1)]
    for step in range(words - 1):
        kept = torch.cat([kept, torch.ones_like(kept[:, :1])], dim=1)
        ids = (prompt.free + step).expand(3, 1, -1).transpose(1, 2)
        x = model.language.words(said[-1][:, None])
        state = model.language(x, ids, kept[:, None], cache=cache)
        said.append(model.head(state)[:, -1].argmax(-1))
    return torch.stack(said, dim=1)
