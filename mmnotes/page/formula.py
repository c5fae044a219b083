"""What a page needs to compute a lab by itself: a script, the numbers it is held to, and what a reader can drag.

A formula lab has its arithmetic twice. In the package, `numbers(**values)` calls the real functions; beside it, in a
file of JavaScript with the lab's name, `compute` does the same in the reader's browser. `make book` runs both on
random settings over everything the controls reach, and stops where they differ.
"""

import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmnotes.page.controls import Control
from mmnotes.page.frames import write_frames

SETTINGS = 100  # on which the two are compared; the first is the default
DIGITS = 12


@dataclass(frozen=True)
class Dragged:
    """Numbers of the drawing that a reader drags: one, a list or a matrix, each between `least` and `most`.

    Errors: ValueError if the range is empty or a default lies outside it.
    """

    default: ArrayLike
    least: float
    most: float

    def __post_init__(self) -> None:
        values = np.asarray(self.default, dtype=float)
        if not self.least < self.most:
            raise ValueError(f"least: a number below most, {self.most}, is needed, got {self.least}")
        if not values.size or not ((self.least <= values) & (values <= self.most)).all():
            raise ValueError(f"default: numbers from {self.least} to {self.most} are needed, got {values.tolist()}")

    def somewhere(self, chance: random.Random) -> Any:
        """Random numbers of the same shape."""
        values = np.asarray(self.default, dtype=float)
        return np.reshape([chance.uniform(self.least, self.most) for _ in range(values.size)], values.shape).tolist()

    def data(self) -> dict[str, Any]:
        """What the script is told: 0.9 in half precision is 0.9."""
        return {
            "default": np.round(np.asarray(self.default, dtype=float), 6).tolist(),
            "least": self.least,
            "most": self.most,
        }


@dataclass(frozen=True)
class Formula:
    """A lab's arithmetic: `numbers(**values)`, the package's own, which `script` repeats in JavaScript.

    `given` are constants that the script gets, and `numbers` has by itself; `dragged` are keyword arguments of
    `numbers` beside the controls; `files`, such as pictures, lie beside the script. What several labs of a chapter
    compute alike is in files of JavaScript of their own, `first`, which come before the script.

    Errors: ValueError if the script is not there.
    """

    script: Path
    numbers: Callable[..., Mapping[str, ArrayLike]]
    given: Mapping[str, Any] = field(default_factory=dict)
    dragged: Mapping[str, Dragged] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    first: Sequence[Path] = ()

    def __post_init__(self) -> None:
        for file in (*self.first, self.script):
            if not file.is_file():
                raise ValueError(f"script: a file of JavaScript is needed, there is no {file.name}")

    @property
    def source(self) -> bytes:
        """All its JavaScript."""
        return b"\n".join(file.read_bytes() for file in (*self.first, self.script))

    def written(self, controls: Mapping[str, Control], describe: Callable[..., str], folder: Path) -> dict[str, bytes]:
        """Write what the build holds the script to into a folder, and give the files that a page loads."""
        held = json.dumps(self.held(controls, describe), ensure_ascii=False).encode()
        write_frames({"held.json": held}, folder)
        return {**self.files, "formula.js": self.source}

    def held(self, controls: Mapping[str, Control], describe: Callable[..., str]) -> dict[str, Any]:
        """Settings, and what the package makes of them. Words know only controls: every other setting drags nothing."""
        chance = random.Random(0)
        rest = {name: each.data()["default"] for name, each in self.dragged.items()}
        cases = []
        for number in range(SETTINGS):
            chosen = {key: each.default if number == 0 else chance.choice(each.reach) for key, each in controls.items()}
            still = number % 2 == 0 or not self.dragged
            moved = rest if still else {name: each.somewhere(chance) for name, each in self.dragged.items()}
            numbers = plain(self.numbers(**chosen, **moved))
            text = describe(**chosen) if still else None
            cases.append({"values": {**chosen, **moved}, "numbers": numbers, "text": text})
        return {"given": plain(self.given), "cases": cases}


def plain(values: Any) -> Any:
    """Words and numbers, tensors and arrays as JSON has them: numbers rounded far below what is compared, and none
    where there is no finite one.
    """
    if isinstance(values, Mapping):
        return {name: plain(each) for name, each in values.items()}
    if isinstance(values, list | tuple):
        return [plain(each) for each in values]
    if isinstance(values, str | bool | int):
        return values
    if isinstance(values, float):
        return float(f"{values:.{DIGITS}g}") if math.isfinite(values) else None
    return plain(np.asarray(values).tolist())
