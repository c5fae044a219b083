"""The numbers that the scripts in tools/ wrote for the page: one case of each table again, and the shipped weights."""

import pytest
import torch

from mmnotes.data import concepts
from mmnotes.layers.samples import stored_samples
from mmnotes.layers.stored import stored_arrays
from mmnotes.qformer import itg_mask, itm_mask
from tools import training
from tools.qformer import study, train


@pytest.fixture
def script(monkeypatch, tmp_path):
    """The script, which keeps and finds nothing of an earlier run."""
    monkeypatch.setattr(training, "KEPT", tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield study
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def stored():
    return stored_samples("mmnotes.qformer", "study.npz")


@pytest.mark.remeasured
def test_one_number_of_queries(script, stored, capsys):
    model = script.train_contrast(1, 0, steps=script.SHORT)
    assert script.found(model)[:2] == pytest.approx(stored["recall"].at(seed=0, queries=1).tolist(), abs=5)
    assert script.wins(model).tolist() == [1]


@pytest.mark.remeasured
def test_one_leak(script, stored):
    curve = script.learn_to_caption("looks ahead", 0, steps=120)
    for steps in (20, 120):
        expected = stored["leaks"].at(mask="looks ahead", seed=0, step=steps).tolist()
        assert curve[steps - 10 : steps].mean(0).tolist() == pytest.approx(expected, abs=0.5)


@pytest.mark.remeasured
def test_what_ships_is_what_the_tables_say_of_it(script, stored):
    model = script.stage_one("all", 0)
    expected = stored["stages"].at(objectives="all", seed=0)
    assert script.found(model) == pytest.approx(expected[0].tolist(), abs=3)
    assert script.matched(model) == pytest.approx(expected[1].tolist(), abs=3)
    got = script.worth(script.speaker_of("queries", 0), *script.SETS["held out, Noto"])
    wanted = stored["prompts"].at(maker="queries", seed=0, pictures="held out, Noto")
    assert got == pytest.approx(wanted.tolist(), abs=2)


def test_near_copies(script, stored):
    near = script.near_copies()
    assert torch.equal(near, stored["near"].at().bool())
    assert script.near_copies(drawing=2, caption=2).sum() == 0 and script.near_copies(drawing=-2).all()


def test_the_next_of_a_group_is_of_the_group_and_every_one_is_the_next_of_one(script):
    rows = script.next_of_group(script.HELD_OUT)
    groups = [concepts()[place].group for place in script.HELD_OUT.tolist()]
    assert sorted(rows) == list(range(len(rows)))
    assert all(groups[one] == groups[other] and one != other for one, other in enumerate(rows))


@pytest.mark.parametrize("leak", study.LEAKS)
def test_a_leak_opens_its_quarter_and_no_other(leak):
    read, ahead = study.LEAKS[leak]
    kept = torch.tensor([[True] * 4, [True, True, False, False]])
    mask = study.leaking_mask(kept, queries=3, read=read, ahead=ahead)
    closed, every = (make(queries=3, padding_mask=kept) for make in (itg_mask, itm_mask))
    assert torch.equal(mask[:, :3], (every if read else closed)[:, :3])
    assert torch.equal(mask[:, 3:], (every if ahead else closed)[:, 3:])


def test_queries_that_look_evenly_get_the_mean_of_the_values():
    model = study.looking_evenly(train.untrained_stage_one(words=train.WORDS, queries=2)).qformer
    image = torch.randn(3, 16, 64)
    for block in model.blocks[::2]:
        weights = block.cross.weights(torch.randn(3, 2, 64), image)
        torch.testing.assert_close(weights, torch.full_like(weights, 1 / 16))
        assert not any(parameter.requires_grad for parameter in block.cross.query.parameters())


def test_recall_counts_places_and_leaves_out_texts_without_words():
    padding_mask = torch.tensor([[True, True, True], [True, True, False], [True, True, True]])
    scores = torch.tensor([[5.0, 9, 6], [0, 9, 0], [1, 9, 2]])
    assert train.recall(scores, padding_mask, 1) == pytest.approx(100 / 3), (
        "the second has no word: missed, and no rival"
    )
    assert train.recall(scores, padding_mask, 2) == pytest.approx(200 / 3)


def test_every_seed_s_weights_fit_the_model_of_the_script():
    stored = stored_arrays("mmnotes.qformer", "weights.npz")
    for seed in train.SEEDS:
        model = train.untrained_stage_one(words=train.WORDS, queries=8)
        names = {f"{seed}.{name}" for name in model.state_dict()}
        assert names <= set(stored)
        assert all(stored[f"{seed}.{name}"].shape == value.shape for name, value in model.state_dict().items())
    assert len(stored) == len(train.SEEDS) * len(model.state_dict())
