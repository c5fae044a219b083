"""Position ids in three generations: the authors' integers, transformers where it agrees and where not, bad inputs."""

import importlib
import math
import re

import pytest
import torch
from jaxtyping import TypeCheckError
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VLModel
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLModel

from mmnotes.mrope import (
    Image,
    StampedVideo,
    Text,
    Video,
    position_ids,
    position_ids_by_frame,
    position_ids_by_time,
    position_ids_by_timestamp,
)

BY = {
    "frame": position_ids_by_frame,
    "time": position_ids_by_time,
    "timestamp": position_ids_by_timestamp,
}
every_generation = pytest.mark.parametrize("numbered", BY.values(), ids=BY)


def runs(text):
    """Numbers written one after the other, ``4x3`` for 4 4 4."""
    pairs = (word.partition("x") for word in text.split())
    return [int(number) for number, _, count in pairs for _ in range(int(count or 1))]


def film_ids(start, frames, height, width):
    """Rows and columns of a film's tokens that begin at ``start``."""
    rows = [start + row for _ in range(frames) for row in range(height) for _ in range(width)]
    columns = [start + column for _ in range(frames * height) for column in range(width)]
    return rows, columns


def model(kind, **config):
    """A model of transformers without weights, for its method that numbers positions."""
    bare = kind.__new__(kind)
    torch.nn.Module.__init__(bare)
    bare.config = type("Config", (), {"vision_config": type("Vision", (), {"spatial_merge_size": 2, **config})})
    return bare


def by_transformers(segments, kind, **config):
    """The ids by transformers, and its next free position for decoding."""
    kinds, images, films, seconds = [], [], [], []
    for segment in segments:
        if isinstance(segment, Text):
            kinds += [0] * segment.tokens
        elif isinstance(segment, Image):
            kinds += [1] * (segment.height * segment.width)
            images.append([1, 2 * segment.height, 2 * segment.width])
        elif isinstance(segment, Video):
            kinds += [2] * (segment.frames * segment.height * segment.width)
            films.append([segment.frames, 2 * segment.height, 2 * segment.width])
            seconds.append(segment.seconds)
        else:
            for stamp in segment.stamps:
                kinds += [0] * stamp + [2] * (segment.height * segment.width)
            films.append([len(segment.stamps), 2 * segment.height, 2 * segment.width])
    ids, delta = model(kind, **config).get_rope_index(
        torch.zeros(1, len(kinds)).long(),
        mm_token_type_ids=torch.tensor([kinds]),
        image_grid_thw=torch.tensor(images) if images else None,
        video_grid_thw=torch.tensor(films) if films else None,
        second_per_grid_ts=torch.tensor(seconds) if seconds else None,
    )
    return ids[:, 0], len(kinds) + int(delta)


