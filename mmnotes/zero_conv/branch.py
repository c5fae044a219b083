"""A trainable copy of a U-Net's encoder that sees a hint, and the zero convolutions that connect it.

Paper: Zhang, Rao and Agrawala, Adding conditional control to text-to-image diffusion models (2023), section 3.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import TypeVar

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import silu

from mmnotes.layers.unet import UNet
from mmnotes.layers.unet_parts import skip_channels

Layer = TypeVar("Layer", bound=nn.Module)


def zero_(layer: Layer) -> Layer:
    """The same layer, all its weights and biases now zero.

    Shapes: any.
    Source: Zhang et al. 2023, section 3.1; ``zero_module`` in lllyasviel/ControlNet.
    """
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class HintEncoder(nn.Module):
    """Convolutions that bring a hint, such as an edge map, to the grid of the encoder's first features.

    Each width has a convolution that keeps the grid and, but for the last, one that halves it. The last convolution of
    all starts at zero: until it has learned something the copy does not see the hint.

    Shapes: hint (batch, channels, height, width) -> (batch, out, height / 2^k, width / 2^k), k = len(widths) - 1.
    Errors: ValueError without widths.
    Source: lllyasviel/ControlNet, cldm/cldm.py, ``input_hint_block``; diffusers' ControlNetConditioningEmbedding.
    Differs: section 3.2 of the paper has four convolutions of 4 x 4, each halving the grid, with ReLU.
    """

    def __init__(self, *, channels: int, widths: tuple[int, ...], out: int) -> None:
        super().__init__()
        if not widths:
            raise ValueError("widths must name at least one width, got none")
        self.convs = nn.ModuleList([nn.Conv2d(channels, widths[0], 3, padding=1)])
        for narrow, wide in pairwise(widths):
            self.convs.append(nn.Conv2d(narrow, narrow, 3, padding=1))
            self.convs.append(nn.Conv2d(narrow, wide, 3, stride=2, padding=1))
        self.last = zero_(nn.Conv2d(widths[-1], out, 3, padding=1))

    def forward(self, hint: Float[Tensor, "batch channels height width"]) -> Tensor:
        """What is added to the first features of the copy."""
        for conv in self.convs:
            hint = silu(conv(hint))
        features: Tensor = self.last(hint)
        return features


class ZeroTaps(nn.ModuleList):
    """One convolution of 1 x 1 that starts at zero for each place where the decoder takes something.

    Shapes: features, one (batch, channels, height, width) for each entry of ``channels`` -> the same.
    Errors: ValueError for another number of features than there are convolutions.
    Source: Zhang et al. 2023, section 3.2; ``make_zero_conv`` in lllyasviel/ControlNet, cldm/cldm.py.
    """

    def __init__(self, *, channels: Sequence[int]) -> None:
        super().__init__(zero_(nn.Conv2d(size, size, 1)) for size in channels)

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """The residuals."""
        if len(features) != len(self):
            raise ValueError(f"features must be {len(self)}, one for each convolution, got {len(features)}")
        return [conv(feature) for conv, feature in zip(self, features, strict=True)]


class ControlBranch(nn.Module):
    """A copy of a U-Net's encoder and middle that also sees a hint, and hands over residuals for the decoder.

    Shapes: as ``UNet.inputs`` gives them, and a hint (batch, widths[0], rows, columns) on the encoder's first grid ->
    one residual for each skip, finest first, and one for the middle.
    Source: Zhang et al. 2023, figure 3; ``ControlNet`` in lllyasviel/ControlNet, cldm/cldm.py.
    """

    def __init__(self, unet: UNet, *, channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        sizes = skip_channels(unet.widths)
        self.encoder, self.middle = (deepcopy(part).requires_grad_() for part in (unet.encoder, unet.middle))
        self.hint = HintEncoder(channels=channels, widths=widths, out=sizes[0])
        self.taps = ZeroTaps(channels=[*sizes, unet.widths[-1]])

    def forward(self, folded: Tensor, condition: Tensor, tokens: Tensor, hint: Tensor) -> list[Tensor]:
        """The residuals; ``hint`` is what ``self.hint`` makes of the picture."""
        skips = self.encoder(folded, condition, tokens, hint)
        residuals: list[Tensor] = self.taps([*skips, self.middle(skips[-1], condition, tokens)])
        return residuals


def controlled(
    unet: UNet,
    branch: ControlBranch,
    hint: Float[Tensor, "batch channels height width"],
    *,
    scales: Sequence[float],
) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The U-Net as steered by a hint, for ``guided_by`` and the samplers.

    The hint is encoded here, once. Where a batch is a multiple of the hints, as in guidance, they are repeated. A scale
    for each residual multiplies it; with zeros the network is the frozen one.

    Shapes: hint (batch, channels, height, width) -> a function of x (copies * batch, ...), t and text.
    Units: scales 1 as trained.
    Errors: ValueError for another number of scales than there are residuals.
    Source: ``apply_model`` in lllyasviel/ControlNet, cldm/cldm.py, with its ``control_scales``.
    """
    if len(scales) != len(branch.taps):
        raise ValueError(f"scales must be {len(branch.taps)}, one for each residual, got {len(scales)}")
    encoded = branch.hint(hint)

    def network(x: Tensor, t: Tensor, text: Tensor) -> Tensor:
        repeated = encoded.repeat(len(x) // len(encoded), 1, 1, 1)
        residuals = branch(*unet.inputs(x, t, text), repeated)
        scaled = [scale * each for scale, each in zip(scales, residuals, strict=True)]
        velocity: Tensor = unet(x, t, text, residuals=scaled)
        return velocity

    return network
