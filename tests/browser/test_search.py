"""The live lab of CLIP in a real browser: its reading of texts, its board, and its numbers beside torch's."""

import re
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect

from mmnotes.clip.live import GRAIN, Search, own_words_and_drawing
from mmnotes.clip.pretrained import LENGTH, pretrained_clip
from mmnotes.clip.reading import reading
from mmnotes.data import concepts, drawings, split_words, vocabulary, word_ids
from tests.browser.any_live_lab import AnyLiveLab
from tests.browser.live_site import live_site
from tests.browser.watched import awaiting, latest, pixels, start, swipe

SIDE = 32
SIZE = SIDE * GRAIN
CORPUS = slice(None, None, 30)
CHOSEN = concepts()[CORPUS]
CAPTIONS = [", ".join((each.en.label, *each.en.tags)) for each in CHOSEN]
FIRST = "red xylograph on an apple"
UNSEEN = [word_ids("bird")[0]]
BLACK, WHITE, RED = [40, 40, 45], [255, 255, 255], [225, 45, 45]


def ids(text: str) -> list[int]:
    return reading(split_words(text), vocabulary=vocabulary(), unseen=UNSEEN, length=LENGTH)[0]


@pytest.fixture(scope="module")
def search() -> Search:
    captions = torch.tensor([*map(ids, CAPTIONS)])
    return Search(pretrained_clip(seed=0)["clip"], drawings(vendor="noto")[CORPUS], captions)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, search: Search) -> Path:
    network = own_words_and_drawing(
        search,
        drawings(vendor="noto")[CORPUS],
        drawings(vendor="fluent")[:2],
        captions=CAPTIONS,
        held_out=[each.held_out for each in CHOSEN],
        examples=["the first", "the second"],
        texts={FIRST: split_words(FIRST)},
        vocabulary=vocabulary(),
        unseen=UNSEEN,
    )
    return live_site(tmp_path_factory.mktemp("search"), network)


@pytest.fixture
def running(started: Page) -> Page:
    """The running lab with an empty board, a black pen of width 2 and a text."""
    started.get_by_role("radio", name="black").check()
    started.get_by_role("slider", name="Width").fill("2")
    with awaiting(started):
        started.get_by_role("textbox", name="Your words").fill(FIRST)
        started.get_by_role("button", name="Clear").click()
    return started


def dots(page: Page) -> torch.Tensor:
    """What is drawn, (3, rows, columns) from 0 to 255, read from the board's pixels."""
    return pixels(page.locator(".mm-board canvas"))


def listed(page: Page, name: str) -> list[str]:
    return page.get_by_role("list", name=name).get_by_role("listitem").all_text_contents()


def assert_like_torch(page: Page, search: Search, text: str) -> None:
    found = latest(page)
    results = search(dots(page)[None] / 255, torch.tensor([ids(text)]).float())
    for name, wanted in zip(("told", "drawn", "named", "met", "seen"), results, strict=True):
        torch.testing.assert_close(torch.tensor(found[name], dtype=torch.float32), wanted.flatten(), atol=1e-3, rtol=0)
    assert found["ids"] == ids(text)
    for name, cosines in zip(("Your words find", "Your drawing finds"), results[:2], strict=True):
        ten = cosines[0].topk(10)
        shown = listed(page, name)
        for entry, place, value in zip(shown, ten.indices, ten.values, strict=True):
            assert entry.startswith(CHOSEN[place].en.label) and entry.endswith(f" {value:.2f}")
            assert ("*" in entry) == CHOSEN[place].held_out


def place_of(page: Page, row: float, column: float) -> tuple[float, float]:
    page.locator(".mm-board canvas").scroll_into_view_if_needed()
    box = page.locator(".mm-board canvas").bounding_box()
    return box["x"] + column * box["width"] / SIDE, box["y"] + row * box["height"] / SIDE


def stroke(page: Page, *places: tuple[float, float]) -> None:
    page.mouse.move(*place_of(page, *places[0]))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place_of(page, *place))
    page.mouse.up()


