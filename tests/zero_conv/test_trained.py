"""The shipped control branch follows edge maps, and the stored measures and samples are its own."""

import pytest
import torch

from mmnotes.data import concept_index, concepts, drawings, text_features
from mmnotes.layers.samples import stored_samples
from mmnotes.layers.stored import stored_arrays
from mmnotes.models.generator import pretrained_unet, prompts
from mmnotes.zero_conv import edge_f1, edge_map
from mmnotes.zero_conv.pretrained import pretrained_branch, untrained_branch
from tools.zero_conv import film
from tools.zero_conv import study as script


@pytest.fixture(scope="module")
def study():
    return script


@pytest.fixture(scope="module")
def unet(study):
    return study.frozen()


@pytest.fixture(scope="module")
def branch(study, unet):
    return pretrained_branch(unet)


@pytest.fixture(scope="module")
def stored():
    return stored_samples("mmnotes.zero_conv", "samples.npz")


def test_the_generator_is_frozen_and_the_branch_has_moved(study, unet, branch):
    fresh = pretrained_unet()
    assert all(torch.equal(one, other) for one, other in zip(fresh.parameters(), unet.parameters(), strict=True))
    assert not any(parameter.requires_grad for parameter in unet.parameters())
    start = untrained_branch(unet)
    shares = [(one - other).norm() for one, other in zip(branch.parameters(), start.parameters(), strict=True)]
    assert min(shares) > 0


def test_the_loss_on_unseen_drawings_falls_with_the_right_outline(study, unet, branch):
    places = study.held_out()[::2]
    clean, text = drawings(vendor="fluent")[places], prompts(text_features()[places])
    start = untrained_branch(unet)
    losses = []
    with torch.no_grad():
        for each in (branch, start):
            random = torch.Generator().manual_seed(0)
            losses.append(study.steered_loss(unet, each, clean, text, random).item())
    assert losses[0] < 0.9 * losses[1]


@pytest.mark.remeasured
def test_samples_follow_the_outline_they_are_given_and_not_another(study, unet, branch):
    """A part of the study again, on every third of the concepts and a seed that it does not have."""
    places = study.held_out()[::3]
    wanted, text = edge_map(drawings(vendor="noto")[places]), prompts(text_features()[places])
    found = {}
    for name, hints, scale in (("off", wanted, 0.0), ("on", wanted, 1.0), ("wrong", wanted.roll(5, 0), 1.0)):
        drawn = study.samples(unet, branch, hints, text, scales=study.at_taps(scale, "all"), seed=7)
        found[name] = edge_f1(edge_map(drawn), wanted).mean().item()
    assert found["on"] > 0.6 and found["on"] - max(found["off"], found["wrong"]) > 0.2


def test_the_stated_quality_holds(study, stored):
    over, otherwise = stored["over scale"], stored["otherwise"]
    assert over.values("seed") == study.SEEDS and over.values("concept") == tuple(study.held_out())
    none, half, one, two = (over.at(scale=scale, measure="agreement").mean(1) for scale in (0, 0.5, 1, 2))
    assert one.min() > 0.6 and one.min() - none.max() > 0.2
    assert none.max() < half.min() and half.max() < one.min() and one.max() < two.min()
    assert otherwise.at(setting="another edge map", measure="agreement").mean(1).max() < none.max() + 0.05
    assert stored["agreement with the other"].stored.mean(1).min() > 0.75
    retrieval = [over.at(scale=scale, measure="retrieval").mean(1) for scale in (0, 1)]
    assert retrieval[1].min() > 0.85 and retrieval[0].max() < 0.2
    untold = otherwise.at(setting=["no text", "another text"], measure="own colour").mean(2)
    assert over.at(scale=1, measure="own colour").mean(1).min() > untold.max()


def test_what_stands_in_place_of_samples_is_what_was_stored(study, stored):
    found = study.instead()
    for name in ("instead", "nearest"):
        torch.testing.assert_close(found[name].stored, stored[name].stored, rtol=0, atol=1e-3)
    agreement, owner = found["nearest"].stored
    learned = set(study.learned())
    assert {int(place) for place in owner} <= learned and not learned & set(study.held_out())
    tiger = found["nearest"].values("concept").index(concept_index("tiger"))
    assert concepts()[int(owner[tiger])].en.label == "leopard" and agreement[tiger] > 0.95


