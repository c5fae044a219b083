"""An image prompt and an edge map at once: who reads what, agreement with diffusers, and drawings that obey both."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from mmnotes.data import concept_index, drawings, image_features
from mmnotes.decoupled_attention import ImageProjection, ImagePrompt, decoupled_, with_image
from mmnotes.decoupled_attention.pretrained import pretrained_image_prompt
from mmnotes.decoupled_attention.released import fill_image_prompt_
from mmnotes.flow import euler, guided_by, time_grid
from mmnotes.layers.attention import Attention
from mmnotes.layers.unet import UNet
from mmnotes.layers.unet_blocks import TextBlock
from mmnotes.models.generator import pretrained_unet, to_pictures
from mmnotes.zero_conv import ControlBranch, controlled, edge_f1, edge_map
from mmnotes.zero_conv.pretrained import pretrained_branch
from tests.decoupled_attention.test_reference import Wired, nested, ours_from, released
from tests.zero_conv.reference import diffusers_pair, ours, theirs
from tests.zero_conv.test_branch import branch_of, given
from tests.zero_conv.test_branch import tiny as plain_network


def awake(module: nn.Module) -> nn.Module:
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.2)
    return module


def tiny() -> tuple[UNet, ControlBranch, list[torch.Tensor]]:
    """A decoupled network, a branch that has learned something, and x, t, text, image, hint."""
    torch.manual_seed(0)
    network = awake(UNet(channels=3, widths=(8, 16, 24), text_dim=11, text_tokens=5, dim=14, heads=2).double())
    plain = deepcopy(network)
    decoupled_(network)
    branch = awake(ControlBranch(network, channels=2, widths=(5, 7)))
    for part in ("encoder", "middle"):
        getattr(branch, part).load_state_dict(getattr(plain, part).state_dict())
    shapes = ((2, 3, 24, 40), (2,), (2, 11), (2, 8, 14), (2, 2, 24, 40))
    return network, branch, [torch.rand(shape, dtype=torch.float64) for shape in shapes]


def test_the_image_reaches_the_network_and_not_the_branch():
    """The branch of a decoupled network is that of the plain one; its residuals are the same with any image."""
    network, branch, (x, t, text, image, hint) = tiny()
    taken = []
    network.decoder.register_forward_pre_hook(lambda _, args: taken.append([*args[1], args[0]]))
    steer = controlled(network, branch, hint, scales=[1.0] * 7)
    for pictures in ((), (image,)):
        network(x, t, text, *pictures)
        steer(x, t, text, *pictures)
    added = [[after - before for before, after in zip(*pair, strict=True)] for pair in (taken[:2], taken[2:])]
    for without, together in zip(*added, strict=True):
        torch.testing.assert_close(together, without, rtol=0, atol=1e-9)
        assert without.abs().max() > 1e-3
    assert (taken[2][-1] - taken[0][-1]).abs().max() > 1e-3, "the frozen middle reads the image"


def test_guidance_control_and_image_go_together_and_each_can_be_left_out():
    network, branch, (x, t, text, image, hint) = tiny()
    nothing = torch.zeros(1, 8, 14, dtype=torch.float64)
    steer = controlled(network, branch, hint, scales=[1.0] * 7)
    halves = steer(x, t, text, image), steer(x, t, network.nothing.expand_as(text), nothing.expand_as(image))
    found = guided_by(with_image(steer, image, nothing), text, network.nothing, scale=3.0)(x, t)
    torch.testing.assert_close(found, halves[1] + 3 * (halves[0] - halves[1]))
    off = controlled(network, branch, hint, scales=[0.0] * 7)
    torch.testing.assert_close(off(x, t, text, image), network(x, t, text, image))


@pytest.mark.parametrize("seed", [0, 1])
@torch.no_grad()
def test_agrees_with_diffusers(seed):
    network, control = diffusers_pair(seed=seed, layers=1)
    for parameter in control.parameters():
        nn.init.normal_(parameter, std=0.15)
    wired, state = deepcopy(network), released(network, plus=False)
    network._load_ip_adapter_weights([nested(state)], low_cpu_mem_usage=False)
    attentions = [
        wired.get_submodule(name.removesuffix(".processor")) for name in wired.attn_processors if "attn2" in name
    ]
    layers = [ours_from(attention) for attention in attentions]
    prompt = ImagePrompt(ImageProjection(image_dim=17, num_tokens=4, dim=12), layers)
    fill_image_prompt_(prompt, state)
    for attention, layer in zip(attentions, layers, strict=True):
        attention.set_processor(Wired(layer))
    features = torch.randn(2, 17)
    expected = theirs(network, control, 0.8, added_cond_kwargs={"image_embeds": [features[:, None]]})
    found = ours(wired, control, 0.8, prompt(features))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * expected.abs().max().item())
    for layer in layers:
        layer.scale = 0.0
    assert (ours(wired, control, 0.8, prompt(features)) - expected).abs().max() > 1e-3


@torch.no_grad()
def test_the_shipped_generator_follows_an_edge_map_and_a_picture_at_once():
    """Without a text the edge map gives the shape, and the colours are those of an apple or of a tangerine."""
    network = pretrained_unet()
    layers = decoupled_(network)
    prompt, branch = pretrained_image_prompt(layers, kind="pooled"), pretrained_branch(network)
    places = [concept_index(each) for each in ("rooster", "mushroom", "shark", "goat", "doughnut", "tiger")]
    shown = image_features(vendor="fluent")[[concept_index(each) for each in ("green apple", "tangerine")]]
    hints, silent = edge_map(drawings(vendor="noto")[places]), network.nothing.expand(6, -1)
    noise = torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))

    def drawn(features: torch.Tensor, *, control: float, scale: float) -> tuple[float, float]:
        """How well the edge map is followed, and how much greener than red the samples are."""
        for layer in layers:
            layer.scale = scale
        steer = controlled(network, branch, hints.float(), scales=[control] * 7)
        both = with_image(steer, prompt(features.expand(6, -1)), prompt(torch.zeros(1, 256)))
        found = to_pictures(euler(guided_by(both, silent, network.nothing, scale=2.0), noise, time_grid(steps=10)))
        return edge_f1(edge_map(found), hints).mean().item(), (found[:, 1] - found[:, 0]).mean().item()

    apple, tangerine = (drawn(each, control=1.0, scale=1.0) for each in shown)
    free, unseen = drawn(shown[0], control=0.0, scale=1.0), drawn(shown[0], control=1.0, scale=0.0)
    assert min(apple[0], tangerine[0]) > free[0] + 0.08, "the edge map is followed better than without control"
    assert apple[1] > max(tangerine[1], unseen[1]) + 0.08, "the green comes from the picture, and not from the edge map"


def test_the_copy_of_a_network_that_reads_an_image_reads_the_text_alone():
    network, (x, t, text, hint) = plain_network(), given()
    before = branch_of(network)
    decoupled_(network)
    branch = branch_of(network)
    blocks = [module for module in branch.modules() if isinstance(module, TextBlock)]
    assert len(blocks) == 3 and all(isinstance(block.cross_attention, Attention) for block in blocks)
    assert list(branch.state_dict()) == list(before.state_dict())
    assert all(parameter.requires_grad for parameter in branch.parameters())
    branch.load_state_dict(awake(before).state_dict())
    residuals = [each(*network.inputs(x, t, text), each.hint(hint)) for each in (before, branch)]
    assert all(torch.equal(one, other) for one, other in zip(*residuals, strict=True))
