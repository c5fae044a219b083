"""The loss and the backward pass that two exercises ask for, and what is easily built in their place."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def both(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean of both directions' cross-entropies.

    Shapes: logits (images, texts), targets (images, texts) or one place a row -> ().
    """
    return (cross_entropy(logits, targets) + cross_entropy(logits.T, targets)) / 2


def shared(similarity: Tensor, group: Tensor, *, scale: float) -> Tensor:
    """The loss in which the right answers of a row share one answer.

    Shapes: similarity (images, texts), group (images) -> ().
    """
    same = (group[:, None] == group).to(similarity)
    return both(scale * similarity, same / same.sum(1, keepdim=True))


def shared_mistakes(similarity: Tensor, group: Tensor, *, scale: float) -> dict[str, Any]:
    """What is easily built in its place, by hint.

    Shapes: similarity (images, texts), group (images) -> each ().
    """
    same = (group[:, None] == group).to(similarity)
    targets, logits, pairs = same / same.sum(1, keepdim=True), scale * similarity, torch.arange(len(group))
    others = (same - torch.eye(len(group)).to(same)).bool()
    hidden = logits.masked_fill(others, -torch.inf)
    within = logits.masked_fill(same == 0, -torch.inf)
    union = (logits.logsumexp(1) - within.logsumexp(1)).mean() + (logits.logsumexp(0) - within.logsumexp(0)).mean()
    rows, columns = cross_entropy(logits, targets), cross_entropy(logits.T, targets)
    over_all = -(same * (logits.log_softmax(1) + logits.log_softmax(0))).sum() / (2 * same.sum())
    summed = "The right answers of a row share one answer between them: divide each row of the table by its sum."
    masked = "This is the other repair, the mask; here the other right answers are asked for."
    likeliest = "This asks that the right answers together be likely; the equation asks it of each of them."
    uneven = "Every row counts once; a mean over all right pairs gives large groups more weight."
    return {
        "This counts the other right answers as wrong, the plain loss.": both(logits, pairs),
        summed: both(logits, same),
        masked: both(hidden, pairs),
        likeliest: union / 2,
        uneven: over_all,
        "This is one direction; texts ask for their images as well.": rows,
        "This is the direction from texts to images alone.": columns,
        "The two directions are added up here; the loss takes half of each.": rows + columns,
        "The scale is missing.": shared(similarity, group, scale=1.0),
    }


def slope(similarity: Tensor, *, scale: float) -> Tensor:
    """The derivative of the loss with respect to the similarities.

    Shapes: similarity (images, texts) -> (images, texts).
    """
    logits = scale * similarity
    return scale * (logits.softmax(1) + logits.softmax(0) - 2 * torch.eye(len(logits))) / (2 * len(logits))


def slope_mistakes(similarity: Tensor, *, scale: float) -> dict[str, Any]:
    """What is easily written in its place, by hint.

    Shapes: similarity (images, texts) -> each (images, texts).
    """
    right, count = slope(similarity, scale=scale), len(similarity)
    by_rows = scale * ((scale * similarity).softmax(1) - torch.eye(count)) / count
    by_columns = scale * ((scale * similarity).softmax(0) - torch.eye(count)) / count
    inner = "This is the derivative for the logits z; for s = z / scale the chain rule brings a factor."
    return {
        "This is the gradient of one direction, image to text.": by_rows,
        "This is the gradient of the other direction alone, text to image.": by_columns,
        inner: right / scale,
        "The 1/N of the mean is missing.": count * right,
        "The two directions are added up here; the loss takes half of each.": 2 * right,
        "The pairs that belong together have a term of their own, -1 each.": right + scale * torch.eye(count) / count,
    }
