"""The three networks of MTCNN's cascade: each sees more of a face than the one before, and is asked about fewer.

Paper: Zhang et al., Joint face detection and alignment using multitask cascaded convolutional networks (2016).
"""

from jaxtyping import Float
from torch import Tensor, nn


class PNet(nn.Module):
    """P-Net looks at 12 x 12 pixels. It is all convolutions, so that it slides: on a larger picture it answers for
    every second place of its window at once.

    Shapes: pixels (batch, 3, height, width) -> scores (batch, rows, columns) and shifts (batch, 4, rows, columns).
    Units: pixels (x - 127.5) / 128 of 0 to 255; scores from 0 to 1; shifts of left, top, right and bottom in sides.
    Source: facenet_pytorch/models/mtcnn.py, PNet.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_step(3, 10, 3), nn.MaxPool2d(2, 2, ceil_mode=True), *_step(10, 16, 3), *_step(16, 32, 3)
        )
        self.face, self.shift = nn.Conv2d(32, 2, 1), nn.Conv2d(32, 4, 1)

    def forward(
        self, pixels: Float[Tensor, "batch 3 height width"]
    ) -> tuple[Float[Tensor, "batch rows columns"], Float[Tensor, "batch 4 rows columns"]]:
        """Whether each window holds a face, and by how much it should move."""
        seen = self.features(pixels)
        return self.face(seen).softmax(1)[:, 1], self.shift(seen)


class RNet(nn.Module):
    """R-Net looks at candidates of 24 x 24 pixels.

    Shapes: pixels (batch, 3, 24, 24) -> scores (batch,) and shifts (batch, 4).
    Units: as ``PNet``.
    Source: facenet_pytorch/models/mtcnn.py, RNet.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_step(3, 28, 3), _pool(), *_step(28, 48, 3), _pool(), *_step(48, 64, 2), *_flat(576, 128)
        )
        self.face, self.shift = nn.Linear(128, 2), nn.Linear(128, 4)

    def forward(
        self, pixels: Float[Tensor, "batch 3 24 24"]
    ) -> tuple[Float[Tensor, "batch"], Float[Tensor, "batch 4"]]:
        """Whether each candidate is a face, and by how much its box should move."""
        seen = self.features(pixels)
        return self.face(seen).softmax(1)[:, 1], self.shift(seen)


class ONet(nn.Module):
    """O-Net looks at what is left, in 48 x 48 pixels, and finds five landmarks besides.

    Shapes: pixels (batch, 3, 48, 48) -> scores (batch,), shifts (batch, 4), landmarks (batch, 5, 2).
    Units: as ``PNet``; landmarks as column and row, in sides of the box.
    Source: facenet_pytorch/models/mtcnn.py, ONet.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_step(3, 32, 3), _pool(), *_step(32, 64, 3), _pool(), *_step(64, 64, 3),
            nn.MaxPool2d(2, 2, ceil_mode=True), *_step(64, 128, 2), *_flat(1152, 256),
        )  # fmt: skip
        self.face, self.shift, self.landmarks = nn.Linear(256, 2), nn.Linear(256, 4), nn.Linear(256, 10)

    def forward(
        self, pixels: Float[Tensor, "batch 3 48 48"]
    ) -> tuple[Float[Tensor, "batch"], Float[Tensor, "batch 4"], Float[Tensor, "batch 5 2"]]:
        """Whether each candidate is a face, by how much its box should move, and where its landmarks are."""
        seen = self.features(pixels)
        landmarks = self.landmarks(seen).unflatten(1, (2, 5)).transpose(1, 2)
        return self.face(seen).softmax(1)[:, 1], self.shift(seen), landmarks


def _step(channels: int, out: int, size: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(channels, out, size), nn.PReLU(out)


def _pool() -> nn.Module:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def _flat(length: int, out: int) -> tuple[nn.Module, ...]:
    """The cascade was trained in a framework that flattens columns before rows; so must who uses its weights."""
    return _ColumnsFirst(), nn.Linear(length, out), nn.PReLU(out)


class _ColumnsFirst(nn.Module):
    def forward(self, features: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch dim"]:
        return features.permute(0, 3, 2, 1).flatten(1)
