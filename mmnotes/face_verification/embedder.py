"""The network that makes 128 numbers of a face: dlib's ResNet of 29 convolutions.

Paper: He et al., Deep residual learning (2016); King, dlib's face recognition model (2017), which is its smaller kin.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d, pad

from mmnotes.layers.checks import values_known

SIDE = 150  # pixels of a chip
FEATURES = 128
# Subtracted from red, green and blue of 0 to 255; the difference is divided by 256.
MEAN = (122.782, 117.001, 104.298)
WIDTHS = ((32, 3), (64, 3), (128, 2), (256, 2), (256, 0))  # channels of a stage, and blocks that keep them


class Embedder(nn.Module):
    """A face chip as a vector: chips of one person lie near each other, chips of two people farther apart.

    It was trained so that vectors of one person have a distance below 0.6. They are of no fixed length.

    Shapes: chips (batch, 3, 150, 150) -> (batch, 128).
    Units: red, green and blue from 0 to 1; distances are compared with 0.6.
    Errors: ValueError for chips that are not finite or outside of 0 to 1.
    Source: dlib/examples/dnn_face_recognition_ex.cpp, anet_type; the weights are loaded by ``pretrained_embedder``.
    """

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTHS[0][0], 7, stride=2)
        blocks: list[nn.Module] = []
        channels = WIDTHS[0][0]
        for stage, (out, count) in enumerate(WIDTHS):
            blocks += [Reduction(channels, out)] * bool(stage) + [Residual(out) for _ in range(count)]
            channels = out
        self.blocks = nn.Sequential(*blocks)
        self.out = nn.Linear(channels, FEATURES, bias=False)
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None], persistent=False)

    def forward(self, chips: Float[Tensor, "batch 3 150 150"]) -> Float[Tensor, "batch 128"]:
        """The vector of each chip."""
        if values_known(chips) and not ((chips >= 0) & (chips <= 1)).all():
            raise ValueError(f"chips must be from 0 to 1, got {chips.min():g} to {chips.max():g}")
        seen = self.stem((255 * chips - self.mean) / 256).relu()
        vectors: Tensor = self.out(self.blocks(max_pool2d(seen, 3, 2)).mean((2, 3)))
        return vectors


class Residual(nn.Module):
    """relu(x + f(x)), where f is two convolutions.

    Shapes: features (batch, channels, height, width) -> the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """The features, and what two convolutions add to them."""
        added: Tensor = x + self.second(self.first(x).relu())
        return added.relu()


class Reduction(nn.Module):
    """The same with half the height and width: the way around the convolutions is an average of 2 x 2.

    Where one way has more channels than the other, or a row or column more, the other has zeros there.

    Shapes: features (batch, channels, height, width) -> (batch, out, about half the height, about half the width).
    """

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, out, 3, stride=2)
        self.second = nn.Conv2d(out, out, 3, padding=1)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch out rows columns"]:
        """The features at half the size, and what two convolutions add to them."""
        around, through = avg_pool2d(x, 2), self.second(self.first(x).relu())
        rows, columns = (around.shape[axis] - through.shape[axis] for axis in (2, 3))
        channels = through.shape[1] - around.shape[1]
        both: Tensor = pad(around, (0, 0, 0, 0, 0, channels)) + pad(through, (0, columns, 0, rows))
        return both.relu()
