"""What tools/deepstack/study.py stored, one case of each table computed again; here, since it takes both chapters."""

import pytest
import torch

from mmnotes.layers.samples import stored_samples
from mmnotes.qwen3_vl.pretrained import pretrained_qwen3_vl
from tools.deepstack.study import SWITCHED, moved, read
from tools.qwen3_vl.study import CHANGES, KINDS, accuracy

STUDY = stored_samples("mmnotes.deepstack", "study.npz")
BEFORE = 2  # words before the picture


@pytest.mark.remeasured
def test_what_arrives_is_computed_again():
    distances, words = moved(pretrained_qwen3_vl())
    assert STUDY["moved"].settings["words"] == " ".join(words)
    for on in SWITCHED:
        levels = {f"level {number}": int(it) for number, it in enumerate(on, 1)}
        stored = torch.stack([STUDY["moved"].at(**levels, layers=layer) for layer in range(5)])
        torch.testing.assert_close(distances[tuple(map(int, on))], stored.float(), rtol=2e-3, atol=2e-3)
        assert (stored[:, :BEFORE] == 0).all()
        assert (stored[1:, BEFORE:-1] > 0).any() == any(on)


@pytest.mark.remeasured
def test_what_can_be_read_is_computed_again():
    found = read(pretrained_qwen3_vl())
    torch.testing.assert_close(found.float(), STUDY["read"].stored.float(), rtol=0, atol=5e-3)


@pytest.mark.remeasured
def test_right_answers_are_counted_again():
    shares = accuracy(pretrained_qwen3_vl(), change=CHANGES["without levels"], seed=0)
    stored = torch.stack([STUDY["answers"].at(condition="without levels", kind=kind, seed=0) for kind in KINDS])
    torch.testing.assert_close(shares, stored.float(), rtol=0, atol=0.01)
