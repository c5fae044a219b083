"""The vision transformer against transformers' DINO, DINOv2 and DINOv2 with registers, weights copied by name."""

import pytest
import torch
from transformers import (
    Dinov2Config,
    Dinov2Model,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
    ViTConfig,
    ViTModel,
)

from mmnotes.dino.released import fill_vision_transformer_, vision_transformer_of
from mmnotes.layers.vision_transformer import VisionTransformer

# Side, patch, width, depth, heads, factor of the hidden layer.
SETTINGS = {
    "unlike primes": (21, 7, 15, 2, 3, 3),
    "one head, one layer": (14, 7, 10, 1, 1, 4),
    "small patches, deep": (12, 2, 24, 5, 4, 2),
}
KINDS = ("dino", "dinov2", "registers")
every_setting = pytest.mark.parametrize("name", SETTINGS)
every_kind = pytest.mark.parametrize("kind", KINDS)


def theirs(name, kind):
    """A transformers model of random weights, norms and biases moved from where they start."""
    size, patch, dim, depth, heads, factor = SETTINGS[name]
    sizes = {
        "image_size": size,
        "patch_size": patch,
        "hidden_size": dim,
        "num_hidden_layers": depth,
        "num_attention_heads": heads,
        "attn_implementation": "eager",
    }
    torch.manual_seed(len(name))
    if kind == "dino":
        model = ViTModel(ViTConfig(intermediate_size=factor * dim, layer_norm_eps=1e-6, **sizes))
    elif kind == "dinov2":
        model = Dinov2Model(Dinov2Config(mlp_ratio=factor, use_mask_token=True, **sizes))
    else:
        model = Dinov2WithRegistersModel(Dinov2WithRegistersConfig(mlp_ratio=factor, num_register_tokens=3, **sizes))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(parameter.ndim == 1).add_(0.2 * torch.randn_like(parameter))
    return model.eval()


def pictures(name, *, grid=None):
    size, patch = SETTINGS[name][:2]
    height, width = (size, size) if grid is None else (patch * each for each in grid)
    return torch.randn(3, 3, height, width, generator=torch.Generator().manual_seed(7))


def compared(model, pixels, masked=None):
    """Our tokens and attention, and theirs."""
    own = vision_transformer_of(model)
    with torch.no_grad():
        options = {} if masked is None else {"bool_masked_pos": masked}
        if isinstance(model, ViTModel):
            options["interpolate_pos_encoding"] = True
        expected = model(pixels, output_attentions=True, **options)
        tokens, attention = own(pixels, masked), own.cls_attention(pixels, masked)
    skipped = 1 + len(own.registers)
    read = expected.attentions[-1][:, :, 0, skipped:].view_as(attention)
    return (tokens.cls, tokens.patches, attention), (
        expected.last_hidden_state[:, 0],
        expected.last_hidden_state[:, skipped:],
        read,
    )


@every_kind
@every_setting
def test_equals_theirs(name, kind):
    for found, expected in zip(*compared(theirs(name, kind), pictures(name)), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["dinov2", "registers"])
@every_setting
def test_equals_theirs_masked_too(name, kind):
    patches = (SETTINGS[name][0] // SETTINGS[name][1]) ** 2
    masked = torch.rand(3, patches, generator=torch.Generator().manual_seed(1)) < torch.tensor([[0.0], [0.4], [1.0]])
    plain, _ = compared(theirs(name, kind), pictures(name))
    ours, expected = compared(theirs(name, kind), pictures(name), masked)
    for found, wanted in zip(ours, expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)
    assert torch.allclose(ours[1][0], plain[1][0]) and not torch.allclose(ours[1][2], plain[1][2])


@pytest.mark.parametrize("grid", [(2, 2), (2, 3), (5, 4), (1, 7)])
@every_kind
@every_setting
def test_equals_theirs_at_other_sizes(name, kind, grid):
    for found, expected in zip(*compared(theirs(name, kind), pictures(name, grid=grid)), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_what_does_not_fit_is_named():
    model = theirs("unlike primes", "dinov2")
    sizes = {"size": 21, "patch": 7, "dim": 15, "heads": 3, "hidden": 45, "scale": 1.0}
    with pytest.raises(ValueError, match=r"unknown: encoder\.layer\.1\.norm1\.weight"):
        fill_vision_transformer_(VisionTransformer(depth=1, registers=0, **sizes), model.state_dict())
    with pytest.raises(ValueError, match=r"shape: embeddings\.register_tokens is \(0, 15\), registers is \(2, 15\)"):
        fill_vision_transformer_(VisionTransformer(depth=2, registers=2, **sizes), model.state_dict())


def test_what_has_another_network_is_refused():
    config = Dinov2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=14, patch_size=7, use_swiglu_ffn=True
    )
    with pytest.raises(ValueError, match="released must have plain MLPs, got use_swiglu_ffn"):
        vision_transformer_of(Dinov2Model(config))


def test_nothing_in_it_learns():
    assert not any(each.requires_grad for each in vision_transformer_of(theirs("unlike primes", "dino")).parameters())
