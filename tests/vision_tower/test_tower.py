"""The tower and its merger: loops, what attends to what, equality with transformers, and what breaks it."""

import math

import pytest
import torch
from einops import rearrange
from torch.nn.functional import gelu, interpolate, layer_norm, linear

from mmnotes.vision_tower import (
    Grid,
    Merger,
    VisionBlock,
    VisionTower,
    attend_in_runs,
    attended,
    block_order,
    joined,
    patchify,
    rotary_of,
    tower,
)
from tests.vision_tower.cases import GRIDS, SIZES, TOLERANCE, perturbed_, row, towers


def made(*, side=5, depth=3):
    model = VisionTower(side=side, depth=depth, **SIZES)
    perturbed_(model, seed=3)
    return model.requires_grad_(False)


def test_shapes():
    model, given = made(), row()
    assert model(given, GRIDS).shape == (116, 32)
    assert [state.shape for state in model.states(given, GRIDS)] == 3 * [(116, 32)]
    assert Merger(dim=32, merge=2, out=7)(model(given, GRIDS)).shape == (29, 7)
    assert joined(torch.zeros(15, 7), block=5).shape == (3, 35)


def test_block_is_the_loops():
    torch.manual_seed(0)
    block = VisionBlock(dim=16, heads=2, hidden=24).double().requires_grad_(False)
    perturbed_(block, seed=4)
    x, lengths = torch.randn(7, 16, dtype=torch.float64), [4, 3]
    angles = torch.randn(1, 7, 4, dtype=torch.float64)
    own = dict(block.named_parameters())
    normed = layer_norm(x, (16,), own["attention_norm.weight"], own["attention_norm.bias"], 1e-6)
    query, key, value = linear(normed, own["qkv.weight"], own["qkv.bias"]).view(7, 3, 2, 8).unbind(1)
    run_of, read = [0, 0, 0, 0, 1, 1, 1], torch.zeros(7, 2, 8, dtype=torch.float64)

    def turned(vector, patch):
        a, b, angle = vector[:4], vector[4:], angles[0, patch]
        return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()])

    for head in range(2):
        for i in range(7):
            others = [j for j in range(7) if run_of[j] == run_of[i]]
            scores = [math.exp(turned(query[i, head], i) @ turned(key[j, head], j) / math.sqrt(8)) for j in others]
            read[i, head] = sum(score / sum(scores) * value[j, head] for score, j in zip(scores, others, strict=True))
    middle = x + linear(read.flatten(1), own["output.weight"], own["output.bias"])
    normed = layer_norm(middle, (16,), own["mlp_norm.weight"], own["mlp_norm.bias"], 1e-6)
    hidden = gelu(linear(normed, own["up.weight"], own["up.bias"]), approximate="tanh")
    expected = middle + linear(hidden, own["down.weight"], own["down.bias"])
    torch.testing.assert_close(block(x, angles.cos(), angles.sin(), lengths=lengths), expected)


def test_merger_is_the_loops():
    merger = Merger(dim=6, merge=2, out=5).double()
    perturbed_(merger, seed=5)
    x, own = torch.randn(8, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0)), merger.state_dict()
    for token in range(2):
        parts = [layer_norm(x[4 * token + n], (6,), own["norm.weight"], own["norm.bias"], 1e-6) for n in range(4)]
        hidden = gelu(own["up.weight"] @ torch.cat(parts) + own["up.bias"])
        torch.testing.assert_close(merger(x)[token], own["down.weight"] @ hidden + own["down.bias"])


def test_a_token_is_a_square_of_the_picture():
    pixels = torch.arange(64.0).view(1, 1, 8, 8)
    patches, _ = patchify(pixels, patch=2, merge=2)
    corners = joined(patches, block=4).sort(-1).values[:, [0, -1]]
    assert corners.tolist() == [[0, 27], [4, 31], [32, 59], [36, 63]]


def test_a_picture_is_seen_through_the_sum_of_the_two_kernels():
    model, picture = made(), torch.randn(1, 3, 8, 16, generator=torch.Generator().manual_seed(1))
    patches, _ = patchify(picture, patch=4, merge=2)
    first, second = model.patch.weight.view(32, 3, 2, 4, 4).unbind(2)
    convolved = torch.nn.functional.conv2d(picture, first + second, model.patch.bias, stride=4)
    expected = rearrange(convolved, "1 dim (h i) (w j) -> (h w i j) dim", i=2, j=2)
    torch.testing.assert_close(model.patch(patches), expected, atol=1e-5, rtol=1e-5)


def test_a_picture_is_the_same_alone_and_in_a_row():
    model, given = made(), row()
    start = 0
    for grid in GRIDS:
        part = slice(start, start + grid.patches())
        torch.testing.assert_close(model(given, GRIDS)[part], model(given[part], [grid]), atol=1e-4, rtol=1e-5)
        start += grid.patches()


def test_no_pair_of_frames_hears_of_another():
    model, given = made(), row()
    given.requires_grad_()
    model(given, GRIDS)[24:40].sum().backward()  # the first pair of the film
    heard = given.grad.abs().sum(-1) > 0
    assert torch.equal(heard.nonzero()[:, 0], torch.arange(24, 40))


