"""Ladders for longer texts: transformers' numbers, the limits, what each way does to both ends, bad inputs."""

import math
import re

import pytest
import torch
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.llama.configuration_llama import LlamaConfig

from mmnotes.layers.rotation import frequency_ladder
from mmnotes.rope import interpolated, ntk_aware, yarn, yarn_factor

SETTINGS = [
    (64, 1e4, 4.0, 4096),
    (64, 5e6, 2.0, 32768),
    (32, 1e4, 16.0, 2048),
    (5, 500.0, 3.5, 300),
    (48, 1e6, 8.0, 128),
]
every_setting = pytest.mark.parametrize(("planes", "base", "stretch", "trained"), SETTINGS)


def transformers_ladder(kind, planes, base, stretch, trained, *, length=None):
    parameters = {"rope_type": kind, "rope_theta": base, "factor": stretch}
    if kind == "yarn":
        parameters["original_max_position_embeddings"] = trained
    config = LlamaConfig(
        hidden_size=2 * planes, num_attention_heads=1, max_position_embeddings=trained, rope_parameters=parameters
    )
    config.head_dim = 2 * planes
    return ROPE_INIT_FUNCTIONS[kind](config, torch.device("cpu"), seq_len=length)


def relative_error(ours, theirs):
    return ((ours.double() - theirs.double()).abs() / theirs.double()).max().item()


@every_setting
def test_interpolation_is_transformers_linear(planes, base, stretch, trained):
    theirs, factor = transformers_ladder("linear", planes, base, stretch, trained)
    ours = interpolated(frequency_ladder(planes=planes, base=base), stretch=stretch)
    assert relative_error(ours, theirs) < 1e-6 and factor == 1


@every_setting
@pytest.mark.parametrize("times", [1, 2, 7])
def test_ntk_aware_is_transformers_dynamic(planes, base, stretch, trained, times):
    theirs, factor = transformers_ladder("dynamic", planes, base, stretch, trained, length=times * trained)
    ours = ntk_aware(planes=planes, base=base, stretch=stretch * times - (stretch - 1))
    assert relative_error(ours, theirs) < 2e-6 and factor == 1


@every_setting
def test_yarn_is_transformers_yarn(planes, base, stretch, trained):
    theirs, factor = transformers_ladder("yarn", planes, base, stretch, trained)
    ours = yarn(planes=planes, base=base, stretch=stretch, trained=trained)
    assert relative_error(ours, theirs) < 1e-6
    assert yarn_factor(stretch=stretch) == pytest.approx(factor, rel=1e-12)


def test_yarn_is_the_loop():
    planes, base, stretch, trained = 16, 1e4, 4.0, 1000
    ours = yarn(planes=planes, base=base, stretch=stretch, trained=trained, fast=20.0, slow=2.0, dtype=torch.float64)
    first = math.floor(16 * math.log(1000 / (2 * math.pi * 20)) / math.log(1e4))
    last = math.ceil(16 * math.log(1000 / (2 * math.pi * 2)) / math.log(1e4))
    for j in range(planes):
        theta, share = base ** (-j / planes), min(max((j - first) / (last - first), 0.0), 1.0)
        assert ours[j].item() == pytest.approx(theta * (1 - share) + share * theta / stretch, rel=1e-12)


@every_setting
def test_both_ends(planes, base, stretch, trained):
    ladder = frequency_ladder(planes=planes, base=base, dtype=torch.float64)
    slowed = ladder / ntk_aware(planes=planes, base=base, stretch=stretch, dtype=torch.float64)
    expected = stretch ** (torch.arange(planes, dtype=torch.float64) / (planes - 1))
    torch.testing.assert_close(slowed, expected)
    by_yarn = ladder / yarn(planes=planes, base=base, stretch=stretch, trained=trained, dtype=torch.float64)
    turns = ladder * trained / (2 * math.pi)
    assert (turns < 1).any() and (by_yarn[turns < 1] - stretch).abs().max() < 1e-9
    assert by_yarn.min() >= 1 and by_yarn.max() <= stretch + 1e-9 and (by_yarn.diff() >= -1e-12).all()


def test_planes_of_many_turns_are_left_alone_by_yarn():
    ladder = frequency_ladder(planes=64, base=1e4, dtype=torch.float64)
    longer = yarn(planes=64, base=1e4, stretch=4.0, trained=4096, dtype=torch.float64)
    many = ladder * 4096 / (2 * math.pi) > 32
    assert many.sum() > 10 and torch.equal(longer[many], ladder[many])


def test_a_stretch_of_one_changes_nothing():
    ladder = frequency_ladder(planes=8, base=100.0, dtype=torch.float64)
    assert torch.equal(interpolated(ladder, stretch=1.0), ladder)
    assert torch.equal(ntk_aware(planes=8, base=100.0, stretch=1.0, dtype=torch.float64), ladder)
    unchanged = yarn(planes=8, base=100.0, stretch=1.0, trained=500, dtype=torch.float64)
    torch.testing.assert_close(unchanged, ladder, rtol=1e-15, atol=0)
    assert yarn_factor(stretch=1.0) == 1


def test_dtype_and_device_are_those_asked_for():
    made = {"dtype": torch.float64, "device": "meta"}
    assert ntk_aware(planes=3, base=9.0, stretch=2.0, **made).is_meta
    assert yarn(planes=3, base=9.0, stretch=2.0, trained=50, **made).dtype == torch.float64


def test_bad_inputs():
    ladder = frequency_ladder(planes=4, base=100.0)
    for call in (
        lambda: interpolated(ladder, stretch=0.5),
        lambda: ntk_aware(planes=4, base=100.0, stretch=0.5),
        lambda: yarn(planes=4, base=100.0, stretch=0.5, trained=100),
        lambda: yarn_factor(stretch=0.5),
    ):
        with pytest.raises(ValueError, match=re.escape("stretch must be >= 1, got 0.5")):
            call()
    with pytest.raises(ValueError, match="planes must be >= 2"):
        ntk_aware(planes=1, base=100.0, stretch=2.0)
    with pytest.raises(ValueError, match=re.escape("slow must lie between 0 and fast, got 4.0 and 2.0")):
        yarn(planes=4, base=100.0, stretch=2.0, trained=100, fast=2.0, slow=4.0)
    with pytest.raises(ValueError, match=re.escape("trained must give plane 0 slow = 1.0 turns, got 6")):
        yarn(planes=4, base=100.0, stretch=2.0, trained=6)
    with pytest.raises(ValueError, match="base must be > 1"):
        ntk_aware(planes=4, base=0.5, stretch=1.0)