def colour_at(page: Page, row: float, column: float) -> list[int]:
    return dots(page)[:, int(row * GRAIN), int(column * GRAIN)].tolist()


# Its numbers


def test_an_example_gives_what_torch_gives(running, search):
    with awaiting(running):
        running.get_by_label("Drawing of").select_option("the second")
    wanted = (255 * drawings(vendor="fluent")[1]).round()
    assert torch.equal(dots(running)[:, ::GRAIN, ::GRAIN], wanted.long())
    assert_like_torch(running, search, FIRST)
    assert len(listed(running, "Captions nearest to your drawing")) == 10
    with awaiting(running):
        stroke(running, (2, 2), (2, 8))
    expect(running.get_by_label("Drawing of")).to_have_value("0")  # it is the reader's own now


def test_pictures_show_what_the_tower_sees_and_what_was_found(running):
    with awaiting(running):
        running.get_by_label("Drawing of").select_option("the second")
    found = {name: torch.tensor(latest(running)[name]) for name in ("seen", "told")}
    seen = pixels(running.get_by_role("img", name="Your drawing as the tower sees it"))
    torch.testing.assert_close(seen.float(), 255 * found["seen"].view(3, SIDE, SIDE), atol=1, rtol=0)
    canvases = running.get_by_role("list", name="Your words find").locator("canvas").all()
    assert len(canvases) == 10
    for canvas, place in zip(canvases, found["told"].argsort(descending=True, stable=True), strict=False):
        wanted = drawings(vendor="noto")[CORPUS][place]
        torch.testing.assert_close(pixels(canvas).float(), 255 * wanted, atol=3, rtol=0)  # 64 levels are kept


def test_it_runs_over_http_under_the_strict_policy(served, search):
    start(served)
    with awaiting(served):
        served.get_by_role("textbox", name="Your words").fill("cat")
    assert_like_torch(served, search, "cat")


TYPED = ["", "xylograph", "Red, APPLE", "cat cat cat", "\u00a0\u2003cat\u1680dog\u3000", "İSTANBUL Σ cat,", "bird"]


@pytest.mark.parametrize("text", [*TYPED, "wing " * 20, *CAPTIONS[::9]])
def test_every_text_is_read_as_by_the_package(running, search, text):
    with awaiting(running):
        running.get_by_role("textbox", name="Your words").fill(text)
    assert_like_torch(running, search, text)
    _, fates = reading(split_words(text), vocabulary=vocabulary(), unseen=UNSEEN, length=LENGTH)
    assert [tuple(each) for each in latest(running)["words"]] == fates
    shown = running.locator(".mm-word").all_text_contents()
    assert [each.split()[0] for each in shown] == ["start", *(word for word, _ in fates), "end"]


def test_what_was_not_understood_is_shown_and_said(running):
    said = running.locator(".mm-search-said").first
    expect(said).to_have_text("3 words read. “xylograph”, “an”: not in the vocabulary, left out.")
    expect(running.locator(".mm-word-unknown")).to_have_text(["xylograph –", "an –"])
    with awaiting(running):
        running.get_by_role("textbox", name="Your words").fill("blue bird")
    expect(said).to_have_text("2 words read. “bird”: in the vocabulary, but in no caption that it learned from.")
    with awaiting(running):
        running.get_by_role("textbox", name="Your words").fill("")
    expect(said).to_have_text("No word was read: this is the answer to a start and an end.")
    with awaiting(running):
        running.get_by_role("textbox", name="Your words").fill("wing " * 15)
    expect(said).to_have_text("14 words read. “wing”: beyond the longest text, left out.")


# Drawing


def test_the_mouse_draws_in_the_chosen_colour_and_width(running, search):
    running.get_by_role("radio", name="red").check()
    running.get_by_role("slider", name="Width").fill("4")
    with awaiting(running):
        stroke(running, (16, 4), (16, 20))
    expect(running.get_by_label("Drawing of")).to_have_value("0")
    assert colour_at(running, 16, 10) == colour_at(running, 14.5, 10) == RED
    assert colour_at(running, 13, 10) == colour_at(running, 16, 24) == WHITE
    assert_like_torch(running, search, FIRST)


