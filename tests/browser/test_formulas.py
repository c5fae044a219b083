"""Labs that the page computes, in a real browser: a page with a small one, then every one of the built book."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from mmnotes.page import Dragged, Formula, Lab, Numeric
from tests.browser.test_labs import PHONE, QUIET, draw, stop_the_clock
from tests.browser.watched import swipe
from tests.layout import stems
from theme.formulas import SCRIPTS, difference, words_differ
from theme.page import POLICY

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "theme" / "assets"
LETTERS = 10  # CSS pixels, on a phone
SCRIPT = """
mmnotes.formula("small", {
  hint: "Drag the point, the power or a cell.",
  compute: ({ power, point, cells }) => ({ value: point[0] ** power + point[1], sum: cells.flat().join(" ") }),
  describe: ({ power, point }, { value, sum }) => `Power ${power} at ${point.join(", ")}: ${value.toFixed(2)}; ${sum}.`,
  draw(sheet, { power, point, cells }) {
    const panel = sheet.panel({ left: 40, top: 20, width: 200, height: 100, x: [0, 1], y: [0, 1] });
    panel.axes({ xticks: [0, 1], yticks: [0, 1] });
    sheet.text(260, 60, point[0].toFixed(2));
    panel.point({
      name: "point", label: "Point", text: point.join(", "), at: point, least: 0, most: 1, step: 0.01,
      set: (x, y) => ({ point: [x, y] }),
    });
    panel.point({
      name: "power", label: "Power", text: String(power), at: [power / 10, 0], value: [power],
      least: 1, most: 9, step: 1, find: (x) => [10 * panel.fromX(x)],
      set: (to) => ({ power: to }),
    });
    cells.forEach((row, i) => row.forEach((value, j) => sheet.cell({
      name: `${i}${j}`, label: `Cell ${i} ${j}`, text: value.toFixed(1), box: [40 + 60 * j, 150 + 30 * i, 60, 30],
      grid: [i, j], value, least: -1, most: 1, step: 0.1, perPixel: 0.01,
      set: (to) => ({ cells: cells.map((line, k) => line.map((each, l) => (k === i && l === j ? to : each))) }),
    })));
  },
});
"""
COMPUTED = """([name, settings]) => {
    const { compute, describe } = mmnotes.formulas[name];
    const given = JSON.parse(document.getElementById(`lab-${name}`).dataset.given);
    const finite = (_, value) => (typeof value === "number" && !Number.isFinite(value) ? null : value);
    return settings.map((values) => {
        const numbers = compute(values, given);
        return [JSON.parse(JSON.stringify(numbers, finite)), describe(values, numbers, given)];
    });
}"""
FIRST = "Power 2 at 0.5, 0.5: 0.75; 0 0 0 0."

with_formulas = [stem for stem in stems(ROOT) if (ROOT / "mmnotes" / stem / "formulas.py").exists()]
every_chapter = pytest.mark.parametrize("stem", with_formulas)


def describe(power):
    return f"Power {power} at 0.5, 0.5: {0.5**power + 0.5:.2f}; 0 0 0 0."


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page of one lab, and what it loads."""
    root = tmp_path_factory.mktemp("formulas")
    script = root / "small.js"
    script.write_text(SCRIPT, "utf-8")
    dragged = {"point": Dragged([0.5, 0.5], 0, 1), "cells": Dragged([[0, 0], [0, 0]], -1, 1)}
    formula = Formula(script, lambda power, point, cells: {"value": point[0] ** power + point[1]}, {}, dragged)
    power = Numeric("Power", grid=[1, 2], default=2, live=(1, 9))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMNOTES_LAB_FRAMES", str(root / "_static" / "labs" / "chapter"))
        lab = Lab(draw, describe, name="small", title="Small", size=(4, 2), narrow=(3, 3), formula=formula, power=power)
    (root / "_static" / "formula").mkdir()
    for asset in ("lab.css", "lab.js", "formula/lab.css", *SCRIPTS):
        shutil.copy(ASSETS / asset, root / "_static" / asset)
    (root / "book").mkdir()
    links = "".join(f'<link rel="stylesheet" href="../_static/{sheet}">' for sheet in ("lab.css", "formula/lab.css"))
    links += "".join(f'<script defer src="../_static/{script}"></script>' for script in ("lab.js", *SCRIPTS))
    head = f'<meta charset="utf-8"><title>A lab</title><meta name="viewport" content="width=device-width">{links}'
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    html = lab._repr_mimebundle_()["text/html"]
    page = f'<!DOCTYPE html><html lang="en"><head>{policy}{head}</head><body><main>{html}</main></body></html>'
    (root / "book" / "lab.html").write_text(page, "utf-8")
    return root


