"""The Q-Former itself, and with the heads that match images and texts.

Paper: Li et al., BLIP-2 (2023), sections 3.1 and 3.2.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from mmnotes.qformer.block import NORM_EPS, Block
from mmnotes.qformer.masks import itg_mask, itm_mask, text_mask
from mmnotes.qformer.objectives import Losses, hard_negatives, itc_loss, itc_similarity, itg_loss, itm_loss
from mmnotes.qformer.words import WordEmbedding, WordHead

_ImageTokens = Float[Tensor, "batch patches image_dim"]
_TokenIds = Int[Tensor, "batch tokens"]
_PaddingMask = Bool[Tensor, "batch tokens"]
_AttentionMask = Bool[Tensor, "batch length length"]
_QueryStates = Float[Tensor, "batch queries dim"]
_TextStates = Float[Tensor, "batch tokens dim"]


class QFormer(nn.Module):
    """One stack, two kinds of token: LN([Q; E(ids) + P]), then ``depth`` blocks, every second of which reads the image.

    Positions are added to words only. Which of the two halves sees the other is decided by the mask of each call.

    >>> from mmnotes.qformer import itg_mask
    >>> qformer = QFormer(dim=8, heads=2, depth=4, hidden=16, queries=3, image_dim=5, words=9, positions=6)
    >>> image, ids = torch.rand(2, 7, 5), torch.tensor([[8, 4, 1, 2], [8, 3, 1, 0]])
    >>> mask = itg_mask(queries=3, padding_mask=ids > 0)
    >>> [tuple(states.shape) for states in qformer(image, ids, mask)]
    [(2, 3, 8), (2, 4, 8)]
    >>> [layer for layer, block in enumerate(qformer.blocks) if block.cross is not None]  # read the image
    [0, 2]

    Shapes: image (batch, patches, image_dim), ids (batch, tokens), mask (batch, length, length) with length = queries +
    tokens -> queries (batch, queries, dim) and text (batch, tokens, dim).
    Errors: ValueError where heads does not divide dim, a text is empty or longer than ``positions``, or an id is not
    among ``words``.
    Source: Li et al. 2023, section 3.1, whose sizes are dim 768, heads 12, depth 12, hidden 3072, queries 32; agrees
    with ``Blip2QFormerModel`` of transformers.
    """

    def __init__(
        self,
        *,
        dim: int,
        heads: int,
        depth: int,
        hidden: int,
        queries: int,
        image_dim: int,
        words: int,
        positions: int,
        cross_every: int = 2,
    ) -> None:
        super().__init__()
        self.queries = nn.Parameter(0.02 * torch.randn(1, queries, dim))  # as LAVIS starts them
        self.text = WordEmbedding(dim=dim, words=words, positions=positions)
        self.norm = nn.LayerNorm(dim, eps=NORM_EPS)
        self.blocks = nn.ModuleList(
            Block(dim=dim, heads=heads, hidden=hidden, image_dim=None if layer % cross_every else image_dim)
            for layer in range(depth)
        )

    def forward(self, image: _ImageTokens, ids: _TokenIds, mask: _AttentionMask) -> tuple[_QueryStates, _TextStates]:
        """The states of queries and text, who see each other as the mask says."""
        return self._run(self._asking(len(image)), self.norm(self.text(ids)), image, mask)

    def see(self, image: _ImageTokens) -> _QueryStates:
        """The queries' states without any text: the image's half of the contrast, and all that stage 2 keeps."""
        queries = self._asking(len(image))
        return self._run(queries, queries[:, :0], image, None)[0]

    def read(self, ids: _TokenIds, padding_mask: _PaddingMask) -> _TextStates:
        """The text's states without queries and image: the text's half of the contrast."""
        text = self.norm(self.text(ids))
        return self._run(text[:, :0], text, None, text_mask(padding_mask=padding_mask))[1]

    def _run(self, queries: Tensor, text: Tensor, image: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        for block in self.blocks:
            queries, text = block(queries, text, image, mask)
        return queries, text

    def _asking(self, batch: int) -> Tensor:
        normed: Tensor = self.norm(self.queries)
        return normed.expand(batch, -1, -1)


class Retriever(nn.Module):
    """A Q-Former with what it takes to match images and texts: two projections and a two-way head.

    Shapes: image (images, patches, image_dim), ids and padding_mask (texts, tokens).
    Source: Li et al. 2023, section 3.2, where ``shared_dim`` is 256; ``Blip2ForImageTextRetrieval`` of transformers.
    """

    def __init__(self, qformer: QFormer, *, shared_dim: int) -> None:
        super().__init__()
        self.qformer, dim = qformer, qformer.queries.shape[-1]
        self.image_projection, self.text_projection = nn.Linear(dim, shared_dim), nn.Linear(dim, shared_dim)
        self.match = nn.Linear(dim, 2)
        for layer in (self.image_projection, self.text_projection, self.match):
            layer.to(qformer.queries)

    def similarity(
        self,
        image: Float[Tensor, "images patches image_dim"],
        ids: Int[Tensor, "texts tokens"],
        padding_mask: Bool[Tensor, "texts tokens"],
    ) -> Float[Tensor, "images texts"]:
        """Cosines of every image, by its best query, with the first token of every text."""
        texts = self.text_projection(self.qformer.read(ids, padding_mask)[:, 0])
        return itc_similarity(self.image_projection(self.qformer.see(image)), texts)

    def match_logits(self, image: _ImageTokens, ids: _TokenIds, padding_mask: _PaddingMask) -> Float[Tensor, "batch 2"]:
        """Does this image belong to this text? The head reads every query, and its logits are averaged."""
        mask = itm_mask(queries=self.qformer.queries.shape[1], padding_mask=padding_mask)
        logits: Tensor = self.match(self.qformer(image, ids, mask)[0]).mean(1)
        return logits


class StageOne(Retriever):
    """The three objectives of stage 1 on one Q-Former.

    The forward pass draws its negatives from a generator, which cannot be traced; its parts can be.

    Shapes: as ``Retriever``; the losses are three times ().
    Units: nats.
    Errors: ValueError for a batch of one, which holds no negatives, and as the three losses.
    Source: Li et al. 2023, section 3.2; LAVIS' blip2_qformer.py, on one process.
    """

    def __init__(self, qformer: QFormer, *, shared_dim: int) -> None:
        super().__init__(qformer, shared_dim=shared_dim)
        like = qformer.queries
        self.word_head = WordHead(dim=like.shape[-1], words=qformer.text.words.num_embeddings).to(like)
        self.temperature = nn.Parameter(torch.tensor(0.07, dtype=like.dtype, device=like.device))

    def forward(
        self,
        image: _ImageTokens,
        ids: _TokenIds,
        padding_mask: _PaddingMask,
        *,
        decoder: int,
        generator: torch.Generator,
    ) -> Losses:
        """The losses of a batch of pairs; captions start with [CLS], for which
        ``decoder`` is put in to say them."""
        similarity = self.similarity(image, ids, padding_mask)
        contrast = itc_loss(similarity, tau=self.temperature)
        images, texts = hard_negatives(similarity / self.temperature, generator=generator)
        pairs = (torch.cat([image, image[images], image]), torch.cat([ids, ids, ids[texts]]))
        matched = self.match_logits(*pairs, torch.cat([padding_mask, padding_mask, padding_mask[texts]]))
        said = torch.cat([torch.full_like(ids[:, :1], decoder), ids[:, 1:]], dim=1)
        match = itm_loss(matched, positives=len(image))
        caption = itg_loss(self.word_logits(image, said, padding_mask), said, padding_mask)
        return Losses(contrast, match, caption)

    def word_logits(
        self, image: _ImageTokens, ids: _TokenIds, padding_mask: _PaddingMask
    ) -> Float[Tensor, "batch tokens words"]:
        """What might come after each word of a text, given the image."""
        text = self.qformer(image, ids, itg_mask(queries=self.qformer.queries.shape[1], padding_mask=padding_mask))[1]
        logits: Tensor = self.word_head(text, self.qformer.text.words.weight)
        return logits
