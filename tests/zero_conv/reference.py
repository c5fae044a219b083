"""Small networks of diffusers, steered by diffusers and by our parts."""

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from torch import Tensor, nn

from mmnotes.layers.unet import steered
from mmnotes.zero_conv import HintEncoder, ZeroTaps

Read = tuple[Tensor, list[Tensor]]  # text, and the tokens of each adapter


def diffusers_pair(*, seed: int, layers: int) -> tuple[UNet2DConditionModel, ControlNetModel]:
    torch.manual_seed(seed)
    network = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 24),
        layers_per_block=layers,
        cross_attention_dim=12,
        attention_head_dim=8,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.15)
    control = ControlNetModel.from_unet(
        network, conditioning_channels=3, conditioning_embedding_out_channels=(6, 10, 14)
    )
    return network.requires_grad_(False), control.requires_grad_(False)


def diffusers_inputs() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(3)
    shapes = ((2, 4, 8, 12), (2, 5, 12), (2, 3, 32, 48))
    x, text, hint = (torch.randn(shape, generator=random) for shape in shapes)
    return x, torch.tensor([17, 801]), text, hint


def theirs(network, control, scale: float, **told: object) -> Tensor:
    """The pipeline's step; ``told`` goes to the frozen network alone."""
    x, t, text, hint = diffusers_inputs()
    skips, middle = control(
        x, t, encoder_hidden_states=text, controlnet_cond=hint, conditioning_scale=scale, return_dict=False
    )
    return network(
        x,
        t,
        text,
        down_block_additional_residuals=skips,
        mid_block_additional_residual=middle,
        return_dict=False,
        **told,
    )[0]


def by_parts(model, text: Tensor | Read, hint: Tensor | float) -> tuple[list[Tensor], Tensor]:
    """What encoder and middle of diffusers' networks make, by their own modules; and the embedding of time."""
    x, t, _, _ = diffusers_inputs()
    embedding = model.time_embedding(model.time_proj(t))
    x = model.conv_in(x) + hint
    skips = [x]
    for block in model.down_blocks:
        told = {"encoder_hidden_states": text} if getattr(block, "has_cross_attention", False) else {}
        x, more = block(hidden_states=x, temb=embedding, **told)
        skips.extend(more)
    return [*skips, model.mid_block(x, embedding, encoder_hidden_states=text)], embedding


def ours(network, control, scale: float, image: Tensor | None = None) -> Tensor:
    """Our hint encoder, zero layers and injection around the same modules; the tokens of an image go past the copy."""
    _, _, text, hint = diffusers_inputs()
    read = text if image is None else (text, [image])
    encoder = HintEncoder(channels=3, widths=(6, 10, 14), out=16)
    embedding = control.controlnet_cond_embedding
    convs = [embedding.conv_in, *embedding.blocks]
    for own, other in zip([*encoder.convs, encoder.last], [*convs, embedding.conv_out], strict=True):
        own.load_state_dict(other.state_dict())
    copied, _ = by_parts(control, text, encoder(hint))
    others = [*control.controlnet_down_blocks, control.controlnet_mid_block]
    taps = ZeroTaps(channels=[each.shape[1] for each in copied])
    for own, other in zip(taps, others, strict=True):
        own.load_state_dict(other.state_dict())
    taken, of_time = by_parts(network, read, 0.0)
    *skips, x = steered(taken, [scale * each for each in taps(copied)])
    for block in network.up_blocks:
        count = len(block.resnets)
        told = {"encoder_hidden_states": read} if getattr(block, "has_cross_attention", False) else {}
        x = block(hidden_states=x, res_hidden_states_tuple=tuple(skips[-count:]), temb=of_time, **told)
        del skips[-count:]
    return network.conv_out(network.conv_act(network.conv_norm_out(x)))
