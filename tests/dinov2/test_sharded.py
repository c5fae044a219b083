"""The centre of a batch that is spread over two real processes, with different numbers of rows."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmnotes.dino import updated_centre
from mmnotes.dinov2 import sharded_centre

WORKER = Path(__file__).with_name("worker.py")
LOGITS, CENTRE = torch.arange(35.0).view(7, 5).double().cos(), torch.linspace(-1, 1, 5).double()


def test_two_processes_have_the_centre_of_one(tmp_path):
    torch.save({"logits": LOGITS, "centre": CENTRE, "sizes": [2, 5]}, tmp_path / "data.pt")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "localhost"]
    command = [*torchrun, "--nproc-per-node", "2", WORKER, tmp_path / "data.pt", tmp_path]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, cwd=WORKER.parents[2], timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    expected = updated_centre(CENTRE, LOGITS, momentum=0.7)
    for place in range(2):
        torch.testing.assert_close(torch.load(tmp_path / f"{place}.pt"), expected, rtol=1e-12, atol=1e-12)
    of_means = updated_centre(CENTRE, torch.stack([LOGITS[:2].mean(0), LOGITS[2:].mean(0)]), momentum=0.7)
    assert (of_means - expected).abs().max() > 0.01, "rows count, not processes"


def test_without_a_process_group_there_is_one_process():
    torch.testing.assert_close(sharded_centre(CENTRE, LOGITS), updated_centre(CENTRE, LOGITS), rtol=1e-12, atol=1e-12)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"^logits must hold at least one row in some process, got none"):
        sharded_centre(CENTRE, LOGITS[:0])
    with pytest.raises(ValueError, match=r"^momentum must be within 0 and 1, got 1.5"):
        sharded_centre(CENTRE, LOGITS, momentum=1.5)
