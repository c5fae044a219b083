"""What the built book costs its reader, and its building the writer."""

import gzip
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import nbformat
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page

from tools.browser import chromium
from tools.firefox import firefox

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
PACKED = {".woff2", ".webp", ".png", ".jpg"}  # a server does not compress these again
KINDS = {".html": "html", ".css": "css", ".js": "js", ".woff2": "fonts"}
KINDS |= dict.fromkeys((".webp", ".png", ".svg"), "pictures")
# From the key press to the screen refresh that shows another picture, or what the page has computed in its place.
NEXT_PICTURE = """async (lab) => {
    const picture = lab.querySelector("img"), field = lab.querySelector("input[type=range], select");
    const watched = lab.querySelector("svg.mm-plot") ?? picture;
    const refresh = () => new Promise(requestAnimationFrame);
    field.focus();
    await new Promise((done) => setTimeout(done, 300));
    window.pressed = new Promise((done) => {
        let start;
        field.addEventListener("keydown", (key) => { start = key.timeStamp; }, { once: true });
        new MutationObserver(async (changes, observer) => {
            observer.disconnect();
            await picture.decode();
            await refresh();
            done(performance.now() - start);
        }).observe(watched, { attributeFilter: ["src", "aria-label"] });
    });
}"""
# From an act on a network's lab until its result is there: the press of its button, or the choice of another example.
READY = """async ([name, act]) => {
    const place = document.querySelector(`.mm-live[data-network="${name}"]`);
    const start = performance.now(), wait = () => new Promise((done) => setTimeout(done, 10));
    if (act === "start") place.querySelector(".mm-live-run").click();
    else place.querySelector("select").dispatchEvent(new Event("change", { bubbles: true }));
    do await wait(); while (place.querySelector(".mm-live-form")?.dataset.state !== "ready");
    return (performance.now() - start) / 1000;
}"""


def weight(file: Path) -> int:
    """The bytes that a server sends for a file."""
    content = file.read_bytes()
    return len(content) if file.suffix in PACKED else len(gzip.compress(content, mtime=0))


def local(address: str) -> Path:
    """The file behind a ``file:`` address."""
    return Path(unquote(urlparse(address).path))


def first_view(page: Page, address: str) -> list[Path]:
    """The files that a browser asks for when it opens the page."""
    asked: dict[Path, None] = {}
    page.on("request", lambda request: asked.setdefault(local(request.url)) if "file:" in request.url else None)
    page.goto(address, wait_until="networkidle")
    return [file for file in asked if file.is_file()]


def next_picture(page: Page, lab: int) -> float:
    """Median milliseconds from a key press to the new picture of a lab, over six presses."""
    times = []
    for key in ["ArrowRight", "ArrowLeft"] * 3:
        place = page.locator(".mm-lab").nth(lab)
        place.scroll_into_view_if_needed()
        place.evaluate(NEXT_PICTURE)
        words = place.locator(".mm-lab-text")
        before = words.inner_text()
        page.keyboard.press(key)
        if words.inner_text() == before:
            page.keyboard.press("ArrowLeft" if key == "ArrowRight" else "ArrowRight")
        times.append(page.evaluate("window.pressed"))
    return statistics.median(times)


def network_times(name: str, evaluate: Callable[[str, object], Any]) -> str:
    """Seconds of a network on the page that a browser shows: from the button to a first result, and to another."""
    first = evaluate(READY, [name, "start"])
    others = statistics.median(evaluate(READY, [name, "change"]) for _ in range(5))
    return f"{first:.1f} s to the first result, {others:.2f} s to another"


def networks(file: Path) -> dict[str, float]:
    """The networks that a page offers to run, with the megabytes that each asks for: its own and the runtime."""
    places = BeautifulSoup(file.read_text("utf-8"), "html.parser").select(".mm-live[data-files]")
    return {
        str(place["data-network"]): sum(each["bytes"] for each in json.loads(str(place["data-files"]))) / 1e6
        for place in places
    }


