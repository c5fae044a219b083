"""The comparison of one softmax with two: parts of the stored study again, and what its judges see."""

import pytest
import torch

from mmnotes.layers.samples import stored_samples
from tools.decoupled_attention import compare, study
from tools.decoupled_attention.train import losses


@pytest.fixture(scope="module")
def stored():
    return stored_samples("mmnotes.decoupled_attention", "compared.npz")


@pytest.fixture(scope="module")
def ranks():
    return compare.judge(study.image_network())


@pytest.mark.remeasured
@pytest.mark.parametrize("way", ["decoupled", "appended"])
def test_the_stored_noise_pictures_are_what_the_frozen_generator_draws(stored, way):
    drawn, clean = compare.with_noise(way, 16, compare.NOISES[0]), compare.with_noise(way, 0, 0)
    before = stored["noise pictures"].at(softmax=way, tokens=16)
    torch.testing.assert_close(drawn, before, rtol=0, atol=0.02)
    away = (drawn - clean).square().mean((1, 2, 3)).sqrt()
    kept = stored["noise"].at(softmax=way, tokens=16, seed=compare.NOISES[0]).float()
    torch.testing.assert_close(away, kept, rtol=0, atol=0.01)


@pytest.mark.remeasured
def test_stored_ranks_are_what_the_judges_find(stored, ranks):
    found = compare.asked(study.shipped("pooled"), ranks, "with another text", [1.0] * 7, 1)
    for question in compare.QUESTIONS:
        at = dict(question=question, training=0, way="with another text", scale=1.0, seed=1)
        agree = ((found[question] < 5) == (stored["decoupled"].at(**at) < 5)).float().mean()
        assert agree > 0.95, question


@pytest.mark.remeasured
def test_stored_losses_of_the_shipped_prompt_are_its_losses(stored):
    found = losses(study.shipped("pooled"), "pooled")
    before = stored["losses"].at(softmax="decoupled", training=0)
    torch.testing.assert_close(torch.tensor([*found.values()]), before, rtol=0, atol=0.002)


@pytest.mark.remeasured
def test_real_drawings_in_the_samples_place_are_ranked_again(stored, ranks):
    found, before = compare.instead(ranks), stored["instead"]
    assert ((found.stored < 5) == (before.stored < 5)).float().mean() > 0.99


def test_a_silhouette_sees_no_colour():
    pictures = torch.ones(2, 3, 32, 32)
    pictures[0, :, 8:16, 8:16], pictures[1, 0, 8:16, 8:16], pictures[1, 1:, 8:16, 8:16] = 0.0, 0.4, 0.2
    one, other = compare.silhouettes(pictures)
    assert torch.equal(one, other) and one.sum() == 16
