"""What tools/qwen3_vl/study.py stored, one row of each table computed again as far as the shipped weights reach."""

import pytest
import torch

from mmnotes.layers.samples import stored_samples
from mmnotes.qwen3_vl.pretrained import pretrained_qwen3_vl
from tools.qwen3_vl.study import KINDS, SETS, accuracy, shuffled
from tools.qwen3_vl.train import COMPARED_RUNS

STUDY = stored_samples("mmnotes.qwen3_vl", "study.npz")


@pytest.mark.remeasured
def test_right_answers_on_another_vendor_and_about_another_picture_are_counted_again():
    model = pretrained_qwen3_vl()
    for table, row, changed in (
        ("sets", {"set": "another vendor"}, SETS["another vendor"]),
        ("conditions", {"condition": "another picture"}, {"prepared": shuffled}),
    ):
        stored = torch.stack([STUDY[table].at(**row, kind=kind, seed=1) for kind in KINDS])
        torch.testing.assert_close(accuracy(model, seed=1, **changed), stored.float(), rtol=0, atol=0.01)


def test_every_run_of_the_comparison_has_its_row_and_seeds_differ():
    runs = STUDY["variants"].values("run")
    assert runs == tuple(f"{variant}, {seed}" for variant, seed in COMPARED_RUNS)
    first, second = (STUDY["variants"].at(run=f"interleaved, {seed}") for seed in (0, 1))
    assert not torch.equal(first, second)