def test_a_stroke_that_leaves_the_board_ends_at_its_rim(running):
    with awaiting(running):
        running.mouse.move(*place_of(running, 4, 28))
        running.mouse.down()
        x, y = place_of(running, 4, 32)
        running.mouse.move(x + 200, y)
        running.mouse.up()
    assert colour_at(running, 4, 31.9) == BLACK and colour_at(running, 4, 20) == WHITE


def test_the_bucket_fills_what_hangs_together(running):
    with awaiting(running):
        stroke(running, (8, 8), (8, 24), (24, 24), (24, 8), (8, 8))
    bucket = running.get_by_role("button", name="Fill")
    bucket.click()
    expect(bucket).to_have_attribute("aria-pressed", "true")
    running.get_by_role("radio", name="red").check()
    with awaiting(running):
        running.mouse.click(*place_of(running, 16, 16))
    bucket.click()
    assert colour_at(running, 16, 16) == colour_at(running, 10, 22) == RED
    assert colour_at(running, 8, 16) == BLACK and colour_at(running, 2, 2) == WHITE


def test_undo_takes_back_one_stroke_after_another(running):
    before = dots(running)
    for row in (5, 15):
        with awaiting(running):
            stroke(running, (row, 5), (row, 25))
    undo = running.get_by_role("button", name="Undo")
    with awaiting(running):
        undo.click()
    assert colour_at(running, 5, 15) == BLACK and colour_at(running, 15, 15) == WHITE
    with awaiting(running):
        undo.click()
    assert torch.equal(dots(running), before)


def test_the_keyboard_draws_everything_that_a_hand_draws(running, search):
    running.get_by_role("radio", name="black").focus()
    running.keyboard.press("ArrowRight")
    expect(running.get_by_role("radio", name="grey")).to_be_checked()
    running.get_by_role("radio", name="red").check()
    running.get_by_role("application", name=re.compile("Your drawing")).focus()
    for _ in range(SIDE):
        running.keyboard.press("ArrowUp")
        running.keyboard.press("ArrowLeft")
    with awaiting(running):
        running.keyboard.press("Space")
    assert colour_at(running, 0.5, 0.5) == RED and colour_at(running, 0.5, 3) == WHITE
    with awaiting(running):
        for _ in range(5):
            running.keyboard.press("Shift+ArrowRight")
    assert colour_at(running, 0.5, 5) == RED
    expect(running.locator(".mm-live-form [aria-live=polite]")).to_have_text(
        re.compile("Row 1, column 6, red|Words find")
    )
    with awaiting(running):
        running.keyboard.press("Control+z")
    assert colour_at(running, 0.5, 5.9) == WHITE
    running.get_by_role("button", name="Fill").press("Enter")
    running.get_by_role("application", name=re.compile("Your drawing")).focus()
    for _ in range(9):
        running.keyboard.press("ArrowDown")
    with awaiting(running):
        running.keyboard.press("Enter")
    running.get_by_role("button", name="Fill").press("Enter")
    assert (dots(running) == torch.tensor(RED)[:, None, None]).all()
    assert_like_torch(running, search, FIRST)


def test_a_finger_draws_on_a_phone(phone, search):
    with awaiting(phone):
        swipe(phone, place_of(phone, 2, 2), place_of(phone, 2, 8))
    assert colour_at(phone, 2, 5) == BLACK
    assert_like_torch(phone, search, FIRST)


# What surrounds it


class TestAnyLiveLab(AnyLiveLab):
    pass


def test_what_was_found_is_announced_in_the_end(running):
    expect(running.locator(".mm-live-form [aria-live=polite]")).to_have_text(
        re.compile(r"^3 words read\..* Words find .*\. The drawing finds .*; captions .* -?0\.\d\d\.$")
    )