@pytest.mark.remeasured
def test_stored_samples_of_the_lab_on_guidance_are_what_is_drawn(study, unet, branch, stored):
    setting = {"way": "one half, weights to 1", "guidance": 4.0}
    pair = "an owl, turned"
    found = study.guidance_row(
        unet, branch, stored["guided pictures"].about(pair=pair), way=setting["way"], strength=setting["guidance"]
    )
    torch.testing.assert_close(found, stored["guided pictures"].at(pair=pair, **setting), rtol=0, atol=0.03)


@pytest.mark.remeasured
def test_one_setting_of_guidance_measured_again(study, unet, branch, stored):
    """A seed of one row, and what has to hold of all."""
    places = study.held_out()[:: study.FEWER]
    wanted, text = edge_map(drawings(vendor="noto")[places]), prompts(text_features()[places])
    drawn = study.guided_samples(unet, branch, wanted, text, way="one half", strength=4.0, seed=1)
    told = stored["prompt its own"]
    expected = told.at(way="one half", guidance=4.0, measure="agreement", seed=1)
    assert edge_f1(edge_map(drawn), wanted).mean().item() == pytest.approx(expected.item(), abs=0.02)
    both, one = (told.at(way=way, measure="agreement") for way in ("both halves", "one half"))
    assert (both[-1] < both[0]).all() and (one[-1] > one[0]).all()


@pytest.mark.remeasured
def test_one_place_for_residuals_measured_again(study, unet, branch, stored):
    found = study.into_row(unet, branch, "stream", scale=1.0, seed=2)
    expected = stored["into"].at(into="stream", scale=1.0, seed=2)
    torch.testing.assert_close(found, expected, rtol=0, atol=0.02)


@pytest.mark.remeasured
def test_the_film_begins_with_the_frozen_network_and_is_what_a_branch_learns(unet):
    stored = stored_samples("mmnotes.zero_conv", "film.npz")
    assert stored["measures"].values("step") == film.LOOKS
    measures, pictures = film.looked(unet, untrained_branch(unet), into="skips")
    for run in stored["measures"].values("run"):
        torch.testing.assert_close(measures, stored["measures"].at(run=run, step=0), rtol=0, atol=0.01)
        torch.testing.assert_close(pictures, stored["pictures"].at(run=run, step=0), rtol=0, atol=0.03)
    right, wrong, _ = stored["measures"].at(step=0)[0]
    assert right == wrong, "at the start no hint is heard"


@pytest.mark.remeasured
@pytest.mark.parametrize(
    ("pair", "scale", "taps"), [("an owl, turned", 1.0, "all"), ("a shark, told tropical fish", 2.0, "8 x 8 and 4 x 4")]
)
def test_stored_samples_are_what_the_steered_generator_draws(study, unet, branch, stored, pair, scale, taps):
    found = study.lab_row(unet, branch, stored["pictures"].about(pair=pair), scale=scale, taps=taps)
    torch.testing.assert_close(found, stored["pictures"].at(pair=pair, scale=scale, taps=taps), rtol=0, atol=0.03)


def test_the_colour_of_a_picture_is_that_of_what_is_not_white(study):
    picture = torch.ones(2, 3, 8, 8)
    picture[0, :, 2:5, 3:6] = torch.tensor([0.8, 0.1, 0.2])[:, None, None]
    torch.testing.assert_close(study.colour(picture)[0], torch.tensor([0.8, 0.1, 0.2]))
    assert study.colour(picture)[1].sum() == 0
    real = torch.eye(3)
    assert study.own_colour(real, real).tolist() == [1, 1, 1]
    red = torch.tensor([[0.9, 0.0, 0.0]]).expand(3, -1)
    assert study.own_colour(red, real)[0] == 1 and study.own_colour(red, real)[1:].max() <= 0.5


def test_taps_can_be_switched_by_grid(study):
    assert study.at_taps(0.5, "8 x 8 and 4 x 4") == [0, 0, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert sorted(tap for name in list(study.TAPS)[1:] for tap in study.TAPS[name]) == list(study.TAPS["all"])


def test_the_stored_weights_are_half_precision_and_finite():
    assert all(
        torch.isfinite(value).all() and value.abs().max() < 100
        for value in stored_arrays("mmnotes.zero_conv", "weights.npz").values()
    )
