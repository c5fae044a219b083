"""Positions as rotations: loops, the theorem's two directions, the reference's tables, invariance, bad inputs."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from torch.autograd import gradcheck
from transformers.models.qwen3_vl.configuration_qwen3_vl import Qwen3VLTextConfig, Qwen3VLVisionConfig
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLTextRotaryEmbedding, Qwen3VLVisionRotaryEmbedding

from mmnotes.layers.rotation import frequency_ladder, rotate_adjacent, rotate_halves
from mmnotes.rope import angles, character, frequency_vectors, gauge, position_kernel, spiral_vectors

# The same examples in every run, on any machine; how long one takes is no property.
repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=40)
ROTATIONS = {"halves": rotate_halves, "adjacent": rotate_adjacent}
every_rotation = pytest.mark.parametrize("rotate", ROTATIONS.values(), ids=ROTATIONS)


def vectors(planes, axes, seed=0):
    return torch.randn(planes, axes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def turned(rotate, x, positions, frequencies):
    """x (tokens, dim) at positions (tokens, axes)."""
    found = angles(positions, frequencies)[None]
    return rotate(x[None, None], found.cos(), found.sin())[0, 0]


def test_shapes():
    frequencies = frequency_vectors(frequency_ladder(planes=5, base=100.0), torch.randn(3, 2))
    assert frequencies.shape == (15, 2)
    assert spiral_vectors(planes=7, base=10.0).shape == (7, 2)
    offsets = torch.randn(7, 11, 2)
    assert angles(offsets, frequencies).shape == (7, 11, 15)
    assert character(offsets, frequencies).shape == position_kernel(offsets, frequencies).shape == (7, 11)
    assert gauge(frequencies, frequencies).shape == (30, 30)


def test_angles_kernel_and_character_are_the_loops():
    frequencies, offsets = vectors(5, 3), vectors(7, 3, seed=1)
    for offset in offsets:
        by_hand = [sum(float(w) * float(p) for w, p in zip(plane, offset, strict=True)) for plane in frequencies]
        total = sum(math.cos(angle) for angle in by_hand)
        torch.testing.assert_close(angles(offset, frequencies), torch.tensor(by_hand, dtype=torch.float64))
        assert character(offset, frequencies).item() == pytest.approx(2 * total)
        assert position_kernel(offset, frequencies).item() == pytest.approx(total / 5)


def test_frequency_vectors_go_direction_by_direction():
    ladder, directions = torch.tensor([1.0, 0.1]), torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    expected = torch.tensor([[1.0, 0.0], [0.1, 0.0], [0.6, 0.8], [0.06, 0.08]])
    torch.testing.assert_close(frequency_vectors(ladder, directions), expected)


def test_the_spiral_has_every_rung_once_and_no_two_directions():
    vectors = spiral_vectors(planes=64, base=100.0, dtype=torch.float64)
    ladder = frequency_ladder(planes=64, base=100.0, dtype=torch.float64)
    torch.testing.assert_close(vectors.norm(dim=1), ladder)
    lines = torch.atan2(vectors[:, 1], vectors[:, 0]) % math.pi
    for j in range(64):
        expected = j * math.pi * (5**0.5 - 1) / 2 % math.pi
        assert lines[j].item() == pytest.approx(expected, abs=1e-9)
    gaps = torch.cat([lines.sort().values, lines.min()[None] + math.pi]).diff()
    assert gaps.max() / gaps.min() < 2.7  # the golden angle leaves at most three sizes of gap, none much larger


def test_scaling_both_sides_apart_is_relative_and_decays_one_way():
    """Queries by z^-p and keys by z^p' (xPos): relative like rotations, and of different size at each distance."""
    frequencies, x = vectors(7, 1), vectors(2, 14, seed=2)
    z = torch.tensor(0.9, dtype=torch.float64)
    scores: dict[int, list[float]] = {}
    for distance in (-50, 0, 10, 50):
        for p in (0.0, 7.0, 100.0):
            places = torch.tensor([[p], [p + distance]], dtype=torch.float64)
            sizes = torch.stack([z ** -places[0], z ** places[1]])
            q, k = sizes * turned(rotate_halves, x, places, frequencies)
            plain = turned(rotate_halves, x, places, frequencies)
            scores.setdefault(distance, []).append((q @ k).item())
            assert (q @ k).item() == pytest.approx((plain[0] @ plain[1]).item() * 0.9**distance, rel=1e-9)
        assert max(scores[distance]) - min(scores[distance]) < 1e-8 * max(map(abs, scores[distance]))


