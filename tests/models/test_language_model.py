"""The small language model: causal, in loops, told something by a prompt, and greedy."""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import gelu

from mmnotes.layers.losses import next_token_loss
from mmnotes.layers.transformer import PreNormBlock
from mmnotes.models.language_model import LanguageModel, likeliest_words


def model(seed: int = 0) -> LanguageModel:
    torch.manual_seed(seed)
    made = LanguageModel(dim=10, heads=2, depth=3, hidden=19, words=23, positions=7).double()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.3)
    return made


IDS = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]])
PROMPT = torch.randn(2, 4, 10, generator=torch.Generator().manual_seed(0)).double()


def test_shapes():
    assert model()(IDS).shape == model()(IDS, PROMPT).shape == (2, 5, 23)
    assert model().loss(IDS, torch.ones(2, 5, dtype=torch.bool), PROMPT).shape == ()


def test_agrees_with_the_layers_of_pytorch():
    """Its pre-norm encoder layer with a causal mask is the same function."""
    made = model()
    x = made.words(IDS) + made.positions.weight[:5]
    for block in made.blocks:
        layer = nn.TransformerEncoderLayer(10, 2, 19, 0.0, "gelu", batch_first=True, norm_first=True).double().eval()
        own = block.attention
        with torch.no_grad():
            layer.self_attn.in_proj_weight.copy_(torch.cat([own.query.weight, own.key.weight, own.value.weight]))
            layer.self_attn.in_proj_bias.copy_(torch.cat([own.query.bias, own.key.bias, own.value.bias]))
        pairs = [
            (layer.self_attn.out_proj, own.output),
            (layer.norm1, block.attention_norm),
            (layer.norm2, block.mlp_norm),
        ]
        for theirs, ours in [*pairs, (layer.linear1, block.up), (layer.linear2, block.down)]:
            theirs.load_state_dict(ours.state_dict())
        x = layer(x, nn.Transformer.generate_square_subsequent_mask(5, dtype=torch.float64))
    expected = made.norm(x) @ made.words.weight.T
    torch.testing.assert_close(made(IDS), expected, rtol=0, atol=1e-12)


def test_a_word_changes_nothing_before_it_and_a_prompt_everything():
    changed = IDS.clone()
    changed[:, 3] = 22
    before, after = model()(IDS, PROMPT), model()(changed, PROMPT)
    assert torch.equal(before[:, :3], after[:, :3])
    assert ((before - after)[:, 3:].abs().amax(-1) > 1e-6).all()
    assert ((before - model()(IDS, PROMPT.flip(1))).abs().amax(-1) > 1e-6).all(), "the order of its tokens counts too"


def test_loss_in_loops_over_what_is_kept():
    padding_mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    logits, terms = model()(IDS, PROMPT), []
    for row, words in ((0, 5), (1, 3)):
        terms += [-logits[row, place - 1].log_softmax(0)[IDS[row, place]].item() for place in range(1, words)]
    assert model().loss(IDS, padding_mask, PROMPT).item() == pytest.approx(sum(terms) / len(terms), abs=1e-12)
    padded = IDS.masked_fill(~padding_mask, 0)
    assert torch.equal(model().loss(IDS, padding_mask), model().loss(padded, padding_mask))


@pytest.mark.parametrize(
    ("padding_mask", "message"),
    [
        ([[True] * 5, [False] * 2 + [True] * 3], r"padding_mask must be False only behind the words .* in \[1\]"),
        ([[True] * 5, [True, False, True, True, False]], r"padding_mask must be False only behind the words .* \[1\]"),
        ([[False] * 5, [True] * 5], r"padding_mask must hold a word of every text, got none in \[0\]"),
        ([[True] + [False] * 4] * 2, "padding_mask must hold a second word of at least one text"),
    ],
)
def test_loss_refuses_padding_before_words_and_a_mean_over_nothing(padding_mask, message):
    for prompt in (None, PROMPT):
        with pytest.raises(ValueError, match=message):
            model().loss(IDS, torch.tensor(padding_mask), prompt)


def test_padding_behind_the_words_changes_nothing():
    kept = torch.tensor([[True] * 3 + [False] * 2])
    torch.testing.assert_close(model().loss(IDS[:1], kept), model().loss(IDS[:1, :3], kept[:, :3]), rtol=0, atol=1e-12)


def test_loss_in_half_precision_and_under_autocast_is_computed_in_single():
    logits, kept = 9 * torch.randn(2, 5, 23, generator=torch.Generator().manual_seed(0)), torch.ones(2, 5).bool()
    for dtype in (torch.bfloat16, torch.float16):
        expected = next_token_loss(logits.to(dtype).double(), IDS, kept, smoothing=0.1)
        for autocast in (False, True):
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                found = next_token_loss(logits.to(dtype), IDS, kept, smoothing=0.1)
            assert found.dtype == torch.float32
            torch.testing.assert_close(found.double(), expected, rtol=1e-6, atol=0)


def test_a_frozen_model_still_passes_a_gradient_to_its_prompt():
    frozen, prompt = model().requires_grad_(False), PROMPT.clone().requires_grad_()
    frozen.loss(IDS, torch.ones(2, 5, dtype=torch.bool), prompt).backward()
    assert (prompt.grad.abs().amax(-1) > 0).all()
    assert all(parameter.grad is None for parameter in frozen.parameters())


def test_greedy_takes_the_likeliest_and_stops_at_the_end():
    """A made-up model: after word w comes w + 1, after 5 comes the end, 0."""

    def logits_of(ids):
        return nn.functional.one_hot((ids + 1) % 6, 6).double()

    assert likeliest_words(logits_of, torch.tensor([[2], [1]]), end=0, most=4) == [[3, 4, 5], [2, 3, 4, 5]]
    assert likeliest_words(logits_of, torch.tensor([[9, 1]]), end=0, most=2) == [[2, 3]]


def test_start_is_small_so_that_every_word_is_nearly_as_likely():
    fresh = LanguageModel(dim=16, heads=2, depth=1, hidden=8, words=50, positions=7)
    loss = fresh.loss(IDS, torch.ones(2, 5, dtype=torch.bool))
    assert loss.item() == pytest.approx(math.log(50), abs=0.3)


def test_bad_input():
    with pytest.raises(ValueError, match="ids must have at most 7 tokens, got 8"):
        model()(torch.zeros(1, 8, dtype=torch.long))
    for wrong in (-1, 23):
        with pytest.raises(ValueError, match=f"ids must be between 0 and 22, got {min(wrong, 3)} to {max(wrong, 3)}"):
            model()(torch.tensor([[3, wrong]]))
    with pytest.raises(ValueError, match=r"ids must hold at least one text of one token, got the shape \(2, 0\)"):
        model()(IDS[:, :0], PROMPT)
    with pytest.raises(ValueError, match="heads must divide dim = 10, got 3"):
        PreNormBlock(dim=10, heads=3, hidden=4, activation=gelu)
