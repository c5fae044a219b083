"""The vision transformer by itself; tests/dino/test_released.py holds it to transformers'."""

import pytest
import torch
from torch import nn

from mmnotes.layers.vision_transformer import VisionTransformer


def vit(registers: int = 0, depth: int = 2) -> VisionTransformer:
    """A grid of 3 x 3 patches of 5 pixels, unlike sizes elsewhere, stirred weights."""
    torch.manual_seed(0)
    sizes = {"size": 15, "patch": 5, "dim": 14, "heads": 2, "hidden": 11, "scale": 1.0}
    model = VisionTransformer(depth=depth, registers=registers, **sizes).double()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model


def pictures(height: int = 15, width: int = 15) -> torch.Tensor:
    return torch.randn(3, 3, height, width, generator=torch.Generator().manual_seed(1)).double()


@torch.no_grad()
@pytest.mark.parametrize("registers", [0, 4])
def test_shapes(registers):
    model = vit(registers)
    tokens = model(pictures())
    assert tokens.cls.shape == (3, 14) and tokens.patches.shape == (3, 9, 14)
    assert model(pictures(10, 35)).patches.shape == (3, 14, 14)
    assert model.embed(pictures()).shape == (3, 10 + registers, 14)
    assert model.cls_attention(pictures(10, 35)).shape == (3, 2, 2, 7)


@torch.no_grad()
def test_patches_are_embedded_row_by_row_as_loops_say():
    model, pixels = vit(registers=2), pictures(10, 15)
    embedded, positions = model.embed(pixels), model.positions(rows=2, columns=3)
    kernel = model.patch.weight.flatten(1)
    torch.testing.assert_close(embedded[1, 0], model.class_token + positions[0])
    torch.testing.assert_close(embedded[1, 1:3], model.registers)
    for row in range(2):
        for column in range(3):
            cut = pixels[1, :, 5 * row : 5 * row + 5, 5 * column : 5 * column + 5].flatten()
            place = 3 * row + column
            expected = kernel @ cut + model.patch.bias + positions[1 + place]
            torch.testing.assert_close(embedded[1, 3 + place], expected, rtol=1e-10, atol=1e-12)


@torch.no_grad()
def test_a_masked_patch_keeps_its_place_and_nothing_of_its_pixels():
    model, pixels = vit(), pictures()
    masked = torch.zeros(3, 9, dtype=torch.bool)
    masked[1, 4] = masked[2] = True
    overwritten = pixels.clone()
    overwritten[1, :, 5:10, 5:10] = 99
    overwritten[2] = -7
    for one, other in zip(model(pixels, masked), model(overwritten, masked), strict=True):
        assert torch.equal(one, other)
    assert model(pixels, masked).patches.shape == (3, 9, 14), "nothing is dropped"
    embedded = model.embed(pixels, masked)
    torch.testing.assert_close(embedded[2, 1:], model.mask_token + model.position[1:])
    torch.testing.assert_close(embedded[1, 5], model.mask_token + model.position[5])
    assert torch.equal(model.cls_attention(pixels, masked)[2], model.cls_attention(overwritten, masked)[2])


@torch.no_grad()
def test_resampled_positions_of_a_plane_are_that_plane():
    """A table that rises evenly to the right does so when it is read at other places, about the same middle."""
    model = vit()
    model.position[1:] = torch.arange(3.0).repeat(3)[:, None]
    resampled = model.positions(rows=3, columns=6)[1:].unflatten(0, (3, 6))
    assert torch.equal(model.positions(rows=3, columns=6)[0], model.position[0])
    torch.testing.assert_close(resampled[0], resampled[2])
    row = resampled[1, :, 0]
    assert (row.diff() > 0).all()
    torch.testing.assert_close(row + row.flip(0), torch.full((6,), 2.0).double())
    assert torch.equal(model.positions(rows=3, columns=3), model.position)


@torch.no_grad()
def test_attention_is_that_of_the_last_layer():
    model = vit(registers=2)
    x = model.embed(pictures())
    expected = model.blocks[1].attention_weights(model.blocks[0](x))[:, :, 0]
    found = model.cls_attention(pictures())
    torch.testing.assert_close(found.flatten(2), expected[:, :, 3:])
    assert (found.sum((2, 3)) < 1).all()


@torch.no_grad()
def test_a_block_diagonal_mask_keeps_two_pictures_apart():
    """Two pictures in one sequence, and who may attend to whom: the same as two passes."""
    model = vit()
    first, second = model.embed(pictures()), model.embed(pictures(10, 10))
    allowed = torch.block_diag(torch.ones(10, 10), torch.ones(5, 5)).bool()[None]
    packed = model.states(torch.cat([first, second], 1), allowed)
    torch.testing.assert_close(packed[:, :10], model.states(first), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(packed[:, 10:], model.states(second), rtol=1e-10, atol=1e-12)
    assert not torch.allclose(model.states(torch.cat([first, second], 1))[:, :10], packed[:, :10])


def test_everything_but_an_unused_mask_token_learns():
    model = vit(registers=2)
    sum(each.square().sum() for each in model(pictures())).backward()
    without = [name for name, each in model.named_parameters() if each.grad is None]
    assert without == ["mask_token"]


def test_what_is_refused():
    sizes = {"dim": 14, "depth": 1, "hidden": 11, "scale": 1.0}
    with pytest.raises(ValueError, match="patch must divide size = 15, got 4"):
        VisionTransformer(size=15, patch=4, heads=2, registers=0, **sizes)
    with pytest.raises(ValueError, match="registers must not be negative, got -1"):
        VisionTransformer(size=15, patch=5, heads=2, registers=-1, **sizes)
    with pytest.raises(ValueError, match="heads must divide dim = 14, got 3"):
        VisionTransformer(size=15, patch=5, heads=3, registers=0, **sizes)
    with pytest.raises(ValueError, match="pixels must be multiples of 5 high and wide, got 15 by 16"):
        vit()(pictures(15, 16))
    with pytest.raises(ValueError, match="pixels must hold at least one picture"):
        vit()(torch.zeros(0, 3, 15, 15).double())
