"""Packing: the same as a pass for each size, and a leak is seen."""

import pytest
import torch

from mmnotes.dinov2 import pack, packed_tokens, unpack
from mmnotes.layers.vision_transformer import VisionTransformer

SIZES = {"size": 8, "patch": 2, "dim": 12, "depth": 3, "heads": 3, "hidden": 20, "scale": 1.0}


@pytest.fixture(params=[0, 2], ids=["plain", "registers"])
def model(request):
    torch.manual_seed(0)
    made = VisionTransformer(registers=request.param, **SIZES).double()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


@pytest.fixture
def given():
    """Two large crops with holes, three small ones without, one that is not square."""
    torch.manual_seed(1)
    pixels = [torch.randn(shape, dtype=torch.float64) for shape in ((2, 3, 8, 8), (3, 3, 4, 4), (1, 3, 6, 4))]
    return pixels, [torch.arange(32).view(2, 16) % 3 == 0, None, None]


def test_one_pass_is_a_pass_for_each_size(model, given):
    pixels, masked = given
    for crops, holes, found in zip(pixels, masked, packed_tokens(model, pixels, masked), strict=True):
        for part, expected in zip(found, model(crops, holes), strict=True):
            torch.testing.assert_close(part, expected, rtol=1e-9, atol=1e-9)


def test_a_crop_hears_nothing_of_the_others(model, given):
    pixels, masked = given
    before = packed_tokens(model, pixels, masked)
    changed = packed_tokens(model, [pixels[0], 5 * pixels[1], pixels[2]], masked)
    assert all(torch.equal(before[at].patches, changed[at].patches) for at in (0, 2))
    assert not torch.allclose(before[1].patches, changed[1].patches)


def test_the_mask_is_blocks_along_the_diagonal():
    batches = [torch.randn(2, 3, 4), torch.randn(1, 2, 4)]
    packed = pack(batches)
    assert packed.tokens.shape == (1, 8, 4)
    assert torch.equal(packed.mask()[0], torch.block_diag(*map(torch.ones, [(3, 3), (3, 3), (2, 2)])).bool())
    assert all(map(torch.equal, unpack(packed.tokens, batches), batches))


def test_bad_input_is_named(given):
    with pytest.raises(ValueError, match=r"^batches must hold at least one batch, got none"):
        pack([])
    with pytest.raises(ValueError, match=r"^masked must have an entry for each of the 3 batches, got 2"):
        packed_tokens(VisionTransformer(registers=0, **SIZES), given[0], given[1][:2])
