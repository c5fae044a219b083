"""The shipped image prompts: what they leave alone, what they know of unseen pictures, and the stored samples."""

import pytest
import torch

from mmnotes.data import image_features
from mmnotes.layers.samples import stored_samples
from mmnotes.layers.stored import stored_arrays
from mmnotes.models.generator import pretrained_unet
from tools.decoupled_attention import study as script
from tools.decoupled_attention import train


@pytest.fixture(scope="module")
def study():
    return script


@pytest.fixture(scope="module")
def stored():
    return stored_samples("mmnotes.decoupled_attention", "samples.npz")


@pytest.fixture
def pooled(study):
    return study.shipped("pooled")


@pytest.mark.parametrize(("kind", "count"), [("pooled", 197_184), ("patches", 175_456)])
def test_the_weights_fit_and_are_finite(study, kind, count):
    made = study.shipped(kind)
    assert sum(parameter.numel() for parameter in made.prompt.parameters()) == count
    assert all(
        torch.isfinite(value).all() and value.abs().max() < 100
        for value in stored_arrays("mmnotes.decoupled_attention", "weights.npz").values()
    )


def test_at_scale_zero_the_shipped_generator_is_untouched(study, pooled):
    plain = pretrained_unet()
    x, t = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(0)), torch.full((5,), 0.6)
    text = study.texts(pooled, "with its text")[:5]
    tokens = pooled.prompt(image_features(vendor="noto")[study.held_out()[:5]])
    assert (pooled.network(x, t, text, tokens) - plain(x, t, text)).abs().max() > 0.05
    for layer in pooled.layers:
        layer.scale = 0.0
    assert torch.equal(pooled.network(x, t, text, tokens), plain(x, t, text))


@pytest.mark.remeasured
def test_the_right_picture_explains_an_unseen_drawing_better_than_none_and_none_better_than_a_wrong_one(study):
    """And, as the chapter says, patches explain more than the pooled vector, and mislead less."""
    losses = {kind: train.losses(study.shipped(kind), kind) for kind in study.FEATURES_OF}
    for found in losses.values():
        assert found["own"] < 0.98 * found["none"] < 0.98 * found["another"]
    for name in ("own", "another"):
        assert losses["patches"][name] < 0.99 * losses["pooled"][name]


@pytest.mark.remeasured
@pytest.mark.parametrize(("scale", "layers"), [(0.0, "encoder and middle"), (1.0, "all"), (2.0, "decoder")])
def test_stored_samples_are_what_the_generator_draws(study, pooled, stored, scale, layers):
    pair = "horse, picture of a tiger"
    found = study.lab_row(pooled, stored["pictures"].about(pair=pair), scale=scale, layers=layers)
    before = stored["pictures"].at(pair=pair, scale=scale, layers=layers)
    torch.testing.assert_close(found, before, rtol=0, atol=0.02)


@pytest.mark.remeasured
def test_stored_ranks_are_what_the_judges_find(study, pooled, stored):
    """A part of the study again: one way, one scale, the first seed."""
    vendor = study.VENDORS[0]
    shown = image_features(vendor=vendor)[study.held_out()]
    drawn = study.samples(pooled, shown, study.texts(pooled, "image alone"), scales=[1.0] * 7, seed=0)
    for name, ranks in study.judge(study.image_network())(drawn, vendor).items():
        before = stored["pooled"].at(question=name, way="image alone", scale=1.0, seed=0)
        agree = ((ranks < 5) == (before < 5)).float().mean()
        assert agree > 0.95, f"{name}: rounding on another processor may decide a close call otherwise"


def test_nearer_counts_the_others_that_are_nearer(study):
    found = torch.tensor([[0.0], [1.0], [5.0]])
    candidates = torch.tensor([[0.5], [4.0], [5.0]])
    assert study.nearer(found, candidates).tolist() == [0, 1, 0]
