"""No study, and no run that starts from another one, reads a run that is not trained to its end."""

from collections.abc import Callable
from functools import partial

import pytest
import torch

from tools import training
from tools.dino import study as dino
from tools.dinov2 import study as dinov2
from tools.dinov2 import train
from tools.ibot import study as ibot


def never(seed: int) -> torch.Tensor:
    raise AssertionError(f"seed {seed} is measured")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("dino-warm", partial(dino.curve, "warm", 0)),
        ("ibot-shared-same", partial(ibot.whole_backbone, "ibot-shared-same", 0)),
        ("dinov2-whole", partial(dinov2.by_seed, never, "dinov2-whole")),
        ("dinov2-whole", partial(train.kept, "whole", 0)),
    ],
)
def test_a_run_that_is_not_whole_ends_it(name: str, read: Callable[[], object], tmp_path, monkeypatch):
    monkeypatch.setattr(training, "KEPT", tmp_path)
    torch.save({"step": 799, "model": {}}, tmp_path / f"{name}-0.pt")
    with pytest.raises(SystemExit, match=f"{name}, seed 0, has 799 of 800 steps; nothing is written"):
        read()
