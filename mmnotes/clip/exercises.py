"""Exercises of the chapter on CLIP."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mmnotes.page.exercises import Exercise

_PIXELS = torch.cos(torch.arange(2 * 3 * 6 * 6.0) ** 1.5).reshape(2, 3, 6, 6)
_IDS = torch.tensor([[3, 9, 7, 9, 9], [8, 2, 5, 9, 1], [9, 9, 9, 9, 9], [12, 4, 9, 0, 0]])
_X = torch.linspace(-3, 3, 13, dtype=torch.float64)
_IMAGE = torch.cos(torch.arange(15.0).reshape(3, 5) ** 1.5) * torch.tensor([[1.0], [3.0], [0.5]])
_TEXT = torch.sin(torch.arange(60.0).reshape(4, 3, 5) ** 1.5) * torch.tensor([[2.0], [0.5], [4.0]])


def _tower_size(size: int, patch: int, dim: int, depth: int, features: int) -> int:
    block = 12 * dim**2 + 13 * dim
    return 3 * patch**2 * dim + dim + (1 + (size // patch) ** 2) * dim + 4 * dim + depth * block + dim * features


def _tower_size_mistakes(size: int, patch: int, dim: int, depth: int, features: int) -> dict[str, Any]:
    right = _tower_size(size, patch, dim, depth, features)
    return {
        "[CLS] is a vector of its own and has a row in the table of positions too.": right - dim,
        "The convolution has no bias.": right + dim,
        "The two norms outside the layers are missing, one before and one after them.": right - 4 * dim,
        "A layer has biases and two norms besides its 12 dim² weights.": right - 13 * dim * depth,
        "The matrices of a layer have biases: 4 dim in attention, 5 dim in the network.": right - 9 * dim * depth,
        "The two norms of each layer are missing.": right - 4 * dim * depth,
        "There are no biases and no norms here, and a tower has both.": right - (13 * depth + 4) * dim,
        "Between the layers and the features lies a projection.": right - dim * features,
    }


def _patches(pixels: Tensor, patch: int) -> Tensor:
    batch, channels, height, width = pixels.shape
    grid = pixels.reshape(batch, channels, height // patch, patch, width // patch, patch)
    return grid.permute(0, 2, 4, 1, 3, 5).reshape(batch, -1, channels * patch**2)


def _patches_mistakes(pixels: Tensor, patch: int) -> dict[str, Any]:
    right, side = _patches(pixels, patch), pixels.shape[-1] // patch
    split, grid = right.unflatten(2, (-1, patch**2)), right.unflatten(1, (-1, side))
    by_columns = "The patches are in order by columns; the tower's table of positions goes by rows."
    return {
        "Within a patch the channel comes first, as in the weight of the convolution.": split.mT.flatten(2),
        by_columns: grid.transpose(1, 2).flatten(1, 2),
        "A reshape alone cuts rows of pixels in pieces; move the axes first.": pixels.reshape(right.shape),
    }


def _first_end(token_ids: Tensor, end: int) -> Tensor:
    is_end = token_ids == end
    return is_end.int().argmax(-1)


def _first_end_mistakes(token_ids: Tensor, end: int) -> dict[str, Any]:
    last, highest = token_ids.shape[1] - 1 - _first_end(token_ids.flip(-1), end), token_ids.argmax(-1)
    return {
        "This is the highest number, the released rule; in the last text the number 12 is higher.": highest,
        "Of several ends this is the last; padding may be ends as well.": last,
        "This is one place behind the end.": _first_end(token_ids, end) + 1,
    }


def _slope(x: Tensor) -> Tensor:
    gate = torch.sigmoid(1.702 * x)
    return gate * (1 + 1.702 * x * (1 - gate))


def _slope_mistakes(x: Tensor) -> dict[str, Any]:
    gate = torch.sigmoid(1.702 * x)
    inner = gate * (1 - gate)
    bell, below = torch.exp(-(x**2) / 2) / (2 * torch.pi) ** 0.5, torch.special.ndtr(x)
    return {
        "This is the gate alone; x inside the sigmoid moves too.": gate,
        "The inner derivative brings a factor 1.702.": gate + x * inner,
        "This is QuickGELU itself; its slope is asked for.": x * gate,
        "A product has a slope of two terms; this is the one in which the gate moves.": 1.702 * x * inner,
        "The gate's slope is multiplied by x, the other factor of the product.": gate + 1.702 * inner,
        "This is the slope of GELU, with the normal distribution.": below + x * bell,
    }


def _zero_shot(image: Tensor, text: Tensor, scale: float) -> Tensor:
    classes = normalize(normalize(text, dim=2).mean(1), dim=1)
    return (scale * normalize(image, dim=1) @ classes.T).softmax(1)


def _zero_shot_mistakes(image: Tensor, text: Tensor, scale: float) -> dict[str, Any]:
    unit, prompts = normalize(image, dim=1), normalize(text, dim=2)
    cosines = unit @ normalize(prompts.mean(1), dim=1).T
    outvoted = "A prompt with a long vector outvotes the others of its class: bring each to length one before the mean."
    short = "The mean of unit vectors is shorter than one: bring it to length one again."
    rows = "Each picture chooses among the texts: the probabilities of a row sum to one."
    return {
        outvoted: (scale * unit @ normalize(text.mean(1), dim=1).T).softmax(1),
        short: (scale * unit @ prompts.mean(1).T).softmax(1),
        "The features have lengths of their own: bring them to length one.": (scale * image @ text.mean(1).T).softmax(
            1
        ),
        "The scale is missing; cosines alone give nearly even probabilities.": cosines.softmax(1),
        "The scale multiplies; what divides is the temperature.": (cosines / scale).softmax(1),
        rows: (scale * cosines).softmax(0),
        "These are cosines; a softmax makes probabilities of them.": cosines,
        "These are the logarithms of the probabilities.": (scale * cosines).log_softmax(1),
    }


EXERCISES = {
    "clip-1": Exercise(
        solution=_tower_size,
        mistakes=_tower_size_mistakes,
        inputs=((224, 16, 768, 12, 512), (224, 14, 1024, 24, 768), (32, 4, 64, 4, 64)),
    ),
    "clip-2": Exercise(solution=_patches, mistakes=_patches_mistakes, inputs=((_PIXELS, 3), (_PIXELS, 2))),
    "clip-3": Exercise(solution=_first_end, mistakes=_first_end_mistakes, inputs=((_IDS, 9), (_IDS[:2], 9))),
    "clip-4": Exercise(solution=_slope, mistakes=_slope_mistakes, inputs=((_X,), (2 * _X,))),
    "clip-5": Exercise(
        solution=_zero_shot,
        mistakes=_zero_shot_mistakes,
        inputs=((_IMAGE, _TEXT, 5.0), (_IMAGE[:2], _TEXT[:3, :2], 1.0)),
    ),
}
