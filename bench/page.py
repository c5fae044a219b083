"""What the built book costs its reader, and its building the writer."""

import gzip
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse

import nbformat
from playwright.sync_api import Browser, Locator, Page

from tools.browser import chromium

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
PACKED = {".woff2", ".webp", ".png", ".jpg"}  # a server does not compress these again
KINDS = {".html": "html", ".css": "css", ".js": "js", ".woff2": "fonts", ".webp": "pictures", ".png": "pictures"}
# From the key press to the screen refresh that shows another picture.
NEXT_PICTURE = """async (lab) => {
    const picture = lab.querySelector("img"), field = lab.querySelector("input[type=range], select");
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
        }).observe(picture, { attributeFilter: ["src"] });
    });
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
        before = place.get_attribute("data-shown")
        page.keyboard.press(key)
        if place.get_attribute("data-shown") == before:
            page.keyboard.press("ArrowLeft")
        times.append(page.evaluate("window.pressed"))
    return statistics.median(times)


def ready(place: Locator, act: str) -> float:
    """Seconds from an act in the place of a network, a function of it, until its result is there."""
    return place.evaluate(
        f"""async (place) => {{
            const start = performance.now(), wait = () => new Promise((done) => setTimeout(done, 10));
            ({act})(place);
            do await wait(); while (place.querySelector(".mm-live-form")?.dataset.state !== "ready");
            return (performance.now() - start) / 1000;
        }}"""
    )


def network_rows(page: Page) -> Iterator[tuple[str, str]]:
    """Bytes and seconds of each network that a page runs: from the button to the first result, and for another one."""
    for place in page.locator(".mm-live").all():
        size = sum(file["bytes"] for file in json.loads(place.get_attribute("data-files") or "[]"))
        first = ready(place, "place => place.querySelector('.mm-live-run').click()")
        change = "place => place.querySelector('select').dispatchEvent(new Event('change', { bubbles: true }))"
        others = statistics.median(ready(place, change) for _ in range(5))
        name = place.get_attribute("data-network")
        yield f"network of {name}", f"{size / 1e6:.1f} MB, {first:.1f} s to the first result, {others:.1f} s to another"


def page_rows(browser: Browser, file: Path) -> Iterator[tuple[str, str]]:
    """Bytes, requests and labs of one page."""
    page = browser.new_page()
    files = first_view(page, file.as_uri())
    kinds = dict.fromkeys(KINDS.values(), 0)
    for asked in files:
        kinds[KINDS[asked.suffix]] += weight(asked)
    parts = ", ".join(f"{kind} {size / 1000:.0f}" for kind, size in kinds.items() if size)
    yield f"{file.stem}: first view", f"{sum(kinds.values()) / 1000:.0f} kB ({parts}), {len(files)} requests"
    for number, name in enumerate(page.locator(".mm-lab").evaluate_all("labs => labs.map(lab => lab.id)")):
        frames = list((HTML / "_static/labs" / file.stem / name.removeprefix("lab-")).glob("*.webp"))
        size = sum(frame.stat().st_size for frame in frames) / 1000
        took = next_picture(page, number)
        yield f"{file.stem}: {name}", f"{len(frames)} pictures, {size:.0f} kB, {took:.1f} ms from key to picture"
    yield from ((f"{file.stem}: {what}", figure) for what, figure in network_rows(page))
    page.close()


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
    return [*pages, *build_rows()]
