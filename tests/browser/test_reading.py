"""What a reader meets on opening a page: pictures and labs early, none taller than the screen, drawings that hold."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from mmnotes.page.frames import PHONE as PHONE_PICTURE
from tests.layout import stems

ROOT = Path(__file__).parents[2]
SCREEN = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
LETTERS = 10  # CSS pixels, on a phone

every_chapter = pytest.mark.parametrize("stem", stems(ROOT))


def chapter(book: Path, stem: str) -> str:
    return (book / f"book/{stem}.html").as_uri()


@every_chapter
def test_a_picture_comes_within_two_screens_and_a_lab_within_three(book, open_page, stem):
    page = open_page(chapter(book, stem), viewport=SCREEN)
    tops = page.evaluate(
        """() => ["svg.mm-diagram, .cell_output img", ".mm-lab"].map(
            (kind) => document.querySelector(kind).getBoundingClientRect().top + scrollY)"""
    )
    assert tops[0] < 2 * SCREEN["height"] and tops[1] < 3 * SCREEN["height"], tops


@every_chapter
@pytest.mark.parametrize("viewport", [SCREEN, {"width": 1024, "height": 768}], ids=["wide", "tablet"])
def test_a_lab_is_seen_whole(book, open_page, stem, viewport):
    page = open_page(chapter(book, stem), viewport=viewport)
    heights = {lab.get_attribute("id"): lab.bounding_box()["height"] for lab in page.locator(".mm-lab").all()}
    most = 0.7 * SCREEN["height"]
    assert {name: height for name, height in heights.items() if height > most} == {}


@every_chapter
def test_a_labs_picture_has_the_width_on_a_phone_that_its_letters_count_on(book, open_page, stem):
    page = open_page(chapter(book, stem), viewport=PHONE)
    for lab in page.locator(".mm-lab").all():
        picture = lab.locator("img:visible, svg.mm-plot").bounding_box()["width"]
        assert picture >= min(PHONE_PICTURE, int(lab.locator("img").get_attribute("width"))), lab.get_attribute("id")


@every_chapter
def test_a_drawings_words_fit_their_boxes_and_are_read_on_a_phone(book, open_page, stem):
    page = open_page(chapter(book, stem), viewport=PHONE)
    drawing = page.locator("svg.mm-diagram")
    expect(drawing).to_have_count(1)
    amiss = drawing.evaluate(
        """(svg, letters) => {
            const whole = svg.getBoundingClientRect();
            const outside = (inner, outer) => inner.left < outer.left - 0.5 || inner.right > outer.right + 0.5
                || inner.top < outer.top - 0.5 || inner.bottom > outer.bottom + 0.5;
            return [...svg.querySelectorAll("text")].filter((text) => {
                const box = text.parentElement.querySelector("rect, circle");
                const place = text.getBoundingClientRect();
                const size = parseFloat(getComputedStyle(text).fontSize) * whole.width / svg.viewBox.baseVal.width;
                // Across only: a line of text is higher than its letters.
                const across = {...place.toJSON(), top: place.y + place.height / 2, bottom: place.y + place.height / 2};
                const around = (box ?? svg).getBoundingClientRect();
                return size < letters || outside(across, whole) || outside(across, around);
            }).map((text) => text.textContent);
        }""",
        LETTERS,
    )
    assert amiss == []


@every_chapter
def test_a_part_of_a_drawing_shows_its_equation_with_the_symbols_marked(book, open_page, stem):
    page = open_page(chapter(book, stem), viewport=SCREEN)
    links = page.locator("svg.mm-diagram a[href^='#equation-']")
    assert links.count()
    marked = 0
    for link in links.all():
        link.focus()
        page.keyboard.press("Shift")  # a key, so that the browser shows where the focus is
        card = page.locator("#hover-card")
        expect(card).to_be_visible()
        expect(card.locator(".katex")).to_have_count(1)
        marked += card.locator(".pointed-at").count()
        page.keyboard.press("Escape")
    assert marked


def test_the_first_page_opens_with_a_lab_that_plays_and_a_map_of_all_chapters(book, open_page):
    page = open_page((book / "book/index.html").as_uri(), viewport=SCREEN)
    lab = page.locator(".mm-lab").first
    box = lab.bounding_box()
    assert box["y"] + box["height"] <= SCREEN["height"]
    shown = lab.get_attribute("data-shown")
    lab.locator(".mm-lab-play").click()
    expect(lab).not_to_have_attribute("data-shown", shown)
    cards = page.locator(".chapter-card")
    assert sorted(cards.locator(".title a").evaluate_all("links => links.map((link) => link.pathname)")) == sorted(
        (book / f"book/{stem}.html").as_posix() for stem in stems(ROOT)
    )
    for card in cards.all():
        card.scroll_into_view_if_needed()
        picture = card.locator("img")
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)")
    cards.first.click()  # in its middle, where its question stands
    expect(page).to_have_url((book / f"book/{first_chapter()}.html").as_uri())


@pytest.mark.parametrize("name", ["index", *stems(ROOT)])
def test_nothing_jumps_while_a_page_opens(book, open_page, name):
    page = open_page((book / f"book/{name}.html").as_uri(), viewport=SCREEN)
    shifts = page.evaluate(
        """() => new Promise((found) => {
            const entries = [];
            new PerformanceObserver((list) => entries.push(...list.getEntries().map((entry) => entry.value)))
                .observe({ type: "layout-shift", buffered: true });
            setTimeout(() => found(entries), 500);
        })"""
    )
    assert sum(shifts) < 0.01


def first_chapter() -> str:
    """The stem of the first chapter in the table of contents."""
    toc = (ROOT / "_toc.yml").read_text("utf-8")
    return min(stems(ROOT), key=lambda stem: toc.index(f"book/{stem}"))