def test_without_the_table_a_tower_knows_differences_of_place_only():
    model, given, grid = made(), row([Grid(1, 4, 6)]), Grid(1, 4, 6)
    model.table.zero_()
    near, far = rotary_of([grid], planes=4, merge=2), rotary_of([Grid(1, 20, 20)], planes=4, merge=2)
    places = block_order(Grid(1, 20, 20), merge=2).tolist()
    moved = [places.index([row + 7, column + 3]) for row, column in block_order(grid, merge=2).tolist()]
    states = [model.embed(given, [grid])] * 2
    for block in model.blocks:
        states = [
            block(states[0], *near, lengths=[24]),
            block(states[1], *(table[:, moved] for table in far), lengths=[24]),
        ]
    torch.testing.assert_close(*states, atol=1e-4, rtol=1e-4)


def test_states_equal_those_of_transformers():
    theirs, model = towers()
    given = row()
    with torch.no_grad():
        out = theirs(given, grid_thw=torch.tensor(GRIDS))
    torch.testing.assert_close(model(given, GRIDS), out.last_hidden_state, atol=TOLERANCE, rtol=TOLERANCE)


def test_merged_tokens_equal_those_of_transformers():
    theirs, model = towers()
    given, merger = row(), Merger(dim=32, merge=2, out=48)
    own = theirs.merger.state_dict()
    merger.load_state_dict(
        {name.replace("linear_fc1", "up").replace("linear_fc2", "down"): value for name, value in own.items()}
    )
    with torch.no_grad():
        expected = theirs(given, grid_thw=torch.tensor(GRIDS)).pooler_output
        torch.testing.assert_close(merger(model(given, GRIDS)), expected, atol=TOLERANCE, rtol=TOLERANCE)


def raster_order(grid, *, merge):
    return torch.cartesian_prod(torch.arange(grid.rows), torch.arange(grid.columns)).repeat(grid.frames, 1)


def raster_rotary(grids, *, planes, merge, device=None):
    places = torch.cat([raster_order(grid, merge=merge) for grid in grids])
    angles = (places[..., None].float() * 1e4 ** (-torch.arange(planes // 2) / (planes // 2))).flatten(1)[None]
    return angles.cos(), angles.sin()


def unaligned_table(table, grid, *, merge):
    size = (grid.rows, grid.columns)
    spread = interpolate(rearrange(table, "h w dim -> 1 dim h w"), size, mode="bilinear", align_corners=False)
    return rearrange(spread, "1 dim (h i) (w j) -> (h w i j) dim", i=merge, j=merge).repeat(grid.frames, 1)


def raster_table(table, grid, *, merge):
    size = (grid.rows, grid.columns)
    spread = interpolate(rearrange(table, "h w dim -> 1 dim h w"), size, mode="bilinear", align_corners=True)
    return rearrange(spread, "1 dim h w -> (h w) dim").repeat(grid.frames, 1)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("rotary_of", raster_rotary), ("resampled_table", raster_table), ("resampled_table", unaligned_table)],
)
def test_a_tower_with_raster_order_or_unaligned_corners_is_another(monkeypatch, name, wrong):
    """The comparison above would notice: far more than its tolerance lies between."""
    _, model = towers()
    given = row()
    expected = model(given, GRIDS)
    monkeypatch.setattr(tower, name, wrong)
    assert (model(given, GRIDS) - expected).abs().max() > 1000 * TOLERANCE


def test_gradients_reach_every_parameter():
    model = VisionTower(side=5, depth=2, **SIZES)
    model(row(), GRIDS).square().sum().backward()
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in model.parameters())


def test_bad_input_is_named():
    model = made()
    with pytest.raises(ValueError, match=r"^row must have the 116 patches of grids, got 115"):
        model(row()[1:], GRIDS)
    with pytest.raises(ValueError, match=r"^heads must divide dim = 32 into multiples of 4, .*, got 3"):
        VisionTower(side=5, depth=1, **{**SIZES, "heads": 3})
    with pytest.raises(ValueError, match=r"^heads must divide dim = 32 into multiples of 4"):
        VisionBlock(dim=32, heads=0, hidden=8)
    query = torch.zeros(1, 2, 6, 4)
    with pytest.raises(ValueError, match=r"^lengths must sum to the 6 patches of query, got 5"):
        attend_in_runs(query, query, query, lengths=[2, 3])
    with pytest.raises(ValueError, match=r"^lengths must sum to the 6 patches"):
        attended(torch.zeros(6, 24), torch.ones(1, 6, 2), torch.zeros(1, 6, 2), heads=2, lengths=[7])
    for block in (0, 4):
        with pytest.raises(ValueError, match=f"^block must divide the 6 patches of x, got {block}"):
            joined(torch.zeros(6, 2), block=block)
    with pytest.raises(ValueError, match=r"^block must divide the 6 patches"):
        Merger(dim=4, merge=2, out=3)(torch.zeros(6, 4))
