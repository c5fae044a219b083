"""What the pages compute, in Firefox: every lab with a formula, and a network on the reader's own drawing."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.browser.test_formulas import assert_held, every_chapter
from tests.browser.test_live import SIDE, by_torch, outlines, site
from tests.browser.watched import KEEP, WAIT
from tools.firefox import Firefox, firefox

__all__ = ["outlines", "site"]  # fixtures

PHONE_WIDE = 360
# Firefox says so also of a formula of which a part has not come yet; test_pages.py counts the parts of each.
HALF_READ = "Invalid markup: Incorrect number of children for "
# The middle of an element in the window, once it is in sight.
MIDDLE = """(selector) => {
    const element = document.querySelector(selector);
    element.scrollIntoView({ block: "center", behavior: "instant" });
    element.focus({ preventScroll: true });
    const box = element.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
}"""
SPAN = """(selector) => ["now", "max"].map(
    (name) => document.querySelector(selector).getAttribute(`aria-value${name}`))"""
ALL_READY = """() => [...document.querySelectorAll(".mm-live")].every(
    (place) => place.querySelector(".mm-live-form")?.dataset.state === "ready")"""
# What is drawn on the board, read from its pixels, and its place in the window.
BOARD = """() => {
    const canvas = document.querySelector(".mm-board canvas");
    canvas.scrollIntoView({ block: "center", behavior: "instant" });
    const { width, height } = canvas;
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const red = [...copy.getImageData(0, 0, width, height).data].filter((_, i) => i % 4 === 0);
    const box = canvas.getBoundingClientRect();
    return { dark: red.map((each) => each < 128), left: box.left, top: box.top, cell: box.width / width };
}"""


@pytest.fixture(scope="module")
def launched() -> Iterator[Firefox]:
    with firefox() as browser:
        yield browser


@pytest.fixture
def page(launched: Firefox) -> Iterator[Firefox]:
    """A Firefox in which nothing goes wrong until the end of the test."""
    yield launched
    assert [each for each in launched.complaints() if not each.startswith(HALF_READ)] == []


def computed(page: Firefox) -> list[str]:
    return page.evaluate("() => [...document.querySelectorAll('.mm-lab-computed')].map((lab) => lab.id)")


def drawing(page: Firefox, lab: str) -> str:
    return page.evaluate("(lab) => document.querySelector(`#${lab} svg.mm-plot`).innerHTML", lab)


@every_chapter
def test_firefox_computes_what_the_package_computes(book, page, stem):
    page.open((book / f"book/{stem}.html").as_uri())
    labs = computed(page)
    assert labs
    for lab in labs:
        assert_held(page.evaluate, book, stem, lab.removeprefix("lab-"))


@every_chapter
@pytest.mark.parametrize("by", ["keyboard", "mouse", "touch"])
def test_in_firefox_everything_that_can_be_dragged_changes_the_drawing(book, page, stem, by):
    wide = PHONE_WIDE if by == "touch" else 1000
    page.open((book / f"book/{stem}.html").as_uri(), width=wide, height=740)
    for lab in computed(page):
        handles = page.evaluate("(lab) => document.querySelectorAll(`#${lab} .mm-handle`).length", lab)
        for number in range(1, min(handles, 12) + 1):  # of a matrix, its first rows
            selector = f"#{lab} .mm-handle:nth-child({number})"
            x, y = page.evaluate(MIDDLE, selector)
            before = drawing(page, lab)
            if by == "keyboard":
                at, most = page.evaluate(SPAN, selector)
                page.press("-" if float(at) >= float(most) else "+")
            else:
                away = 30 if x < wide / 2 else -30
                page.drag([(x, y), (x + away / 2, y + 6), (x + away, y + 12)], touch=by == "touch")
            assert drawing(page, lab) != before, selector


def ready(page: Firefox) -> None:
    """Wait for the sample of what was done."""
    until = time.monotonic() + WAIT / 1000
    while not page.evaluate(
        "() => window.results.length && document.querySelector('.mm-live-form')?.dataset.state === 'ready'"
    ):
        assert time.monotonic() < until, page.evaluate("() => document.querySelector('.mm-live-said').textContent")
        time.sleep(0.1)


def assert_like_torch(page: Firefox) -> None:
    drawn = torch.tensor(page.evaluate(BOARD)["dark"]).reshape(SIDE, SIDE)
    found = torch.tensor(page.evaluate("() => [...window.results.at(-1)]")).reshape(3, SIDE, SIDE)
    wanted = by_torch(drawn, 0, scale=1.0, guidance=2.0, seed=0)
    torch.testing.assert_close(found, wanted, atol=1e-3, rtol=0)


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
def test_firefox_runs_the_network_on_what_a_reader_draws(page, site: Path, touch):
    page.open(site.as_uri(), width=PHONE_WIDE if touch else 1000)
    page.evaluate(KEEP)
    page.evaluate(MIDDLE, ".mm-live-run")
    page.press("Enter")
    ready(page)
    assert_like_torch(page)
    board = page.evaluate(BOARD)
    page.evaluate("() => { window.results.length = 0; }")
    left, top, cell = (board[name] for name in ("left", "top", "cell"))
    row = [(left + (column + 0.5) * cell, top + 2.5 * cell) for column in (2, 9)]
    page.drag(row, touch=touch)
    ready(page)
    assert page.evaluate(BOARD)["dark"][2 * SIDE + 2 : 2 * SIDE + 10] == [True] * 8
    assert_like_torch(page)


def test_every_network_of_the_book_gives_a_first_result_in_firefox(book, page):
    addresses = [file for file in sorted(book.glob("book/*.html")) if 'class="mm-live"' in file.read_text("utf-8")]
    assert addresses
    for address in addresses:
        page.open(address.as_uri())
        page.evaluate("() => document.querySelectorAll('.mm-live-run').forEach((button) => button.click())")
        until = time.monotonic() + WAIT / 1000
        while not page.evaluate(ALL_READY):
            assert time.monotonic() < until, address.stem
            time.sleep(0.1)
