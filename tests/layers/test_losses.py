"""The loss of the next word: in loops, against its limits, and where there is no next word."""

import math

import pytest
import torch

from mmnotes.layers.losses import next_token_loss

IDS = torch.tensor([[3, 1, 4, 1, 5], [2, 6, 0, 0, 0]])
PADDING_MASK = torch.tensor([[True] * 5, [True] * 2 + [False] * 3])


def waves(dtype=torch.float64):
    return torch.cos(torch.arange(2 * 5 * 7, dtype=dtype).reshape(2, 5, 7) ** 1.5)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_it_is_the_loops(smoothing):
    logits, losses = waves(), []
    for row in range(2):
        for place in range(1, 5):
            if PADDING_MASK[row, place]:
                scores = logits[row, place - 1].tolist()
                total = math.log(sum(math.exp(score) for score in scores))
                own = (1 - smoothing) * scores[IDS[row, place]] + smoothing * sum(scores) / 7
                losses.append(total - own)
    found = next_token_loss(logits, IDS, PADDING_MASK, smoothing=smoothing)
    assert found.item() == pytest.approx(sum(losses) / len(losses), abs=1e-12)


def test_limits():
    assert next_token_loss(torch.zeros(2, 5, 7), IDS, PADDING_MASK, smoothing=0.0).item() == pytest.approx(math.log(7))
    sure = 100 * torch.nn.functional.one_hot(IDS.roll(-1, 1), 7).double()
    assert next_token_loss(sure, IDS, PADDING_MASK, smoothing=0.0) < 1e-12


def test_only_places_before_a_kept_word_receive_a_gradient():
    logits = waves().requires_grad_()
    next_token_loss(logits, IDS, PADDING_MASK, smoothing=0.0).backward()
    moved = logits.grad.abs().sum(2) > 0
    assert moved.tolist() == [[True] * 4 + [False], [True] + [False] * 4]


def test_half_precision_is_computed_in_single():
    rough = next_token_loss(waves(torch.float32).bfloat16(), IDS, PADDING_MASK, smoothing=0.0)
    assert rough.dtype == torch.float32


def test_a_text_without_a_second_word_has_no_loss():
    with pytest.raises(ValueError, match="padding_mask must hold a second word"):
        next_token_loss(waves()[:, :1], IDS[:, :1], PADDING_MASK[:, :1], smoothing=0.0)
