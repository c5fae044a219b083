"""What the study stored, measured again for one setting; and what the chapter says of it, on every seed."""

import pytest
import torch

from mmnotes.block_sparse_attention import alike
from mmnotes.layers.samples import stored_samples
from tools.block_sparse_attention.study import COUNTS, DIM, RULES, SHAPES, TOKENS, errors_of, recalls_of, tokens_of
from tools.block_sparse_attention.trained import trained_recalls

TRAINED = stored_samples("mmnotes.block_sparse_attention", "trained.npz")["recall"]
STUDY = stored_samples("mmnotes.block_sparse_attention", "study.npz")
KEPT, ERROR = STUDY["recall"], STUDY["error"]
FILM, NETWORK, SMOOTH, WHITE = TOKENS


def kept(**at):
    return KEPT.at(**{"gain": 1.0, "count": 8, "rule": "means", **at}).float()


@pytest.mark.remeasured
@pytest.mark.parametrize("tokens", [FILM, NETWORK])
def test_the_first_seed_again(tokens):
    vectors = alike(tokens_of(tokens, seed=0), dim=DIM, gain=1.0, seed=0)
    for shape, block in SHAPES.items():
        rows, mass = recalls_of(vectors, block)
        for rule, row in zip(RULES, rows, strict=True):
            stored = torch.stack([kept(tokens=tokens, shape=shape, rule=rule, count=c, seed=0) for c in COUNTS])
            torch.testing.assert_close(row, stored, rtol=0, atol=0.004)
        if tokens == FILM:
            torch.testing.assert_close(mass, STUDY["mass"].at(shape=shape), rtol=0, atol=1e-3)
    torch.testing.assert_close(errors_of(vectors, seed=0), ERROR.at(tokens=tokens, gain=1.0, seed=0), rtol=0, atol=0.01)


@pytest.mark.parametrize("tokens", [FILM, NETWORK, SMOOTH])
def test_where_neighbours_are_alike_boxes_keep_more_than_lines(tokens):
    assert (kept(tokens=tokens, shape="cube") > kept(tokens=tokens, shape="raster") + 0.05).all()


def test_in_white_noise_the_shape_does_not_matter():
    shapes = torch.stack([kept(tokens=WHITE, shape=shape) for shape in SHAPES])
    assert (shapes.amax(0) - shapes.amin(0)).max() < 0.01


def test_a_row_of_masses_sums_to_one_and_no_rule_beats_it():
    for shape in SHAPES:
        sums = STUDY["mass"].at(shape=shape).sum(1)
        torch.testing.assert_close(sums, torch.ones(128), rtol=0, atol=2e-3)
    best = KEPT.at(rule="true mass")
    for rule in RULES[1:]:
        assert (KEPT.at(rule=rule) <= best + 1e-3).all()


def test_a_sharper_attention_leaves_the_means_further_behind():
    lost = [kept(tokens=FILM, shape="cube", rule=r, gain=g) for g in (1.0, 1.5) for r in ("true mass", "means")]
    assert (lost[2] - lost[3] > 3 * (lost[0] - lost[1])).all()


def test_less_recall_is_more_error_of_noise_and_not_of_the_films_own_vectors():
    at = {"tokens": FILM, "gain": 1.0}
    noise, own = (
        [ERROR.at(**at, values=values, order=order) for order in ("cube", "raster")] for values in ("noise", "own")
    )
    assert (noise[0] < noise[1]).all() and (own[0] > own[1]).all()


@pytest.mark.remeasured
def test_the_trained_network_again():
    torch.testing.assert_close(trained_recalls().at().float(), TRAINED.at().float(), rtol=0, atol=0.01)


def test_of_a_trained_network_means_find_more_than_nearness_in_every_head():
    for t in TRAINED.values("t"):
        means, best, near, early = (
            TRAINED.at(shape="cube", t=t, rule=rule).float()
            for rule in ("means", "true mass", "nearest", "means before rotation")
        )
        assert (means > near).all() and (best - means).mean() < 0.04
        assert means.mean() > 1.3 * near.mean() > 1.3 * early.mean()
