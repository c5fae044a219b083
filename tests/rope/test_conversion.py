"""Conversion between pairings: a whole attention layer, the formula of LLaMA's script, what must stay, bad inputs."""

import re

import pytest
import torch
from torch.nn.functional import rms_norm

from mmnotes.layers.rotation import frequency_ladder, rotate_adjacent, rotate_halves
from mmnotes.rope import to_adjacent, to_halves

HEADS, KEY_HEADS, DIM, FEATURES, TOKENS = 6, 2, 10, 7, 5


def random_layer(seed=0):
    """Weights, biases and gains as Qwen2.5-VL and Qwen3-VL have them, and both at once."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return {
        "q": draw(HEADS * DIM, FEATURES),
        "k": draw(KEY_HEADS * DIM, FEATURES),
        "q_bias": draw(HEADS * DIM),
        "k_bias": draw(KEY_HEADS * DIM),
        "q_gain": 1 + 0.5 * draw(DIM),
        "k_gain": 1 + 0.5 * draw(DIM),
    }


def heads_of(name):
    return 1 if name.endswith("gain") else {"q": HEADS, "k": KEY_HEADS}[name[0]]


def scores(layer, rotate, x):
    angles = torch.arange(TOKENS)[:, None] * frequency_ladder(planes=DIM // 2, base=50.0, dtype=torch.float64)
    turned = []
    for side, heads in (("q", HEADS), ("k", KEY_HEADS)):
        made = (x @ layer[side].T + layer[f"{side}_bias"]).unflatten(-1, (heads, DIM))
        made = rms_norm(made, (DIM,), layer[f"{side}_gain"]).transpose(0, 1)[None]
        turned.append(rotate(made, angles.cos()[None], angles.sin()[None]))
    queries, keys = turned
    return queries @ keys.repeat_interleave(HEADS // KEY_HEADS, 1).mT


@pytest.mark.parametrize(
    ("convert", "before", "after"),
    [(to_adjacent, rotate_halves, rotate_adjacent), (to_halves, rotate_adjacent, rotate_halves)],
)
def test_a_converted_layer_makes_the_same_scores(convert, before, after):
    layer, x = random_layer(), torch.randn(TOKENS, FEATURES, generator=torch.Generator().manual_seed(1)).double()
    converted = {name: convert(each, heads=heads_of(name)) for name, each in layer.items()}
    expected = scores(layer, before, x)
    torch.testing.assert_close(scores(converted, after, x), expected, rtol=0, atol=1e-12)
    for left_out in layer:
        forgotten = converted | {left_out: layer[left_out]}
        assert (scores(forgotten, after, x) - expected).abs().max() > 0.1, left_out


def test_there_and_back():
    for name, each in random_layer().items():
        assert torch.equal(to_halves(to_adjacent(each, heads=heads_of(name)), heads=heads_of(name)), each)


def test_to_halves_is_the_permutation_of_llamas_script():
    w = random_layer()["q"]
    theirs = w.view(HEADS, DIM // 2, 2, FEATURES).transpose(1, 2).reshape(HEADS * DIM, FEATURES)
    assert torch.equal(to_halves(w, heads=HEADS), theirs)


def test_heads_are_not_one_long_head():
    bias = random_layer()["q_bias"]
    assert not torch.equal(to_adjacent(bias, heads=HEADS), to_adjacent(bias, heads=1))
    assert to_adjacent(torch.arange(8.0), heads=2).tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_gradients_pass_and_inputs_stay():
    entries = torch.randn(12, 3, requires_grad=True)
    to_adjacent(entries, heads=2).square().sum().backward()
    torch.testing.assert_close(entries.grad, 2 * entries.detach())
    assert to_halves(torch.empty(12, 3, device="meta"), heads=3).is_meta


def test_bad_inputs():
    for convert in (to_adjacent, to_halves):
        for rows, heads in ((9, 1), (12, 4), (12, 0)):
            message = f"entries must be heads * even dim, got {rows} for {heads} heads"
            with pytest.raises(ValueError, match=re.escape(message)):
                convert(torch.zeros(rows, 2), heads=heads)