def test_whole_numbers_are_positions_too():
    frequencies = vectors(5, 2)
    whole = torch.tensor([[3, -7], [0, 11]])
    assert torch.equal(angles(whole, frequencies), angles(whole.double(), frequencies))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_does_not_round_positions(dtype):
    """bfloat16 has no 257 and no 301, and float16 ends at 65504."""
    places = torch.tensor([[256], [257], [300], [301], [70_000]])
    ones = torch.ones(1, 1, dtype=dtype)
    found = angles(places, ones)
    assert found.dtype == torch.float32 and torch.equal(found, places.float())
    assert torch.equal(position_kernel(places, ones), places.float().cos()[:, 0])
    assert torch.equal(character(places, ones), 2 * places.float().cos()[:, 0])


def test_autocast_does_not_round_positions():
    places, frequencies = torch.tensor([[256, 1], [257, 0], [301, 7]]), vectors(5, 2).float()
    expected = angles(places, frequencies)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(angles(places, frequencies), expected)
        assert torch.equal(character(places, frequencies), 2 * expected.cos().sum(-1))


def test_everything_is_made_on_the_device_of_the_frequencies():
    """The meta device stands for any that is not the CPU: what is made on the CPU does not mix with it."""
    frequencies, places = torch.empty(5, 2, device="meta"), torch.empty(3, 2, device="meta")
    assert gauge(frequencies, frequencies).is_meta and spiral_vectors(planes=4, base=10.0, device="meta").is_meta
    assert angles(places, frequencies).is_meta and character(places, frequencies).is_meta
    assert frequency_vectors(frequency_ladder(planes=4, base=10.0, device="meta"), places).is_meta


@every_rotation
@repeatable
@given(seed=st.integers(0, 99), axes=st.integers(1, 3), shift=st.lists(st.floats(-50, 50), min_size=3, max_size=3))
def test_scores_depend_on_differences_only(rotate, seed, axes, shift):
    frequencies, positions, x = vectors(7, axes, seed), 9 * vectors(5, axes, seed + 1), vectors(5, 14, seed + 2)
    here, there = (
        turned(rotate, x, positions + moved, frequencies)
        for moved in (torch.zeros(axes), torch.tensor(shift[:axes], dtype=torch.float64))
    )
    torch.testing.assert_close(here @ here.T, there @ there.T, rtol=0, atol=1e-9)


@every_rotation
def test_character_is_the_trace_and_kernel_the_score_of_equals(rotate):
    frequencies, offset = vectors(7, 3), vectors(1, 3, seed=1)
    matrix = turned(rotate, torch.eye(14).double(), offset.expand(14, 3), frequencies)
    assert character(offset[0], frequencies).item() == pytest.approx(matrix.trace().item(), abs=1e-12)
    ones = torch.ones(1, 14).double()
    score = (ones @ turned(rotate, ones, offset, frequencies).T).item() / 14
    assert position_kernel(offset[0], frequencies).item() == pytest.approx(score, abs=1e-12)


def test_kernel_is_even_and_largest_at_zero():
    frequencies, offsets = vectors(7, 2), vectors(50, 2, seed=1)
    values = position_kernel(offsets, frequencies)
    torch.testing.assert_close(values, position_kernel(-offsets, frequencies))
    assert position_kernel(0 * offsets, frequencies).eq(1).all() and values.max() < 1


def test_gauge_carries_one_encoding_into_the_other():
    frequencies, offset, x = vectors(7, 2), vectors(1, 2, seed=1), vectors(1, 14, seed=2)
    order = torch.tensor([3, 0, 6, 2, 5, 1, 4])
    signs = torch.tensor([1, -1, 1, 1, -1, -1, 1]).double()[:, None]
    other = signs * frequencies[order]
    g = gauge(frequencies, other)
    torch.testing.assert_close(g @ g.T, torch.eye(14).double())
    theirs = turned(rotate_halves, x @ g.T, offset, other)
    torch.testing.assert_close(theirs, turned(rotate_halves, x, offset, frequencies) @ g.T, rtol=0, atol=1e-12)


def test_gauge_pairs_equal_planes_one_to_one():
    twice = torch.tensor([[1.0], [1.0], [0.5]])
    assert torch.equal(gauge(twice, twice.flip(0)).abs().sum(0), torch.ones(6))
    with pytest.raises(ValueError, match="plane 1 is alone"):
        gauge(twice, torch.tensor([[0.5], [0.5], [1.0]]))


def test_gauge_pairs_the_first_of_equals_with_the_first():
    twice = torch.tensor([[1.0, 0], [0.5, 2], [-1, 0], [1, 0]])
    other = torch.tensor([[-1.0, 0], [1, 0], [-0.5, -2], [1, 0]])
    expected = torch.zeros(4, 4)
    expected[[0, 1, 2, 3], [0, 2, 1, 3]] = 1
    signs = torch.tensor([-1.0, -1, -1, 1])[:, None]
    assert torch.equal(gauge(twice, other), torch.block_diag(expected, signs * expected))


