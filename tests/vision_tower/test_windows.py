"""Windows: their ids and cost, who hears of whom, the tower against transformers, bad input."""

import itertools

import pytest
import torch
from torch.nn.functional import rms_norm, silu
from transformers.vision_utils import get_vision_cu_seqlens, get_vision_window_index

from mmnotes.vision_tower import (
    Grid,
    WindowBlock,
    WindowTower,
    block_order,
    frame_ids,
    heard_of,
    rotary_of,
    window_ids,
)
from tests.vision_tower.cases import GRIDS, SIZES, TOLERANCE, perturbed_, row, window_towers


def scores(ids):
    return ids.bincount().square().sum().item()


def test_shapes():
    assert window_ids(GRIDS, side=4, merge=2).shape == frame_ids(GRIDS).shape == (116,)
    _, model = window_towers()
    assert model(row(), GRIDS).shape == (29, 24) and model.state(row(), GRIDS).shape == (116, 32)


def test_ids_are_the_rule():
    ids = window_ids(GRIDS, side=4, merge=2).tolist()
    keys = [
        (number, frame, r // 4, c // 4)
        for number, grid in enumerate(GRIDS)
        for frame in range(grid.frames)
        for r, c in block_order(Grid(1, grid.rows, grid.columns), merge=2).tolist()
    ]
    for (a, x), (b, y) in itertools.combinations(zip(ids, keys, strict=True), 2):
        assert (a == b) == (x == y)
    assert sorted(set(ids)) == list(range(max(ids) + 1)), "no number is left out"


@pytest.mark.parametrize("grids", [GRIDS, [Grid(1, 74, 74)], [Grid(2, 16, 24), Grid(1, 2, 18)]])
def test_windows_are_those_of_transformers(grids):
    theirs, ends = get_vision_window_index(torch.tensor(grids), 2, 112, 14)
    ids = window_ids(grids, side=8, merge=2)
    assert torch.equal(ids.argsort(stable=True).view(-1, 4), 4 * theirs[:, None] + torch.arange(4))
    assert ids.bincount().tolist() == ends.diff().tolist()
    assert frame_ids(grids).bincount().tolist() == get_vision_cu_seqlens(torch.tensor(grids)).diff().tolist()


def test_the_cost_that_the_chapter_names():
    grid = [Grid(1, 74, 74)]  # 1036 pixels a side, patches of 14
    full, windowed = scores(frame_ids(grid)), scores(window_ids(grid, side=8, merge=2))
    assert (full, windowed) == (29_986_576, 336_400) and full // windowed == 89
    assert round((28 * windowed + 4 * full) / (32 * full), 4) == 0.1348


def test_a_large_window_is_a_pair_of_frames():
    assert torch.equal(window_ids(GRIDS, side=10, merge=2), frame_ids(GRIDS))


def test_block_is_the_formula():
    block = WindowBlock(dim=16, heads=2, hidden=24).double()
    perturbed_(block, seed=4)
    x, own = torch.randn(4, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0)), block.state_dict()
    cos, sin = (table.double() for table in rotary_of([Grid(1, 2, 2)], planes=4, merge=2))
    alone = block(x, cos, sin, lengths=[1, 1, 1, 1])
    value = (rms_norm(x, (16,), own["attention_norm.weight"], 1e-6) @ own["qkv.weight"].T + own["qkv.bias"])[:, 32:]
    middle = x + value @ own["output.weight"].T + own["output.bias"]  # a patch alone reads its own value
    y = rms_norm(middle, (16,), own["mlp_norm.weight"], 1e-6)
    gate, up = y @ own["gate.weight"].T + own["gate.bias"], y @ own["up.weight"].T + own["up.bias"]
    torch.testing.assert_close(alone, middle + (silu(gate) * up) @ own["down.weight"].T + own["down.bias"])


@pytest.mark.parametrize("whole", [[], [1], [0, 2]])
def test_what_has_been_heard_of_is_where_the_gradient_is_not_zero(whole):
    grids = [Grid(1, 6, 10), Grid(2, 2, 4)]
    model = WindowTower(side=4, depth=3, out=5, whole=whole, **SIZES)
    perturbed_(model, seed=6)
    given = row(grids).requires_grad_()
    windows, frames = window_ids(grids, side=4, merge=2), frame_ids(grids)
    heard = heard_of([frames if block in whole else windows for block in range(3)])
    state = model.state(given, grids)
    for patch in range(0, len(given), 9):
        (slope,) = torch.autograd.grad(state[patch].sum(), given, retain_graph=True)
        assert torch.equal(slope.abs().sum(-1) > 0, heard[patch])


def test_windows_alone_never_leave_the_window():
    ids = window_ids(GRIDS, side=4, merge=2)
    assert torch.equal(heard_of([ids] * 5), ids[:, None] == ids)
    assert torch.equal(heard_of([ids, frame_ids(GRIDS)]), frame_ids(GRIDS)[:, None] == frame_ids(GRIDS))


def test_shifted_windows_would_spread():
    """Were windows of another offset mixed in, patches would hear of more at each block: not what Qwen2.5-VL does."""
    one, other = torch.tensor([0, 0, 1, 1, 2, 2]), torch.tensor([0, 1, 1, 2, 2, 3])
    assert heard_of([one, other])[0].sum() == 2 and heard_of([one, other, one])[0].sum() == 4


def test_tokens_equal_those_of_transformers():
    theirs, model = window_towers()
    given = row()
    with torch.no_grad():
        expected = theirs(given, grid_thw=torch.tensor(GRIDS)).pooler_output
    torch.testing.assert_close(model(given, GRIDS), expected, atol=TOLERANCE, rtol=TOLERANCE)


def test_the_comparison_would_notice_another_side_and_other_whole_blocks():
    _, model = window_towers()
    expected = model(row(), GRIDS)
    for name, wrong in (("side", 2), ("side", 6), ("whole", frozenset([3])), ("whole", frozenset([0, 1, 2, 3]))):
        _, other = window_towers()
        setattr(other, name, wrong)
        assert (other(row(), GRIDS) - expected).abs().max() > 100 * TOLERANCE


def test_gradients_reach_every_parameter():
    model = WindowTower(side=4, depth=2, out=5, whole=[1], **SIZES)
    model(row(), GRIDS).square().sum().backward()
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in model.parameters())


def test_bad_input_is_named():
    _, model = window_towers()
    with pytest.raises(ValueError, match=r"^row must have the 116 patches of grids, got 115"):
        model(row()[1:], GRIDS)
    with pytest.raises(ValueError, match=r"^grids must hold at least one grid, got none"):
        window_ids([], side=8, merge=2)
    for side in (0, 3):
        with pytest.raises(ValueError, match=f"^side must be a multiple of merge = 2, got {side}"):
            window_ids(GRIDS, side=side, merge=2)
    with pytest.raises(ValueError, match=r"^ids must hold those of at least one block, got none"):
        heard_of([])
    with pytest.raises(ValueError, match=r"^heads must divide dim = 32 into multiples of 4"):
        WindowBlock(dim=32, heads=3, hidden=8)
