"""The language model: its layers written out, one id three times, where levels join, bad inputs."""

import pytest
import torch

from mmnotes.deepstack import with_level
from mmnotes.layers.attention import causal_mask
from mmnotes.mrope import interleaved, rotary, sectioned
from mmnotes.qwen3_vl import Decoder, DecoderBlock, SwiGLU
from tests.qwen3_vl.cases import perturbed_

AXES = interleaved([3, 2, 2])


def decoder(*, axes=AXES, depth=3):
    made = Decoder(
        words=13,
        dim=5,
        heads=4,
        key_heads=2,
        axes=axes,
        base=100.0,
        feed_forwards=[SwiGLU(dim=5, hidden=11) for _ in range(depth)],
    )
    perturbed_(made, seed=0)
    return made.double().requires_grad_(False)


def some(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def ids(*, batch=2, tokens=7):
    return torch.randint(0, 40, (3, batch, tokens), generator=torch.Generator().manual_seed(2))


def visual():
    return torch.tensor(
        [[False, True, True, False, False, False, False], [False, False, True, False, True, True, False]]
    )


def normed(x, norm):
    return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * norm.weight


def test_shapes():
    made, x = decoder(), some(2, 7, 5)
    assert made(x, ids()).shape == (2, 7, 5)
    assert [state.shape for state in made.states(x, ids())] == [(2, 7, 5)] * 4
    assert made.words.weight.shape == (13, 5)


def test_the_layers_written_out():
    made, x, places = decoder(), some(2, 7, 5), ids()
    cos, sin = rotary(places, interleaved([3, 2, 2]), base=100.0)
    mask = causal_mask(num_tokens=7, device=x.device)
    found, expected = made.states(x, places), [x]
    for block in made.blocks:
        assert isinstance(block, DecoderBlock)
        x = x + block.attention(normed(x, block.attention_norm), cos, sin, mask)
        x = x + block.feed_forward(normed(x, block.feed_forward_norm))
        expected.append(x)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(made(expected[0], places), normed(x, made.norm))


def test_on_text_every_map_of_axes_is_the_same():
    """One id three times leaves nothing of the map: weights of a language model stay what they were."""
    x, text = some(2, 7, 5), torch.arange(7).expand(3, 2, -1)
    one, other = decoder(), decoder(axes=sectioned([3, 2, 2]))
    torch.testing.assert_close(one(x, text), other(x, text), rtol=0, atol=0)
    assert (one(x, ids()) - other(x, ids())).abs().max() > 0.01


def test_a_level_joins_after_its_layer_and_only_where_tokens_are_visual():
    made, x, levels = decoder(), some(2, 7, 5), [some(5, 5, seed=3), some(5, 5, seed=4)]
    plain, found = made.states(x, ids()), made.states(x, ids(), None, visual(), levels)
    assert torch.equal(found[0], plain[0])
    assert torch.equal(found[1], with_level(plain[1], visual(), levels[0]))
    assert torch.equal(found[2][0, 0], plain[2][0, 0]), "before the picture nothing is known of it"
    assert (found[2][0, 3] - plain[2][0, 3]).abs().max() > 1e-3, "a word after it reads what was added"


def test_a_level_of_zeros_is_none_and_a_layer_without_a_level_adds_nothing():
    made, x = decoder(), some(2, 7, 5)
    zeros = [torch.zeros(5, 5, dtype=torch.float64)] * 3
    assert torch.equal(made(x, ids(), None, visual(), zeros), made(x, ids()))


def test_weights_are_those_of_each_layer_at_its_own_state():
    made, x, levels = decoder(), some(2, 7, 5), [some(5, 5, seed=3)]
    mask = causal_mask(num_tokens=7, device=x.device)
    found = made.weights(x, ids(), mask, visual(), levels)
    states, tables = made.states(x, ids(), mask, visual(), levels), rotary(ids(), made.axes, base=100.0)
    for block, state, weights in zip(made.blocks, states, found, strict=False):
        assert weights.shape == (2, 4, 7, 7)
        torch.testing.assert_close(weights, block.attention.weights(normed(state, block.attention_norm), *tables, mask))


def test_a_batch_is_its_rows():
    made, x, places, level = decoder(), some(2, 7, 5), ids(), some(5, 5, seed=3)
    together = made(x, places, None, visual(), [level])
    for row, own in enumerate(level.split([2, 3])):
        alone = made(x[row : row + 1], places[:, row : row + 1], None, visual()[row : row + 1], [own])
        torch.testing.assert_close(together[row], alone[0])


def test_half_precision_and_the_meta_device():
    made, x = decoder().to(torch.bfloat16), some(2, 7, 5).bfloat16()
    assert made(x, ids()).dtype == torch.bfloat16
    meta = decoder().to("meta")
    assert meta(x.double().to("meta"), ids().to("meta")).is_meta


def test_bad_levels():
    made, x, level = decoder(depth=1), some(2, 7, 5), some(5, 5)
    with pytest.raises(ValueError, match="levels must be at most one a layer, with visual given, got 2"):
        made(x, ids(), None, visual(), [level, level])
    with pytest.raises(ValueError, match="levels must be at most one a layer, with visual given, got 1"):
        made(x, ids(), None, None, [level])
    with pytest.raises(ValueError, match="level must have a row for each of the 5 visual tokens, got 4"):
        made(x, ids(), None, visual(), [level[:4]])
