"""The losses over the scores of one batch: CLIP's two cross-entropies, and SigLIP's yes or no for every pair.

Papers: Radford et al., CLIP (2021); Zhai et al., SigLIP (2023).
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import logsigmoid, normalize

from mmnotes.layers.blocks import block_rows
from mmnotes.layers.checks import values_known
from mmnotes.layers.precision import promoted, without_autocast
from mmnotes.layers.scales import check_finite, check_positive


def similarity(
    image: Float[Tensor, "batch dim"],
    text: Float[Tensor, "texts dim"],
) -> Float[Tensor, "batch texts"]:
    """The cosine of every image with every text: s_ij = u_i · v_j, with u = x / |x|
    and v = y / |y|.

    A vector of zeros has the cosine 0 with everything.

    Shapes: image (batch, dim), text (texts, dim) -> (batch, texts).
    Units: cosines, -1 to 1, in float32 or, for float64 features, float64: the steps
    of bfloat16 near 1 are 0.004, and a scale of 100 would make 0.4 nats of them.
    Under autocast too.
    Errors: ValueError for features without a dimension.
    Source: Radford et al. 2021, figure 3; openai/CLIP, clip/model.py, CLIP.forward.
    """
    if not image.shape[1]:
        raise ValueError(f"image must have a dimension or more, got {tuple(image.shape)}")
    image, text = promoted(image, text)
    with without_autocast(image.device):
        return normalize(image, dim=1) @ normalize(text, dim=1).T


def info_nce(
    similarity: Float[Tensor, "batch batch"],
    *,
    scale: Float[Tensor, ""] | float,
) -> Float[Tensor, ""]:
    """CLIP's loss: the mean of two cross-entropies, text given image and image
    given text.

    With z = scale · s: L = 1/(2N) Σ_i [LSE_j z_ij - z_ii] + 1/(2N) Σ_j [LSE_i z_ij
    - z_jj].

    Any matrix of scores will do: with scale 1 and the logarithms of density ratios,
    log N - L estimates their mutual information from below and never exceeds log N.

    >>> s = torch.tensor([[0.9, 0.1], [0.3, 0.5]])
    >>> print(f"{info_nce(s, scale=5.0):.3f}")
    0.127
    >>> print(f"{info_nce(torch.zeros(8, 8), scale=5.0):.3f}")  # a guess costs log 8
    2.079

    Shapes: similarity (batch, batch), image i and text i a pair -> ().
    Units: nats, in float32 or, for float64 similarities, float64.
    Errors: ValueError for an empty batch, or a scale that is not positive and
    finite.
    Source: Radford et al. 2021, figure 3; agrees with mlfoundations/open_clip,
    src/open_clip/loss.py, ClipLoss.
    """
    _check_batch(similarity)
    check_positive(scale, name="scale")
    (similarity,) = promoted(similarity)
    scale = torch.as_tensor(scale, dtype=similarity.dtype, device=similarity.device)
    if not values_known(similarity, scale):  # who traces brings a backward pass of his own
        return _in_one_piece(similarity, scale)
    loss: Tensor = _InfoNCE.apply(similarity, scale)
    return loss


def sigmoid_loss(
    similarity: Float[Tensor, "batch batch"],
    *,
    scale: Float[Tensor, ""] | float,
    bias: Float[Tensor, ""] | float,
) -> Float[Tensor, ""]:
    """SigLIP's loss: every pair of the batch is a yes-or-no question of its own.

    With z = scale · s + bias, and the label +1 on the diagonal and -1 elsewhere: L
    = -1/N Σ_ij log σ(label_ij z_ij). The sum runs over N² pairs and is divided by
    N, so it is not a mean: at z = 0 it is N log 2.

    Shapes: similarity (batch, batch), image i and text i a pair -> ().
    Units: nats for each image, in float32 or, for float64 similarities, float64.
    Errors: ValueError for an empty batch, a scale that is not positive and finite,
    or a bias that is not finite.
    Source: Zhai et al. 2023, equation 1 and algorithm 1; agrees with open_clip's
    SigLipLoss.
    """
    _check_batch(similarity)
    check_positive(scale, name="scale")
    check_finite(bias, name="bias")
    (similarity,) = promoted(similarity)
    logits = similarity * scale + bias
    labels = 2 * torch.eye(len(logits), dtype=logits.dtype, device=logits.device) - 1
    return -logsigmoid(labels * logits).sum() / len(logits)


def _check_batch(similarity: Tensor) -> None:
    if not len(similarity):
        raise ValueError("similarity must hold at least one pair, got the shape (0, 0)")


def _in_one_piece(similarity: Tensor, scale: Tensor) -> Tensor:
    logits = similarity * scale
    return (logits.logsumexp(1) + logits.logsumexp(0)).mean() / 2 - logits.diagonal().mean()


class _InfoNCE(torch.autograd.Function):
    """A block of rows at a time, so that logits and exponentials stay in cache; the
    one large matrix that is made is the gradient."""

    @staticmethod
    def forward(ctx: Any, similarity: Tensor, scale: Tensor) -> Tensor:
        row_sums, column_sums = [], torch.full_like(similarity[0], -torch.inf)
        for block in similarity.split(block_rows(similarity)):
            logits = block * scale
            row_sums.append(logits.logsumexp(1))
            column_sums = torch.logaddexp(column_sums, logits.logsumexp(0))
        ctx.save_for_backward(similarity, scale, torch.cat(row_sums), column_sums)
        right = scale * similarity.diagonal().mean()
        return (torch.cat(row_sums) + column_sums).mean() / 2 - right

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor]:
        """dL/dz = (softmax of each row + softmax of each column - 2 I) / 2N, where
        z = scale · s."""
        similarity, scale, *sums = ctx.saved_tensors
        if torch.is_grad_enabled():  # with create_graph this pass is itself differentiated
            logits = similarity * scale
            both = logits.softmax(1) + logits.softmax(0)
            slope = upstream * (both - 2 * torch.eye(len(both)).to(both)) / (2 * len(both))
            return slope * scale, (slope * similarity).sum()
        gradient, share = torch.empty_like(similarity), upstream / (2 * len(similarity))
        scale_gradient = -2 * similarity.diagonal().sum()
        count = block_rows(similarity)
        for block, slope, row_sums in zip(
            *(each.split(count) for each in (similarity, gradient, sums[0])), strict=True
        ):
            logits = block * scale
            torch.exp(logits - row_sums[:, None], out=slope)
            slope.add_(logits.sub_(sums[1]).exp_())
            scale_gradient += torch.dot(slope.reshape(-1), block.reshape(-1))
            slope.mul_(share * scale)
        gradient.diagonal().sub_(2 * share * scale)
        return gradient, share * scale_gradient
