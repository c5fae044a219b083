"""The numbers of the lab that the page computes, by the package's own functions."""

from pathlib import Path
from typing import Any

from mmnotes.mrope.position_ids import (
    Image,
    Segment,
    StampedVideo,
    Text,
    Video,
    position_ids_by_frame,
    position_ids_by_time,
    position_ids_by_timestamp,
)
from mmnotes.page.formula import Dragged, Formula

STAMP = 9  # tokens of a written time
SECONDS = 6  # of the film
EVERY = 7  # which tokens are compared: all would be a million numbers


def ids() -> Formula:
    """A conversation of text, an image, text, a film and text; the first two texts can be made longer and shorter."""

    def numbers(generation: str, rate: int, rows: int, texts: list[float]) -> dict[str, Any]:
        first, second = (int(length + 0.5) for length in texts)
        groups, grid = SECONDS * rate // 2, (rows, 3 * rows // 2)
        stamped = generation == "Qwen3-VL"
        film = StampedVideo((STAMP,) * groups, *grid) if stamped else Video(groups, *grid, 2 / rate)
        segments: list[Segment] = [Text(first), Image(4, 6), Text(second), film, Text(8)]
        by = {"Qwen2-VL": position_ids_by_frame, "Qwen2.5-VL": position_ids_by_time}
        found, free = by.get(generation, position_ids_by_timestamp)(segments)
        return {"sampled": found[:, ::EVERY], "tokens": found.shape[1], "free": free}

    given = {"stamp": STAMP, "seconds": SECONDS, "every": EVERY}
    return Formula(Path(__file__).with_name("ids.js"), numbers, given, {"texts": Dragged([10, 6], 1, 60)})
