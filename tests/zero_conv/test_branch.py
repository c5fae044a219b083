"""Zero convolutions: the identity at the start, who wakes when, and agreement with diffusers' ControlNetModel."""

import pytest
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from torch import Tensor, nn

from mmnotes.flow import flow_loss
from mmnotes.layers.unet import UNet, steered
from mmnotes.zero_conv import ControlBranch, HintEncoder, ZeroTaps, controlled, zero_


def tiny(*, seed: int = 0) -> UNet:
    torch.manual_seed(seed)
    network = UNet(channels=3, widths=(8, 16, 24), text_dim=11, text_tokens=5, dim=14, heads=2).double()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.2)
    return network.requires_grad_(False)


def branch_of(network: UNet, *, seed: int = 0) -> ControlBranch:
    torch.manual_seed(seed)
    branch = ControlBranch(network, channels=2, widths=(5, 7)).double()
    for parameter in branch.hint.convs.parameters():
        nn.init.normal_(parameter, std=0.2)
    return branch


def awake(branch: ControlBranch) -> ControlBranch:
    """The branch as if it had learned something."""
    for parameter in [*branch.taps.parameters(), *branch.hint.last.parameters()]:
        nn.init.normal_(parameter, std=0.2)
    return branch


def given(*, batch: int = 2) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """x, t, text, hint."""
    random = torch.Generator().manual_seed(1)
    options = {"generator": random, "dtype": torch.float64}
    return (
        torch.randn(batch, 3, 24, 40, **options),
        torch.rand(batch, **options),
        torch.randn(batch, 11, **options),
        torch.randn(batch, 2, 24, 40, **options),
    )


def ones(branch: ControlBranch) -> list[float]:
    return [1.0] * len(branch.taps)


def groups(branch: ControlBranch) -> dict[str, list[nn.Parameter]]:
    """The layers in the order in which they wake; weights only."""
    return {
        "taps": [each.weight for each in branch.taps],
        "copy": [*branch.encoder.parameters(), *branch.middle.parameters()],
        "hint's last": [branch.hint.last.weight],
        "hint's first": [each.weight for each in branch.hint.convs],
    }


def sizes_of_gradients(branch: ControlBranch) -> dict[str, float]:
    return {
        name: torch.cat([each.grad.flatten() for each in parameters]).norm().item()
        for name, parameters in groups(branch).items()
    }


def loss_of(network: UNet, branch: ControlBranch, hint: Tensor | None = None) -> Tensor:
    x, t, text, own = given()
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(2), dtype=x.dtype)
    steer = controlled(network, branch, own if hint is None else hint, scales=ones(branch))
    return flow_loss(steer(x, t, text), x, noise)


