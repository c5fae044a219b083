"""The numbers that the script in tools/ wrote for the page: one case of the study again, and the shipped weights."""

import pytest
import torch

from mmnotes.layers.samples import stored_samples
from mmnotes.layers.stored import stored_arrays
from tools import training
from tools.qformer import train


@pytest.fixture
def script(monkeypatch, tmp_path):
    """The script, which keeps and finds nothing of an earlier run."""
    monkeypatch.setattr(training, "KEPT", tmp_path)
    return train


def test_one_case_of_the_study(script, capsys):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    model = script.train_contrast(1, 0)
    torch.set_num_threads(threads)
    texts = script.whole_captions(script.HELD_OUT)
    with torch.no_grad():
        similarity = model.similarity(script.IMAGES["noto"][script.HELD_OUT], *texts)
    found = [script.recall(similarity, texts[1], most) for most in script.AMONG]
    stored = stored_samples("mmnotes.qformer", "study.npz")["recall"].at(seed=0, queries=1, among=script.AMONG)
    assert found == pytest.approx(stored.tolist(), abs=5)
    assert script.wins(model).tolist() == [1]


def test_recall_counts_places_and_leaves_out_texts_without_words(script):
    padding_mask = torch.tensor([[True, True, True], [True, True, False], [True, True, True]])
    scores = torch.tensor([[5.0, 9, 6], [0, 9, 0], [1, 9, 2]])
    assert script.recall(scores, padding_mask, 1) == pytest.approx(100 / 3), (
        "the second has no word: missed, and no rival"
    )
    assert script.recall(scores, padding_mask, 2) == pytest.approx(200 / 3)


def test_every_seed_s_weights_fit_the_model_of_the_script(script):
    stored = stored_arrays("mmnotes.qformer", "weights.npz")
    for seed in script.SEEDS:
        model = script.untrained_stage_one(words=script.WORDS, queries=8)
        names = {f"{seed}.{name}" for name in model.state_dict()}
        assert names <= set(stored)
        assert all(stored[f"{seed}.{name}"].shape == value.shape for name, value in model.state_dict().items())
    assert len(stored) == len(script.SEEDS) * len(model.state_dict())