def test_no_shift_leads_from_one_content_to_another():
    """Contents and positions together are no homogeneous space: the length in each plane belongs to the content."""
    frequencies, shifts, x = vectors(7, 2), vectors(11, 2, seed=1), vectors(1, 14, seed=2)
    orbit = turned(rotate_halves, x.expand(11, 14), shifts, frequencies)
    lengths = orbit.unflatten(1, (2, 7)).norm(dim=1)
    torch.testing.assert_close(lengths, x.unflatten(1, (2, 7)).norm(dim=1).expand(11, 7))
    assert (orbit - x).norm(dim=1).min() > 0.1


def test_an_abelian_group_of_rotations_outside_every_torus():
    """The counterexample: half turns about three axes commute, and no rotations of one angle each contain them all."""
    turns = [torch.diag(torch.tensor(d)).double() for d in ([1.0, -1, -1], [-1.0, 1, -1], [-1.0, -1, 1])]
    for a in turns:
        assert torch.linalg.det(a) == 1
        for b in turns:
            assert torch.equal(a @ b, b @ a)
    # A torus in SO(3) has one axis, which all its members keep; nothing but zero is kept by all three.
    kept = torch.cat([a - torch.eye(3).double() for a in turns])
    assert torch.linalg.matrix_rank(kept) == 3
    # Quarter turns, their square roots, do not commute.
    x, z = torch.tensor([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    assert torch.equal((x @ x).double(), turns[0]) and torch.equal((z @ z).double(), turns[2])
    assert not torch.equal(x @ z, z @ x)


def test_whole_steps_admit_a_sign_that_no_continuous_turn_gives():
    """(-1)^n is a character of the integers; one dimension has no rotation that it could be a step of."""
    steps = torch.tensor([[1.0, 0.0], [0.0, -1.0]]).double()  # determinant -1: in no path of rotations from 1
    powers = [torch.linalg.matrix_power(steps, n) for n in range(5)]
    for m in range(3):
        for n in range(3):
            assert torch.equal(powers[m] @ powers[n], powers[m + n])
    assert torch.linalg.det(steps) == -1


def test_gradients_reach_positions_and_frequencies():
    inputs = (vectors(5, 2, seed=1).requires_grad_(), vectors(3, 2).requires_grad_())
    for function in (angles, character, position_kernel):
        assert gradcheck(function, inputs)


@pytest.mark.parametrize(("dim", "base"), [(128, 5e6), (64, 1e4), (6, 500.0)])
def test_angles_of_one_axis_are_transformers(dim, base):
    parameters = {"rope_type": "default", "rope_theta": base, "mrope_section": [dim // 2, 0, 0]}
    config = Qwen3VLTextConfig(head_dim=dim, hidden_size=dim, num_attention_heads=1, rope_parameters=parameters)
    places = torch.arange(0, 3000, 7)
    cos, sin = Qwen3VLTextRotaryEmbedding(config)(torch.zeros(1), places.expand(3, 1, -1))
    ours = angles(places[:, None], frequency_ladder(planes=dim // 2, base=base)[:, None])
    assert torch.equal(ours.cos(), cos[0, :, : dim // 2]) and torch.equal(ours.sin(), sin[0, :, : dim // 2])


@pytest.mark.parametrize("dim", [72, 16])
def test_axial_vectors_are_the_vision_tower_of_transformers(dim):
    config = Qwen3VLVisionConfig(hidden_size=2 * dim, num_heads=2)
    tower = Qwen3VLVisionRotaryEmbedding(config)
    places = torch.cartesian_prod(torch.arange(6), torch.arange(4))
    cos, sin = tower(torch.zeros(1), places)
    ladder = frequency_ladder(planes=dim // 4, base=config.rope_parameters["rope_theta"])
    ours = angles(places, frequency_vectors(ladder, torch.eye(2)))
    assert torch.equal(ours.cos(), cos[..., : dim // 2].view_as(ours))
    assert torch.equal(ours.sin(), sin[..., : dim // 2].view_as(ours))


def test_wrong_shapes_name_the_argument():
    frequencies = vectors(5, 2)
    for function in (angles, character, position_kernel):
        with pytest.raises(TypeCheckError, match="'frequencies'"):
            function(torch.zeros(7, 3), frequencies)
    with pytest.raises(TypeCheckError, match="'directions'"):
        frequency_vectors(torch.ones(4), torch.ones(3))
    with pytest.raises(TypeCheckError, match="'other'"):
        gauge(frequencies, vectors(5, 3))