def sizes_while_learning(network: UNet, *, rate: float, steps: int) -> list[dict[str, float]]:
    """The sizes of the gradients at each step of gradient descent of a fresh branch."""
    branch, sizes = branch_of(network), []
    optimiser = torch.optim.SGD(branch.parameters(), lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        loss_of(network, branch).backward()
        sizes.append(sizes_of_gradients(branch))
        optimiser.step()
    return sizes


@pytest.mark.parametrize(("widths", "small"), [((7,), (13, 11)), ((3, 5), (7, 6)), ((3, 5, 2), (4, 3))])
def test_the_hint_encoder_halves_the_grid_between_widths(widths, small):
    encoder = HintEncoder(channels=2, widths=widths, out=17)
    assert encoder(torch.randn(3, 2, 13, 11)).shape == (3, 17, *small)


def test_one_residual_for_each_skip_and_one_for_the_middle():
    network, (x, t, text, hint) = tiny(), given(batch=5)
    branch = branch_of(network)
    residuals = branch(*network.inputs(x, t, text), branch.hint(hint))
    shapes = [(8, 12, 20), (8, 12, 20), (8, 6, 10), (16, 6, 10), (16, 3, 5), (24, 3, 5), (24, 3, 5)]
    assert [tuple(each.shape) for each in residuals] == [(5, *shape) for shape in shapes]


def test_a_tap_is_one_matrix_for_all_pixels():
    taps = ZeroTaps(channels=[3]).double()
    for parameter in taps.parameters():
        nn.init.normal_(parameter)
    random = torch.Generator().manual_seed(0)
    h = torch.randn(2, 3, 5, 7, generator=random, dtype=torch.float64)
    (found,) = taps([h])
    for b in range(2):
        for i in range(5):
            for j in range(7):
                for c in range(3):
                    total = taps[0].bias[c].item()
                    for k in range(3):
                        total += taps[0].weight[c, k, 0, 0].item() * h[b, k, i, j].item()
                    assert abs(found[b, c, i, j].item() - total) < 1e-12


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_at_the_start_the_network_is_the_frozen_one_bit_for_bit(seed):
    network, (x, t, text, hint) = tiny(seed=seed), given()
    branch = branch_of(network, seed=seed)
    assert torch.equal(controlled(network, branch, hint, scales=ones(branch))(x, t, text), network(x, t, text))


def test_all_eight_zero_layers_start_at_zero():
    branch = branch_of(tiny())
    layers = [*branch.taps, branch.hint.last]
    assert len(layers) == 8 and [tuple(each.kernel_size) for each in layers] == [(1, 1)] * 7 + [(3, 3)]
    assert all((parameter == 0).all() for layer in layers for parameter in layer.parameters())
    assert all(parameter.abs().sum() > 0 for parameter in branch.encoder.parameters())
    assert all(parameter.abs().sum() > 0 for parameter in branch.hint.convs.parameters())


def test_encoder_and_middle_are_copied_and_the_decoder_is_not():
    network = tiny()
    branch = branch_of(network)
    for part in ("encoder", "middle"):
        own, copy = getattr(network, part).state_dict(), getattr(branch, part).state_dict()
        assert list(own) == list(copy) and all(torch.equal(own[name], copy[name]) for name in own)
        assert all(own[name].data_ptr() != copy[name].data_ptr() for name in own)
    assert all(parameter.requires_grad for parameter in branch.parameters())
    assert {name for name, _ in branch.named_children()} == {"encoder", "middle", "hint", "taps"}


def test_control_enters_the_decoder_and_nothing_before_it():
    """The frozen encoder and middle compute what they always do; skips and middle each get their residual."""
    network, (x, t, text, hint) = tiny(), given()
    branch, taken = awake(branch_of(network)), []
    network.decoder.register_forward_pre_hook(lambda _, args: taken.append([*args[1], args[0]]))
    network(x, t, text)
    scales = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    controlled(network, branch, hint, scales=scales)(x, t, text)
    residuals = branch(*network.inputs(x, t, text), branch.hint(hint))
    for plain, found, scale, residual in zip(*taken, scales, residuals, strict=True):
        torch.testing.assert_close(found - plain, scale * residual, rtol=0, atol=1e-10)
        assert residual.abs().max() > 1e-3


def test_scale_zero_is_the_frozen_network():
    network, (x, t, text, hint) = tiny(), given()
    branch = awake(branch_of(network))
    assert torch.equal(controlled(network, branch, hint, scales=[0.0] * 7)(x, t, text), network(x, t, text))
    steer = controlled(network, branch, hint, scales=ones(branch))
    assert (steer(x, t, text) - network(x, t, text)).abs().max() > 1e-2


def test_guidance_sees_the_hint_in_both_halves():
    network, (x, t, text, hint) = tiny(), given(batch=3)
    branch = awake(branch_of(network))
    steer = controlled(network, branch, hint, scales=ones(branch))
    both = steer(x.repeat(2, 1, 1, 1), t.repeat(2), torch.cat([text, text.flip(0)]))
    torch.testing.assert_close(both[:3], steer(x, t, text))
    torch.testing.assert_close(both[3:], steer(x, t, text.flip(0)))


def test_the_layers_wake_one_after_the_other():
    """At step 0 the taps alone have a gradient; at 1 also copy and the hint's last; at 2 all."""
    network = tiny()
    sizes = sizes_while_learning(network, rate=1e-3, steps=3)
    awake_at = [[name for name, size in each.items() if size > 0] for each in sizes]
    order = ["taps", "copy", "hint's last", "hint's first"]
    assert awake_at == [order[:1], order[:3], order]
    assert all(parameter.grad is None for parameter in network.parameters())


def test_gradients_grow_as_s_s_and_s_squared_times_s_minus_one_over_two():
    sizes = sizes_while_learning(tiny(), rate=1e-7, steps=5)
    for name in ("copy", "hint's last"):
        assert [sizes[s][name] / sizes[1][name] for s in (2, 3, 4)] == pytest.approx([2, 3, 4], rel=0.02)
    first = [sizes[s]["hint's first"] / sizes[2]["hint's first"] for s in (3, 4)]
    assert first == pytest.approx([4.5, 12], rel=0.02)


def test_the_first_update_is_blind_to_the_hint():
    network, hint = tiny(), given()[3]
    gradients = []
    for each in (hint, hint.flip(0) + 1):
        branch = branch_of(network)
        loss_of(network, branch, each).backward()
        gradients.append([tap.weight.grad for tap in branch.taps])
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))
    assert all(each.abs().sum() > 0 for each in gradients[0])


def test_zero_times_zero_never_learns():
    """A copy of zeros behind taps of zeros: the weights of both stay where they are; only biases of the taps move."""
    network = tiny()
    branch = branch_of(network)
    zero_(branch.encoder), zero_(branch.middle)
    optimiser = torch.optim.SGD(branch.parameters(), lr=0.1)
    for _ in range(5):
        optimiser.zero_grad()
        loss_of(network, branch).backward()
        assert set(sizes_of_gradients(branch).values()) == {0.0}
        optimiser.step()
    assert all(tap.bias.abs().sum() > 0 for tap in branch.taps)