def peak_megabytes(browser: Browser) -> float:
    """The most memory that one of the pages open in a Chromium has had."""
    running = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    status = [Path(f"/proc/{each['id']}/status").read_text() for each in running if each["type"] == "renderer"]
    return max(int(text.split("VmHWM:")[1].split()[0]) for text in status) / 1000


def lab_row(page: Page, stem: str, number: int) -> tuple[str, str]:
    """Pictures or script of one lab, and how soon it answers a key."""
    lab = page.locator(".mm-lab").nth(number)
    name = lab.get_attribute("id") or ""
    folder = HTML / "_static/labs" / stem / name.removeprefix("lab-")
    took = next_picture(page, number)
    if (folder / "formula.js").exists():
        return name, f"computed, {weight(folder / 'formula.js') / 1000:.1f} kB, {took:.1f} ms from key to drawing"
    frames = list(folder.glob("*.webp"))
    size = sum(frame.stat().st_size for frame in frames) / 1000
    return name, f"{len(frames)} pictures, {size:.0f} kB, {took:.1f} ms from key to picture"


def page_rows(browser: Browser, file: Path) -> Iterator[tuple[str, str]]:
    """Bytes, requests, labs and networks of one page in Chromium."""
    page = browser.new_page()
    files = first_view(page, file.as_uri())
    kinds = dict.fromkeys(KINDS.values(), 0)
    for asked in files:
        kinds[KINDS[asked.suffix]] += weight(asked)
    parts = ", ".join(f"{kind} {size / 1000:.0f}" for kind, size in kinds.items() if size)
    yield f"{file.stem}: first view", f"{sum(kinds.values()) / 1000:.0f} kB ({parts}), {len(files)} requests"
    for number in range(page.locator(".mm-lab").count()):
        name, figure = lab_row(page, file.stem, number)
        yield f"{file.stem}: {name}", figure
    before = peak_megabytes(browser)
    for name, size in networks(file).items():
        times = network_times(name, page.evaluate)
        more = peak_megabytes(browser) - before
        yield f"{file.stem}: network of {name}", f"{size:.1f} MB asked for, {more:.0f} MB of memory, {times}"
    page.close()


def firefox_rows() -> Iterator[tuple[str, str]]:
    """The networks once more, in Firefox."""
    with firefox() as page:
        for file in sorted(HTML.glob("book/*.html")):
            for name in networks(file):
                page.open(file.as_uri())
                yield f"{file.stem}: network of {name}, Firefox", network_times(name, page.evaluate)


def build_seconds(root: Path) -> float:
    """Wall time of one build."""
    start = time.perf_counter()
    command = [Path(sys.executable).with_name("jupyter-book"), "build", root, "-W", "--keep-going"]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def build_rows() -> Iterator[tuple[str, str]]:
    """Wall time of a build from nothing and of one after an edit of a sentence, on a copy of the book."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "book"
        left_out = shutil.ignore_patterns("_build", ".*", "__pycache__", "tests")
        shutil.copytree(ROOT, root, ignore=left_out)
        yield "make book, from nothing", f"{build_seconds(root):.1f} s"
        chapter = min((root / "book").glob("*.ipynb"))
        notebook = nbformat.read(chapter, as_version=4)
        text = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
        text.source += "\n\nAn edited sentence."
        nbformat.write(notebook, chapter)
        yield "make book, one sentence edited", f"{build_seconds(root):.1f} s"
        yield "make book, nothing edited", f"{build_seconds(root):.1f} s"


def rows() -> list[tuple[str, str]]:
    """Everything measured, as name and figure; needs a built book."""
    with chromium() as browser:
        pages = [row for file in sorted(HTML.glob("book/*.html")) for row in page_rows(browser, file)]
    return [*pages, *firefox_rows(), *build_rows()]
