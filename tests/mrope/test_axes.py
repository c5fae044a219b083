"""Three axes on one ladder: the maps, the reference's tables, what is equivalent and what is not, bad inputs."""

import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from transformers.models.qwen2_5_vl.configuration_qwen2_5_vl import Qwen2_5_VLTextConfig
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VLRotaryEmbedding
from transformers.models.qwen3_vl.configuration_qwen3_vl import Qwen3VLTextConfig
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLTextRotaryEmbedding

from mmnotes.layers.rotation import rotate_halves
from mmnotes.mrope import axis_frequencies, interleaved, rotary, sectioned
from mmnotes.rope import angles, character, gauge, position_kernel

# The same examples in every run, on any machine; how long one takes is no property.
repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=40)
LAYOUTS = {"sectioned": sectioned, "interleaved": interleaved}
every_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
REFERENCES = {
    sectioned: (Qwen2_5_VLTextConfig, Qwen2_5_VLRotaryEmbedding),
    interleaved: (Qwen3VLTextConfig, Qwen3VLTextRotaryEmbedding),
}


def letters(axes):
    return "".join("THW"[axis] for axis in axes)


def some_ids(batch=2, tokens=11, most=5000):
    return torch.randint(0, most, (3, batch, tokens), generator=torch.Generator().manual_seed(0))


@every_layout
def test_shapes(layout):
    axes = layout([3, 2, 2])
    assert axes.shape == (7,) and axis_frequencies(axes, base=1e4).shape == (7, 3)
    cos, sin = rotary(some_ids(2, 5), axes, base=1e4)
    assert cos.shape == sin.shape == (2, 5, 7)


def test_the_maps_written_out():
    assert letters(sectioned([16, 24, 24])) == 16 * "T" + 24 * "H" + 24 * "W"
    assert letters(interleaved([24, 20, 20])) == 20 * "THW" + "TTTT"
    assert letters(interleaved([4, 2, 2])) == "THWTHWTT"
    assert letters(interleaved([2, 2, 1])) == "THWTH"
    assert letters(interleaved([3, 1, 2])) == "THWTTW"
    assert letters(sectioned([0, 2, 1])) == "HHW"


@every_layout
def test_every_axis_gets_its_number(layout):
    for sections in ([24, 20, 20], [22, 21, 21], [16, 8, 8], [1, 1, 1], [5, 0, 0]):
        assert layout(sections).bincount(minlength=3).tolist() == sections


@every_layout
def test_tables_are_the_loops(layout):
    ids, axes = some_ids(2, 3, most=50), layout([3, 2, 2])
    cos, sin = rotary(ids, axes, base=1e4)
    for b in range(2):
        for t in range(3):
            for j in range(7):
                angle = int(ids[axes[j], b, t]) * 1e4 ** (-j / 7)
                assert cos[b, t, j].item() == pytest.approx(math.cos(angle), abs=1e-5)
                assert sin[b, t, j].item() == pytest.approx(math.sin(angle), abs=1e-5)


@every_layout
@pytest.mark.parametrize("base", [1e4, 1e6, 5e6])
@pytest.mark.parametrize("sections", [(24, 20, 20), (16, 8, 8), (4, 2, 2), (22, 21, 21)])
def test_tables_are_transformers_to_the_last_bit(layout, sections, base):
    config_class, rotary_class = REFERENCES[layout]
    parameters = {"rope_type": "default", "rope_theta": base, "mrope_section": list(sections)}
    dim = 2 * sum(sections)
    config = config_class(hidden_size=dim, num_attention_heads=1, rope_parameters=parameters)
    config.head_dim = dim
    ids = some_ids(tokens=301)
    theirs = rotary_class(config)(torch.zeros(1), ids.clone())
    for ours, expected in zip(rotary(ids, layout(sections), base=base), theirs, strict=True):
        assert torch.equal(torch.cat([ours, ours], -1), expected)


def test_tables_of_the_released_sections_are_transformers():
    for layout, sections, base in ((sectioned, [16, 24, 24], 1e6), (interleaved, [24, 20, 20], 5e6)):
        parameters = {"rope_type": "default", "rope_theta": base, "mrope_section": sections}
        config_class, rotary_class = REFERENCES[layout]
        config = config_class(hidden_size=128, num_attention_heads=1, rope_parameters=parameters)
        ids = some_ids(tokens=501, most=200_000)
        ours, theirs = rotary(ids, layout(sections), base=base), rotary_class(config)(torch.zeros(1), ids.clone())
        assert all(torch.equal(torch.cat([a, a], -1), b) for a, b in zip(ours, theirs, strict=True))


