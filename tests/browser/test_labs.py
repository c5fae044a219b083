"""Labs in a real browser: a page of two small labs in its own folder, then every lab of the built book."""

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from mmnotes.page import Choice, Lab, Numeric, Switch
from mmnotes.page.frames import DPI
from tests.layout import stems

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "theme" / "assets"
PHONE = {"has_touch": True, "is_mobile": True, "viewport": {"width": 360, "height": 740}}
QUIET = 500  # lab.js announces this many milliseconds after the last change
PACE = 900  # and plays a step in this many
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Labs</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'self'">
<link rel="stylesheet" href="../_static/lab.css"><script defer src="../_static/lab.js"></script></head>
<body><main><h1>Labs</h1>{labs}</main></body></html>"""

every_chapter = pytest.mark.parametrize("stem", stems(ROOT))


def draw(figure, power, marks=False, colour="blue"):
    x = np.linspace(0, 1, 20)
    figure.subplots().plot(x, x**power, marker="o" if marks else "", color=colour)


def describe(power, **others):
    return f"The curve of x to the power {power:g}" + "".join(f", {key} {value}" for key, value in others.items()) + "."


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page with the labs `curve` (5 x 2 x 2 settings, with a player) and `plain` (5)."""
    root = tmp_path_factory.mktemp("labs")
    power = Numeric("Power", grid=[1, 2, 3, 4, 5], default=2, live=(1, 9), play=True)
    curve = {"power": power, "marks": Switch("Marks"), "colour": Choice("Colour", options=["blue", "red"])}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMNOTES_LAB_FRAMES", str(root / "_static" / "labs" / "chapter"))
        made = [
            Lab(draw, describe, name="curve", title="A curve", size=(4, 2), **curve),
            Lab(draw, describe, name="plain", title="A plain curve", size=(4, 2), narrow=(3, 3), power=power),
        ]
    for asset in ("lab.css", "lab.js"):
        shutil.copy(ASSETS / asset, root / "_static")
    (root / "book").mkdir()
    page = root / "book" / "labs.html"
    page.write_text(PAGE.format(labs="".join(lab._repr_mimebundle_()["text/html"] for lab in made)), "utf-8")
    return page.as_uri()


@pytest.fixture
def page(open_page: Callable[..., Page], labs: str) -> Page:
    return open_page(labs)


def shown(page: Page, name: str = "curve") -> int:
    """The number of the picture that is on screen, which its description and alt text must agree with."""
    return page.evaluate(
        """([name, dpi]) => {
            const lab = document.getElementById(`lab-${name}`);
            const picture = lab.querySelector("img");
            const narrow = lab.querySelector("source") && innerWidth <= 480;
            const [, number, slim] = picture.currentSrc.match(/(\\d+)(-narrow)?\\.webp$/);
            if (Boolean(slim) !== Boolean(narrow)) return -1;
            const frame = Number(number), width = (narrow ? 3 : 4) * dpi;
            const text = JSON.parse(lab.dataset.texts)[frame];
            const agrees = picture.complete && picture.naturalWidth === width && picture.alt === text
                && lab.querySelector(".mm-lab-text").textContent === text;
            return agrees ? frame : -1;
        }""",
        [name, DPI],
    )


def wait_for(page: Page, frame: int, name: str = "curve") -> None:
    page.wait_for_function(
        "([name, frame]) => document.getElementById(`lab-${name}`).dataset.shown === String(frame)", arg=[name, frame]
    )
    assert shown(page, name) == frame


def stop_the_clock(page: Page) -> None:
    """From now on time passes by `page.clock.run_for` alone; a clock that is only installed goes on by itself."""
    page.clock.install(time=0)
    page.clock.pause_at(1000)


def live(page: Page, name: str = "curve") -> Locator:
    return page.locator(f"#lab-{name} [aria-live=polite]")


