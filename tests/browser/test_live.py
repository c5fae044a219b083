"""The live lab of the zero convolutions in a real browser, its numbers beside torch's."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, Route, expect

from mmnotes.data import drawings, text_features
from mmnotes.flow import euler, guided_by, time_grid
from mmnotes.models.generator import pretrained_unet, prompts, to_pictures
from mmnotes.zero_conv import controlled, edge_f1, edge_map
from mmnotes.zero_conv.live import SteeredStep, drawn_outline
from mmnotes.zero_conv.pretrained import pretrained_branch
from tests.browser.any_live_lab import AnyLiveLab, assert_accessible
from tests.browser.live_site import gives, live_site
from tests.browser.watched import KEEP, WAIT, awaiting, pixels, start, swipe

SIDE, STEPS = 32, 12
PLACES = torch.tensor([3, 100, 400])  # of the corpus, the texts of this page; the first two with their outlines
WORDS = ("one", "two", "three")


@pytest.fixture(scope="module")
def outlines() -> torch.Tensor:
    return edge_map(drawings(vendor="noto")[PLACES[:2]])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, outlines: torch.Tensor) -> Path:
    unet = pretrained_unet()
    network = drawn_outline(
        SteeredStep(unet, pretrained_branch(unet)),
        time_grid(steps=STEPS),
        text_features()[PLACES],
        outlines,
        texts=[(word, "all") for word in WORDS],
        examples=[("the first", "one"), ("the second", "two")],
    )
    return live_site(tmp_path_factory.mktemp("live"), network)


@pytest.fixture
def running(started: Page) -> Page:
    """The running lab with its first outline and all settings as at the beginning."""
    for label, value in (("Scale", "1"), ("Guidance", "2"), ("Seed", "0")):
        started.get_by_label(label).fill(value)
    with awaiting(started):
        started.get_by_label("Outline of").select_option("your own")
        started.get_by_label("Outline of").select_option("the first")
    return started


def sample(page: Page) -> torch.Tensor:
    """The numbers behind the sample that is shown."""
    return torch.tensor(page.evaluate("[...window.results.at(-1)]")).reshape(3, SIDE, SIDE)


def cells(page: Page) -> torch.Tensor:
    """What is drawn on the board, read from its pixels."""
    return pixels(page.locator(".mm-board canvas"))[0] < 128


def by_torch(hint: torch.Tensor, text: int, *, scale: float, guidance: float, seed: int) -> torch.Tensor:
    unet = pretrained_unet()
    steered = controlled(unet, pretrained_branch(unet), hint[None, None].float(), scales=[scale] * 7)
    velocity = guided_by(steered, prompts(text_features()[PLACES[text]][None]), unet.nothing, scale=guidance)
    noise = torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    return to_pictures(euler(velocity, noise, time_grid(steps=STEPS)))[0]


def assert_like_torch(page: Page, text: int, *, scale: float = 1.0, guidance: float = 2.0, seed: int = 0) -> None:
    wanted = by_torch(cells(page), text, scale=scale, guidance=guidance, seed=seed)
    torch.testing.assert_close(sample(page), wanted, atol=1e-3, rtol=0)


def middle_of(page: Page, row: int, column: int) -> tuple[float, float]:
    page.locator(".mm-board canvas").scroll_into_view_if_needed()
    box = page.locator(".mm-board canvas").bounding_box()
    return box["x"] + (column + 0.5) * box["width"] / SIDE, box["y"] + (row + 0.5) * box["height"] / SIDE


def stroke(page: Page, *places: tuple[int, int]) -> None:
    page.mouse.move(*middle_of(page, *places[0]))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*middle_of(page, *place))
    page.mouse.up()


# Before it is asked to run


def test_nothing_but_the_offer_is_loaded_before_the_button_is_pressed(watched, site):
    opened = watched(site.as_uri())
    opened.page.wait_for_load_state("networkidle")
    assert [url for url in opened.asked if "/live/" in url] == [(site.parents[1] / "_static/live/offer.js").as_uri()]
    files = [file for name in ("runtime", "drawn") for file in (site.parents[1] / "_static/live" / name).iterdir()]
    size = sum(file.stat().st_size for file in files)
    expect(opened.page.locator(".mm-live-offer")).to_contain_text(f"It loads {-(-size // 1_000_000)} MB, once.")
    expect(opened.page.locator(".mm-live-offer")).to_contain_text("Nothing that you put in leaves this page.")
    expect(opened.page.locator("picture img")).to_be_visible()


def test_without_javascript_nothing_is_offered(watched, site, browser):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(site.as_uri())
    expect(page.locator("picture img")).to_be_visible()
    expect(page.locator(".mm-live")).not_to_be_visible()
    context.close()


@pytest.mark.parametrize(
    ("lack", "words"),
    [
        ("WebAssembly.validate = () => false", "it has no WebAssembly with SIMD"),
        ("delete globalThis.DecompressionStream", "it cannot unpack compressed files"),
        ("Object.defineProperty(navigator, 'deviceMemory', { value: 0.25 })", "this device has too little memory"),
        ("globalThis.Worker = class { constructor() { throw new Error('no workers here'); } }", "no workers here"),
    ],
)
def test_a_browser_that_cannot_run_it_says_so_and_keeps_the_pictures(watched, site, lack, words):
    opened = watched("about:blank")
    opened.page.add_init_script(lack)
    opened.page.goto(site.as_uri())
    opened.page.get_by_role("button", name="Run it here").click()
    said = opened.page.locator(".mm-live-said")
    expect(said).to_contain_text(words, timeout=WAIT)
    expect(said).to_contain_text("The pictures above remain.")
    expect(opened.page.locator("picture img")).to_be_visible()


def test_loading_shows_how_far_it_is_and_can_be_cancelled(watched, site):
    opened = watched("about:blank")
    held: list[Route] = []
    opened.page.route("**/drawn/3.js", lambda route: held.append(route))
    opened.page.goto(site.as_uri())
    run = opened.page.get_by_role("button", name="Run it here")
    run.click()
    bar = opened.page.get_by_role("progressbar", name="Loading")
    pieces = len(list((site.parents[1] / "_static/live/runtime").iterdir()))
    expect(bar).to_have_js_property("value", pieces + 3, timeout=WAIT)
    cancel = opened.page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_focused()
    opened.page.keyboard.press("Enter")
    held[0].continue_()
    expect(run).to_be_focused(timeout=WAIT)
    expect(bar).not_to_be_attached()
    assert not [url for url in opened.asked if url.endswith("/drawn/4.js")]
    opened.page.unroute("**/drawn/3.js")
    opened.page.evaluate(KEEP)
    start(opened.page)
    assert_like_torch(opened.page, 0)


# Its numbers


def test_it_runs_from_the_file_system_and_gives_what_torch_gives(running, outlines):
    assert torch.equal(cells(running), outlines[0, 0])
    assert_like_torch(running, 0)
    f1 = edge_f1(edge_map(sample(running)[None]), cells(running)[None, None]).item()
    expect(running.locator(".mm-live-words")).to_contain_text(f"Agreement with your outline {f1:.2f}")


def test_the_sample_is_shown_large_and_at_the_end_of_the_steps(running):
    wanted = 255 * sample(running)
    large = pixels(running.get_by_role("img", name=re.compile("^Sample of one")))
    torch.testing.assert_close(large.float(), wanted, atol=1, rtol=0)
    strip = pixels(running.get_by_role("img", name=f"The sampler's {STEPS} steps, from noise to the sample."))
    assert strip.shape[2] == STEPS * SIDE
    torch.testing.assert_close(strip[:, :, -SIDE:].float(), wanted, atol=1, rtol=0)


def test_it_runs_over_http_under_the_strict_policy(served):
    start(served)
    assert_like_torch(served, 0)


def test_every_setting_gives_what_torch_gives(running):
    random = np.random.default_rng(0)
    for text in (2, 1):
        scale, guidance, seed = round(random.uniform(0, 2), 1), random.integers(0, 21) / 4, int(random.integers(2**32))
        with awaiting(running):
            running.get_by_label("Text").select_option(WORDS[text])
            for label, value in (("Scale", scale), ("Guidance", guidance), ("Seed", seed)):
                running.get_by_label(label).fill(str(value))
            running.get_by_label("Seed").blur()
        assert_like_torch(running, text, scale=scale, guidance=float(guidance), seed=seed)


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**32 - 1])
def test_the_noise_is_that_of_torch(browser, seed):
    got = gives(browser, "noise", "[...script.gives.normals(given, 3072)]", seed)
    wanted = torch.randn(3072, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(torch.tensor(got), wanted, atol=1e-5, rtol=0)


def test_edges_and_agreement_are_those_of_the_package(browser):
    random = torch.Generator().manual_seed(0)
    drawn = drawings(vendor="noto")[::85].double()
    pictures = torch.cat([torch.rand(90, 3, SIDE, SIDE, generator=random, dtype=torch.double), drawn])
    wanted = edge_map(pictures)
    call = "given.map((picture) => [...script.gives.edgeMap(picture, 32)])"
    found = torch.tensor(gives(browser, "edges", call, pictures.flatten(1).tolist())).reshape(-1, 1, SIDE, SIDE).bool()
    assert torch.equal(found[:90], wanted[:90])
    # In drawings slopes on both sides of a line are equal up to a rounding, and either pixel may win.
    assert edge_f1(found[90:], wanted[90:]).min() > 0.97
    pairs = [
        [a.flatten().int().tolist(), b.flatten().int().tolist()] for a, b in zip(wanted, wanted.roll(1, 0), strict=True)
    ]
    call = "given.map(([one, other]) => script.gives.agreement(one, other, 32))"
    got = torch.tensor(gives(browser, "edges", call, pairs))
    torch.testing.assert_close(got, edge_f1(wanted, wanted.roll(1, 0)), atol=1e-5, rtol=0)
    empty = [[[0] * SIDE**2, wanted[0].flatten().int().tolist()]]
    assert gives(browser, "edges", call, empty) == [0]


# Drawing


def cleared(page: Page) -> None:
    with awaiting(page):
        page.get_by_role("button", name="Clear").click()
    assert not cells(page).any()


def test_the_mouse_draws_thin_lines_and_each_stroke_gives_a_sample(running):
    cleared(running)
    expect(running.locator(".mm-live-words")).to_contain_text("No outline is drawn")
    with awaiting(running):
        stroke(running, (20, 5), (20, 9), (21, 9), (21, 14), (8, 27))
    expect(running.get_by_label("Outline of")).to_have_value("0")
    drawn = cells(running)
    assert drawn[20, 5] and drawn[8, 27]
    corners = drawn[20, 9] & drawn[21, 9]
    assert not corners  # one cell of a corner is left out, as in the outlines that were learned
    assert drawn.sum() == (9 - 5 + 1) + (14 - 9) + (27 - 14)
    assert_like_torch(running, 0)


def test_a_stroke_that_leaves_the_board_ends_at_its_rim(running):
    cleared(running)
    with awaiting(running):
        running.mouse.move(*middle_of(running, 4, 28))
        running.mouse.down()
        x, y = middle_of(running, 4, 31)
        running.mouse.move(x + 200, y)
        running.mouse.up()
    assert cells(running).nonzero().tolist() == [[4, 28], [4, 29], [4, 30], [4, 31]]


# In the page itself: between two messages of a test a fast machine ends a whole sample.
UNDO_AT_STEP_2 = """() => {
    const words = document.querySelector(".mm-live-words");
    const undo = [...document.querySelectorAll(".mm-board button")].find((each) => each.textContent === "Undo");
    const watch = new MutationObserver(() => {
        if (!words.textContent.startsWith("Step 2 ")) return;
        watch.disconnect();
        undo.click();
    });
    watch.observe(words, { childList: true });
}"""


def test_a_change_while_a_sample_forms_starts_it_anew(running, outlines):
    running.evaluate(UNDO_AT_STEP_2)
    with awaiting(running):
        stroke(running, (1, 1), (1, 6))
    assert torch.equal(cells(running), outlines[0, 0].bool())
    assert running.evaluate("window.results.length") == 1
    assert_like_torch(running, 0)


def test_eraser_undo_and_clear(running, outlines):
    cleared(running)
    with awaiting(running):
        stroke(running, (10, 2), (10, 12))
    eraser = running.get_by_role("button", name="Erase")
    eraser.click()
    expect(eraser).to_have_attribute("aria-pressed", "true")
    with awaiting(running):
        stroke(running, (5, 7), (15, 7))
    eraser.click()
    assert cells(running).sum() == 10 and not cells(running)[10, 7]
    undo = running.get_by_role("button", name="Undo")
    with awaiting(running):
        undo.click()
    assert cells(running).sum() == 11
    with awaiting(running):
        undo.click()
        undo.click()
    assert torch.equal(cells(running), outlines[0, 0])


def test_the_keyboard_draws_everything_that_a_hand_draws(running):
    cleared(running)
    board = running.get_by_role("application", name=re.compile("Your outline"))
    board.focus()
    for _ in range(SIDE):
        running.keyboard.press("ArrowUp")
    for _ in range(SIDE):
        running.keyboard.press("ArrowLeft")
    with awaiting(running):
        running.keyboard.press("Space")
        for key in ["ArrowRight", "ArrowDown", "ArrowDown"]:
            running.keyboard.press(f"Shift+{key}")
        running.keyboard.press("ArrowDown")
        running.keyboard.press("Enter")
    assert cells(running).nonzero().tolist() == [[0, 0], [0, 1], [1, 1], [2, 1], [3, 1]]
    assert_like_torch(running, 0)
    running.keyboard.press("ArrowUp")
    expect(running.locator(".mm-live-form [aria-live=polite]")).to_have_text("Row 3, column 2, line.")
    with awaiting(running):
        running.keyboard.press("Space")
    assert not cells(running)[2, 1]
    with awaiting(running):
        running.keyboard.press("Control+z")
    assert cells(running)[2, 1]


def test_an_example_brings_its_outline_and_its_text(running, outlines):
    with awaiting(running):
        running.get_by_label("Outline of").select_option("the second")
    expect(running.get_by_label("Text")).to_have_value("1")
    assert torch.equal(cells(running), outlines[1, 0])
    assert_like_torch(running, 1)


def test_the_sample_is_announced_once_it_is_there(running):
    expect(running.locator(".mm-live-form [aria-live=polite]")).to_have_text(
        re.compile(
            r"^Sample of one\. Agreement with your outline 0\.\d\d; mean colour red \d+, green \d+, blue \d+ %\.$"
        )
    )
    expect(running.get_by_role("img", name=re.compile("^Sample of one"))).to_be_visible()


def test_of_quick_changes_the_last_alone_is_announced(running):
    running.evaluate(
        """() => {
            window.announced = [];
            const live = document.querySelector(".mm-live-form [aria-live=polite]");
            new MutationObserver(() => window.announced.push(live.textContent)).observe(live, { childList: true });
            const area = document.querySelector(".mm-board-area");
            for (const key of ["ArrowRight", "ArrowDown", "ArrowDown"]) {
                area.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            }
        }"""
    )
    running.wait_for_function("() => window.announced.length")
    (said,) = running.evaluate("window.announced")
    assert re.fullmatch(r"Row \d+, column \d+, (empty|line)\.", said)


def test_a_finger_draws_on_a_phone(phone):
    before = cells(phone)
    with awaiting(phone):
        swipe(phone, middle_of(phone, 2, 2), middle_of(phone, 2, 8))
    assert (cells(phone) & ~before)[2, 2:9].any() and cells(phone)[2, 2:9].all()
    assert_like_torch(phone, 0)


# What surrounds it


class TestAnyLiveLab(AnyLiveLab):
    pass


def test_who_asks_for_less_motion_sees_the_sample_alone(running):
    running.emulate_media(reduced_motion="reduce")
    running.evaluate(
        """() => {
            window.seen = 0;
            const surface = document.querySelector(".mm-live-sample").getContext("2d"), put = surface.putImageData;
            surface.putImageData = (...given) => { window.seen += 1; put.apply(surface, given); };
        }"""
    )
    with awaiting(running):
        running.get_by_role("button", name="Other noise").click()
    assert running.evaluate("window.seen") == 1
    running.emulate_media(reduced_motion="no-preference")
    with awaiting(running):
        running.get_by_role("button", name="Other noise").click()
    assert running.evaluate("window.seen") == 1 + STEPS


def test_the_way_back_leads_to_the_pictures_and_the_network_is_let_go(watched, site):
    opened = watched(site.as_uri())
    start(opened.page)
    (worker,) = opened.page.workers
    with worker.expect_event("close"):
        opened.page.get_by_role("button", name="Back to the prepared pictures").click()
    expect(opened.page.locator("picture img")).to_be_visible()
    expect(opened.page.get_by_role("button", name="Run it here")).to_be_focused()
    expect(opened.page.locator(".mm-live-form")).not_to_be_attached()


def test_every_network_of_the_book_runs_on_its_page(book, watched):
    """Started from the file system, it gives a first result without a complaint; axe finds nothing in it."""
    pages = [page for page in sorted(book.glob("book/*.html")) if 'class="mm-live"' in page.read_text("utf-8")]
    assert pages
    for page in pages:
        opened = watched(page.as_uri())
        for place in opened.page.locator(".mm-live").all():
            place.get_by_role("button", name="Run it here").click()
            expect(place.locator(".mm-live-form")).to_have_attribute("data-state", "ready", timeout=WAIT)
        assert_accessible(opened.page, context=".mm-live")
