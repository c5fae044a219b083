"""Level mergers, the tower with levels, and where a level is added."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import gelu
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLTextModel

from mmnotes.deepstack import LevelledTower, LevelMerger, with_level
from mmnotes.layers.attention import causal_mask
from mmnotes.layers.transformer import PreNormBlock
from mmnotes.vision_tower import Grid, Merger, VisionTower
from tests.deepstack.cases import GRIDS, ours, perturbed_, reference, row

TOLERANCE = 5e-5


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def level_merger(*, dim: int = 5, out: int = 7) -> LevelMerger:
    merger = LevelMerger(dim=dim, merge=2, out=out).double()
    perturbed_(merger, seed=3)
    return merger.requires_grad_(False)


def tower(*, levels: list[int], depth: int = 3) -> LevelledTower:
    vision = VisionTower(channels=1, patch=1, merge=2, side=3, dim=8, depth=depth, heads=2, hidden=11)
    model = LevelledTower(tower=vision, dim=8, merge=2, out=7, levels=levels)
    perturbed_(model, seed=5)
    return model.requires_grad_(False)


# Shapes, with unlike primes.


def test_a_level_has_a_row_for_each_token_and_so_has_the_end():
    tokens, levels = tower(levels=[0, 2])(torch.randn(52, 2, generator=random()), [Grid(1, 2, 6), Grid(5, 2, 4)])
    assert tokens.shape == (13, 7) and [level.shape for level in levels] == [(13, 7)] * 2


def test_without_levels_it_is_a_tower_and_its_merger():
    model, x, grids = tower(levels=[]), torch.randn(12, 2, generator=random()), [Grid(1, 2, 6)]
    tokens, levels = model(x, grids)
    assert levels == [] and not len(model.level_mergers)
    assert torch.equal(tokens, model.merger(model.tower(x, grids)))


# The equations again, as loops.


def test_the_merger_of_a_level_is_its_equation_block_by_block():
    merger, x = level_merger(), torch.randn(12, 5, generator=random()).double()
    for token, found in enumerate(merger(x)):
        block = torch.tensor([value for patch in x[4 * token : 4 * token + 4] for value in patch.tolist()]).double()
        normed = (block - block.mean()) / (block.var(unbiased=False) + 1e-6).sqrt()
        hidden = merger.up.weight @ (normed * merger.norm.weight + merger.norm.bias) + merger.up.bias
        expected = merger.down.weight @ gelu(hidden) + merger.down.bias
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_a_level_is_what_its_own_merger_makes_of_the_states_after_its_block():
    model, x, grids = tower(levels=[0, 2]), torch.randn(12, 2, generator=random()), [Grid(1, 2, 6)]
    states = model.tower.states(x, grids)
    tokens, levels = model(x, grids)
    assert torch.equal(tokens, model.merger(states[-1]))
    for merger, block, level in zip(model.level_mergers, (0, 2), levels, strict=True):
        assert torch.equal(level, merger(states[block]))


def test_a_level_is_added_token_by_token():
    x = torch.randn(2, 5, 3, generator=random()).double()
    visual = torch.tensor([[False, True, True, False, True], [True, True, False, False, False]])
    level = torch.randn(5, 3, generator=random(1)).double()
    expected, given_out = x.clone(), 0
    for sample in range(2):
        for token in range(5):
            if visual[sample, token]:
                expected[sample, token] += level[given_out]
                given_out += 1
    assert torch.equal(with_level(x, visual, level), expected)


# Limits and identities: what a merger cannot tell.


@given(st.lists(st.floats(0.5, 4), min_size=8, max_size=8), st.lists(st.floats(-2, 2), min_size=8, max_size=8))
def test_the_last_merger_is_blind_to_the_size_and_the_mean_of_every_patch(sizes, means):
    last = Merger(dim=5, merge=2, out=7).double()
    perturbed_(last, seed=3)
    x = torch.randn(8, 5, generator=random()).double()
    other = torch.tensor(sizes).double()[:, None] * x + torch.tensor(means).double()[:, None]
    torch.testing.assert_close(last(other), last(x), rtol=1e-4, atol=1e-4)


@given(st.floats(0.5, 4), st.floats(-2, 2))
def test_a_level_merger_is_blind_to_the_size_and_the_mean_of_a_block_alone(size, mean):
    merger, x = level_merger(), torch.randn(8, 5, generator=random()).double()
    torch.testing.assert_close(merger(size * x + mean), merger(x), rtol=1e-4, atol=1e-4)
    contrast = torch.tensor([3, 1, 1, 1, 1, 1, 1, 1]).double()[:, None]
    changed = (merger(contrast * x) - merger(x)).abs().amax(1)
    assert changed[0] > 0.05 and changed[1] == 0, "and sees one patch grow beside the others, in its block"


def test_equal_weights_of_both_mergers_differ_by_the_place_of_the_norm():
    last, merger = Merger(dim=5, merge=2, out=7), LevelMerger(dim=5, merge=2, out=7)
    merger.up.load_state_dict(last.up.state_dict())
    merger.down.load_state_dict(last.down.state_dict())
    patch = torch.randn(5, generator=random())
    same = patch.expand(4, 5)
    torch.testing.assert_close(merger(same), last(same), rtol=1e-5, atol=1e-5)  # four equal patches: one mean, one size
    unlike = same * torch.tensor([1.0, 2.0, 3.0, 4.0])[:, None]
    assert (merger(unlike) - last(unlike)).abs().max() > 0.05


# What a level reaches, and what it must not.


def language(depth: int = 4) -> nn.ModuleList:
    blocks = nn.ModuleList(PreNormBlock(dim=8, heads=2, hidden=11, activation=gelu) for _ in range(depth))
    perturbed_(blocks, seed=9)
    return blocks.double().requires_grad_(False)


def states(blocks: nn.ModuleList, x: Tensor, visual: Tensor, levels: list[Tensor]) -> list[Tensor]:
    mask, found = causal_mask(num_tokens=x.shape[1], device=x.device), [x]
    for layer, block in enumerate(blocks):
        x = block(x, mask)
        x = with_level(x, visual, levels[layer]) if layer < len(levels) else x
        found.append(x)
    return found


def conversation() -> tuple[Tensor, Tensor, list[Tensor]]:
    """Five words, three visual tokens, four words: states, which are visual, three levels."""
    visual = torch.zeros(1, 12, dtype=torch.bool)
    visual[0, 5:8] = True
    levels = torch.randn(3, 3, 8, generator=random(2)).double()
    return torch.randn(1, 12, 8, generator=random()).double(), visual, list(levels)


def test_before_the_picture_nothing_arrives_and_behind_it_one_layer_late():
    x, visual, levels = conversation()
    blocks = language()
    pairs = zip(states(blocks, x, visual, levels), states(blocks, x, visual, []), strict=True)
    moved = torch.stack([(one - other).abs().amax(-1)[0] for one, other in pairs])
    assert (moved[:, :5] == 0).all(), "exactly: a causal row never reads what comes after it"
    assert (moved[0] == 0).all() and (moved[1, 8:] == 0).all(), "words read the first level in the layer after"
    assert (moved[1:, 5:8] > 0.1).all() and (moved[2:, 8:] > 1e-3).all()


def test_the_first_difference_is_the_first_level():
    x, visual, levels = conversation()
    blocks = language()
    one, other = states(blocks, x, visual, levels)[1], states(blocks, x, visual, [])[1]
    torch.testing.assert_close((one - other)[visual], levels[0], rtol=1e-12, atol=1e-12)


def test_added_at_all_positions_words_before_the_picture_hear_of_it():
    """The mutation: what the test above would say of a level that is added everywhere."""
    x, visual, levels = conversation()
    blocks, everywhere = language(), torch.ones_like(visual)
    spread = [level.mean(0).expand(12, 8) for level in levels]
    moved = states(blocks, x, everywhere, spread)[1] - states(blocks, x, visual, [])[1]
    assert (moved.abs().amax(-1)[0, :5] > 0.1).all()


def test_levels_have_gradients_and_words_pass_theirs_on_unchanged():
    x, visual, levels = conversation()
    x, level = x.requires_grad_(), levels[0].requires_grad_()
    weight = torch.randn(1, 12, 8, generator=random(4)).double()
    by_x, by_level = torch.autograd.grad((weight * with_level(x, visual, level)).sum(), [x, level])
    assert torch.equal(by_x, weight) and torch.equal(by_level, weight[visual])


def test_a_tower_learns_from_its_levels_only_below_them():
    model, x = tower(levels=[0]).requires_grad_(), torch.randn(12, 2, generator=random())
    _, (level,) = model(x, [Grid(1, 2, 6)])
    level.square().sum().backward()
    got = {name for name, value in model.named_parameters() if value.grad is not None and value.grad.abs().max() > 0}
    assert {name.split(".")[0] for name in got} == {"tower", "level_mergers"}
    assert not any(name.startswith(("tower.blocks.1", "tower.blocks.2")) for name in got)


# Agreement with transformers.


@pytest.mark.parametrize("levels", [[1, 2, 3], [0, 4], []])
def test_tokens_and_levels_equal_those_of_transformers(levels):
    theirs = reference(levels=levels)
    model = ours(theirs.state_dict(), levels=levels)
    with torch.no_grad():
        expected = theirs(row(), grid_thw=torch.tensor(GRIDS))
    tokens, found = model(row(), GRIDS)
    torch.testing.assert_close(tokens, expected.pooler_output, rtol=TOLERANCE, atol=TOLERANCE)
    assert len(found) == len(expected.deepstack_features) == len(levels)
    for level, other in zip(found, expected.deepstack_features, strict=True):
        torch.testing.assert_close(level, other, rtol=TOLERANCE, atol=TOLERANCE)


def test_the_merger_of_a_level_equals_that_of_transformers_alone():
    theirs = reference(levels=[1, 2, 3])
    model, x = ours(theirs.state_dict(), levels=[1, 2, 3]), torch.randn(20, 32, generator=random())
    for ours_, other in zip(model.level_mergers, theirs.deepstack_merger_list, strict=True):
        with torch.no_grad():
            torch.testing.assert_close(ours_(x), other(x), rtol=TOLERANCE, atol=TOLERANCE)


def test_adding_equals_the_step_of_transformers():
    x, visual = torch.randn(2, 5, 3, generator=random()), torch.rand(2, 5, generator=random()) < 0.5
    level = torch.randn(int(visual.sum()), 3, generator=random(1))
    expected = Qwen3VLTextModel._deepstack_process(None, x, visual, level)
    assert torch.equal(with_level(x, visual, level), expected)


def test_parameters_at_the_size_of_the_largest_model():
    """Three mergers of 40,126,464 weights: a fifth of everything between pixels and language model."""
    with torch.device("meta"):
        vision = VisionTower(channels=3, patch=16, merge=2, side=48, dim=1152, depth=27, heads=16, hidden=4304)
        model = LevelledTower(tower=vision, dim=1152, merge=2, out=4096, levels=[8, 16, 24])
    counts = [sum(each.numel() for each in part.parameters()) for part in (model, model.level_mergers, model.merger)]
    assert counts == [576_388_336, 120_377_856, 40_119_040]


# Bad inputs, one for each argument.


@pytest.mark.parametrize("rows", [2, 4])
def test_a_level_of_another_size_is_refused(rows):
    x, visual, _ = conversation()
    with pytest.raises(ValueError, match=f"level must have a row for each of the 3 visual tokens, got {rows}"):
        with_level(x, visual, torch.zeros(rows, 8).double())


@pytest.mark.parametrize("levels", [[2, 1], [1, 1], [-1, 0], [0, 3]])
def test_levels_that_do_not_rise_within_the_blocks_are_refused(levels):
    with pytest.raises(ValueError, match="levels must rise from 0 to below the 3 blocks"):
        tower(levels=levels)


def test_a_row_that_is_no_multiple_of_a_block_is_refused():
    with pytest.raises(ValueError, match="block must divide the 6 patches"):
        level_merger()(torch.zeros(6, 5).double())


# Properties.


@given(st.lists(st.booleans(), min_size=6, max_size=6))
def test_any_mask_adds_in_reading_order_and_leaves_words_alone(given_visual):
    visual = torch.tensor(given_visual).view(2, 3)
    x = torch.randn(2, 3, 4, generator=random())
    level = torch.randn(int(visual.sum()), 4, generator=random(1))
    found = with_level(x, visual, level)
    assert torch.equal(found[~visual], x[~visual]) and torch.equal(found[visual], x[visual] + level)
    half = with_level(x.half(), visual, level)
    assert half.dtype == torch.float16, "the states decide on the precision"
