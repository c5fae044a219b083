"""Words into the Q-Former, words out of it, and soft words for a language model.

Papers: Li et al., BLIP-2 (2023), sections 3.1 and 3.2; the word head is that of BERT (Devlin et al. 2019).
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import gelu, linear

from mmnotes.layers.texts import check_ids
from mmnotes.qformer.block import NORM_EPS


class WordEmbedding(nn.Module):
    """E(ids) + P: a vector for each word and one for its place, to be normalised together with the queries.

    Shapes: ids (batch, tokens) -> (batch, tokens, dim).
    Errors: ValueError for no word, a text longer than ``positions``, or an id that is not among ``words``.
    Source: ``Blip2TextEmbeddings`` of transformers; BERT's, without the types of sentences.
    """

    def __init__(self, *, dim: int, words: int, positions: int) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(words, dim), nn.Embedding(positions, dim)
        for table in (self.words, self.positions):
            nn.init.normal_(table.weight, std=0.02)  # BERT's

    def forward(self, ids: Int[Tensor, "batch tokens"]) -> Float[Tensor, "batch tokens dim"]:
        """The first word is at the first place, whether or not queries stand before it."""
        check_ids(ids, name="ids", words=self.words.num_embeddings, longest=self.positions.num_embeddings)
        vectors: Tensor = self.words(ids) + self.positions.weight[: ids.shape[1]]
        return vectors


class WordHead(nn.Module):
    """E LN(gelu(W t)) + b: a score for every word, by the table E that the words came from.

    Shapes: text (batch, tokens, dim), table (words, dim) -> (batch, tokens, words).
    Units: logits.
    Source: Devlin et al. 2019; ``BertOnlyMLMHead`` in LAVIS' Qformer.py, whose decoder is tied to the embeddings.
    """

    def __init__(self, *, dim: int, words: int) -> None:
        super().__init__()
        self.dense, self.norm = nn.Linear(dim, dim), nn.LayerNorm(dim, eps=NORM_EPS)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(
        self, text: Float[Tensor, "batch tokens dim"], table: Float[Tensor, "words dim"]
    ) -> Float[Tensor, "batch tokens words"]:
        """The logits of the word that follows each token."""
        return linear(self.norm(gelu(self.dense(text))), table, self.bias)


class SoftPrompt(nn.Module):
    """One linear layer from the query states to the width of a language model's embeddings.

    Shapes: states (batch, queries, dim) -> (batch, queries, word_dim).
    Source: Li et al. 2023, section 3.3, "linearly project"; ``language_projection`` of transformers.
    """

    def __init__(self, *, dim: int, word_dim: int) -> None:
        super().__init__()
        self.projection = nn.Linear(dim, word_dim)

    def forward(self, states: Float[Tensor, "batch queries dim"]) -> Float[Tensor, "batch queries word_dim"]:
        """As many soft tokens as there are queries."""
        tokens: Tensor = self.projection(states)
        return tokens