@pytest.fixture
def address(root: Path) -> str:
    return (root / "book" / "lab.html").as_uri()


@pytest.fixture
def page(open_page: Callable[..., Page], address: str) -> Page:
    return open_page(address)


def words(page: Page, lab: str = "lab-small") -> str:
    """What the lab says; its drawing says the same to who cannot see it."""
    text = page.locator(f"#{lab} .mm-lab-text").inner_text()
    assert page.locator(f"#{lab} svg.mm-plot").get_attribute("aria-label") == text
    return text


def handle(page: Page, label: str) -> Locator:
    return page.get_by_role("slider", name=label, exact=True).and_(page.locator(".mm-handle"))


def drag(page: Page, what: Locator, by: tuple[float, float], *, touch: bool = False) -> None:
    """Take something by its middle and move it, in CSS pixels."""
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    places = [(x + by[0] * share, y + by[1] * share) for share in (0, 0.5, 1)]
    if touch:
        return swipe(page, *places)
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
    page.mouse.up()


# The small page


def test_the_drawing_takes_the_place_of_the_picture_with_the_same_words_and_size(page):
    assert words(page) == FIRST
    assert not page.locator("#lab-small img").is_visible()
    box = page.locator("#lab-small svg.mm-plot").bounding_box()
    assert (round(box["width"]), round(box["height"])) == (480, 240)
    assert page.locator("#lab-small .mm-lab-live").inner_text() == ""


def test_a_control_reaches_everything_between_its_ends(page):
    slider = page.locator("#lab-small-power")
    slider.press("End")
    assert words(page) == "Power 9 at 0.5, 0.5: 0.50; 0 0 0 0."
    seen = set()
    for _ in range(9):
        seen.add(slider.get_attribute("aria-valuetext"))
        slider.press("ArrowLeft")
    assert seen == {str(power) for power in range(1, 10)}


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
def test_what_is_dragged_follows_the_hand_and_stays_inside(open_page, address, touch):
    page = open_page(address, has_touch=touch)
    drag(page, handle(page, "Point"), (50, -25), touch=touch)
    assert words(page) == "Power 2 at 0.75, 0.75: 1.31; 0 0 0 0."
    drag(page, handle(page, "Point"), (300, 300), touch=touch)
    assert words(page) == "Power 2 at 1, 0: 1.00; 0 0 0 0."
    drag(page, handle(page, "Power"), (60, 5), touch=touch)
    assert words(page) == "Power 5 at 1, 0: 1.00; 0 0 0 0."
    assert page.locator("#lab-small .mm-lab-value").inner_text() == "5"
    drag(page, handle(page, "Cell 1 0"), (30, 3), touch=touch)
    drag(page, handle(page, "Cell 1 0"), (10, 3), touch=touch)
    assert words(page) == "Power 5 at 1, 0: 1.00; 0 0 0.4 0."


def test_a_drag_starts_where_the_thing_is_however_it_is_taken(page):
    box = handle(page, "Point").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 6)
    page.mouse.down()
    page.mouse.move(box["x"] + 5 + 20, box["y"] + 6)
    assert words(page) == "Power 2 at 0.6, 0.5: 0.86; 0 0 0 0."
    page.mouse.up()
    page.mouse.move(box["x"] + 90, box["y"] + 40)
    assert words(page) == "Power 2 at 0.6, 0.5: 0.86; 0 0 0 0."


def test_by_keyboard_a_point_goes_both_ways_and_to_its_ends(page):
    point = handle(page, "Point")
    for key, at in [
        ("ArrowRight", "0.51, 0.5"), ("ArrowUp", "0.51, 0.51"), ("PageUp", "0.61, 0.51"), ("-", "0.6, 0.51"),
        ("Home", "0, 0.51"), ("ArrowLeft", "0, 0.51"), ("End", "1, 0.51"), ("ArrowDown", "1, 0.5"),
    ]:  # fmt: skip
        point.press(key)
        assert words(page).startswith(f"Power 2 at {at}:"), key
        assert point.get_attribute("aria-valuetext") == at
    assert point.get_attribute("aria-valuenow") == "1"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Point"


