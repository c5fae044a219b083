"""Decoupled attention, projection and fill against diffusers, alone and wired into its U-Net."""

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention as TheirAttention
from diffusers.models.attention_processor import AttnProcessor2_0, IPAdapterAttnProcessor2_0
from diffusers.models.embeddings import ImageProjection as TheirProjection
from torch import nn

from mmnotes.decoupled_attention import DecoupledAttention, ImageProjection, ImagePrompt, Resampler
from mmnotes.decoupled_attention.released import fill_image_prompt_
from mmnotes.layers.attention import Attention
from mmnotes.layers.weights import fill_

NAMES = [(rf"to_{short}\.(\w+)", rf"{name}.\1") for short, name in (("q", "query"), ("k", "key"), ("v", "value"))]
NAMES += [(r"to_out\.0\.(\w+)", r"output.\1")]


def shaken(module: nn.Module, *, seed: int = 0, std: float = 0.2) -> nn.Module:
    torch.manual_seed(seed)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=std)
    return module


def ours_from(theirs: TheirAttention) -> DecoupledAttention:
    """Our layer with the weights of diffusers' attention; biases that it lacks are zero."""
    text = Attention(dim=theirs.inner_dim, heads=theirs.heads, context_dim=theirs.cross_attention_dim)
    state = {**{f"to_{each}.bias": torch.zeros(theirs.inner_dim) for each in "qkv"}, **theirs.state_dict()}
    fill_(text, {name: value for name, value in state.items() if "processor" not in name}, names=NAMES)
    return DecoupledAttention(text)


@pytest.mark.parametrize(
    ("heads", "width", "context", "tokens", "scale"), [(4, 8, 24, 4, 0.7), (3, 7, 10, 1, 1.0), (1, 5, 3, 9, -0.4)]
)
def test_agrees_with_the_processor(heads, width, context, tokens, scale):
    torch.manual_seed(0)
    theirs = TheirAttention(query_dim=heads * width, cross_attention_dim=context, heads=heads, dim_head=width)
    processor = IPAdapterAttnProcessor2_0(heads * width, context, num_tokens=(tokens,), scale=scale)
    theirs.set_processor(processor)
    shaken(theirs)
    ours = ours_from(theirs)
    ours.key.weight.data.copy_(processor.to_k_ip[0].weight)
    ours.value.weight.data.copy_(processor.to_v_ip[0].weight)
    ours.scale = scale
    x, text, image = torch.randn(2, 64, heads * width), torch.randn(2, 7, context), torch.randn(2, tokens, context)
    expected = theirs(x, encoder_hidden_states=(text, [image]))
    torch.testing.assert_close(ours(x, text, image), expected, rtol=0, atol=1e-5)
    ours.scale = processor.scale[0] = 0.0
    without = theirs(x, encoder_hidden_states=(text, [image]))
    theirs.set_processor(AttnProcessor2_0())
    assert torch.equal(without, theirs(x, encoder_hidden_states=text))
    torch.testing.assert_close(ours(x, text, image), without, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("image_dim", "tokens", "dim"), [(16, 4, 24), (7, 3, 5)])
def test_agrees_with_the_projection(image_dim, tokens, dim):
    ours = shaken(ImageProjection(image_dim=image_dim, num_tokens=tokens, dim=dim))
    theirs = TheirProjection(image_dim, dim, tokens)
    fill_(theirs, ours.state_dict(), names=[(r"linear\.(\w+)", r"image_embeds.\1")])
    features = torch.randn(3, image_dim)
    torch.testing.assert_close(ours(features), theirs(features), rtol=0, atol=1e-5)


def tiny_unet() -> UNet2DConditionModel:
    torch.manual_seed(0)
    network = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=2,
        cross_attention_dim=24,
        attention_head_dim=8,
        norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    return network.eval()


class Wired:
    """A processor for diffusers' attention that hands over to our layer."""

    def __init__(self, layer: DecoupledAttention) -> None:
        self.layer = layer

    def __call__(self, attention, hidden_states, encoder_hidden_states, **unused):
        text, images = encoder_hidden_states
        return self.layer(hidden_states, text, images[0])


def released(network: UNet2DConditionModel, *, plus: bool) -> dict[str, torch.Tensor]:
    """A random checkpoint of the released names for this U-Net: pooled features of 17 numbers, or patches of 64."""
    generator = torch.Generator().manual_seed(1)
    context, state = network.config.cross_attention_dim, {}
    for number, name in enumerate(network.attn_processors):
        if "attn2" in name:
            width = network.get_submodule(name.removesuffix(".processor")).inner_dim
            for part in "kv":
                state[f"ip_adapter.{number}.to_{part}_ip.weight"] = (width, context)
    if plus:
        sizes = {
            "latents": (1, 5, 64),
            "proj_in.weight": (64, 17),
            "proj_in.bias": (64,),
            "proj_out.weight": (context, 64),
        }
        sizes |= {name: (context,) for name in ("proj_out.bias", "norm_out.weight", "norm_out.bias")}
        for layer in range(4):
            for norm in ("0.norm1", "0.norm2", "1.0"):
                sizes |= {f"layers.{layer}.{norm}.{part}": (64,) for part in ("weight", "bias")}
            sizes |= {f"layers.{layer}.0.to_{part}.weight": (64, 64) for part in ("q", "out")}
            sizes |= {f"layers.{layer}.0.to_kv.weight": (128, 64), f"layers.{layer}.1.1.weight": (256, 64)}
            sizes |= {f"layers.{layer}.1.3.weight": (64, 256)}
    else:
        sizes = {"proj.weight": (4 * context, 17), "proj.bias": (4 * context,)}
        sizes |= {"norm.weight": (context,), "norm.bias": (context,)}
    state |= {f"image_proj.{name}": size for name, size in sizes.items()}
    return {name: 0.2 * torch.randn(size, generator=generator) for name, size in state.items()}