def test_everything_is_made_on_the_device_of_the_axes():
    """The meta device stands for any that is not the CPU: what is made on the CPU does not mix with it."""
    axes, ids = torch.zeros(7, dtype=torch.long, device="meta"), some_ids().to("meta")
    assert axis_frequencies(axes, base=1e4).is_meta
    assert all(table.is_meta for table in rotary(ids, axes, base=1e4))


def test_autocast_and_half_precision_do_not_round_ids():
    ids, axes = some_ids(tokens=31, most=70_000), interleaved([3, 2, 2])
    expected = rotary(ids, axes, base=1e4)
    with torch.autocast("cpu", torch.bfloat16):
        found = rotary(ids, axes, base=1e4)
    assert all(torch.equal(*tables) for tables in zip(found, expected, strict=True))
    rounded = axis_frequencies(axes, base=1e4, dtype=torch.bfloat16)
    assert rounded.dtype == torch.bfloat16
    assert torch.equal(rounded, axis_frequencies(axes, base=1e4, dtype=torch.float32).bfloat16())


@every_layout
def test_text_is_one_dimensional_rope(layout):
    """Three equal ids leave nothing of the map: every layout gives the same tables."""
    ids = torch.arange(97).expand(3, 1, -1)
    found, expected = (rotary(ids, axes, base=5e6) for axes in (layout([24, 20, 20]), torch.zeros(64).long()))
    assert all(torch.equal(*tables) for tables in zip(found, expected, strict=True))


@every_layout
def test_scores_depend_on_differences_only(layout):
    axes, generator = layout([24, 20, 20]), torch.Generator().manual_seed(0)
    x = torch.randn(1, 1, 11, 128, generator=generator, dtype=torch.float64)
    ids, scores = some_ids(1, most=60), []
    for shift in ((0, 0, 0), (50, 3, 7), (0, 1000, 0)):
        turned = rotate_halves(x, *rotary(ids + torch.tensor(shift)[:, None, None], axes, base=5e6))
        scores.append(turned @ turned.mT)
    torch.testing.assert_close(scores[0], scores[1], rtol=0, atol=1e-3)
    torch.testing.assert_close(scores[0], scores[2], rtol=0, atol=1e-2)
    assert (scores[0] - x @ x.mT).abs().max() > 1


@repeatable
@given(
    layout=st.sampled_from([sectioned, interleaved]),
    sections=st.sampled_from([(24, 20, 20), (4, 2, 2), (3, 1, 2), (5, 5, 4)]),
    base=st.floats(2, 1e7),
    shift=st.lists(st.integers(-2000, 2000), min_size=3, max_size=3),
)
def test_a_common_shift_changes_no_score(layout, sections, base, shift):
    vectors, generator = axis_frequencies(layout(sections), base=base), torch.Generator().manual_seed(0)
    x = torch.randn(1, 1, 5, 2 * sum(sections), generator=generator, dtype=torch.float64)
    ids, scores = some_ids(1, 5, most=60)[:, 0].T, []
    for moved in (ids, ids + torch.tensor(shift)):
        found = angles(moved, vectors)[None]
        turned = rotate_halves(x, found.cos(), found.sin())
        scores.append(turned @ turned.mT)
    torch.testing.assert_close(*scores, rtol=0, atol=1e-9)


def test_frequency_vectors_turn_by_the_same_angles():
    axes, ids = interleaved([24, 20, 20]), some_ids(1, most=100)
    cos, _ = rotary(ids, axes, base=5e6)
    found = angles(ids[:, 0].T, axis_frequencies(axes, base=5e6)).cos()
    torch.testing.assert_close(cos[0].double(), found, rtol=0, atol=1e-5)