# get_rope_index_2 and get_rope_index_25 of github.com/QwenLM/Qwen3-VL at 9658872, qwen-vl-finetune/qwenvl/data/
# rope2d.py, torch 2.13.0: time, height and width of the tokens, and the delta it returns.
MIXED = [Text(1), Video(11, 1, 3, 0.0834), Text(2), Image(3, 2), Text(1), Video(3, 5, 2, 1.7), Text(2)]
BY_FRAME = {
    "six groups": (
        [Text(2), Video(6, 2, 2, 0.5), Text(3)],
        "0 1 2x4 3x4 4x4 5x4 6x4 7x4 8 9 10",
        ([0, 1], film_ids(2, 6, 2, 2), [8, 9, 10]),
        -18,
    ),
    "tall film": (
        [Text(1), Video(3, 4, 5, 0.7), Text(2)],
        "0 1x20 2x20 3x20 6 7",
        ([0], film_ids(1, 3, 4, 5), [6, 7]),
        -55,
    ),
    "seven groups": (
        [Text(3), Video(7, 2, 3, 1 / 3), Text(2)],
        "0 1 2 3x6 4x6 5x6 6x6 7x6 8x6 9x6 10 11",
        ([0, 1, 2], film_ids(3, 7, 2, 3), [10, 11]),
        -35,
    ),
}
BY_TIME = {
    "half a second": (
        [Text(2), Video(6, 2, 2, 0.5), Text(3)],
        "0 1 2x4 3x4 4x4 5x4 6x4 7x4 8 9 10",
        ([0, 1], film_ids(2, 6, 2, 2), [8, 9, 10]),
        -18,
    ),
    "a quarter": (
        [Text(2), Video(6, 2, 2, 0.25), Text(3)],
        "0 1 2x8 3x8 4x8 5 6 7",
        ([0, 1], film_ids(2, 6, 2, 2), [5, 6, 7]),
        -21,
    ),
    "a second": (
        [Text(2), Video(6, 2, 2, 1.0), Text(3)],
        "0 1 2x4 4x4 6x4 8x4 10x4 12x4 13 14 15",
        ([0, 1], film_ids(2, 6, 2, 2), [13, 14, 15]),
        -13,
    ),
    "a third": (
        [Text(3), Video(7, 2, 3, 1 / 3), Text(2)],
        "0 1 2 3x12 4x6 5x12 6x6 7x6 8 9",
        ([0, 1, 2], film_ids(3, 7, 2, 3), [8, 9]),
        -37,
    ),
    "tall film": (
        [Text(1), Video(3, 4, 5, 0.7), Text(2)],
        "0 1x20 2x20 3x20 6 7",
        ([0], film_ids(1, 3, 4, 5), [6, 7]),
        -55,
    ),
}
MIXED_IDS = {
    position_ids_by_frame: (
        "0 1x3 2x3 3x3 4x3 5x3 6x3 7x3 8x3 9x3 10x3 11x3 12 13 14x6 17 18x10 19x10 20x10 23 24",
        "0 1x33 12 13 14 14 15 15 16 16 17 18x2 19x2 20x2 21x2 22x2 18x2 19x2 20x2 21x2 22x2 18x2 19x2 20x2 21x2 22x2"
        " 23 24",
        "0 " + 11 * "1 2 3 " + "12 13 " + 3 * "14 15 " + "17 " + 15 * "18 19 " + "23 24",
        -50,
    ),
    position_ids_by_time: (
        "0 1x18 2x15 4 5 6x6 9 10x10 13x10 16x10 17 18",
        "0 1x33 4 5 6 6 7 7 8 8 9 10x2 11x2 12x2 13x2 14x2 10x2 11x2 12x2 13x2 14x2 10x2 11x2 12x2 13x2 14x2 17 18",
        "0 " + 11 * "1 2 3 " + "4 5 " + 3 * "6 7 " + "9 " + 15 * "10 11 " + "17 18",
        -56,
    ),
}
# get_rope_index_3 of the same file.
BY_TIMESTAMP = {
    "three stamps": (
        [Text(2), StampedVideo((3, 3, 4), 2, 3), Text(2)],
        "0 1 2 3 4 5x6 8 9 10 11x6 14 15 16 17 18x6 21 22",
        "0 1 2 3 4 5x3 6x3 8 9 10 11x3 12x3 14 15 16 17 18x3 19x3 21 22",
        "0 1 2 3 4 5 6 7 5 6 7 8 9 10 11 12 13 11 12 13 14 15 16 17 18 19 20 18 19 20 21 22",
        -9,
    ),
    "image first": (
        [Text(3), Image(3, 2), Text(2), StampedVideo((5, 6), 1, 4), Text(3)],
        "0 1 2 3x6 6 7 8 9 10 11 12 13x4 17 18 19 20 21 22 23x4 27 28 29",
        "0 1 2 3 3 4 4 5 5 6 7 8 9 10 11 12 13x4 17 18 19 20 21 22 23x4 27 28 29",
        "0 1 2 3 4 3 4 3 4 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29",
        -3,
    ),
}
STILLS = [Text(4), Image(2, 7), Text(1), Image(5, 3), Text(2)]


