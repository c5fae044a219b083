"""CLIP's towers: the equations as loops, what may see what, gradients, and what is turned down."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import gelu, normalize

from mmnotes.clip import CLIP, ClassReadout, ImageTower, TextTower, end_position, quick_gelu
from mmnotes.layers.attention import causal_mask
from mmnotes.layers.transformer import PreNormBlock
from tests.clip.cases import layer_norm, linear, plus, stirred

START, END = 21, 22


def image_tower(**sizes):
    options = {"size": 15, "patch": 5, "dim": 14, "depth": 2, "heads": 7, "hidden": 19, **sizes}
    return stirred(ImageTower(**options, readout=ClassReadout(dim=options["dim"], features=11)))


def text_tower(**sizes):
    options = {"vocabulary": 23, "length": 13, "dim": 6, "depth": 3, "heads": 2, "hidden": 17, **sizes}
    return stirred(TextTower(**options, features=11))


def pictures(count, size=15):
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def texts(count, tokens=7, ends=5):
    ids = torch.randint(0, START, (count, tokens), generator=torch.Generator().manual_seed(2))
    ids[:, ends] = END
    return ids


def test_shapes():
    clip = CLIP(image=image_tower(), text=text_tower()).double()
    assert clip.image.embed(pictures(3)).shape == clip.image.states(pictures(3)).shape == (3, 10, 14)
    assert clip.image(pictures(3)).shape == (3, 11)
    assert clip.text.states(texts(5)).shape == (5, 7, 6)
    assert clip.text(texts(5)).shape == (5, 11)
    assert clip(pictures(3), texts(5)).shape == (3, 5)
    block = clip.image.blocks[0]
    assert block.attention_weights(clip.image.embed(pictures(3))).shape == (3, 7, 10, 10)


def block_in_loops(rows, block, causal):
    """One layer, token by token and head by head."""
    normed = [layer_norm(x, block.attention_norm) for x in rows]
    query, key, value = (
        [linear(x, layer) for x in normed]
        for layer in (block.attention.query, block.attention.key, block.attention.value)
    )
    width = len(rows[0]) // block.attention.heads
    found = []
    for i, x in enumerate(rows):
        read = []
        for head in range(block.attention.heads):
            part = range(head * width, (head + 1) * width)
            seen = range(i + 1) if causal else range(len(rows))
            scores = [math.exp(sum(query[i][d] * key[j][d] for d in part) / math.sqrt(width)) for j in seen]
            read += [sum(s * value[j][d] for s, j in zip(scores, seen, strict=True)) / sum(scores) for d in part]
        x = plus(x, linear(read, block.attention.output))
        hidden = [a / (1 + math.exp(-1.702 * a)) for a in linear(layer_norm(x, block.mlp_norm), block.up)]
        found.append(plus(x, linear(hidden, block.down)))
    return found


def test_the_image_tower_is_the_loops():
    tower, pixels = image_tower(), pictures(1)
    rows = [tower.class_token.tolist()]
    for top in range(0, 15, 5):
        for left in range(0, 15, 5):
            patch = pixels[0, :, top : top + 5, left : left + 5]
            rows.append([(filters * patch).sum().item() for filters in tower.patch.weight])
    rows = [plus(*each) for each in zip(rows, tower.position.tolist(), strict=True)]
    rows = [layer_norm(row, tower.norm) for row in rows]
    for block in tower.blocks:
        rows = block_in_loops(rows, block, causal=False)
    expected = linear(layer_norm(rows[0], tower.readout.norm), tower.readout.projection)
    torch.testing.assert_close(tower(pixels)[0], torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-12)


def test_the_text_tower_is_the_loops():
    tower, ids = text_tower(), texts(1)
    rows = [(tower.words.weight[word] + tower.position[place]).tolist() for place, word in enumerate(ids[0])]
    for block in tower.blocks:
        rows = block_in_loops(rows, block, causal=True)
    expected = linear(layer_norm(rows[5], tower.norm), tower.projection)
    torch.testing.assert_close(tower(ids)[0], torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-12)


@torch.no_grad()
def test_clip_is_scaled_cosines():
    clip = CLIP(image=image_tower(), text=text_tower()).double()
    image, text, scale = clip.image(pictures(3)), clip.text(texts(5)), math.exp(clip.logit_scale)
    rows = [[scale * float(u @ v) / math.sqrt(float(u @ u) * float(v @ v)) for v in text] for u in image]
    expected = torch.tensor(rows, dtype=torch.float64)
    torch.testing.assert_close(clip(pictures(3), texts(5)), expected, rtol=0, atol=1e-12)


def test_features_longer_by_any_factor_change_no_logit():
    """The cosine forgets lengths; features that are not brought to length one would not."""
    clip = CLIP(image=image_tower(), text=text_tower()).double()
    before = clip(pictures(3), texts(5))
    with torch.no_grad():
        clip.image.readout.projection.weight.mul_(3)
        clip.text.projection.weight.mul_(0.2)
    torch.testing.assert_close(clip(pictures(3), texts(5)), before, rtol=0, atol=1e-12)
    assert before.abs().max() <= clip.logit_scale.exp() * (1 + 1e-12)


def test_the_scale_starts_at_a_temperature_of_seven_hundredths():
    clip = CLIP(image=image_tower(), text=text_tower())
    assert clip.logit_scale.exp().item() == pytest.approx(1 / 0.07) and clip.logit_scale.requires_grad


def test_quick_gelu_is_near_gelu_and_not_gelu():
    x = torch.linspace(-8, 8, 4001, dtype=torch.float64)
    gap = (quick_gelu(x) - gelu(x)).abs()
    assert 0.02 < gap.max() < 0.021 and quick_gelu(x[:1]).abs() < 1e-4
    assert torch.autograd.gradcheck(quick_gelu, x[::400].clone().requires_grad_())


def test_one_patch_fills_the_picture():
    """The other end: a single patch, so the tower sees [CLS] and one linear map of all pixels."""
    tower = image_tower(size=5)
    expected = torch.einsum("dchw,bchw->bd", tower.patch.weight, pictures(2, 5)) + tower.position[1]
    torch.testing.assert_close(tower.embed(pictures(2, 5))[:, 1], tower.norm(expected), rtol=0, atol=1e-12)


def test_without_positions_the_patches_are_a_bag():
    tower, pixels = image_tower(), pictures(2)
    rows = pixels.reshape(2, 3, 3, 5, 15)
    shuffled = rows[:, :, [2, 0, 1]].reshape_as(pixels)
    assert (tower(shuffled) - tower(pixels)).abs().max() > 1e-2
    with torch.no_grad():
        tower.position.zero_()
    torch.testing.assert_close(tower(shuffled), tower(pixels), rtol=0, atol=1e-12)


def test_a_word_changes_no_state_before_it():
    tower, ids = text_tower(), texts(2)
    changed = ids.clone()
    changed[:, 4] = (changed[:, 4] + 1) % START
    before, after = tower.states(ids), tower.states(changed)
    assert torch.equal(before[:, :4], after[:, :4])
    assert (before[:, 4:] - after[:, 4:]).abs().amin(1).max() > 1e-3


def test_what_stands_behind_the_end_is_not_read():
    tower, ids = text_tower(), texts(2)
    changed = ids.clone()
    changed[:, 6] = (changed[:, 6] + 1) % START
    assert torch.equal(tower(changed), tower(ids))
    torch.testing.assert_close(tower(ids[:, :6]), tower(ids), rtol=0, atol=1e-12)


@pytest.mark.parametrize("padding", [0, 7, END])
def test_padding_before_the_start_is_refused(padding):
    """It would move every word to another position, and the feature with it, whatever number pads."""
    tower, text = text_tower(), torch.tensor([[START, 3, 9, END, 0], [START, 5, END, 0, 0]])
    left = torch.cat([torch.full((2, 1), padding), text], dim=1)
    with pytest.raises(ValueError, match=r"token_ids must have the start, 21, as the first token, got it later in \[0"):
        tower(left)
    behind = torch.cat([text, torch.full((2, 1), padding)], dim=1)
    torch.testing.assert_close(tower(behind), tower(text), rtol=0, atol=1e-12)


def test_the_end_is_the_highest_number_and_the_first_of_several():
    ids = torch.tensor([[3, 9, 22, 0, 0], [3, 22, 22, 22, 22], [24, 9, 22, 0, 1]])
    assert end_position(ids).tolist() == [2, 1, 0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 48), min_size=1, max_size=12), st.integers(1, 5))
def test_padding_never_moves_the_end(words, padding):
    ids = torch.tensor([[*words, 49, *[0] * padding], [*words, 49, *[49] * padding]])
    assert end_position(ids).tolist() == [len(words), len(words)]


def test_the_mask_is_a_lower_triangle():
    mask = causal_mask(num_tokens=3, device=torch.device("cpu"))
    assert mask.tolist() == [[[True, False, False], [True, True, False], [True, True, True]]]


def test_attention_weights_are_those_of_the_forward_pass():
    tower, pixels = image_tower(depth=1), pictures(2)
    block, x = tower.blocks[0], tower.embed(pixels)
    weights = block.attention_weights(x)
    value = block.attention.value(block.attention_norm(x)).unflatten(2, (7, 2)).transpose(1, 2)
    y = x + block.attention.output((weights @ value).transpose(1, 2).flatten(2))
    y = y + block.down(quick_gelu(block.up(block.mlp_norm(y))))
    torch.testing.assert_close(tower.states(pixels), y, rtol=0, atol=1e-12)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 7, 10).double(), rtol=0, atol=1e-12)


def test_every_parameter_learns_and_words_that_are_not_read_do_not():
    clip = CLIP(image=image_tower(), text=text_tower()).double()
    ids = texts(5) % 18 + 2
    ids[:, 5], ids[:, 6] = END, 1
    logits = clip(pictures(5), ids)
    (logits.logsumexp(1) - logits.diag()).mean().backward()
    for name, parameter in clip.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    words = clip.text.words.weight.grad
    assert words[0].eq(0).all(), "a word that no text holds"
    assert words[1].eq(0).all(), "a word that stands behind the end"
    assert clip.text.position.grad[6:].eq(0).all()


def test_the_gradient_is_that_of_differences():
    block = stirred(PreNormBlock(dim=4, heads=2, hidden=5, activation=quick_gelu))
    x = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(block, (x, causal_mask(num_tokens=3, device=x.device)))


def test_inputs_are_left_as_they_are():
    clip, pixels, ids = CLIP(image=image_tower(), text=text_tower()).double(), pictures(2), texts(2)
    before = pixels.clone(), ids.clone()
    clip(pixels, ids)
    assert torch.equal(pixels, before[0]) and torch.equal(ids, before[1])


def test_logits_are_made_in_single_precision():
    """The towers may be in half precision, by their weights or by autocast; the cosines are not, nor the scale."""
    clip = CLIP(image=image_tower(), text=text_tower()).float()
    nn.init.constant_(clip.logit_scale, math.log(100))
    pixels, ids = pictures(3).float(), texts(5)
    with torch.autocast("cpu", torch.bfloat16):
        found, image, text = clip(pixels, ids), clip.image(pixels), clip.text(ids)
    assert image.dtype == text.dtype == torch.bfloat16 and found.dtype == torch.float32
    expected = 100 * normalize(image.double(), dim=1) @ normalize(text.double(), dim=1).T
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-3)
    assert clip.bfloat16()(pixels.bfloat16(), ids).dtype == torch.float32


def test_the_scale_joins_the_towers():
    clip = CLIP(image=image_tower(), text=text_tower())
    assert clip.logit_scale.dtype == torch.float64 and clip.logit_scale.exp().item() == pytest.approx(1 / 0.07)
    with torch.device("meta"):
        image, text = image_tower(), text_tower()
    assert CLIP(image=image, text=text).logit_scale.is_meta


def test_half_precision_stays_near():
    clip = CLIP(image=image_tower(), text=text_tower()).double()
    expected = normalize(clip.image(pictures(2)), dim=1)
    found = normalize(clip.bfloat16().image(pictures(2).bfloat16()), dim=1)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=0.1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: image_tower(patch=4), "patch must divide size = 15, got 4"),
        (lambda: image_tower(patch=0), "patch must divide size = 15, got 0"),
        (lambda: image_tower(heads=3), "heads must divide dim = 14, got 3"),
        (lambda: text_tower(heads=4), "heads must divide dim = 6, got 4"),
        (lambda: image_tower()(pictures(1, 20)), "pixels must be 15 by 15, got 20 by 20"),
        (lambda: text_tower()(texts(1, 14)), "token_ids must have at most 13 tokens, got 14"),
        (lambda: text_tower()(torch.tensor([[1, 23]])), "token_ids must be between 0 and 22, got 1 to 23"),
        (lambda: text_tower()(torch.tensor([[-1, 3]])), "token_ids must be between 0 and 22, got -1 to 3"),
        (lambda: text_tower()(texts(0)), r"token_ids must hold at least one text of one token, got the shape \(0, 7\)"),
        (lambda: text_tower()(texts(2)[:, :0]), r"token_ids must hold at least one .* got the shape \(2, 0\)"),
        (lambda: image_tower()(pictures(0)), r"pixels must hold at least one picture, got the shape \(0, 3, 15, 15\)"),
    ],
)
def test_bad_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_readouts_are_interchangeable():
    """The tower hands its tokens to any module."""
    tower = image_tower()
    tower.readout = nn.Flatten(1)
    assert tower(pictures(2)).shape == (2, 140)