def test_by_keyboard_a_matrix_is_one_stop_with_arrows_inside(page):
    handle(page, "Power").focus()
    page.keyboard.press("Tab")
    expect(handle(page, "Cell 0 0")).to_be_focused()
    for key, cell in [("ArrowRight", "0 1"), ("ArrowDown", "1 1"), ("ArrowDown", "1 1"), ("ArrowLeft", "1 0")]:
        page.keyboard.press(key)
        expect(handle(page, f"Cell {cell}")).to_be_focused()
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.keyboard.press("-")
    assert words(page) == "Power 2 at 0.5, 0.5: 0.75; 0 0 0.1 0."
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Put back")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(handle(page, "Cell 1 0")).to_be_focused()


def test_the_address_reopens_what_was_dragged_and_put_back_is_as_at_first(open_page, address):
    page = open_page(address)
    handle(page, "Point").press("ArrowRight")
    drag(page, handle(page, "Cell 0 1"), (-20, 0))
    page.locator("#lab-small-power").press("ArrowRight")
    moved = "Power 3 at 0.51, 0.5: 0.63; 0 -0.2 0 0."
    assert words(page) == moved
    page.wait_for_url("**#lab-small\\?power=3&point=0.51+0.5&cells=0+-0.2+0+0")
    again = open_page(page.url)
    assert words(again) == moved
    again.get_by_role("button", name="Put back").click()
    assert words(again) == "Power 3 at 0.5, 0.5: 0.63; 0 0 0 0."
    again.wait_for_url("**#lab-small\\?power=3")
    for wrong in ("point=7", "point=a+b", "point=0.1+0.2+0.3"):  # of another edition, or by hand
        again.evaluate(f"location.hash = '#lab-small?power=2&{wrong}'")
        again.wait_for_function("document.querySelector('.mm-lab-text').textContent.startsWith('Power 2 ')")
        assert words(again) == FIRST
    again.evaluate("location.hash = '#lab-small?point=-3+0.25'")
    again.wait_for_function("document.querySelector('.mm-lab-text').textContent.includes(' 0, 0.25')")


