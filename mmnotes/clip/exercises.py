"""Exercises of the chapter on CLIP."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mmnotes.page.exercises import Exercise

_PIXELS = torch.cos(torch.arange(2 * 3 * 6 * 6.0) ** 1.5).reshape(2, 3, 6, 6)
_IDS = torch.tensor([[3, 9, 7, 9, 9], [8, 2, 5, 9, 1], [9, 9, 9, 9, 9], [12, 4, 9, 0, 0]])
_X = torch.linspace(-3, 3, 13, dtype=torch.float64)
_IMAGE = torch.cos(torch.arange(15.0).reshape(3, 5) ** 1.5) * torch.tensor([[1.0], [3.0], [0.5]])
_TEXT = torch.sin(torch.arange(20.0).reshape(4, 5) ** 1.5) * torch.tensor([[2.0], [1.0], [4.0], [1.0]])


def _tower_size(size: int, patch: int, dim: int, depth: int, features: int) -> int:
    block = 12 * dim**2 + 13 * dim
    return 3 * patch**2 * dim + dim + (1 + (size // patch) ** 2) * dim + 4 * dim + depth * block + dim * features


def _patches(pixels: Tensor, patch: int) -> Tensor:
    batch, channels, height, width = pixels.shape
    grid = pixels.reshape(batch, channels, height // patch, patch, width // patch, patch)
    return grid.permute(0, 2, 4, 1, 3, 5).reshape(batch, -1, channels * patch**2)


def _patches_channels_last(pixels: Tensor, patch: int) -> Tensor:
    split: Tensor = _patches(pixels, patch).unflatten(2, (-1, patch**2))
    return split.transpose(2, 3).flatten(2)


def _patches_columns_first(pixels: Tensor, patch: int) -> Tensor:
    side = pixels.shape[-1] // patch
    grid: Tensor = _patches(pixels, patch).unflatten(1, (-1, side))
    return grid.transpose(1, 2).flatten(1, 2)


def _first_end(token_ids: Tensor, end: int) -> Tensor:
    is_end = token_ids == end
    return is_end.int().argmax(-1)


def _last_end(token_ids: Tensor, end: int) -> Tensor:
    return token_ids.shape[1] - 1 - _first_end(token_ids.flip(-1), end)


def _slope(x: Tensor) -> Tensor:
    gate = torch.sigmoid(1.702 * x)
    return gate * (1 + 1.702 * x * (1 - gate))


def _zero_shot(image: Tensor, text: Tensor, scale: float) -> Tensor:
    return (scale * normalize(image, dim=1) @ normalize(text, dim=1).T).softmax(1)


EXERCISES = {
    "clip-1": Exercise(
        solution=_tower_size,
        inputs=((224, 16, 768, 12, 512), (224, 14, 1024, 24, 768), (32, 4, 64, 4, 64)),
        tolerance=1e-9,
        slips={
            "[CLS] has a row in the table of positions too.": lambda *sizes: _tower_size(*sizes) - sizes[2],
            "The convolution has no bias.": lambda *sizes: _tower_size(*sizes) + sizes[2],
            "Norms stand before and after the layers, with a weight and a bias each.": lambda *sizes: (
                _tower_size(*sizes) - 2 * sizes[2]
            ),
            "A layer has biases and two norms besides its 12 dim² weights.": lambda *sizes: (
                _tower_size(*sizes) - 13 * sizes[2] * sizes[3]
            ),
        },
    ),
    "clip-2": Exercise(
        solution=_patches,
        inputs=((_PIXELS, 3), (_PIXELS, 2)),
        slips={
            "Within a patch the channel comes first, as in the weight of the convolution.": _patches_channels_last,
            "The patches are in order by columns; the tower's table of positions goes by rows.": _patches_columns_first,
            "A reshape alone cuts the rows of pixels in pieces; the axes have to change places first.": (
                lambda pixels, patch: pixels.reshape(len(pixels), -1, 3 * patch**2)
            ),
        },
    ),
    "clip-3": Exercise(
        solution=_first_end,
        inputs=((_IDS, 9), (_IDS[:2], 9)),
        slips={
            "This is the highest number, the released rule; in the last text the number 12 is higher.": (
                lambda token_ids, end: token_ids.argmax(-1)
            ),
            "Of several ends this is the last; padding may be ends as well.": _last_end,
            "This is one place behind the end.": lambda token_ids, end: _first_end(token_ids, end) + 1,
        },
    ),
    "clip-4": Exercise(
        solution=_slope,
        inputs=((_X,), (2 * _X,)),
        slips={
            "This is the gate alone; x inside the sigmoid moves too.": lambda x: torch.sigmoid(1.702 * x),
            "The inner derivative brings a factor 1.702.": lambda x: (
                torch.sigmoid(1.702 * x) * (1 + x * (1 - torch.sigmoid(1.702 * x)))
            ),
            "This is the slope of SiLU, without 1.702.": lambda x: _slope(x / 1.702),
        },
    ),
    "clip-5": Exercise(
        solution=_zero_shot,
        inputs=((_IMAGE, _TEXT, 5.0), (_IMAGE[:2], _TEXT[:3], 1.0)),
        slips={
            "The features have lengths of their own: bring both to length one first.": lambda image, text, scale: (
                scale * image @ text.T
            ).softmax(1),
            "The scale is missing; cosines alone give nearly even probabilities.": lambda image, text, scale: (
                _zero_shot(image, text, 1.0 if scale != 1.0 else 5.0)
            ),
            "Each picture chooses among the texts: the probabilities of a row sum to one.": lambda image, text, scale: (
                scale * normalize(image, dim=1) @ normalize(text, dim=1).T
            ).softmax(0),
        },
    ),
}
