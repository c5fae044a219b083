"""LoRA: the identity at the start, who has a gradient, and the merge."""

import pytest
import torch
from torch import Tensor, nn

from mmnotes.layers.lora import LoRA, lora_state, with_lora


def pair(*, rank: int = 2, alpha: float = 3.0) -> tuple[nn.Linear, LoRA, Tensor]:
    torch.manual_seed(0)
    linear = nn.Linear(7, 5).double()
    return linear, LoRA(linear, rank=rank, alpha=alpha), torch.randn(11, 3, 7, dtype=torch.float64)


def learned(lora: LoRA) -> LoRA:
    nn.init.normal_(lora.up)
    return lora


def test_it_starts_as_the_layer_itself():
    linear, lora, x = pair()
    assert torch.equal(lora(x), linear(x)) and lora.down.abs().sum() > 0 and (lora.up == 0).all()


def test_the_change_is_alpha_over_rank_times_the_product():
    linear, lora, x = pair()
    change = learned(lora)(x) - linear(x)
    for i in range(11):
        for o in range(5):
            total = sum(
                lora.up[o, r].item() * lora.down[r, k].item() * x[i, 0, k].item() for r in range(2) for k in range(7)
            )
            assert abs(change[i, 0, o].item() - 3 / 2 * total) < 1e-12


def test_at_the_start_only_the_zero_factor_has_a_gradient():
    linear, lora, x = pair()
    lora(x).square().sum().backward()
    assert lora.up.grad.abs().sum() > 0 and (lora.down.grad == 0).all()
    assert lora.linear.weight.grad is None and linear.weight.grad is None
    delta = 2 * linear(x)
    expected = 3 / 2 * torch.einsum("abo,abk,rk->or", delta, x, lora.down)
    torch.testing.assert_close(lora.up.grad, expected)


def test_merged_it_is_one_layer_of_low_rank_change():
    linear, lora, x = pair()
    merged = learned(lora).merged()
    torch.testing.assert_close(merged(x), lora(x))
    assert torch.linalg.matrix_rank(merged.weight - linear.weight) == 2
    assert not torch.equal(merged.weight, lora.linear.weight), "the frozen layer stays as it is"


@pytest.mark.parametrize("rank", [0, 6])
def test_the_rank_fits(rank):
    with pytest.raises(ValueError, match=f"rank must be from 1 to 5, got {rank}"):
        pair(rank=rank)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_the_factors_have_dtype_and_device_of_the_layer(dtype):
    lora = LoRA(nn.Linear(7, 5, dtype=dtype), rank=2, alpha=3.0)
    assert {parameter.dtype for parameter in lora.parameters()} == {dtype}
    assert lora(torch.ones(3, 7, dtype=dtype)).dtype == dtype
    assert LoRA(nn.Linear(7, 5, device="meta"), rank=2, alpha=3.0).down.is_meta


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_merge_is_rounded_once_whatever_surrounds_it(dtype):
    """As the sum in float64 and one rounding, also where autocast would make the product in bfloat16."""
    torch.manual_seed(0)
    lora = learned(LoRA(nn.Linear(257, 65, dtype=dtype), rank=16, alpha=3.0))
    exact = lora.linear.weight.double() + 3 / 16 * lora.up.double() @ lora.down.double()
    with torch.autocast("cpu", torch.bfloat16):
        found = lora.merged().weight
    assert found.dtype == dtype
    steps = (found.double() - exact).abs() / (torch.finfo(dtype).eps * exact.abs().clamp_min(1e-2))
    assert steps.max() < (0.51 if dtype == torch.bfloat16 else 20)


def deep():
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Linear(7, 5), nn.SiLU(), nn.Conv1d(1, 1, 1))
    return nn.ModuleDict({"first": inner, "last": nn.Linear(5, 3)}).double()


def passed(network, x):
    return network["last"](network["first"](x))


def test_every_linear_layer_of_a_copy_is_adapted_and_only_the_thin_matrices_learn():
    network, x = deep(), torch.randn(2, 1, 7, dtype=torch.float64)
    adapted = with_lora(network, rank=2, alpha=3.0)
    assert isinstance(adapted["first"][0], LoRA) and isinstance(adapted["last"], LoRA)
    assert torch.equal(passed(adapted, x), passed(network, x))
    learning = {name for name, each in adapted.named_parameters() if each.requires_grad}
    assert (
        learning
        == set(lora_state(adapted))
        == {f"{place}.{part}" for place in ("first.0", "last") for part in ("down", "up")}
    )
    assert isinstance(network["last"], nn.Linear) and network["last"].weight.requires_grad


def test_what_was_learned_is_all_that_another_copy_needs():
    network, x = deep(), torch.randn(2, 1, 7, dtype=torch.float64)
    one, other = (with_lora(network, rank=2, alpha=3.0) for _ in range(2))
    for each in lora_state(one).values():
        nn.init.normal_(each)
    assert not torch.equal(passed(one, x), passed(other, x))
    other.load_state_dict(lora_state(one), strict=False)
    assert torch.equal(passed(one, x), passed(other, x))


def test_a_network_without_linear_layers_is_refused():
    with pytest.raises(ValueError, match="network must have linear layers inside, got Conv1d without"):
        with_lora(nn.Conv1d(1, 1, 1), rank=1, alpha=1.0)
    with pytest.raises(ValueError, match="network must hold a LoRA, got Linear without"):
        lora_state(nn.Linear(3, 3))
