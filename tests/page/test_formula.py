"""What a lab that the page computes is made of: what it refuses, what it is held to, and its HTML."""

import json
import math
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import torch

from mmnotes.page import Lab, Numeric
from mmnotes.page.formula import SETTINGS, Dragged, Formula, plain

POWER = Numeric("Power", grid=[1, 2], default=2, live=(1, 9))
SHIFT = Numeric("Shift", grid=[0.0, 0.3], default=0.3, live=(-1.0, 1.0))


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "curve.js"
    file.write_text("// a script\n", "utf-8")
    return file


def numbers(power, shift, points):
    return {"values": torch.tensor(points, dtype=torch.float64) ** power + shift}


def curve(script: Path, **changes: object) -> Formula:
    parts = {"given": {"name": "a <b>"}, "dragged": {"points": Dragged([0.5, 0.25], 0.0, 1.0)}}
    return Formula(script, numbers, **{**parts, **changes})


def describe(power, shift):
    return f"Power {power}, shift {shift:g}."


def draw(figure, power, shift):
    figure.subplots().set_title(f"{power} {shift}")


def test_a_script_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^script: .* no curve\.js"):
        Formula(tmp_path / "curve.js", numbers)


def test_what_labs_share_comes_first(script, tmp_path):
    shared = tmp_path / "shared.js"
    with pytest.raises(ValueError, match=r"^script: .* no shared\.js"):
        Formula(script, numbers, first=[shared])
    shared.write_text("// shared", "utf-8")
    assert Formula(script, numbers, first=[shared]).source == b"// shared\n// a script\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5], 1.0, 1.0), r"^least: a number below most, 1\.0, .* 1\.0"),
        (([0.5, 1.5], 0.0, 1.0), r"^default: numbers from 0\.0 to 1\.0 .* \[0\.5, 1\.5\]"),
        (([], 0.0, 1.0), r"^default: "),
        (([math.nan], 0.0, 1.0), r"^default: "),
    ],
)
def test_what_is_dragged_starts_inside_its_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        Dragged(*arguments)


def test_the_package_is_asked_at_the_default_and_at_random_over_all_that_can_be_reached(script):
    held = curve(script).held({"power": POWER, "shift": SHIFT}, describe)
    cases = held["cases"]
    assert len(cases) == SETTINGS and held["given"] == {"name": "a <b>"}
    assert cases[0]["values"] == {"power": 2, "shift": 0.3, "points": [0.5, 0.25]}
    assert {case["values"]["power"] for case in cases} == {*range(1, 10)}
    assert len({case["values"]["shift"] for case in cases}) > 50
    for place, case in enumerate(cases):
        moved = case["values"]["points"] != [0.5, 0.25]
        assert moved == bool(place % 2)
        assert (case["text"] is None) == moved
        wanted = [point ** case["values"]["power"] + case["values"]["shift"] for point in case["values"]["points"]]
        assert np.allclose(case["numbers"]["values"], wanted, rtol=0, atol=1e-11)
    assert held == curve(script).held({"power": POWER, "shift": SHIFT}, describe)


def test_without_anything_to_drag_every_setting_has_words(script):
    held = Formula(script, lambda power: {"value": power}).held({"power": POWER}, lambda power: f"Power {power}.")
    assert all(case["text"] == f"Power {case['numbers']['value']}." for case in held["cases"])


def test_numbers_become_plain_and_what_is_not_finite_none():
    given = {"a": torch.tensor([1.0, math.inf]), "b": np.float32(0.5), "c": ("x", 2, True), "d": {"e": math.nan}}
    assert plain(given) == {"a": [1.0, None], "b": 0.5, "c": ["x", 2, True], "d": {"e": None}}


def test_in_the_book_there_is_one_picture_with_the_script_and_the_whole_range(script, tmp_path, monkeypatch):
    folder = tmp_path / "chapter"
    monkeypatch.setenv("MMNOTES_LAB_FRAMES", str(folder))
    formula = curve(script, files={"looks.png": b"pixels"})
    lab = Lab(
        draw,
        describe,
        name="curve",
        title="A curve",
        size=(3, 1),
        narrow=(2, 2),
        formula=formula,
        power=POWER,
        shift=SHIFT,
    )
    html = lab._repr_mimebundle_()["text/html"]
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert written == [
        "chapter/curve/0-narrow.webp", "chapter/curve/0.webp", "chapter/curve/formula.js", "chapter/curve/looks.png",
        "curve.js", "held/curve/held.json",
    ]  # fmt: skip
    assert (folder / "curve/formula.js").read_text("utf-8") == "// a script\n"
    assert (
        json.loads((tmp_path / "held/curve/held.json").read_text("utf-8"))["cases"][0]["text"] == "Power 2, shift 0.3."
    )
    assert html.endswith('<script defer src="../_static/labs/chapter/curve/formula.js"></script></figure>')
    data = {
        name: json.loads(unescape(value)) for name, value in re.findall(r'data-(given|dragged|values)="([^"]*)"', html)
    }
    assert data["given"] == {"name": "a <b>"}
    assert data["dragged"] == {"points": {"default": [0.5, 0.25], "least": 0.0, "most": 1.0}}
    assert data["values"] == [*SHIFT.reach]
    assert 'max="8"' in html and "data-stride" not in html and "style=" not in html


def test_in_a_notebook_the_lab_is_as_any_other(script):
    lab = Lab(
        draw, describe, name="curve", title="A curve", size=(2, 1), formula=curve(script), power=POWER, shift=SHIFT
    )
    assert lab._repr_mimebundle_()["text/plain"] == "A curve: Power 2, shift 0.3."