def test_a_drag_is_announced_once_it_rests(page):
    stop_the_clock(page)
    for key in ("ArrowRight", "ArrowRight"):
        handle(page, "Point").press(key)
        page.clock.run_for(QUIET // 2)
        assert page.locator("#lab-small .mm-lab-live").inner_text() == ""
    page.clock.run_for(QUIET)
    assert page.locator("#lab-small .mm-lab-live").inner_text() == words(page)


def test_of_a_drawing_only_what_differs_is_made_anew(page):
    texts = "[...document.querySelectorAll('#lab-small svg text')]"
    page.evaluate(f"{texts}.forEach(text => {{ text.stood = text.textContent; }})")
    handle(page, "Point").press("ArrowRight")
    found = page.evaluate(f"{texts}.map(text => [text.textContent, text.stood ?? 'new'])")
    assert found == [["0", "0"], ["1", "1"], ["0", "0"], ["1", "1"], ["0.51", "new"]]


def test_print_shows_the_picture_of_the_default_and_its_words(page):
    handle(page, "Point").press("End")
    moved = words(page)
    page.evaluate(
        """() => addEventListener("beforeprint", () => {
            window.printed = document.querySelector("#lab-small .mm-lab-text").textContent; })"""
    )
    page.pdf()
    assert page.evaluate("printed") == FIRST
    assert words(page) == moved
    page.emulate_media(media="print")
    assert page.locator("#lab-small img").is_visible()
    assert not page.locator("#lab-small .mm-lab-drawing").is_visible()
    assert not page.locator("#lab-small .mm-lab-hint").is_visible()


def test_without_javascript_the_picture_stays(open_page, address):
    page = open_page(address, java_script_enabled=False)
    expect(page.locator("#lab-small img")).to_be_visible()
    expect(page.locator("#lab-small .mm-lab-text")).to_have_text(FIRST)
    expect(page.locator("#lab-small .mm-lab-controls")).not_to_be_visible()


@pytest.mark.parametrize("broken", ["missing", "formula/plot.js", "failing"])
def test_where_a_script_is_broken_the_picture_stays(browser, root, tmp_path, broken):
    shutil.copytree(root, tmp_path / "broken")
    script = tmp_path / "broken/_static/labs/chapter/small/formula.js"
    if broken == "missing":
        script.unlink()
    elif broken == "failing":
        script.write_text(SCRIPT.replace("point[0] ** power", "point.first.x"), "utf-8")
    else:
        (tmp_path / "broken/_static" / broken).unlink()
    page = browser.new_page()  # its console reports the failure, as it should
    page.goto((tmp_path / "broken/book/lab.html").as_uri())
    expect(page.locator("#lab-small img")).to_be_visible()
    expect(page.locator("#lab-small .mm-lab-text")).to_have_text(FIRST)
    expect(page.locator("#lab-small .mm-lab-controls")).not_to_be_visible()
    assert page.locator(".mm-handle").count() == 0
    page.close()


def test_targets_are_large_enough_and_focus_is_seen(open_page, address):
    page = open_page(address, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for each in page.locator(".mm-handle, .mm-lab-back").all():
        box = each.bounding_box()
        assert (
            box["width"] >= 24 and box["height"] >= 19 if "cell" in each.get_attribute("class") else box["height"] >= 24
        )
    page.locator("#lab-small-power").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


# Every such lab of the book


def assert_held(evaluate: Callable[[str, object], Any], book: Path, stem: str, name: str) -> None:
    """A browser, by what evaluates a function in its page, computes for a lab what the package did in the build."""
    held = json.loads((book.parent / f"executed/book/{stem}/held/{name}/held.json").read_text("utf-8"))
    found = evaluate(COMPUTED, [name, [case["values"] for case in held["cases"]]])
    assert len(found) == 100
    for case, (numbers, text) in zip(held["cases"], found, strict=True):
        assert difference(case["numbers"], numbers) == "", (name, case["values"])
        assert case["text"] is None or words_differ(case["text"], text) == "", (name, case["values"])


def computed(page: Page) -> list[str]:
    return [lab.get_attribute("id") for lab in page.locator(".mm-lab-computed").all()]


def opened(book: Path, open_page: Callable[..., Page], stem: str, **settings: Any) -> Page:
    page = open_page((book / f"book/{stem}.html").as_uri(), **settings)
    assert computed(page)
    return page


@every_chapter
def test_a_page_computes_what_the_package_computes(book, open_page, stem):
    page = opened(book, open_page, stem)
    for lab in computed(page):
        assert_held(page.evaluate, book, stem, lab.removeprefix("lab-"))


@every_chapter
@pytest.mark.parametrize("by", ["keyboard", "mouse", "touch"])
def test_everything_that_can_be_dragged_changes_the_drawing(book, open_page, stem, by):
    page = opened(book, open_page, stem, **(PHONE if by == "touch" else {}))
    for lab in computed(page):
        drawing = page.locator(f"#{lab} svg.mm-plot")
        labels = [each.get_attribute("aria-label") for each in page.locator(f"#{lab} .mm-handle").all()]
        for label in labels[:12]:  # of a matrix, its first rows
            each = page.locator(f"#{lab} .mm-handle").and_(page.get_by_label(label, exact=True))
            before = drawing.inner_html()
            if by == "keyboard":
                at, most = (float(each.get_attribute(f"aria-value{name}")) for name in ("now", "max"))
                each.press("-" if at >= most else "+")
            else:
                box = drawing.bounding_box()
                place = each.bounding_box()
                away = 30 if place["x"] < box["x"] + box["width"] / 2 else -30
                drag(page, each, (away, 12), touch=by == "touch")
            assert drawing.inner_html() != before, (lab, label)
            words(page, lab)


@every_chapter
@pytest.mark.parametrize("screen", [{}, PHONE], ids=["wide", "phone"])
def test_a_drawings_words_are_large_enough_and_inside_it_wherever_the_controls_are(book, open_page, stem, screen):
    page = opened(book, open_page, stem, **screen)
    for lab in computed(page):
        for key in ("", "Home", "End"):
            for field in page.locator(f"#{lab} input[type=range]").all() if key else []:
                field.press(key)
            amiss = page.locator(f"#{lab} svg.mm-plot").evaluate(
                """(svg, letters) => {
                    const whole = svg.getBoundingClientRect();
                    return [...svg.querySelectorAll("text")].filter((text) => {
                        const at = text.getBoundingClientRect();
                        const scale = whole.width / svg.viewBox.baseVal.width;
                        const small = text.getAttribute("font-size") * scale < letters;
                        const across = at.left < whole.left - 1 || at.right > whole.right + 1;
                        return small || across || at.top < whole.top - 3 || at.bottom > whole.bottom + 3;
                    }).map((text) => text.textContent);
                }""",
                LETTERS,
            )
            assert amiss == [], (lab, key)


@every_chapter
def test_who_reloads_or_comes_back_finds_controls_words_and_drawing_in_agreement(book, open_page, stem):
    for lab in computed(opened(book, open_page, stem)):
        page = opened(book, open_page, stem)
        fields = page.locator(f"#{lab} .mm-lab-controls :is(input, select)")
        field = fields.first
        field.press("End" if field.get_attribute("type") == "range" else "ArrowDown")
        for each in page.locator(f"#{lab} .mm-handle").all()[:1]:
            each.press("+")
            each.press("-")
            each.press("-")
        state = "fields => fields.map(field => [field.checked, field.value])"
        left = words(page, lab), fields.evaluate_all(state), page.locator(f"#{lab} svg.mm-plot").inner_html()
        page.reload()
        assert left[0] == words(page, lab) and left[1] == fields.evaluate_all(state), lab
        page.goto("about:blank")
        page.go_back()
        expect(page.locator(f"#{lab} .mm-lab-text")).to_have_text(left[0])
        found = words(page, lab), fields.evaluate_all(state), page.locator(f"#{lab} svg.mm-plot").inner_html()
        assert found == left, lab


def dragged_by(book: Path, open_page: Callable[..., Page], by: str, stem: str, lab: str) -> Callable[..., None]:
    """Moves what has a name: by a key so many times, or by mouse or finger so many pixels of the sheet."""
    page = opened(book, open_page, stem, **(PHONE if by == "touch" else {}))
    svg = page.locator(f"#{lab} svg.mm-plot")
    scale = svg.evaluate("svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width")

    def move(label: str, *, key: str, times: int, far: tuple[float, float]) -> str:
        if by == "keyboard":
            for _ in range(times):
                handle(page, label).press(key)
        else:
            drag(page, handle(page, label), (far[0] * scale, far[1] * scale), touch=by == "touch")
        return words(page, lab)

    return move


hands = pytest.mark.parametrize("by", ["keyboard", "mouse", "touch"])


@hands
def test_a_pixel_whose_copy_or_input_is_dragged_to_zero_never_wakes_and_an_open_tap_wakes_more(book, open_page, by):
    for label, times, key, far in (("Start of w, copy", 12, "-", -60), ("x", 5, "-", -25)):
        move = dragged_by(book, open_page, by, "zero_conv", "lab-waking")
        said = move(label, key=key, times=times, far=(far, 0))
        assert "First slope: none. Never: tap, copy, hint's last, hint's first." in said, label
    move = dragged_by(book, open_page, by, "zero_conv", "lab-waking")
    said = move("Start of w2, tap", key="+", times=6, far=(30, 0))
    assert "w2 0.6," in said and "at step 0 tap, copy, hint's last; at step 1 hint's first. Never: none." in said
    said = move("hint", key="-", times=10, far=(-50, 0))
    assert "First slope: at step 0 tap, copy. Never: hint's last, hint's first." in said


@hands
def test_a_box_whose_score_is_lifted_drops_the_best_and_what_that_one_had_dropped_is_back(book, open_page, by):
    move = dragged_by(book, open_page, by, "face_verification", "lab-suppression")
    said = move("Score of box A", key="+", times=4, far=(16, 0))
    assert "A 1.00: kept. B 0.95: 0.56 with A, dropped. C 0.90: 0.31 with A, kept." in said
    side = (300 if by == "touch" else 312) / 66  # pixels of the sheet for one of the boxes' units
    said = move("Box E", key="ArrowUp", times=10, far=(0, -10 * side))
    assert "E 0.60: 0.00 with A, 0.01 with C, 0.00 with D, kept." in said
    said = move("Size of box D", key="ArrowRight", times=13, far=(13 * side, 0))
    assert "D 0.70: 0.31 with A, 0.27 with C, kept." in said
