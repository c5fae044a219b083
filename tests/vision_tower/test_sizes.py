"""The resize rule: the released processors on a grid of sizes, the authors' own numbers, properties, bad sizes."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize as resized_picture
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor
from transformers.models.qwen3_vl.video_processing_qwen3_vl import smart_resize as resized_film

from mmnotes.vision_tower import (
    QWEN2_FRAME,
    QWEN2_PICTURE,
    QWEN3_FILM,
    QWEN3_PICTURE,
    Grid,
    Rule,
    film_grid,
    film_size,
    picture_grid,
    picture_size,
    sampled_frames,
)

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=100)
PICTURES = {"Qwen2": QWEN2_PICTURE, "Qwen2 frame": QWEN2_FRAME, "Qwen3": QWEN3_PICTURE}
every_rule = pytest.mark.parametrize("rule", PICTURES.values(), ids=PICTURES)
SIDES = [1, 3, 10, 13, 14, 15, 16, 17, 27, 28, 29, 31, 32, 33, 42, 48, 80, 100, 112, 128, 333, 640, 800, 1036, 1040]
SIDES += [1080, 1440, 1920, 4000, 4100, 7001, 12000]
SIZES = list(itertools.product(SIDES, SIDES))


def processor(rule):
    size = {"shortest_edge": rule.least, "longest_edge": rule.most}
    return Qwen2VLImageProcessorPil(size=size, patch_size=rule.patch, merge_size=rule.merge)


def extreme(height, width):
    return max(height, width) > 200 * min(height, width)


def test_the_bounds_are_the_released_ones():
    """Of preprocessor_config.json: min_pixels and max_pixels, or size's shortest_edge and longest_edge."""
    assert QWEN2_PICTURE == (14, 2, 3136, 12845056)
    assert QWEN3_PICTURE == (16, 2, 65536, 16777216)
    assert QWEN3_FILM == (16, 2, 4096, 25165824)


@every_rule
def test_pictures_of_any_size_become_what_the_released_processor_makes_of_them(rule):
    counter = processor(rule)
    for height, width in SIZES:
        if not extreme(height, width):
            found = picture_size(height=height, width=width, rule=rule)
            assert found == resized_picture(height, width, rule.factor, rule.least, rule.most), (height, width)
            grid = picture_grid(height=height, width=width, rule=rule)
            assert grid.patches() == counter.get_number_of_image_patches(height, width)


@every_rule
def test_what_is_longer_than_two_hundred_to_one_is_refused_as_by_the_processor(rule):
    for height, width in SIZES:
        if extreme(height, width):
            with pytest.raises(ValueError, match="aspect ratio"):
                resized_picture(height, width, rule.factor, rule.least, rule.most)
            with pytest.raises(ValueError, match=f"at most 200 to 1, got {height} by {width}"):
                picture_size(height=height, width=width, rule=rule)
    assert picture_size(height=200, width=1, rule=rule)


@pytest.mark.parametrize("size", [(37, 90), (10, 300), (300, 10), (128, 128)])
def test_the_whole_processor_gives_the_grid_that_we_count(size):
    for rule in (QWEN2_PICTURE, QWEN3_PICTURE):
        given = processor(rule)(np.zeros((*size, 3), dtype=np.uint8), return_tensors="pt")
        grid = picture_grid(height=size[0], width=size[1], rule=rule)
        assert tuple(given["image_grid_thw"][0].tolist()) == grid and len(given["pixel_values"]) == grid.patches()


@pytest.mark.parametrize("frames", [2, 3, 4, 5, 7, 64, 767, 768])
def test_films_of_any_size_become_what_the_released_processor_makes_of_them(frames):
    bare = Qwen3VLVideoProcessor.__new__(Qwen3VLVideoProcessor)
    bare.size = {"shortest_edge": QWEN3_FILM.least, "longest_edge": QWEN3_FILM.most}
    refused = 0
    for height, width in SIZES:
        try:
            expected = resized_film(frames, height, width, 2, 32, QWEN3_FILM.least, QWEN3_FILM.most)
        except ValueError:
            refused += 1
            with pytest.raises(ValueError, match="at most 200 to 1"):
                film_size(frames=frames, height=height, width=width, rule=QWEN3_FILM)
            continue
        assert film_size(frames=frames, height=height, width=width, rule=QWEN3_FILM) == expected, (height, width)
        grid = film_grid(frames=frames, height=height, width=width, rule=QWEN3_FILM)
        assert grid.patches() == bare.get_num_of_video_patches(frames, height, width)
    assert 0 < refused < len(SIZES) / 4


