"""A browser that reaches nothing but files, and the book as ``make book`` builds it."""

import fcntl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request

from tests.browser.live_site import Server
from tests.browser.watched import Watched, start
from tools.browser import chromium

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def book() -> Path:
    """The folder of the built pages."""
    build = ROOT / "_build"
    build.mkdir(exist_ok=True)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ROOT, "-W", "--keep-going"]
    with (build / "one-at-a-time").open("w") as lock:  # the tests' processes all want the book
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return build / "html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium or Chrome."""
    with chromium() as launched:
        yield launched


def left(request: Request) -> bool:
    """Whether the page was left while its icon or a picture was under way. What is missing has another error."""
    return request.failure == "net::ERR_ABORTED"


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address without network. At the end, an error or a request to any host fails the test."""
    contexts, complaints = [], []

    def opened(address: str, **settings: object) -> Page:
        context = browser.new_context(offline=True, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else complaints.append(r.url))
        page.on("requestfailed", lambda request: None if left(request) else complaints.append(f"failed: {request.url}"))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def watched(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Opens pages that are closed, and complained about, at the end."""
    opened = []

    def one(address: str, **settings: object) -> Watched:
        opened.append(Watched(browser, address, **settings))
        return opened[-1]

    yield one
    for each in opened:
        each.close()


@pytest.fixture(scope="module")
def started(browser: Browser, site: Path) -> Iterator[Page]:
    """The live lab of a test file's own `site`, running, from the file system; each test sets what it starts from."""
    watched = Watched(browser, site.as_uri(), viewport={"width": 1000, "height": 1200})
    start(watched.page)
    yield watched.page
    watched.close()


@pytest.fixture
def phone(watched: Callable[..., Watched], site: Path) -> Page:
    """The same on a phone, running."""
    page = watched(site.as_uri(), has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740}).page
    start(page)
    return page


@pytest.fixture
def served(watched: Callable[..., Watched], site: Path) -> Iterator[Page]:
    """The same from a server that sends the strict policy, not yet started."""
    with Server(site.parents[1]) as address:
        yield watched(f"{address}/book/live.html").page
