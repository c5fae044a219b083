"""What tools/qwen3_vl/study.py stored, one row of each table computed again as far as the shipped weights reach."""

import torch

from mmnotes.layers.samples import stored_samples
from mmnotes.qwen3_vl.pretrained import pretrained_qwen3_vl
from tools.qwen3_vl.study import KINDS, SETS, accuracy, shuffled
from tools.qwen3_vl.train import VARIANTS

STUDY = stored_samples("mmnotes.qwen3_vl", "study.npz")


def test_right_answers_on_another_vendor_and_about_another_picture_are_counted_again():
    model = pretrained_qwen3_vl()
    for table, row, changed in (
        ("sets", {"set": "another vendor"}, SETS["another vendor"]),
        ("conditions", {"condition": "another picture"}, {"prepared": shuffled}),
    ):
        stored = torch.stack([STUDY[table].at(**row, kind=kind, seed=1) for kind in KINDS])
        torch.testing.assert_close(accuracy(model, seed=1, **changed), stored.float(), rtol=0, atol=0.01)


def test_every_variant_has_two_runs_that_are_not_the_same():
    assert STUDY["variants"].values("variant") == VARIANTS
    for variant in VARIANTS:
        first, second = (STUDY["variants"].at(variant=variant, seed=seed) for seed in STUDY["variants"].values("seed"))
        assert not torch.equal(first, second)
