"""Residuals in the encoder's own stream, where the next block reads them too: how T2I-Adapter and control branches of
diffusion transformers add theirs.

Paper: Mou et al., T2I-Adapter: learning adapters to dig out more controllable ability for text-to-image diffusion
models (2023). Differs: T2I-Adapter adds once a level, what a small network of its own makes of the hint alone.
"""

from collections.abc import Callable, Sequence
from typing import cast

from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.layers.unet import UNet
from mmnotes.zero_conv.branch import ControlBranch, _check, _check_settings


def streamed(
    unet: UNet,
    branch: ControlBranch,
    hint: Float[Tensor, "batch channels height width"],
    *,
    scales: Sequence[float],
) -> Callable[..., Tensor]:
    """As ``controlled``, but each residual is added where the encoder's next block
    reads it, and not to the skip alone.

    Shapes: as ``controlled``, without an image.
    Units: as ``controlled``.
    Errors: as ``controlled``.
    Source: ``down_intrablock_additional_residuals`` of diffusers' UNet2DConditionModel;
    ``block_controlnet_hidden_states`` of its SD3Transformer2DModel.
    Differs: those add what was made for it, this what any control branch gives.
    """

    _check_settings(branch, hint, scales)

    def network(x: Tensor, t: Tensor, text: Tensor) -> Tensor:
        _check(x, hint, shrinks=branch.hint.shrinks)
        inputs = folded, condition, tokens = unet.inputs(x, t, text)
        encoded = branch.hint(hint).repeat(len(x) // len(hint), 1, 1, 1)
        more = [s * r for s, r in zip(scales, branch(*inputs, encoded), strict=True)]
        encoder, rest = unet.encoder, iter(more)
        skips = [encoder.first(folded) + next(rest)]
        for level, stages in enumerate(encoder.levels):
            for stage in cast(nn.ModuleList, stages):
                skips.append(stage(skips[-1], condition, tokens) + next(rest))
            if level < len(encoder.halvings):
                skips.append(encoder.halvings[level](skips[-1]) + next(rest))
        middle = unet.middle(skips[-1], condition, tokens) + next(rest)
        plain = encoder(folded, condition, tokens)
        plain.append(unet.middle(plain[-1], condition, tokens))
        # The decoder is to take what has just been made: residuals bring it there.
        change = [new - old for new, old in zip([*skips, middle], plain, strict=True)]
        velocity: Tensor = unet(x, t, text, residuals=change)
        return velocity

    return network