def with_text(before, film, after):
    return [[*before, *film[axis], *after] for axis in (0, 1)]


@pytest.mark.parametrize(
    ("numbered", "case"),
    [
        *((position_ids_by_frame, case) for case in BY_FRAME.values()),
        *((position_ids_by_time, case) for case in BY_TIME.values()),
    ],
)
def test_films_have_the_authors_integers(numbered, case):
    segments, time, around, delta = case
    ids, free = numbered(segments)
    assert ids.tolist() == [runs(time), *with_text(*around)]
    assert free - ids.shape[1] == delta


@pytest.mark.parametrize("numbered", MIXED_IDS)
def test_mixed_conversations_have_the_authors_integers(numbered):
    *expected, delta = MIXED_IDS[numbered]
    ids, free = numbered(MIXED)
    assert ids.tolist() == [runs(axis) for axis in expected]
    assert free - ids.shape[1] == delta


@pytest.mark.parametrize("case", BY_TIMESTAMP.values(), ids=BY_TIMESTAMP)
def test_stamped_films_have_the_authors_integers(case):
    segments, *expected, delta = case
    ids, free = position_ids_by_timestamp(segments)
    assert ids.tolist() == [runs(axis) for axis in expected]
    assert free - ids.shape[1] == delta


@every_generation
def test_images_have_the_authors_integers_in_every_generation(numbered):
    ids, free = numbered(STILLS)
    assert ids[0].tolist() == runs("0 1 2 3 4x14 11 12x15 17 18")
    assert ids[1].tolist() == runs("0 1 2 3 4x7 5x7 11 12x3 13x3 14x3 15x3 16x3 17 18")
    assert ids[2].tolist() == runs("0 1 2 3 " + 2 * "4 5 6 7 8 9 10 " + "11 " + 5 * "12 13 14 " + "17 18")
    assert free == 19 and free - 36 == -17


@pytest.mark.parametrize("case", [STILLS, *(case[0] for case in BY_TIMESTAMP.values())])
def test_images_and_stamped_films_are_transformers(case):
    ids, free = position_ids_by_timestamp(case)
    theirs, next_free = by_transformers(case, Qwen3VLModel)
    assert torch.equal(ids, theirs) and free == next_free
    if case is STILLS:
        theirs, next_free = by_transformers(case, Qwen2_5_VLModel, tokens_per_second=2)
        assert torch.equal(position_ids_by_time(case)[0], theirs) and free == next_free


def test_text_after_a_film_overlaps_it_in_transformers():
    """transformers 5.23.0 goes on after max(height, width) and forgets time; its delta for decoding does not."""
    case = BY_TIME["a second"][0]
    theirs, next_free = by_transformers(case, Qwen2_5_VLModel, tokens_per_second=2)
    ids, free = position_ids_by_time(case)
    assert torch.equal(theirs[:, :26], ids[:, :26]), "the film itself is numbered alike"
    assert theirs[0, 26:].tolist() == [4, 5, 6] and ids[0, 26:].tolist() == [13, 14, 15]
    assert next_free == 13 and free == 16


def test_thirty_seconds():
    """The frame 30 s into a film, by rate: it depends on the rate by frame and does not by time."""
    found = []
    for fps in (1, 2, 4):
        film = [Video(30 * fps, 1, 1, 2 / fps)]
        place = 30 * fps // 2
        found.append((position_ids_by_frame(film)[0][0, place].item(), position_ids_by_time(film)[0][0, place].item()))
    assert found == [(15, 60), (30, 60), (60, 60)]


def test_collisions_begin_above_four_frames_a_second():
    for fps, times in ((4, [0, 1, 2, 3, 4, 5]), (5, [0, 0, 1, 2, 3, 4]), (8, [0, 0, 1, 1, 2, 2])):
        assert position_ids_by_time([Video(6, 1, 1, 2 / fps)])[0][0].tolist() == times
    assert position_ids_by_time([Video(6, 1, 1, 0.25)], ids_per_second=4)[0][0].tolist() == [0, 1, 2, 3, 4, 5]


