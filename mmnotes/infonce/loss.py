"""The losses over the scores of one batch: CLIP's two cross-entropies, and SigLIP's yes or no for every pair.

Papers: Radford et al., CLIP (2021); Zhai et al., SigLIP (2023).
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import logsigmoid, normalize

from mmnotes.infonce.checks import check_scale
from mmnotes.layers.blocks import block_rows


def similarity(image: Float[Tensor, "batch dim"], text: Float[Tensor, "texts dim"]) -> Float[Tensor, "batch texts"]:
    """The cosine of every image with every text: s_ij = u_i · v_j, with u = x / |x|
    and v = y / |y|.

    A vector of zeros has the cosine 0 with everything.

    Shapes: image (batch, dim), text (texts, dim) -> (batch, texts).
    Units: cosines, -1 to 1, in float32 or, for float64 features, float64: the steps
    of bfloat16 near 1 are 0.004, and a scale of 100 would make 0.4 nats of them.
    Errors: ValueError for features without a dimension.
    Source: Radford et al. 2021, figure 3; openai/CLIP, clip/model.py, CLIP.forward.
    """
    if not image.shape[1]:
        raise ValueError(f"image must have at least one dimension, got the shape {tuple(image.shape)}")
    dtype = torch.promote_types(torch.promote_types(image.dtype, text.dtype), torch.float32)
    return normalize(image.to(dtype), dim=1) @ normalize(text.to(dtype), dim=1).T


def info_nce(similarity: Float[Tensor, "batch batch"], *, scale: Float[Tensor, ""] | float) -> Float[Tensor, ""]:
    """CLIP's loss: the mean of two cross-entropies, text given image and image
    given text.

    With z = scale · s: L = 1/(2N) Σ_i [LSE_j z_ij - z_ii] + 1/(2N) Σ_j [LSE_i z_ij
    - z_jj].

    Any matrix of scores will do: with scale 1 and the logarithms of density ratios,
    log N - L estimates their mutual information from below and never exceeds log N.

    Shapes: similarity (batch, batch), image i and text i a pair -> ().
    Units: nats, in float32 or, for float64 similarities, float64.
    Errors: ValueError for an empty batch, or a scale that is not positive and
    finite; NotImplementedError in a backward pass with create_graph.
    Source: Radford et al. 2021, figure 3; agrees with mlfoundations/open_clip,
    src/open_clip/loss.py, ClipLoss.
    """
    _check_batch(similarity)
    check_scale(scale)
    dtype = torch.promote_types(similarity.dtype, torch.float32)
    loss: Tensor = _InfoNCE.apply(similarity.to(dtype), torch.as_tensor(scale, dtype=dtype, device=similarity.device))
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
    check_scale(scale)
    if not -math.inf < bias < math.inf:
        raise ValueError(f"bias must be finite, got {float(bias)}")
    logits = similarity.to(torch.promote_types(similarity.dtype, torch.float32)) * scale + bias
    labels = 2 * torch.eye(len(logits), dtype=logits.dtype, device=logits.device) - 1
    return -logsigmoid(labels * logits).sum() / len(logits)


def _check_batch(similarity: Tensor) -> None:
    if not len(similarity):
        raise ValueError("similarity must hold at least one pair, got the shape (0, 0)")


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
        return (torch.cat(row_sums) + column_sums).mean() / 2 - scale * similarity.diagonal().mean()

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor]:
        """dL/dz = (softmax of each row + softmax of each column - 2 I) / 2N, where
        z = scale · s."""
        if torch.is_grad_enabled():
            raise NotImplementedError("info_nce has no second derivatives; take two cross-entropies for create_graph")
        similarity, scale, *sums = ctx.saved_tensors
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
