"""Attention in parts: merging, and a film that is spread over two and over four real processes."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmnotes.block_sparse_attention import (
    attend_blocks,
    block_scores,
    highest,
    merged,
    partial_attention,
    ring_attention,
    to_blocks,
)
from tests.block_sparse_attention.cases import BLOCK, CHOSEN, GRID, MERGED, THERE, film, formula

WORKER = Path(__file__).with_name("worker.py")
WORLDS = (4, 2)  # as worker.py goes through them
LONGEST = 300  # seconds that processes are waited for, all together


def blocks():
    return [to_blocks(3 * x, grid=GRID, block=BLOCK) for x in film()]


def alone(count):
    query, key, value = blocks()
    return attend_blocks(query, key, value, highest(block_scores(query, key), count=count))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What four processes found, and then the first two of them alone, by their number.

    They meet in a file, and whoever waits too long is ended.
    """
    folder = tmp_path_factory.mktemp("ring")
    torch.save(blocks(), folder / "data.pt")
    every = [
        subprocess.Popen(
            [sys.executable, WORKER, folder, str(rank)], stderr=subprocess.PIPE, text=True, cwd=WORKER.parents[2]
        )
        for rank in range(max(WORLDS))
    ]
    try:
        complaints = [process.communicate(timeout=LONGEST)[1] for process in every]
    finally:
        for process in every:
            process.kill()
    assert [process.returncode for process in every] == [0] * len(every), "\n".join(complaints)
    return {world: [torch.load(folder / f"{world}-{rank}.pt") for rank in range(world)] for world in WORLDS}


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("count", [1, 3, 8])
def test_what_processes_read_together_is_what_one_reads(runs, world, count):
    together = torch.cat([found[count] for found in runs[world]], dim=2)
    torch.testing.assert_close(together, alone(count), rtol=0, atol=1e-12)


@pytest.mark.parametrize("world", WORLDS)
def test_unlike_numbers_of_blocks_are_refused_everywhere(runs, world):
    counts = [2 - rank % 2 for rank in range(world)]
    for found in runs[world]:
        assert found["refused"] == f"key must have equally many blocks on every process, got {counts}"


def test_one_process_is_a_ring_of_one():
    for count in (1, 3, 8):
        torch.testing.assert_close(ring_attention(*blocks(), count=count), alone(count), rtol=0, atol=1e-13)
    with pytest.raises(ValueError, match="count must be from 1 to the 8 blocks there are, got 9"):
        ring_attention(*blocks(), count=9)


def test_where_the_chosen_blocks_lie_is_as_the_released_code_splits_them():
    first = torch.tensor(CHOSEN[1]) < 4
    assert [first.sum(-1).tolist(), (~first).sum(-1).tolist()] == THERE
    assert 0 in THERE[0], "a query block that has chosen nothing of a process is among them"


def test_merging_is_what_the_released_functions_do():
    inf = float("inf")
    one, two = (torch.tensor(each, dtype=torch.float64) for each in ([0.5, -inf, -inf, 2.0], [1.5, 0.3, -inf, -inf]))
    read, logarithm = merged(formula(4, 3, shift=0.2), one, formula(4, 3, shift=0.9), two)
    known = torch.tensor([True, True, False, True])
    torch.testing.assert_close(read[known], torch.tensor(MERGED["read"], dtype=torch.float64), rtol=0, atol=1e-12)
    torch.testing.assert_close(
        logarithm[known], torch.tensor(MERGED["logarithm"], dtype=torch.float64), rtol=0, atol=1e-12
    )
    assert read[2].tolist() == [0, 0, 0] and logarithm[2] == -inf, "of nothing and nothing the released code has NaN"


@given(st.integers(0, 1000), st.floats(-300, 300))
def test_parts_come_in_any_order_and_their_size_does_not_matter(seed, height):
    random = torch.Generator().manual_seed(seed)
    query, key, value = torch.randn(3, 1, 1, 3, 2, 8, generator=random, dtype=torch.float64)
    query = query + height * torch.ones(8, dtype=torch.float64)
    places = torch.arange(3).expand(1, 1, 3, 3)
    parts = [partial_attention(query, key, value, places, places == number) for number in range(3)]
    whole = attend_blocks(query, key, value, places)
    for order in ((0, 1, 2), (2, 0, 1)):
        first, second, third = (parts[number] for number in order)
        torch.testing.assert_close(merged(*merged(*first, *second), *third)[0], whole, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(merged(*first, *merged(*second, *third))[0], whole, rtol=1e-9, atol=1e-9)