def test_weight_decay_shrinks_the_copy_that_has_no_gradient():
    network = tiny()
    branch = branch_of(network)
    loss_of(network, branch).backward()
    torch.optim.AdamW(branch.parameters(), lr=0.1, weight_decay=0.01).step()
    for own, copy in zip(network.middle.parameters(), branch.middle.parameters(), strict=True):
        torch.testing.assert_close(copy, own * (1 - 0.1 * 0.01), rtol=1e-12, atol=0)


def test_a_random_output_layer_disturbs_the_start():
    network, (x, t, text, hint) = tiny(), given()
    branch = branch_of(network)
    nn.init.normal_(branch.taps[-1].weight, std=0.2)
    found = controlled(network, branch, hint, scales=ones(branch))(x, t, text)
    assert (found - network(x, t, text)).abs().max() > 1e-3


# Agreement with diffusers


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


def theirs(network, control, scale: float) -> Tensor:
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
    )[0]


def by_parts(model, text: Tensor, hint: Tensor | float) -> tuple[list[Tensor], Tensor]:
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


def ours(network, control, scale: float) -> Tensor:
    """Our hint encoder, zero layers and injection around the same modules."""
    _, _, text, hint = diffusers_inputs()
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
    taken, of_time = by_parts(network, text, 0.0)
    *skips, x = steered(taken, [scale * each for each in taps(copied)])
    for block in network.up_blocks:
        count = len(block.resnets)
        told = {"encoder_hidden_states": text} if getattr(block, "has_cross_attention", False) else {}
        x = block(hidden_states=x, res_hidden_states_tuple=tuple(skips[-count:]), temb=of_time, **told)
        del skips[-count:]
    return network.conv_out(network.conv_act(network.conv_norm_out(x)))


@pytest.mark.parametrize(("seed", "layers", "scale"), [(0, 1, 1.0), (1, 2, 0.7), (2, 1, 2.0)])
@torch.no_grad()
def test_agrees_with_diffusers(seed, layers, scale):
    network, control = diffusers_pair(seed=seed, layers=layers)
    x, t, text, _ = diffusers_inputs()
    plain = network(x, t, text, return_dict=False)[0]
    assert torch.equal(ours(network, control, scale), plain), "the identity at the start, exactly"
    assert torch.equal(theirs(network, control, scale), plain)
    for parameter in control.parameters():
        nn.init.normal_(parameter, std=0.15)
    expected = theirs(network, control, scale)
    assert (expected - plain).abs().max() > 0.05
    torch.testing.assert_close(ours(network, control, scale), expected, rtol=0, atol=1e-6 * expected.abs().max().item())


def test_what_diffusers_copies_and_adds():
    """All of the encoder, the middle and the embedding of time is copied, nothing of the decoder; the rest is new."""
    network, control = diffusers_pair(seed=0, layers=2)
    own, other = network.state_dict(), control.state_dict()
    shared = [name for name in other if name in own]
    assert all(torch.equal(own[name], other[name]) for name in shared)
    assert {name.split(".")[0] for name in shared} == {"conv_in", "time_embedding", "down_blocks", "mid_block"}
    assert {name.split(".")[0] for name in other if name not in own} == {
        "controlnet_cond_embedding",
        "controlnet_down_blocks",
        "controlnet_mid_block",
    }


def test_the_sizes_of_stable_diffusion():
    """Thirteen taps and the hint encoder of ControlNet for Stable Diffusion 1.5, by our modules, and the whole."""
    channels = [320] * 4 + [640] * 3 + [1280] * 6
    with torch.device("meta"):
        taps, hint = ZeroTaps(channels=channels), HintEncoder(channels=3, widths=(16, 32, 96, 256), out=320)
        network = UNet2DConditionModel(cross_attention_dim=768)
        control = ControlNetModel(cross_attention_dim=768)
    count = lambda module: sum(parameter.numel() for parameter in module.parameters())  # noqa: E731
    assert (count(taps), count(hint)) == (11_479_680, 1_086_480)
    assert (count(network), count(control)) == (859_520_964, 361_279_120)


# Bad input


def test_widths_are_needed():
    with pytest.raises(ValueError, match="widths must name at least one width, got none"):
        HintEncoder(channels=3, widths=(), out=5)


def test_features_match_the_taps():
    with pytest.raises(ValueError, match="features must be 2, one for each convolution, got 1"):
        ZeroTaps(channels=[3, 5])([torch.randn(1, 3, 2, 2)])


def test_scales_match_the_residuals():
    network = tiny()
    with pytest.raises(ValueError, match="scales must be 7, one for each residual, got 1"):
        controlled(network, branch_of(network), given()[3], scales=[1.0])


def test_residuals_match_what_the_decoder_takes():
    network, (x, t, text, hint) = tiny(), given()
    branch = branch_of(network)
    residuals = branch(*network.inputs(x, t, text), branch.hint(hint))
    with pytest.raises(ValueError, match="residuals: one for each skip and one for the middle, 7; got 6"):
        network(x, t, text, residuals=residuals[1:])
