"""CLIP's text tower: a causal transformer without [CLS], read at the end-of-text token.

Paper: Radford et al., CLIP (2021), section 2.4.

Differs: texts may be shorter than the longest; the released code pads all of them to 77 tokens, and behind the end
token a causal tower computes what nobody reads.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mmnotes.clip.activation import quick_gelu
from mmnotes.layers.attention import causal_mask
from mmnotes.layers.checks import values_known
from mmnotes.layers.texts import check_ids
from mmnotes.layers.transformer import PreNormBlock


def end_position(token_ids: Int[Tensor, "batch tokens"]) -> Int[Tensor, "batch"]:
    """Where the feature is read: the place of the highest token id, the first of several.

    The released tokeniser gives the end of text the last number of the vocabulary, and the released model never
    compares with that number. An id above it moves the place without a word.

    Shapes: token_ids (batch, tokens) -> (batch,).
    Source: openai/CLIP, clip/model.py, encode_text: ``text.argmax(dim=-1)``.
    """
    return token_ids.argmax(-1)


class TextTower(nn.Module):
    """W norm(x_end) after a causal stack: words and positions in, the state at the end
    of the text out.

    Padding goes behind the end. Before the text it would move every word to another
    position. What gives it away is the start of text, the last id but one in the
    released vocabulary: it is the first token or none. Padding before a text without
    a start cannot be told from words.

    Shapes: token_ids (batch, tokens) -> (batch, features); tokens is at most length.
    Errors: ValueError where heads does not divide dim, and for no token, more tokens
    than length, an id that the vocabulary does not have, or a start that is not first.
    Source: Radford et al. 2021, section 2.4; openai/CLIP, clip/model.py, encode_text.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        length: int,
        dim: int,
        depth: int,
        heads: int,
        hidden: int,
        features: int,
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, dim)
        self.position = nn.Parameter(torch.randn(length, dim) * 0.01)
        self.blocks = nn.ModuleList(
            # the activation that the released weights were trained with
            PreNormBlock(dim=dim, heads=heads, hidden=hidden, activation=quick_gelu)
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(dim)
        self.projection = nn.Linear(dim, features, bias=False)
        nn.init.normal_(self.words.weight, std=0.02)

    def forward(
        self,
        token_ids: Int[Tensor, "batch tokens"],
    ) -> Float[Tensor, "batch features"]:
        """The feature of each text, not of unit length."""
        states = self.states(token_ids)
        ends = states[torch.arange(len(states)), end_position(token_ids)]
        feature: Tensor = self.projection(ends)
        return feature

    def states(
        self,
        token_ids: Int[Tensor, "batch tokens"],
    ) -> Float[Tensor, "batch tokens dim"]:
        """Every position after the last norm; row i knows of the words up to i."""
        words, tokens = self.words.num_embeddings, token_ids.shape[1]
        check_ids(token_ids, name="token_ids", words=words, longest=len(self.position))
        start = words - 2
        if values_known(token_ids) and (late := (token_ids[:, 1:] == start).any(1)).any():
            texts = late.nonzero()[:, 0].tolist()
            must = f"have the start, {start}, as the first token"
            raise ValueError(f"token_ids must {must}, got it later in {texts}")
        x = self.words(token_ids) + self.position[:tokens]
        mask = causal_mask(num_tokens=tokens, device=x.device)
        for block in self.blocks:
            x = block(x, mask)
        states: Tensor = self.norm(x)
        return states
