"""The layers that start at zero, and the small network that brings a hint to the first of them.

Paper: Zhang, Rao and Agrawala, Adding conditional control to text-to-image diffusion models (2023), section 3.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import silu

Layer = TypeVar("Layer", bound=nn.Module)


def zero_(layer: Layer) -> Layer:
    """The same layer, all its weights and biases now zero.

    It cannot be traced: it changes a module, once, before anything is computed.

    Shapes: any.
    Source: Zhang et al. 2023, section 3.1; ``zero_module`` in lllyasviel/ControlNet.
    """
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class HintEncoder(nn.Module):
    """Convolutions that bring a hint, such as an edge map, to the grid of the encoder's
    first features.

    Each width has a convolution that keeps the grid and, but for the last, one that
    halves it. The last convolution of all starts at zero: until it has learned
    something the copy does not see the hint.

    Shapes: hint (batch, channels, height, width) -> (batch, out, height / 2^k, width /
    2^k), k = len(widths) - 1.
    Errors: ValueError without widths, for another number of channels, or for a side
    that cannot be halved k times.
    Source: lllyasviel/ControlNet, cldm/cldm.py, ``input_hint_block``; diffusers'
    ControlNetConditioningEmbedding.
    Differs: section 3.2 of the paper has four convolutions of 4 x 4, each halving the
    grid, with ReLU. diffusers rounds a side up where it is odd.
    """

    def __init__(self, *, channels: int, widths: tuple[int, ...], out: int) -> None:
        super().__init__()
        if not widths:
            raise ValueError("widths must name at least one width, got none")
        self.channels, self.shrinks = channels, 2 ** (len(widths) - 1)
        self.convs = nn.ModuleList([nn.Conv2d(channels, widths[0], 3, padding=1)])
        for narrow, wide in pairwise(widths):
            self.convs.append(nn.Conv2d(narrow, narrow, 3, padding=1))
            self.convs.append(nn.Conv2d(narrow, wide, 3, stride=2, padding=1))
        self.last = zero_(nn.Conv2d(widths[-1], out, 3, padding=1))

    def forward(
        self,
        hint: Float[Tensor, "batch channels height width"],
    ) -> Float[Tensor, "batch out rows columns"]:
        """What is added to the first features of the copy."""
        self._check(*hint.shape[1:])
        for conv in self.convs:
            hint = silu(conv(hint))
        features: Tensor = self.last(hint)
        return features

    def _check(self, channels: int, height: int, width: int) -> None:
        if channels != self.channels:
            raise ValueError(f"hint must have {self.channels} channels, got {channels}")
        if height % self.shrinks or width % self.shrinks:
            right = f"sides that are multiples of {self.shrinks}"
            raise ValueError(f"hint must have {right}, got {height} x {width}")


class ZeroTaps(nn.ModuleList):
    """One convolution of 1 x 1 that starts at zero for each place where the decoder
    takes something.

    Shapes: features, one (batch, channels, height, width) for each entry of
    ``channels`` -> the same.
    Errors: ValueError for another number of features than there are convolutions.
    Source: Zhang et al. 2023, section 3.2; ``make_zero_conv`` in
    lllyasviel/ControlNet, cldm/cldm.py.
    """

    def __init__(self, *, channels: Sequence[int]) -> None:
        super().__init__(zero_(nn.Conv2d(size, size, 1)) for size in channels)

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """One residual for each place."""
        if len(features) != len(self):
            expected = f"{len(self)}, one for each convolution"
            raise ValueError(f"features must be {expected}, got {len(features)}")
        return [conv(feature) for conv, feature in zip(self, features, strict=True)]
