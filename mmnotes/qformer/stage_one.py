"""The Q-Former with the heads that match images and texts, and with all that stage 1 trains.

Paper: Li et al., BLIP-2 (2023), section 3.2.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from mmnotes.qformer.masks import itg_mask, itm_mask
from mmnotes.qformer.model import ImageTokens, PaddingMask, QFormer, TokenIds
from mmnotes.qformer.objectives import Losses, hard_negatives, itc_loss, itc_similarity, itg_loss, itm_loss
from mmnotes.qformer.words import WordHead


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

    def match_logits(self, image: ImageTokens, ids: TokenIds, padding_mask: PaddingMask) -> Float[Tensor, "batch 2"]:
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
        image: ImageTokens,
        ids: TokenIds,
        padding_mask: PaddingMask,
        *,
        decoder: int,
        generator: torch.Generator,
    ) -> Losses:
        """The losses of a batch of pairs; captions start with [CLS], for which
        ``decoder`` is put in to say them."""
        similarity = self.similarity(image, ids, padding_mask)
        contrast = itc_loss(similarity, tau=self.temperature)
        images, texts = hard_negatives(similarity / self.temperature, generator=generator)
        shown = torch.cat([image, image[images], image])
        read, where = (torch.cat([x, x, x[texts]]) for x in (ids, padding_mask))
        matched = self.match_logits(shown, read, where)
        said = torch.cat([torch.full_like(ids[:, :1], decoder), ids[:, 1:]], dim=1)
        match = itm_loss(matched, positives=len(image))
        caption = itg_loss(self.word_logits(image, said, padding_mask), said, padding_mask)
        return Losses(contrast, match, caption)

    def word_logits(
        self, image: ImageTokens, ids: TokenIds, padding_mask: PaddingMask
    ) -> Float[Tensor, "batch tokens words"]:
        """What might come after each word of a text, given the image."""
        text = self.qformer(image, ids, itg_mask(queries=self.qformer.queries.shape[1], padding_mask=padding_mask))[1]
        logits: Tensor = self.word_head(text, self.qformer.text.words.weight)
        return logits
