"""What the Q-Former is trained on: contrast, matching with hard negatives, and captioning, summed.

Paper: Li et al., BLIP-2 (2023), section 3.2; the hard negatives are those of ALBEF (Li et al. 2021).
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from mmnotes.layers.losses import next_token_loss
from mmnotes.layers.precision import promoted, without_autocast
from mmnotes.layers.scales import check_positive

SMOOTHING = 0.1  # label smoothing of the released contrastive and captioning losses; the paper does not mention it


class Losses(NamedTuple):
    """The three objectives of stage 1; what is minimised is their sum.

    Shapes: three times ().
    Units: nats.
    Source: Li et al. 2023, section 3.2.
    """

    contrast: Tensor
    match: Tensor
    caption: Tensor


def itc_similarity(
    query_features: Float[Tensor, "images queries dim"], text_features: Float[Tensor, "texts dim"]
) -> Float[Tensor, "images texts"]:
    """How well each image fits each text: the largest cosine between one of its queries and the text.

    s_ij = max_k ⟨q_ik / |q_ik|, t_j / |t_j|⟩

    Shapes: query_features (images, queries, dim), text_features (texts, dim) -> (images, texts).
    Units: cosines, in float32 or, for float64 features, float64, under autocast too; the length of a feature does not
    matter.
    Errors: ValueError for no queries, or features without a dimension.
    Source: Li et al. 2023, section 3.2, "select the highest one"; ``Blip2ForImageTextRetrieval`` of transformers.
    """
    if not all(query_features.shape[1:]):
        shape = tuple(query_features.shape)
        raise ValueError(f"query_features must hold at least one query of one dimension, got the shape {shape}")
    queries, texts = (normalize(each, dim=-1) for each in promoted(query_features, text_features))
    with without_autocast(queries.device):
        return torch.einsum("i q d, t d -> i t q", queries, texts).max(dim=-1).values


def itc_loss(
    similarity: Float[Tensor, "batch batch"], *, tau: float | Float[Tensor, ""], smoothing: float = SMOOTHING
) -> Float[Tensor, ""]:
    """Symmetric cross-entropy of s / τ with the diagonal as the truth.

    Shapes: similarity (batch, batch) -> ().
    Units: cosines in, nats out, in float32 or, for float64 cosines, float64. τ is a plain parameter, started at 0.07,
    that divides.
    Errors: ValueError for an empty batch, or a τ that is not positive and finite.
    Source: Li et al. 2023, section 3.2; ``loss_itc`` in LAVIS' blip2_qformer.py, on one process.
    """
    if not len(similarity):
        raise ValueError("similarity must hold at least one pair, got the shape (0, 0)")
    check_positive(tau, name="tau")
    (similarity,) = promoted(similarity)
    truth = torch.arange(len(similarity), device=similarity.device)
    by_image, by_text = (
        cross_entropy(logits, truth, label_smoothing=smoothing) for logits in (similarity / tau, similarity.T / tau)
    )
    return (by_image + by_text) / 2


def hard_negatives(
    logits: Float[Tensor, "batch batch"], *, generator: torch.Generator
) -> tuple[Int[Tensor, "batch"], Int[Tensor, "batch"]]:
    """For every text an image, and for every image a text, that do not belong to it: the likelier the more similar.

    Drawn from the softmax of a column, or of a row, of the logits, with the pair itself left out.

    A draw from a generator cannot be traced.

    Shapes: logits (batch, batch), images as rows -> images (batch,) and texts (batch,), as places in the batch.
    Units: logits are similarities divided by the temperature.
    Errors: ValueError for a batch of one, which holds no negatives.
    Source: Li et al. 2023, section 3.2; LAVIS' blip2_qformer.py.
    """
    if len(logits) < 2:
        raise ValueError(f"logits must be of at least 2 pairs for a negative, got {len(logits)}")
    own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    others = promoted(logits.detach())[0].masked_fill(own, float("-inf"))
    images, texts = (torch.multinomial(way.softmax(1), 1, generator=generator)[:, 0] for way in (others.T, others))
    return images, texts


def itm_loss(logits: Float[Tensor, "pairs 2"], *, positives: int) -> Float[Tensor, ""]:
    """Two-way cross-entropy: the first ``positives`` pairs belong together (class 1), the others do not (class 0).

    Shapes: logits (pairs, 2) -> ().
    Units: nats, in float32 or, for float64 logits, float64.
    Errors: ValueError for fewer pairs than positives, or no positives.
    Source: Li et al. 2023, section 3.2; ``loss_itm`` in LAVIS' blip2_qformer.py.
    """
    if not 0 < positives <= len(logits):
        raise ValueError(f"positives must be from 1 to the {len(logits)} pairs, got {positives}")
    together = torch.arange(len(logits), device=logits.device) < positives
    return cross_entropy(promoted(logits)[0], together.long())


def itg_loss(
    logits: Float[Tensor, "batch tokens words"],
    ids: Int[Tensor, "batch tokens"],
    padding_mask: Bool[Tensor, "batch tokens"],
    *,
    smoothing: float = SMOOTHING,
) -> Float[Tensor, ""]:
    """Cross-entropy of every word given those before it, averaged over the words that are kept.

    The logits at one place are for the word at the next. The first token is given and never predicted.

    Shapes: logits (batch, tokens, words), ids (batch, tokens), padding_mask (batch, tokens) -> ().
    Units: nats a word, in float32 or, for float64 logits, float64.
    Errors: as ``next_token_loss``.
    Source: Li et al. 2023, section 3.2; ``BertLMHeadModel`` in LAVIS' Qformer.py.
    """
    return next_token_loss(logits, ids, padding_mask, smoothing=smoothing)
