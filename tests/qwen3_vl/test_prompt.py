"""Conversations as a batch: ids, masks, filling at the left, the next free position; bad inputs."""

import re

import pytest
import torch

from mmnotes.mrope import Image, Text, position_ids_by_timestamp
from mmnotes.qwen3_vl import prompt_of
from mmnotes.vision_tower import Grid
from tests.qwen3_vl.cases import CONVERSATIONS


def test_a_conversation_written_out():
    prompt = prompt_of([[[7, 8], Grid(1, 4, 6), [9]]], merge=2)
    assert prompt.ids.tolist() == [[7, 8, 0, 0, 0, 0, 0, 0, 9]]
    assert prompt.visual.int().tolist() == [[0, 0, 1, 1, 1, 1, 1, 1, 0]]
    assert prompt.position_ids[:, 0].tolist() == [
        [0, 1, 2, 2, 2, 2, 2, 2, 5],
        [0, 1, 2, 2, 2, 3, 3, 3, 5],
        [0, 1, 2, 3, 4, 2, 3, 4, 5],
    ]
    assert prompt.free.tolist() == [6] and prompt.kept.all()


def test_filling_stands_at_the_left_and_is_read_by_nobody():
    prompt = prompt_of(CONVERSATIONS, merge=2)
    most = prompt.ids.shape[1]
    for row, parts in enumerate(CONVERSATIONS):
        alone = prompt_of([parts], merge=2)
        filling = most - alone.ids.shape[1]
        assert not prompt.kept[row, :filling].any() and prompt.kept[row, filling:].all()
        assert torch.equal(prompt.ids[row, filling:], alone.ids[0])
        assert torch.equal(prompt.position_ids[:, row, filling:], alone.position_ids[:, 0])
        assert prompt.free[row] == alone.free[0]
        mask = prompt.mask()[row]
        assert torch.equal(mask[filling:, filling:], alone.mask()[0]) and not mask[filling:, :filling].any()
        assert mask.diagonal().all(), "a row that may read nothing has no softmax"


def test_ids_are_those_of_the_chapter_on_mrope():
    segments = [Text(3), Image(2, 3), Text(2), Text(2), Image(4, 1), Text(3)]
    prompt = prompt_of([CONVERSATIONS[0]], merge=2)
    expected, free = position_ids_by_timestamp(segments)
    assert torch.equal(prompt.position_ids[:, 0], expected) and prompt.free.tolist() == [free]


def test_bad_conversations():
    with pytest.raises(ValueError, match="conversations must hold at least one, got none"):
        prompt_of([], merge=2)
    with pytest.raises(ValueError, match="segments must hold at least one segment, got none"):
        prompt_of([[]], merge=2)
    bad = Grid(3, 4, 4)
    message = f"conversations must hold one grid for each pair of frames, got {bad}"
    with pytest.raises(ValueError, match=re.escape(message)):
        prompt_of([[[1], bad]], merge=2)
