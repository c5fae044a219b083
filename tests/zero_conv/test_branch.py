"""Zero convolutions: the identity at the start, who wakes when, and agreement with diffusers' ControlNetModel."""

import pytest
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from torch import Tensor, nn

from mmnotes.flow import euler, flow_loss, guided_by, heun, time_grid
from mmnotes.layers.unet import UNet
from mmnotes.zero_conv import ControlBranch, HintEncoder, ZeroTaps, controlled, zero_
from tests.zero_conv.reference import diffusers_inputs, diffusers_pair, ours, theirs


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


def test_one_residual_for_each_skip_and_one_for_the_middle():
    network, (x, t, text, hint) = tiny(), given(batch=5)
    branch = branch_of(network)
    residuals = branch(*network.inputs(x, t, text), branch.hint(hint))
    shapes = [(8, 12, 20), (8, 12, 20), (8, 6, 10), (16, 6, 10), (16, 3, 5), (24, 3, 5), (24, 3, 5)]
    assert [tuple(each.shape) for each in residuals] == [(5, *shape) for shape in shapes]


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


# The network that it joins


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_what_is_new_has_dtype_and_device_of_the_network(dtype):
    network = tiny().to(dtype)
    branch = awake(ControlBranch(network, channels=2, widths=(5, 7)))
    assert {each.dtype for each in branch.parameters()} == {dtype}
    x, t, text, hint = given()
    found = controlled(network, branch, hint.to(dtype), scales=ones(branch))(x.to(dtype), t, text.to(dtype))
    assert found.dtype == dtype and found.isfinite().all()
    assert all(each.is_meta for each in ControlBranch(tiny().to("meta"), channels=2, widths=(5,)).parameters())


@pytest.mark.parametrize("sampler", [euler, heun])
@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-4), (torch.bfloat16, 0.3)])
def test_sampling_works_in_the_dtype_of_the_network(sampler, dtype, close):
    """The times are those of ``time_grid`` as it is; the result is that of float64, but for the rounding."""
    found = {}
    for each in (torch.float64, dtype):
        network, (x, _, text, hint) = tiny().to(each), [one.to(each) for one in given()]
        for parameter in network.parameters():
            parameter.mul_(0.5)
        branch = awake(branch_of(network)).to(each).requires_grad_(False)
        steer = controlled(network, branch, hint, scales=[0.1] * 7)
        found[each] = sampler(guided_by(steer, text, network.nothing, scale=1.5), x, time_grid(steps=3))
    assert found[dtype].dtype == dtype
    error = (found[dtype].double() - found[torch.float64]).norm() / found[torch.float64].norm()
    assert error < close and found[torch.float64].isfinite().all()


def test_one_controlled_network_serves_several_backward_passes():
    """And each follows the hint encoder as it is by then."""
    network, (x, t, text, hint) = tiny(), given()
    branch = awake(branch_of(network))
    steer = controlled(network, branch, hint, scales=ones(branch))
    slopes = []
    for _ in range(2):
        branch.zero_grad()
        steer(x, t, text).square().sum().backward()
        slopes.append(branch.hint.last.weight.grad.clone())
    assert torch.equal(*slopes) and slopes[0].abs().sum() > 0
    before = steer(x, t, text)
    with torch.no_grad():
        branch.hint.last.weight.mul_(2)
    fresh = controlled(network, branch, hint, scales=ones(branch))(x, t, text)
    assert torch.equal(steer(x, t, text), fresh) and (fresh - before).abs().max() > 1e-3


def test_the_hint_of_a_finished_branch_is_encoded_once():
    network, (x, t, text, hint) = tiny(), given()
    branch, calls = awake(branch_of(network)), []
    branch.hint.register_forward_hook(lambda *_: calls.append(1))
    for learns, count in ((False, 1), (True, 3)):
        calls.clear()
        steer = controlled(network, branch.requires_grad_(learns), hint, scales=ones(branch))
        for _ in range(3):
            steer(x, t, text)
        assert len(calls) == count


# Bad input


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((2, 2, 24, 38), "hint must be 24 x 40 for pictures of 24 x 40, got 24 x 38"),
        ((2, 2, 12, 20), "hint must be 24 x 40 for pictures of 24 x 40, got 12 x 20"),
        ((2, 2, 23, 40), "hint must .*, got 23 x 40"),
        ((2, 3, 24, 40), "hint must have 2 channels, got 3"),
        ((0, 2, 24, 40), "hint must be at least one picture, got 0"),
        ((3, 2, 24, 40), "x must be a multiple of the 3 hints, got 2"),
    ],
)
@pytest.mark.parametrize("learns", [True, False])
def test_hints_fit_the_pictures(size, message, learns):
    network, (x, t, text, _) = tiny(), given()
    branch = branch_of(network).requires_grad_(learns)
    with pytest.raises(ValueError, match=message):
        controlled(network, branch, torch.zeros(size).double(), scales=ones(branch))(x, t, text)


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
