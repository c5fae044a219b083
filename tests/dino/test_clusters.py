"""Self-distillation on clusters: what is stored is what the script trains, and what the chapter says of it holds."""

import math

import pytest
import torch

from mmnotes.dino.clusters import CLUSTERS, EVERY, MEASURES, PROTOTYPES, STEPS, cluster_centres, course, same_cluster
from mmnotes.layers.samples import stored_samples
from tools.dino.clusters import MOMENTA, REMEDIES, SEEDS, TAUS, courses

MOST = math.log(CLUSTERS)


@pytest.fixture(scope="module")
def stored():
    return stored_samples("mmnotes.dino", "clusters.npz")


def told(stored, **at):
    """What an answer tells about its cluster at the end."""
    return (stored["of all"].at(**at, step=STEPS) - stored["of a cluster"].at(**at, step=STEPS)).float()


def sharp(logits, centre):
    return ((logits - centre) / 0.04).softmax(-1)


@pytest.mark.remeasured
@pytest.mark.parametrize(("remedy", "tau", "momentum"), [(REMEDIES[1], 0.04, 0.99), (REMEDIES[2], 0.04, 0.0)])
def test_a_stored_case_is_what_the_script_trains(stored, remedy, tau, momentum):
    again = courses(remedy, [(tau, momentum, 0)])
    kept = torch.stack([stored[name].at(remedy=remedy, tau=tau, momentum=momentum, seed=0) for name in MEASURES[:3]])
    assert again.curves.shape == (1, STEPS // EVERY + 1, len(MEASURES))
    torch.testing.assert_close(again.curves[0, :3, :3].T, kept[:, :3].float(), rtol=0.02, atol=0.02)
    known = again.curves[0, -1, 2] - again.curves[0, -1, 1]
    assert abs(known - told(stored, remedy=remedy, tau=tau, momentum=momentum, seed=0)) < 0.2


def test_both_remedies_and_a_slow_teacher_are_needed(stored):
    at = dict(tau=0.04, momentum=0.99)
    assert told(stored, remedy=REMEDIES[1], **at).min() > 0.85 * MOST
    assert told(stored, remedy=REMEDIES[0], **at).max() < 0.5 * MOST
    assert told(stored, remedy=REMEDIES[1], tau=0.1, momentum=0.99).max() < 0.1 * MOST
    assert told(stored, remedy=REMEDIES[1], tau=0.04, momentum=0.0).max() < 0.5 * MOST


def test_sinkhorn_needs_no_slow_teacher(stored):
    for momentum in (0.0, 0.9, 0.99):
        assert told(stored, remedy=REMEDIES[2], tau=0.04, momentum=momentum).min() > 0.85 * MOST


def test_the_two_collapses_are_opposite(stored):
    cold = stored["of all"].at(remedy=REMEDIES[0], tau=0.04, momentum=0.0, step=STEPS)
    warm = stored["entropy"].at(remedy=REMEDIES[1], tau=0.2, momentum=0.99, step=STEPS)
    assert cold.max() < 0.05 and warm.min() > math.log(PROTOTYPES) - 0.02
    answers = stored["answers"].at(remedy=REMEDIES[0], tau=0.04, momentum=0.0)
    assert answers.argmax(1).unique().numel() == 1 and answers.amax(1).min() > 0.9


def test_everything_the_lab_offers_is_stored(stored):
    wanted = {"remedy": REMEDIES, "tau": TAUS, "momentum": MOMENTA}
    for axis, places in wanted.items():
        assert stored["answers"].values(axis) == tuple(places)
    assert stored["entropy"].values("seed") == SEEDS and stored["entropy"].values("step")[-1] == STEPS
    sums = stored["answers"].stored.float().sum(-1)
    torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=5e-3)


def test_a_run_beside_others_is_the_run_alone():
    alone = course(sharp, momentum_at=lambda step: 0.9, seeds=[1], steps=20)
    momenta = torch.tensor([0.0, 0.9])
    beside = course(sharp, momentum_at=lambda step: momenta, seeds=[0, 1], steps=20)
    torch.testing.assert_close(beside.curves[1], alone.curves[0], rtol=1e-3, atol=1e-3)
    assert not torch.allclose(beside.curves[0], beside.curves[1], atol=0.05)


def test_with_momentum_one_the_teacher_stands_still_and_with_none_it_does_not():
    def without_centre(logits, centre):
        return (logits / 0.04).softmax(-1)

    still = course(without_centre, momentum_at=lambda step: 1.0, seeds=[0], steps=40)
    moved = course(without_centre, momentum_at=lambda step: 0.0, seeds=[0], steps=40)
    assert torch.equal(still.curves[0, 0, :3], still.curves[0, -1, :3])
    assert still.curves[0, -1, 3] < still.curves[0, 0, 3], "the student learns from a teacher that does not move"
    assert not torch.allclose(moved.curves[0, 0, :3], moved.curves[0, -1, :3], atol=0.1)


def test_the_first_targets_know_no_centre_and_the_next_do():
    seen = []

    def targets_of(logits, centre):
        seen.append(centre.clone())
        return sharp(logits, centre)

    course(targets_of, momentum_at=lambda step: 0.9, seeds=[0], steps=1)
    assert seen[0].abs().max() == 0 and seen[-1].abs().max() > 0


def test_second_views_come_from_the_partners_cluster():
    """Where all second views come from one cluster, nothing can be told about the first."""

    def one_cluster(which, random):
        return torch.zeros_like(which)

    shared = course(sharp, momentum_at=lambda step: 0.99, seeds=[0], steps=200)
    lost = course(sharp, momentum_at=lambda step: 0.99, seeds=[0], steps=200, partners_of=one_cluster)
    known = [(each.curves[0, -1, 2] - each.curves[0, -1, 1]).item() for each in (shared, lost)]
    assert known[0] > known[1] + 0.3


def test_the_centres_are_those_asked_for_and_the_default_pairs_stay():
    random = torch.Generator().manual_seed(0)
    assert cluster_centres(random).shape == (CLUSTERS, 16)
    which = torch.tensor([3, 1, 2])
    assert torch.equal(same_cluster(which, random), which)
    run = course(sharp, momentum_at=lambda step: 0.9, seeds=[0], steps=20, centres_of=lambda each: torch.eye(4, 16))
    assert run.answers.shape == (1, 4, PROTOTYPES)