def test_films_of_a_minute_end_where_the_chapter_says():
    by_time, _ = position_ids_by_time([Text(7), Video(60, 2, 2, 1.0)])
    assert by_time.max() == 125
    assert position_ids_by_timestamp([Text(7), StampedVideo((9,) * 60, 2, 2)])[1] - 1 == 666


@every_generation
def test_bad_segments(numbered):
    with pytest.raises(ValueError, match="segments must hold at least one segment, got none"):
        numbered([])
    for bad in (Text(0), Text(2.5), Image(0, 3), Image(3, -2)):
        with pytest.raises(
            ValueError, match=re.escape(f"the sizes of a segment must be whole numbers >= 1, got {bad}")
        ):
            numbered([Text(1), bad])
    with pytest.raises(ValueError, match=re.escape("must hold Text, Image, Video or StampedVideo, got (2, 3)")):
        numbered([Text(1), (2, 3)])
    for bad in ("text", 5):
        with pytest.raises(TypeCheckError, match="'segments'"):
            numbered([bad])


@pytest.mark.parametrize("numbered", [position_ids_by_frame, position_ids_by_time])
def test_bad_films(numbered):
    for bad in (Video(-1, 2, 2, 0.5), Video(2, 0, 2, 0.5), Video(2, 2, -5, 0.5)):
        with pytest.raises(
            ValueError, match=re.escape(f"the sizes of a segment must be whole numbers >= 1, got {bad}")
        ):
            numbered([bad])
    for seconds in (0.0, -1.0, math.inf, math.nan):
        bad = Video(2, 2, 2, seconds)
        with pytest.raises(ValueError, match=re.escape(f"seconds must be > 0 and finite, got {bad}")):
            numbered([bad])
    stamped = StampedVideo((3, 3), 2, 2)
    with pytest.raises(ValueError, match=re.escape(f"must hold Text, Image and Video here, got {stamped}")):
        numbered([stamped])


def test_bad_stamps_and_rates():
    for bad in (StampedVideo((), 2, 2), StampedVideo((3, 0), 2, 2), StampedVideo((3,), 0, 2)):
        with pytest.raises(
            ValueError, match=re.escape(f"the sizes of a segment must be whole numbers >= 1, got {bad}")
        ):
            position_ids_by_timestamp([bad])
    plain = Video(2, 2, 2, 0.5)
    with pytest.raises(ValueError, match=re.escape(f"segments must give a film as StampedVideo here, got {plain}")):
        position_ids_by_timestamp([plain])
    for rate in (0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match=f"ids_per_second must be > 0 and finite, got {rate}"):
            position_ids_by_time([plain], ids_per_second=rate)
    for seconds in (1e30, 2e18, 10**18):  # whole seconds are counted in whole numbers, and would come round
        bad = Video(6, 2, 2, seconds)
        with pytest.raises(ValueError, match=re.escape(f"below 2**62 at 2 ids a second, got {bad}")):
            position_ids_by_time([bad])
    assert position_ids_by_time([Video(2, 1, 1, 1e18)])[0].max() > 1e18


@every_generation
@pytest.mark.parametrize("case", [STILLS, BY_TIME["half a second"][0], BY_TIMESTAMP["image first"][0]])
def test_segments_from_before_a_reload_keep_their_meaning(numbered, case):
    """IPython's autoreload loads a module again; what was made before is of the old classes."""
    try:
        expected = numbered(case)
    except ValueError:  # a film of another generation
        expected = None
    again = importlib.reload(position_ids)
    assert again.Text is not Text
    for function in (numbered, getattr(again, numbered.__name__)):
        if expected is None:
            with pytest.raises(ValueError, match=r"got (Stamped)?Video"):
                function(case)
        else:
            assert torch.equal(function(case)[0], expected[0]) and function(case)[1] == expected[1]