def nested(state: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """As in the released .bin files."""
    return {
        part: {name.removeprefix(f"{part}."): value for name, value in state.items() if name.startswith(f"{part}.")}
        for part in ("image_proj", "ip_adapter")
    }


@pytest.mark.parametrize(("plus", "pictures"), [(False, 1), (True, 1), (False, 3)])
def test_a_released_checkpoint_does_here_what_it_does_in_diffusers(plus, pictures):
    """diffusers loads the released names into its U-Net; ours are filled from the same and wired into a copy."""
    theirs, wired = tiny_unet(), tiny_unet()
    state = released(theirs, plus=plus)
    theirs._load_ip_adapter_weights([nested(state)], low_cpu_mem_usage=False)
    attentions = {
        name: wired.get_submodule(name.removesuffix(".processor")) for name in wired.attn_processors if "attn2" in name
    }
    layers = [ours_from(attention) for attention in attentions.values()]
    projection = (
        Resampler(image_dim=17, dim=64, heads=1, head_dim=64, depth=4, queries=5, out=24)
        if plus
        else ImageProjection(image_dim=17, num_tokens=4, dim=24)
    )
    prompt = ImagePrompt(projection, layers)
    fill_image_prompt_(prompt, state)
    for attention, layer in zip(attentions.values(), layers, strict=True):
        attention.set_processor(Wired(layer))
    generator = torch.Generator().manual_seed(2)
    x, text = torch.randn(2, 4, 8, 8, generator=generator), torch.randn(2, 7, 24, generator=generator)
    features = torch.randn(2, pictures, *((11, 17) if plus else (17,)), generator=generator)
    tokens = torch.cat([prompt(each) for each in features.unbind(1)], dim=1)
    assert tokens.shape == (2, pictures * (5 if plus else 4), 24)
    times = torch.tensor([3.0, 700.0])
    for scale in (1.0, 0.4):
        for processor in theirs.attn_processors.values():
            if isinstance(processor, IPAdapterAttnProcessor2_0):
                processor.scale = [scale]
        for layer in layers:
            layer.scale = scale
        given = {"image_embeds": [features]}
        expected = theirs(x, times, text, added_cond_kwargs=given).sample
        # An empty adapter list in diffusers leaves the text alone, and the pair of text and image tokens goes through.
        found = wired(x, times, (text, [tokens])).sample
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    plain = tiny_unet()(x, times, text).sample
    assert (found - plain).abs().max() > 1e-2
    for layer in layers:
        layer.scale = 0.0
    torch.testing.assert_close(wired(x, times, (text, [tokens])).sample, plain, rtol=0, atol=1e-5)


def test_the_middle_block_comes_last_in_the_released_numbers():
    names = [name for name in tiny_unet().attn_processors if "attn2" in name]
    assert [name.split(".")[0] for name in names] == ["down_blocks"] * 2 + ["up_blocks"] * 3 + ["mid_block"]


def test_a_checkpoint_that_is_not_an_image_prompt_is_told_in_full():
    text = Attention(dim=6, heads=2, context_dim=5)
    prompt = ImagePrompt(ImageProjection(image_dim=3, num_tokens=2, dim=5), [DecoupledAttention(text)])
    before = {name: value.clone() for name, value in prompt.state_dict().items()}
    state = {"image_proj.proj.weight": torch.zeros(10, 4), "image_proj.norm.weight": torch.zeros(5)}
    state |= {"ip_adapter.1.to_k_ip.weight": torch.zeros(6, 5), "ip_adapter.1.to_q_lora.up.weight": torch.zeros(1)}
    with pytest.raises(ValueError, match="does not fit") as error:
        fill_image_prompt_(prompt, state)
    assert sorted(str(error.value).splitlines()[1:]) == [
        "missing: layers.0.value.weight",
        "missing: projection.linear.bias",
        "missing: projection.norm.bias",
        "shape: image_proj.proj.weight is (10, 4), projection.linear.weight is (10, 3)",
        "unknown: ip_adapter.1.to_q_lora.up.weight",
    ]
    assert all(torch.equal(value, before[name]) for name, value in prompt.state_dict().items())


def test_the_released_size_of_stable_diffusion():
    """22,319,616 parameters: sixteen pairs of matrices and one projection."""
    widths = [320] * 5 + [640] * 5 + [1280] * 6
    with torch.device("meta"):
        layers = [DecoupledAttention(Attention(dim=each, heads=8, context_dim=768)) for each in widths]
        prompt = ImagePrompt(ImageProjection(image_dim=1024, num_tokens=4, dim=768), layers)
    assert sum(parameter.numel() for parameter in prompt.parameters()) == 22_319_616
