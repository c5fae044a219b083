"""A small causal language model that can be told something before its first word: the frozen partner of stage 2.

Paper: Radford et al., Language models are unsupervised multitask learners (2019), for the pre-norm decoder.

Differs: a prompt's tokens get no positions, so that the words keep the ones they were trained with; no dropout.
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import gelu, linear

from mmnotes.layers.attention import causal_mask
from mmnotes.layers.losses import next_token_loss
from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.texts import check_ids
from mmnotes.layers.transformer import PreNormBlock


class LanguageModel(nn.Module):
    """Logits of the next word, given the words so far and, before them, a prompt of vectors.

    Shapes: ids (batch, tokens), prompt (batch, queries, dim) -> (batch, tokens, words): no logits for the prompt.
    Errors: ValueError where heads does not divide dim, and for no word, a text longer than ``positions``, or an id that
    the table of words does not have.
    Source: Radford et al. 2019; the table of words is also the output layer, as there.
    """

    def __init__(self, *, dim: int, heads: int, depth: int, hidden: int, words: int, positions: int) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(words, dim), nn.Embedding(positions, dim)
        for table in (self.words, self.positions):
            nn.init.normal_(table.weight, std=0.02)
        self.blocks = nn.ModuleList(
            PreNormBlock(dim=dim, heads=heads, hidden=hidden, activation=gelu) for _ in range(depth)
        )
        self.norm = nn.LayerNorm(dim)

    def forward(
        self, ids: Int[Tensor, "batch tokens"], prompt: Float[Tensor, "batch queries dim"] | None = None
    ) -> Float[Tensor, "batch tokens words"]:
        """Logits after each word."""
        check_ids(ids, name="ids", words=self.words.num_embeddings, longest=self.positions.num_embeddings)
        x = self.words(ids) + self.positions.weight[: ids.shape[1]]
        x = x if prompt is None else torch.cat([prompt, x], dim=1)
        mask = causal_mask(num_tokens=x.shape[1], device=x.device)
        for block in self.blocks:
            x = block(x, mask)
        return linear(self.norm(x[:, -ids.shape[1] :]), self.words.weight)

    def loss(
        self,
        ids: Int[Tensor, "batch tokens"],
        padding_mask: Bool[Tensor, "batch tokens"],
        prompt: Float[Tensor, "batch queries dim"] | None = None,
    ) -> Float[Tensor, ""]:
        """Cross-entropy of every kept word after the first, in nats a word; the first is given.

        Padding stands behind the words: all that ``next_token_loss`` refuses is a ValueError.
        """
        return next_token_loss(self(ids, prompt), ids, padding_mask, smoothing=0.0)


def pretrained_language_model() -> LanguageModel:
    """The model that read the training captions of the emoji corpus, frozen.

    A file is read, which cannot be traced.

    Shapes: ids (batch, tokens) of ``mmnotes.data.word_ids``, and three more for the start, [DEC] and the end.
    Source: trained by tools/qformer/train.py.
    """
    weights = stored_arrays(__package__, "language_model.npz")
    words, positions = len(weights["words.weight"]), len(weights["positions.weight"])
    model = LanguageModel(dim=64, heads=4, depth=2, hidden=128, words=words, positions=positions)
    model.load_state_dict(weights)
    return model.requires_grad_(False)


def likeliest_words(
    logits_of: Callable[[Tensor], Tensor], start: Int[Tensor, "batch tokens"], *, end: int, most: int
) -> list[list[int]]:
    """The words that greedy decoding says after a start: at most ``most``, up to and without the end.

    What comes back are lists, as long as the words that were said. Lists cannot be traced.

    Shapes: ``logits_of`` takes ids (batch, tokens) and returns (batch, tokens, words); start (batch, tokens).
    Source: the special case of one beam of the released models' generation.
    Differs: the whole text is run again for every word.
    """
    ids = start
    for _ in range(most):
        ids = torch.cat([ids, logits_of(ids)[:, -1:].argmax(-1)], dim=1)
    rows = ids[:, start.shape[1] :].tolist()
    return [row[: row.index(end)] if end in row else row for row in rows]