def test_equals_the_authors_numbers():
    """smart_resize of QwenLM/Qwen3-VL at 9658872, qwen-vl-utils/src/qwen_vl_utils/vision_process.py."""
    theirs = {
        (480, 640): (480, 640), (1080, 1920): (1088, 1920), (80, 112): (224, 320), (1000, 30): (1504, 64),
        (3024, 4032): (3008, 4032), (20, 3000): (32, 3008), (6000, 9000): (3328, 4992),
    }  # fmt: skip
    for (height, width), expected in theirs.items():
        assert picture_size(height=height, width=width, rule=QWEN3_PICTURE) == expected
    theirs = {
        (480, 640): (476, 644), (1080, 1920): (1092, 1932), (80, 112): (84, 112), (1000, 30): (1008, 28),
        (3024, 4032): (3024, 4032), (6000, 9000): (2912, 4368),
    }  # fmt: skip
    for (height, width), expected in theirs.items():
        assert picture_size(height=height, width=width, rule=QWEN2_PICTURE) == expected


def test_a_strip_below_half_a_token_is_where_transformers_and_the_authors_part():
    """There smart_resize gives (28, 1988): a side is at least one factor, before the bounds are looked at."""
    assert picture_size(height=10, width=2000, rule=QWEN2_PICTURE) == (28, 812)
    assert resized_picture(10, 2000) == (28, 812)


def test_a_half_goes_to_the_even_multiple():
    assert picture_size(height=1040, width=1072, rule=QWEN3_PICTURE) == (1024, 1088)


@every_rule
@repeatable
@given(height=st.integers(1, 9000), width=st.integers(1, 9000))
def test_sides_are_multiples_and_the_total_is_within_the_bounds(rule, height, width):
    if extreme(height, width):
        return
    tall, wide = picture_size(height=height, width=width, rule=rule)
    assert tall % rule.factor == wide % rule.factor == 0 and min(tall, wide) >= rule.factor
    assert rule.least <= tall * wide <= rule.most
    if rule.least < height * width < rule.most and min(height, width) > 8 * rule.factor:
        assert abs(math.log(tall / wide * width / height)) < math.log(1.2), "the aspect is nearly kept"
    again = picture_size(height=tall, width=wide, rule=rule)
    assert again == (tall, wide), "what has been resized stays"


def test_an_upper_bound_gives_way_to_a_side_of_one_token():
    narrow = Rule(16, 2, 1024, 4096)
    assert picture_size(height=32, width=3200, rule=narrow) == (32, 640)


def test_an_odd_film_is_counted_even_and_shown_longer():
    assert film_grid(frames=5, height=64, width=64, rule=QWEN3_FILM) == Grid(3, 4, 4)
    tight = Rule(16, 2, 1024, 4 * 320**2)
    for frames, expected in ((4, (320, 320)), (5, (320, 320)), (6, (256, 256))):
        assert film_size(frames=frames, height=320, width=320, rule=tight) == expected


def test_a_longer_film_has_smaller_frames():
    sizes = [film_size(frames=frames, height=720, width=1280, rule=QWEN3_FILM) for frames in (4, 64, 256, 768)]
    assert sizes[0] == (704, 1280) and all(a[0] > b[0] for a, b in itertools.pairwise(sizes))


def test_frames_are_sampled_as_the_processor_does():
    bare = Qwen3VLVideoProcessor.__new__(Qwen3VLVideoProcessor)
    for frames, rate in ((1, 25.0), (3, 30.0), (24, 24.0), (125, 25.0), (1500, 29.97), (90_000, 25.0), (4000, 2.0)):
        metadata = type("Metadata", (), {"total_num_frames": frames, "fps": rate})()
        assert sampled_frames(frames=frames, rate=rate) == len(bare.sample_frames(metadata))


def test_bad_sizes():
    with pytest.raises(ValueError, match=r"^height must be >= 1, got 0"):
        picture_size(height=0, width=5, rule=QWEN3_PICTURE)
    with pytest.raises(ValueError, match=r"^width must be >= 1, got -2"):
        film_size(frames=2, height=5, width=-2, rule=QWEN3_FILM)
    with pytest.raises(ValueError, match=r"^frames must be >= 2, got 1"):
        film_size(frames=1, height=64, width=64, rule=QWEN3_FILM)
    with pytest.raises(ValueError, match=r"^frames must be >= 1, got 0"):
        sampled_frames(frames=0, rate=25.0)
    for rate in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match=r"^rate must be > 0 and finite, got"):
            sampled_frames(frames=9, rate=rate)
