"""The loss of a batch that is spread over processes, on two and on four real ones, and the four ways to gather."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmnotes.infonce import gathered, gathered_values, info_nce, matching_loss, rank, sharded_info_nce, similarity
from mmnotes.infonce.gather_ways import WAYS, all_rows, gathered_around_own, own_rows
from tests.infonce.cases import waves

PAIRS, WORKER = 20, Path(__file__).with_name("worker.py")
NAMES = ("to_image", "to_text", "log_scale")


def problem():
    """Features of 20 pairs, of lengths that are not one, and what projects them to five dimensions."""
    return {
        "image": 3 * waves(PAIRS, 7),
        "text": waves(PAIRS, 11, shift=0.4) ** 3,
        "to_image": waves(5, 7, shift=1.0),
        "to_text": waves(5, 11, shift=2.0),
        "log_scale": torch.tensor(2.0, dtype=torch.float64),
    }


def single():
    """The loss of one process that has all pairs, and its gradients."""
    state = problem()
    weights = [state[name].requires_grad_() for name in NAMES]
    s = similarity(state["image"] @ weights[0].T, state["text"] @ weights[1].T)
    loss = info_nce(s, scale=weights[2].exp())
    return [loss.detach(), *torch.autograd.grad(loss, weights)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What the processes found, by their number; both groups run at the same time."""
    started = {}
    for count in (2, 4):
        folder = tmp_path_factory.mktemp(f"processes-{count}")
        torch.save(problem(), folder / "data.pt")
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "localhost"]
        command = [*torchrun, "--nproc-per-node", str(count), WORKER, folder / "data.pt", folder]
        started[count] = folder, subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=WORKER.parents[1])
    found = {}
    complaints = {count: process.communicate(timeout=120)[1] for count, (_, process) in started.items()}
    for count, (folder, process) in started.items():
        assert process.returncode == 0, complaints[count]
        found[count] = [torch.load(folder / f"{rank}.pt") for rank in range(count)]
    return found


@pytest.mark.parametrize("count", [2, 4])
def test_the_mean_over_processes_is_the_loss_and_the_gradient_of_one(runs, count):
    for found in runs[count]:
        torch.testing.assert_close(found["mean"], single(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("count", [2, 4])
def test_each_process_has_a_part_of_its_own(runs, count):
    parts = [found["loss"] for found in runs[count]]
    assert len({round(part.item(), 6) for part in parts}) == count
    torch.testing.assert_close(torch.stack(parts).mean(), single()[0])


@pytest.mark.parametrize("count", [2, 4])
def test_the_four_ways(runs, count):
    """One loss in all; the gradient short by the number of processes, right, right, and without its other half."""
    ways = runs[count][0]["ways"]
    assert list(ways) == list(WAYS)
    own, every, local, none = ways.values()
    for way in ways.values():
        assert (way["loss"], way["scale"]) == pytest.approx((1, 1), rel=1e-12)
    assert (own["norm"], own["cosine"]) == pytest.approx((1 / count, 1), rel=1e-12)
    for way in (every, local):
        assert (way["norm"], way["cosine"]) == pytest.approx((1, 1), rel=1e-12)
    assert 0.4 < none["norm"] < 0.8 and none["cosine"] < 0.99


def test_what_is_lost_does_not_depend_on_the_number_of_processes(runs):
    two, four = (runs[count][0]["ways"]["own rows, no gradient"] for count in (2, 4))
    assert two == pytest.approx(four, rel=1e-10)


@pytest.mark.parametrize("count", [2, 4])
def test_batches_of_different_sizes_are_refused_everywhere(runs, count):
    sizes = [PAIRS // count - rank for rank in range(count)]
    for found in runs[count]:
        assert found["refused"] == f"image must have equally many rows on every process, at least one, got {sizes}"


def test_one_process_has_everything():
    state = problem()
    image, text = state["image"] @ state["to_image"].T, state["text"] @ state["to_text"].T
    found = sharded_info_nce(image, text, scale=7.0)
    torch.testing.assert_close(found, info_nce(similarity(image, text), scale=7.0), rtol=1e-13, atol=0)
    assert rank() == 0


def test_gathering_in_one_process():
    rows = waves(3, 5).requires_grad_()
    weight = waves(3, 5, shift=1.0)
    for gather, gradient in ((gathered, weight), (gathered_around_own, weight), (gathered_values, None)):
        every = gather(rows)
        assert torch.equal(every, rows) and every.data_ptr() != rows.data_ptr()
        assert every.requires_grad == (gradient is not None)
        if gradient is not None:
            assert torch.equal(torch.autograd.grad((every * weight).sum(), rows)[0], gradient)


def test_a_part_compares_own_rows_with_all():
    image, text = (torch.nn.functional.normalize(waves(6, 5, shift=shift), dim=1) for shift in (0.0, 1.0))
    parts = [
        matching_loss(image[start : start + 2], text[start : start + 2], image, text, scale=4.0, start=start)
        for start in (0, 2, 4)
    ]
    whole = info_nce(similarity(image, text), scale=4.0)
    torch.testing.assert_close(sum(parts) / 3, whole)
    scale = torch.tensor(4.0, dtype=torch.float64)
    for way in (own_rows, all_rows):
        torch.testing.assert_close(way(image, text, scale, gathered), whole)