def press_on_slider(page: Page, slider: Locator, index: int, *, touch: bool = False) -> None:
    """Click or tap the place on the track that stands for a value."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    thumb = 16
    share = index / int(slider.get_attribute("max"))
    place = box["x"] + thumb / 2 + share * (box["width"] - thumb), box["y"] + box["height"] / 2
    (page.touchscreen.tap if touch else page.mouse.click)(*place)


# The small page


def test_only_the_default_pictures_are_fetched_at_first(open_page, labs):
    asked = []
    page = open_page(labs)
    page.on("request", lambda request: asked.append(request.url))
    page.reload(wait_until="networkidle")
    assert sorted(url.split("/labs/chapter/")[1] for url in asked if url.endswith("webp")) == [
        "curve/4.webp",
        "plain/1.webp",
    ]
    assert shown(page) == 4


def test_arrow_keys_change_picture_value_alt_and_announcement(page):
    slider = page.get_by_label("Power").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, 8)
    assert slider.get_attribute("aria-valuetext") == "3"
    assert page.locator("#lab-curve .mm-lab-value").inner_text() == "3"
    expect(live(page)).to_have_text("The curve of x to the power 3, marks False, colour blue.")
    page.keyboard.press("Home")
    wait_for(page, 0)
    page.keyboard.press("Tab")  # the player
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    wait_for(page, 2)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    wait_for(page, 3)
    expect(live(page)).to_have_text("The curve of x to the power 1, marks True, colour red.")
    assert shown(page, "plain") == 1


def test_the_mouse_moves_every_control(page):
    slider = page.locator("#lab-curve-power")
    press_on_slider(page, slider, 3)
    wait_for(page, 12)
    page.locator("#lab-curve-marks").click()
    wait_for(page, 14)
    page.get_by_text("Marks", exact=True).click()
    wait_for(page, 12)
    page.locator("#lab-curve-colour").select_option("red")
    wait_for(page, 13)
    expect(live(page)).to_have_text("The curve of x to the power 4, marks False, colour red.")


def test_touch_moves_every_control(open_page, labs):
    page = open_page(labs, has_touch=True, is_mobile=True, viewport={"width": 360, "height": 640})
    press_on_slider(page, page.locator("#lab-curve-power"), 0, touch=True)
    wait_for(page, 0)
    page.get_by_label("Marks").tap()
    wait_for(page, 2)
    page.get_by_label("Colour").select_option("red")
    wait_for(page, 3)
    press_on_slider(page, page.locator("#lab-plain-power"), 3, touch=True)
    wait_for(page, 3, "plain")


def test_a_phone_that_is_turned_gets_the_wide_picture_of_the_same_setting(open_page, labs):
    page = open_page(labs, has_touch=True, is_mobile=True, viewport={"width": 360, "height": 640})
    assert shown(page, "plain") == 1
    page.locator("#lab-plain-power").press("ArrowRight")
    wait_for(page, 2, "plain")
    page.set_viewport_size({"width": 640, "height": 360})
    page.wait_for_function("() => document.querySelector('#lab-plain img').currentSrc.endsWith('/2.webp')")
    assert shown(page, "plain") == 2


def test_the_first_text_is_not_announced_and_a_drag_is_announced_once(page):
    stop_the_clock(page)
    page.evaluate(
        """() => {
            window.said = [];
            const region = document.querySelector("#lab-curve [aria-live]");
            new MutationObserver(() => said.push(region.textContent)).observe(region, {childList: true});
        }"""
    )
    page.clock.run_for(3 * QUIET)
    assert live(page).inner_text() == ""
    page.locator("#lab-curve-power").focus()
    for frame, key in [(8, "ArrowRight"), (12, "ArrowRight"), (8, "ArrowLeft"), (4, "ArrowLeft"), (0, "ArrowLeft")]:
        page.keyboard.press(key)
        wait_for(page, frame)
        page.clock.run_for(QUIET // 2)
    assert page.evaluate("said") == []
    page.clock.run_for(QUIET)
    assert page.evaluate("said") == ["The curve of x to the power 1, marks False, colour blue."]


def test_a_warm_picture_is_there_by_the_next_screen_refresh(page):
    page.locator("#lab-curve-power").focus()
    for key, frame in [("ArrowRight", 8), ("ArrowLeft", 4)]:
        page.keyboard.press(key)
        wait_for(page, frame)
    page.evaluate(
        """() => {
            const picture = document.querySelector("#lab-curve img");
            window.seen = new Promise((resolve) => addEventListener("keydown", () => requestAnimationFrame(
                () => resolve([picture.currentSrc, picture.complete])), {once: true}));
        }"""
    )
    page.keyboard.press("ArrowRight")
    source, complete = page.evaluate("seen")
    assert source.endswith("curve/8.webp")
    assert complete


def test_what_one_control_can_reach_is_fetched_ahead_and_nothing_else(open_page, labs):
    asked: set[str] = set()
    page = open_page(labs)
    page.on("request", lambda request: asked.add(Path(request.url).name))
    page.locator("#lab-curve-power").focus()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    assert asked - {"4.webp"} == {"0.webp", "8.webp", "12.webp", "16.webp", "6.webp", "5.webp"}


def test_the_address_reopens_a_lab_as_it_stood(open_page, labs):
    page = open_page(labs)
    page.locator("#lab-curve-power").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#lab-curve-marks").check()
    page.locator("#lab-curve-colour").select_option("red")
    wait_for(page, 11)
    page.wait_for_url("**#lab-curve\\?power=3&marks=on&colour=red")
    assert page.locator("#lab-curve .mm-lab-link").evaluate("link => link.href") == page.url
    again = open_page(page.url)
    wait_for(again, 11)
    assert shown(again, "plain") == 1
    assert again.locator("#lab-curve-marks").is_checked()
    again.evaluate("location.hash = '#lab-curve?power=1&marks=on'")
    wait_for(again, 3)
    again.evaluate(
        "location.hash = '#lab-curve?power=99&size=1'"
    )  # of another edition: what is not there changes nothing
    again.wait_for_timeout(100)
    wait_for(again, 3)


class Held:
    """Pictures of the lab `curve` that arrive when the test lets them; made before the page is opened."""

    def __init__(self, page: Page, *, but: tuple[int, ...] = ()) -> None:
        self.page, self.but = page, but
        self.routes: dict[int, Route] = {}
        page.route("**/curve/*.webp", self.hold)

    def hold(self, route: Route) -> None:
        frame = int(Path(route.request.url).stem)
        if frame in self.but:
            route.continue_()
        else:
            self.routes[frame] = route

    def wait(self, *frames: int) -> None:
        for _ in range(200):
            if set(frames) <= set(self.routes):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"asked for {sorted(self.routes)}, not for {frames}")

    def release(self, frame: int) -> None:
        self.routes.pop(frame).continue_()


def test_pictures_that_arrive_late_are_never_shown(open_page, labs):
    page = open_page("about:blank")
    held = Held(page, but=(4,))
    page.goto(labs)
    page.evaluate(
        """() => {
            window.sources = [];
            const picture = document.querySelector("#lab-curve img");
            new MutationObserver(() => sources.push(picture.getAttribute("src").match(/(\\d+)\\.webp/)[1]))
                .observe(picture, {attributeFilter: ["src"]});
        }"""
    )
    lab = page.locator("#lab-curve")
    page.locator("#lab-curve-power").focus()
    for key in ("ArrowRight", "ArrowRight", "Home"):
        page.keyboard.press(key)
    held.wait(0, 8, 12)
    held.release(12)
    held.release(8)
    page.wait_for_timeout(200)
    assert lab.get_attribute("data-shown") == "4"
    assert "mm-lab-loading" in lab.get_attribute("class")
    held.release(0)
    wait_for(page, 0)
    assert page.evaluate("sources") == ["0"]
    assert "mm-lab-loading" not in lab.get_attribute("class")


def test_a_picture_that_fails_says_so_and_is_tried_again(browser, labs):
    page = browser.new_page()  # its console reports the failure, as it should
    page.route("**/curve/16.webp", lambda route: route.abort())
    page.goto(labs)
    page.locator("#lab-curve-power").focus()
    page.keyboard.press("End")
    text = page.locator("#lab-curve .mm-lab-text")
    expect(text).to_have_text(
        "The picture could not be loaded. It would show: The curve of x to the power 5, marks False, colour blue."
    )
    expect(live(page)).to_contain_text("could not be loaded")
    expect(page.locator("#lab-curve img")).not_to_be_visible()
    page.keyboard.press("Home")
    wait_for(page, 0)
    expect(page.locator("#lab-curve img")).to_be_visible()
    page.unroute("**/curve/16.webp")
    page.keyboard.press("End")
    wait_for(page, 16)
    page.close()


def test_play_steps_to_the_end_and_announces_when_it_rests(page):
    stop_the_clock(page)
    button = page.locator("#lab-curve .mm-lab-play")
    assert button.inner_text() == "Play"
    button.click()
    wait_for(page, 8)
    assert button.inner_text() == "Pause"
    page.clock.run_for(PACE - 1)
    assert live(page).inner_text() == ""
    page.clock.run_for(1)
    wait_for(page, 12)
    page.clock.run_for(PACE)
    wait_for(page, 16)
    assert button.inner_text() == "Play"
    page.clock.run_for(QUIET)
    assert "power 5" in live(page).inner_text()
    page.clock.run_for(3 * PACE)
    assert shown(page) == 16
    button.click()  # from the end it starts again
    wait_for(page, 0)


@pytest.mark.parametrize("how", ["button", "control"])
def test_playing_stops_when_the_reader_takes_over(page, how):
    stop_the_clock(page)
    button = page.locator("#lab-curve .mm-lab-play")
    press_on_slider(page, page.locator("#lab-curve-power"), 0)
    wait_for(page, 0)
    button.click()
    wait_for(page, 4)
    if how == "button":
        button.click()
    else:
        page.locator("#lab-curve-marks").click()
    expected = {"button": 4, "control": 6}[how]
    wait_for(page, expected)
    assert button.inner_text() == "Play"
    page.clock.run_for(3 * PACE)
    assert shown(page) == expected


def test_who_asks_for_less_motion_steps_one_at_a_time(open_page, labs):
    page = open_page(labs, reduced_motion="reduce")
    stop_the_clock(page)
    button = page.locator("#lab-curve .mm-lab-play")
    assert button.inner_text() == "Next"
    button.click()
    wait_for(page, 8)
    page.clock.run_for(3 * PACE)
    assert shown(page) == 8
    assert button.inner_text() == "Next"


def test_nothing_moves_by_itself(page):
    stop_the_clock(page)
    page.clock.run_for(10 * PACE)
    assert (shown(page), shown(page, "plain")) == (4, 1)


@pytest.mark.parametrize("width", [360, 1200])
def test_the_lab_fits_and_its_targets_are_large_enough(open_page, labs, width):
    page = open_page(labs, viewport={"width": width, "height": 700}, has_touch=width == 360)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for field in page.locator("#lab-curve :is(input[type=range], select, button)").all():
        assert field.bounding_box()["height"] >= 24
    label, value = (page.locator(f"#lab-curve .mm-lab-control {part}").first for part in ("label", ".mm-lab-value"))
    assert value.bounding_box()["x"] > label.bounding_box()["x"] + label.bounding_box()["width"]


def test_the_place_of_the_picture_is_kept_before_it_arrives(open_page, labs):
    page = open_page("about:blank")
    held = Held(page)
    page.goto(labs, wait_until="commit")
    held.wait(4)
    before = page.locator("#lab-curve img").bounding_box()
    held.release(4)
    page.wait_for_load_state("load")
    assert page.locator("#lab-curve img").bounding_box() == before
    assert before["height"] > 100


def test_focus_is_visible(page):
    for field in page.locator("#lab-curve :is(a, input, select, button)").all():
        page.keyboard.press("Tab")
        expect(field).to_be_focused()
        assert field.evaluate("field => getComputedStyle(field).outlineStyle") == "solid"
        assert float(field.evaluate("field => getComputedStyle(field).outlineWidth").removesuffix("px")) >= 2


def test_without_javascript_the_default_stays_with_its_words(open_page, labs):
    page = open_page(labs, java_script_enabled=False)
    lab = page.locator("#lab-curve")
    expect(lab.locator("img")).to_be_visible()
    expect(lab.locator("img")).to_have_attribute("alt", "The curve of x to the power 2, marks False, colour blue.")
    expect(lab.locator(".mm-lab-text")).to_be_visible()
    expect(lab.locator("noscript p")).to_be_visible()
    expect(lab.locator(".mm-lab-controls")).not_to_be_visible()


def test_print_shows_the_default_without_controls(page):
    page.locator("#lab-curve-power").focus()
    page.keyboard.press("End")
    wait_for(page, 16)
    page.evaluate(
        """() => {
            const picture = document.querySelector("#lab-curve img");
            addEventListener("beforeprint", () => { window.printed = [picture.currentSrc, picture.complete]; });
        }"""
    )
    page.pdf()
    source, complete = page.evaluate("printed")
    assert source.endswith("curve/4.webp")
    assert complete
    wait_for(page, 16)
    page.emulate_media(media="print")
    expect(page.locator("#lab-curve .mm-lab-controls")).not_to_be_visible()
    expect(page.locator("#lab-curve .mm-lab-title")).to_be_visible()


def test_who_comes_back_finds_controls_and_picture_in_agreement(page):
    page.locator("#lab-curve-power").focus()
    page.keyboard.press("End")
    wait_for(page, 16)
    page.goto("about:blank")
    page.go_back()
    page.wait_for_timeout(100)  # a browser fills in what it remembers after the page's scripts have run
    wait_for(page, 16)  # the address says how the lab was left
    assert page.locator("#lab-curve-power").input_value() == "4"


# Every lab of the book


def picture(page: Page, lab: str) -> bytes:
    """The file that the lab shows, or what the page has computed in its place."""
    drawing = page.locator(f"#{lab} svg.mm-plot")
    if drawing.count():
        return drawing.inner_html().encode()
    source = page.locator(f"#{lab} img").evaluate("picture => picture.decode().then(() => picture.currentSrc)")
    return Path(unquote(urlparse(source).path)).read_bytes()


def move(page: Page, field: Locator, by: str) -> None:
    """Set a control to another value by keyboard, mouse or touch."""
    kind, at, last = field.evaluate(
        """field => [field.type, field.selectedIndex ?? Number(field.value), (field.options?.length ?? 0) - 1]"""
    )
    if kind == "checkbox":
        {"keyboard": lambda: field.press("Space"), "mouse": field.click, "touch": field.tap}[by]()
    elif kind == "range":
        steps = int(field.get_attribute("max"))
        far = 0 if 2 * at > steps else steps  # a neighbour of many is under the thumb, and may have the same words
        if by == "keyboard":
            field.press({0: "Home", steps: "End"}[far] if steps > 15 else "ArrowLeft" if at else "ArrowRight")
        else:
            press_on_slider(page, field, far if steps > 15 else 0 if at else 1, touch=by == "touch")
    elif by == "keyboard":
        field.press("ArrowUp" if at == last else "ArrowDown")
    else:
        field.select_option(index=0 if at else 1)  # the menu itself is the browser's, not the page's


@every_chapter
@pytest.mark.parametrize("hands", [("keyboard", "mouse"), ("touch",)], ids=["desk", "phone"])
def test_every_control_of_the_book_changes_picture_and_announcement(book, open_page, stem, hands):
    page = open_page("about:blank", **(PHONE if hands == ("touch",) else {}))
    stop_the_clock(page)
    for by in hands:
        page.goto((book / f"book/{stem}.html").as_uri())
        labs = page.locator(".mm-lab").all()
        assert labs
        for lab in labs:
            name = lab.get_attribute("id")
            seen = lab.locator("svg.mm-plot, img:visible")  # a lab that the page computes draws by itself
            for field in lab.locator(".mm-lab-controls :is(input, select)").all():
                before = picture(page, name)
                words = lab.locator(".mm-lab-text").inner_text()
                move(page, field, by)
                expect(lab.locator(".mm-lab-text")).not_to_have_text(words)
                where = f"{name}, {field.get_attribute('id')}, by {by}"
                assert picture(page, name) != before, where
                page.clock.run_for(QUIET)
                told = seen.get_attribute("alt") or seen.get_attribute("aria-label")
                expect(lab.locator("[aria-live=polite]")).to_have_text(told)


def test_no_lab_of_the_book_is_too_heavy(book):
    labs = [folder for folder in book.glob("_static/labs/*/*") if folder.is_dir()]
    assert labs
    for folder in labs:
        narrow = [picture.stat().st_size for picture in folder.glob("*-narrow.webp")]
        wide = [picture.stat().st_size for picture in folder.iterdir()]
        for count, total in ((len(narrow), sum(narrow)), (len(wide) - len(narrow), sum(wide) - sum(narrow))):
            assert count <= 64 and total <= 1_500_000, folder