def test_a_permuted_ladder_is_a_gauge():
    """Interleaving the planes is sectioning another ladder: a matrix on W_q and W_k takes one into the other."""
    axes = interleaved([24, 20, 20])
    planes = axes.argsort(stable=True)
    vectors = axis_frequencies(axes, base=5e6)
    permuted = vectors[planes]
    assert torch.equal(axes[planes], sectioned([24, 20, 20]))
    g, generator = gauge(vectors, permuted), torch.Generator().manual_seed(0)
    x = torch.randn(1, 1, 7, 128, generator=generator, dtype=torch.float64)
    ids = some_ids(1, 7, most=1000)[:, 0].T
    scores = []
    for encoding, vector in ((vectors, x), (permuted, x @ g.T)):
        found = angles(ids, encoding)[None]
        turned = rotate_halves(vector, found.cos(), found.sin())
        scores.append(turned @ turned.mT)
    torch.testing.assert_close(scores[0], scores[1], rtol=0, atol=1e-12)


def test_the_same_ladder_is_no_gauge():
    one, other = (axis_frequencies(layout([24, 20, 20]), base=5e6) for layout in (sectioned, interleaved))
    steps = torch.tensor([[1.0, 0, 0], [100, 0, 0], [37, 37, 37]]).double()
    expected = {0: ([125.5166, 87.94, 92.2397], one), 1: ([126.7774, 115.89, 92.2397], other)}
    for numbers, encoding in expected.values():
        torch.testing.assert_close(
            character(steps, encoding), torch.tensor(numbers, dtype=torch.float64), rtol=0, atol=6e-3
        )
    assert (one == other).all(-1).sum() == 21
    with pytest.raises(ValueError, match="is alone"):
        gauge(one, other)


def test_the_slowest_four_planes_are_times():
    axes = interleaved([24, 20, 20])
    assert (axes == 0).nonzero().flatten().tolist() == [*range(0, 60, 3), 60, 61, 62, 63]
    assert (axes == 1).nonzero().flatten().tolist() == list(range(1, 60, 3))
    assert (axes == 2).nonzero().flatten().tolist() == list(range(2, 60, 3))


def test_sectioned_width_is_almost_blind():
    aside = torch.tensor([0.0, 0, 64]).double()
    narrow = 1 - position_kernel(aside, axis_frequencies(sectioned([16, 24, 24]), base=1e6))
    wide = 1 - position_kernel(aside, axis_frequencies(interleaved([24, 20, 20]), base=5e6))
    assert narrow.item() == pytest.approx(2.9e-6, abs=1e-7) and wide.item() == pytest.approx(0.106, abs=5e-4)


@every_layout
def test_bad_sections(layout):
    for bad in ([24, 20], [1, 2, 3, 4], [3, -1, 2], [0, 0, 0]):
        message = f"sections must be three numbers >= 0, not all 0, got {tuple(bad)}"
        with pytest.raises(ValueError, match=re.escape(message)):
            layout(bad)


def test_sections_that_cannot_be_dealt():
    with pytest.raises(ValueError, match=re.escape("5 planes dealt in turn give height at most 2, got (1, 3, 1)")):
        interleaved([1, 3, 1])
    with pytest.raises(ValueError, match=re.escape("64 planes dealt in turn give height at most 21, got (16, 24, 24)")):
        interleaved([16, 24, 24])
    with pytest.raises(ValueError, match=re.escape("4 planes dealt in turn give width at most 1, got (2, 0, 2)")):
        interleaved([2, 0, 2])


def test_bad_axes_ids_and_bases():
    ids, axes = some_ids(), interleaved([4, 2, 2])
    with pytest.raises(ValueError, match=re.escape("axes must hold 0, 1 and 2 only, got [0, 1, 2, 3]")):
        rotary(ids, torch.tensor([0, 1, 2, 3]), base=1e4)
    for bad in ([0, 1, 3], [-1, 2]):
        with pytest.raises(ValueError, match=re.escape(f"axes must hold 0, 1 and 2 only, got {bad}")):
            axis_frequencies(torch.tensor(bad[::-1]), base=1e4)
    with pytest.raises(ValueError, match="base must be > 1, got 0"):
        rotary(ids, axes, base=0.0)
    with pytest.raises(TypeCheckError, match="'position_ids'"):
        rotary(ids[:2], axes, base=1e4)
    with pytest.raises(TypeCheckError, match="'position_ids'"):
        rotary(ids.float(), axes, base=1e4)
