"""A trainable copy of a U-Net's encoder that sees a hint, and the zero convolutions that connect it.

Paper: Zhang, Rao and Agrawala, Adding conditional control to text-to-image diffusion models (2023), section 3.
"""

from collections.abc import Callable, Sequence

from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.layers.unet import FOLD, UNet
from mmnotes.layers.unet_blocks import text_alone
from mmnotes.layers.unet_parts import skip_channels
from mmnotes.zero_conv.zero import HintEncoder, ZeroTaps


class ControlBranch(nn.Module):
    """A copy of a U-Net's encoder and middle that also sees a hint, and hands over
    residuals for the decoder.

    The copy reads the text alone: where layers of the U-Net read an image too, what
    they have for it is not copied. All that is new has dtype and device of the U-Net.

    Shapes: as ``UNet.inputs`` gives them, and a hint (batch, widths[0], rows, columns)
    on the encoder's first grid -> one residual for each skip, finest first, and one for
    the middle.
    Source: Zhang et al. 2023, figure 3; ``ControlNet`` in lllyasviel/ControlNet,
    cldm/cldm.py; in diffusers it is copied before an IP-Adapter is loaded.
    """

    def __init__(self, unet: UNet, *, channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        sizes = skip_channels(unet.widths)
        copies = (text_alone(part) for part in (unet.encoder, unet.middle))
        self.encoder, self.middle = (copy.requires_grad_() for copy in copies)
        self.hint = HintEncoder(channels=channels, widths=widths, out=sizes[0])
        self.taps = ZeroTaps(channels=[*sizes, unet.widths[-1]])
        self.to(unet.nothing)

    def forward(
        self,
        folded: Float[Tensor, "batch channels rows columns"],
        condition: Float[Tensor, "batch dim"],
        text: Float[Tensor, "batch tokens text_dim"],
        hint: Float[Tensor, "batch width rows columns"],
    ) -> list[Tensor]:
        """The residuals; ``hint`` is what ``self.hint`` makes of the picture."""
        skips = self.encoder(folded, condition, text, hint=hint)
        middle = self.middle(skips[-1], condition, text)
        residuals: list[Tensor] = self.taps([*skips, middle])
        return residuals


def controlled(
    unet: UNet,
    branch: ControlBranch,
    hint: Float[Tensor, "batch channels height width"],
    *,
    scales: Sequence[float],
) -> Callable[..., Tensor]:
    """The U-Net as steered by a hint, for ``guided_by`` and the samplers.

    A function of x, t, text and, if need be, the tokens of an image, which go to the
    U-Net alone: ``with_image`` takes it as it takes a U-Net. Where a batch is a multiple
    of the hints, as in guidance, they are repeated. A scale for each residual
    multiplies it; with zeros the network is the frozen one. The hint is encoded here,
    once, unless what encodes it still learns.

    >>> import torch
    >>> unet = UNet(channels=3, widths=(8,), text_dim=5, text_tokens=2, dim=4, heads=2)
    >>> branch = ControlBranch(unet, channels=1, widths=(7, 4))
    >>> x, t, text = torch.rand(2, 3, 6, 8), torch.rand(2), torch.rand(2, 5)
    >>> steered = controlled(unet, branch, torch.rand(2, 1, 6, 8), scales=[1.0] * 3)
    >>> torch.equal(steered(x, t, text), unet(x, t, text))  # until it has learned
    True

    Shapes: hint (batch, channels, height, width) -> a function of x (copies * batch,
    ...), t (copies * batch,), text (copies * batch, dim) and an image (copies * batch,
    ...).
    Units: scales 1 as trained.
    Errors: ValueError for another number of scales than there are residuals, without
    hints, or for pictures that are no multiple of the hints or have another size.
    Source: ``apply_model`` in lllyasviel/ControlNet, cldm/cldm.py, with its
    ``control_scales``; diffusers' pipelines with an IP-Adapter, whose ControlNet reads
    the text alone.
    """
    _check_settings(branch, hint, scales)
    # While it learns, each backward pass needs a graph of its own.
    learns = [hint, *branch.hint.parameters()]
    once = None if any(each.requires_grad for each in learns) else branch.hint(hint)

    def network(
        x: Tensor,
        t: Tensor,
        text: Tensor,
        image: Tensor | None = None,
    ) -> Tensor:
        _check(x, hint, shrinks=branch.hint.shrinks)
        encoded = branch.hint(hint) if once is None else once
        repeated = encoded.repeat(len(x) // len(hint), 1, 1, 1)
        residuals = branch(*unet.inputs(x, t, text), repeated)
        scaled = [scale * each for scale, each in zip(scales, residuals, strict=True)]
        velocity: Tensor = unet(x, t, text, image, residuals=scaled)
        return velocity

    return network


def _check_settings(branch: ControlBranch, hint: Tensor, scales: Sequence[float]) -> None:
    """There is a hint, and a scale for each residual."""
    if len(scales) != len(branch.taps):
        expected = f"{len(branch.taps)}, one for each residual"
        raise ValueError(f"scales must be {expected}, got {len(scales)}")
    if not len(hint):
        raise ValueError("hint must be at least one picture, got 0")


def _check(x: Tensor, hint: Tensor, *, shrinks: int) -> None:
    """The hint arrives on the grid that the U-Net folds its pictures to, and there are enough of them."""
    if len(x) % len(hint):
        raise ValueError(f"x must be a multiple of the {len(hint)} hints, got {len(x)}")
    wanted, (height, width) = [side * shrinks // FOLD for side in x.shape[2:]], hint.shape[2:]
    if [height, width] != wanted:
        right = f"{wanted[0]} x {wanted[1]} for pictures of {x.shape[2]} x {x.shape[3]}"
        raise ValueError(f"hint must be {right}, got {height} x {width}")
