"""What a page runs on a reader's picture is the networks of the chapter."""

import pytest
import torch

from mmnotes.dino import object_shares
from mmnotes.dino.live import Looking, looked_at
from mmnotes.dino.pretrained import pretrained_backbone, untrained_backbone

RANDOM = torch.Generator().manual_seed(0)
PICTURES = torch.rand(2, 3, 64, 64, generator=RANDOM)
MASKS = torch.zeros(2, 64, 64, dtype=torch.bool)
MASKS[0, 10:30, 20:50] = True
EXAMPLES = [("the first", "all"), ("the second", "others")]


@pytest.fixture(scope="module")
def networks() -> dict:
    torch.manual_seed(0)
    return {"trained": pretrained_backbone(ground="exchanged", seed=0), "random": untrained_backbone().eval()}


def test_maps_and_tokens_are_those_of_each_network(networks):
    with torch.no_grad():
        maps, tokens = Looking([*networks.values()])(PICTURES[:1])
        for place, network in enumerate(networks.values()):
            torch.testing.assert_close(maps[place], network.cls_attention(PICTURES[:1])[0])
            torch.testing.assert_close(tokens[place], network(PICTURES[:1]).patches[0])


def test_a_lab_gets_a_real_input_and_what_its_form_needs(networks):
    network = looked_at(PICTURES, MASKS, networks=networks, examples=EXAMPLES)
    torch.testing.assert_close(network.inputs["picture"], PICTURES[:1], atol=0.5 / 255, rtol=0)
    assert {name: network.data[name] for name in ("networks", "side", "patch", "heads", "dim")} == {
        "networks": ["trained", "random"], "side": 64, "patch": 8, "heads": 4, "dim": 64,
    }  # fmt: skip
    assert network.data["examples"][0] == {"label": "the first", "group": "all", "known": True}
    assert not network.data["examples"][1]["known"]
    assert torch.equal(network.arrays["pictures"], (255 * PICTURES).round().byte())
    torch.testing.assert_close(network.arrays["shares"].float(), object_shares(MASKS, rows=8, columns=8))


def test_what_does_not_fit_is_refused(networks):
    with pytest.raises(ValueError, match=r"^networks must hold at least one, got none$"):
        looked_at(PICTURES, MASKS, networks={}, examples=EXAMPLES)
    with pytest.raises(ValueError, match=r"^examples must be 2, one for each picture, got 1$"):
        looked_at(PICTURES, MASKS, networks=networks, examples=EXAMPLES[:1])
    with pytest.raises(ValueError, match=r"^pictures must be squares from 0 to 1, got \(2, 3, 32, 64\) from "):
        looked_at(PICTURES[:, :, :32], MASKS[:, :32], networks=networks, examples=EXAMPLES)
    with pytest.raises(ValueError, match=r"^pictures must be squares from 0 to 1, got .* to 2"):
        looked_at(PICTURES.clamp(max=0.5) * 0 + 2, MASKS, networks=networks, examples=EXAMPLES)
