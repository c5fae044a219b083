"""The teacher's targets of a batch that is spread over two real processes, with different numbers of samples."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmnotes.sinkhorn import sharded_assignment, teacher_assignment
from tests.sinkhorn.cases import waves

WORKER = Path(__file__).with_name("worker.py")
SIZES, SETTINGS = [5, 12], [(0.1, 1), (0.1, 3), (0.001, 3), (0.07, 20)]
SCORES = waves(17, 7) + torch.linspace(-1, 1, 17, dtype=torch.float64)[:, None]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What the two processes found."""
    folder = tmp_path_factory.mktemp("processes")
    torch.save({"scores": SCORES, "sizes": SIZES, "settings": SETTINGS}, folder / "data.pt")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "localhost"]
    command = [*torchrun, "--nproc-per-node", "2", WORKER, folder / "data.pt", folder]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, cwd=WORKER.parents[2], timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return [torch.load(folder / f"{place}.pt") for place in range(2)]


def test_two_processes_have_the_targets_of_one(runs):
    for setting, (tau, steps) in enumerate(SETTINGS):
        expected = teacher_assignment(SCORES, tau=tau, steps=steps)
        both = torch.cat([run["found"][setting] for run in runs])
        torch.testing.assert_close(both, expected, rtol=1e-9, atol=1e-12)
        apart = torch.cat([run["alone"][setting] for run in runs])
        assert (apart - expected).abs().max() > 0.05, "the loads have to be added up"


def test_the_scores_stay_as_they_are(runs):
    assert all(run["kept"] for run in runs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_without_a_process_group_there_is_one_process(dtype):
    scores = waves(6, 5, dtype=dtype)
    found, expected = (each(scores, tau=0.07) for each in (sharded_assignment, teacher_assignment))
    assert found.dtype == expected.dtype
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_a_temperature_is_positive():
    with pytest.raises(ValueError, match="tau must be > 0, got 0"):
        sharded_assignment(waves(2, 3), tau=0.0)
