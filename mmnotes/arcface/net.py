"""A small convolutional network that makes a feature of a drawing, ended as face networks are: without an activation.

Paper: Deng et al., ArcFace (2019), section 2.2 for the end: features, then batch normalisation, no activation.
"""

from jaxtyping import Float
from torch import Tensor, nn

SIDE, PATCH, WIDTHS, DIM = 32, 4, (32, 64), 64


class DrawingNet(nn.Sequential):
    """Two convolutions, one linear layer, and a normalisation over the batch: a feature of any length.

    Shapes: pixels (batch, 3, 32, 32) -> (batch, dim).
    Units: pixels from 0 to 1.
    Source: the order of the last layers is that of deepinsight/insightface,
    recognition/arcface_torch/backbones/iresnet.py.
    Differs: no residual blocks and no dropout; 86 thousand weights.
    """

    def __init__(self, *, dim: int) -> None:
        first, second = WIDTHS
        grid = SIDE // PATCH // 2
        super().__init__(
            nn.Conv2d(3, first, PATCH, stride=PATCH),
            nn.BatchNorm2d(first),
            nn.ReLU(),
            nn.Conv2d(first, second, 3, stride=2, padding=1),
            nn.BatchNorm2d(second),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(second * grid**2, dim),
            nn.BatchNorm1d(dim),
        )

    def forward(self, pixels: Float[Tensor, "batch 3 32 32"]) -> Float[Tensor, "batch dim"]:
        """The feature of every drawing, not of unit length."""
        features: Tensor = super().forward(pixels)
        return features
