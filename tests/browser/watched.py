"""A page that is watched: what it asks for, what goes wrong on it, and what its networks give."""

import re

import torch
from playwright.sync_api import Browser, Locator, Page, expect

WAIT = 120_000  # milliseconds; other processes may want this machine too
KEEP = """() => {
    window.results = [];
    addEventListener("result", ({ detail }) => window.results.push(detail));
}"""


class Watched:
    """A page without any network but the given address; `complaints` is what went wrong on it."""

    def __init__(self, browser: Browser, address: str, **settings: object) -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []
        host = re.match(r"http://[^/]+", address)
        self.context = browser.new_context(offline=not host, **settings)
        self.page = self.context.new_page()
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        allowed = ("file:", "data:", "blob:", *([host[0]] if host else []))
        self.page.on("request", lambda r: (self.asked if r.url.startswith(allowed) else self.complaints).append(r.url))
        self.page.goto(address)
        self.page.evaluate(KEEP)

    def close(self) -> None:
        self.context.close()
        assert self.complaints == []


def start(page: Page) -> None:
    """Press the button of the page's network and wait for its first result."""
    page.get_by_role("button", name="Run it here").click()
    expect(page.locator(".mm-live-form")).to_have_attribute("data-state", "ready", timeout=WAIT)


class awaiting:
    """Waits for the result of what is done inside, which the page keeps; for the last one, where there are several."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def __enter__(self) -> None:
        self.page.evaluate("() => { window.results.length = 0; }")

    def __exit__(self, *error: object) -> None:
        if not error[0]:
            self.page.wait_for_function(
                "() => window.results.length && document.querySelector('.mm-live-form').dataset.state === 'ready'",
                timeout=WAIT,
            )


def latest(page: Page) -> dict[str, object]:
    """What the last result has, by name; its arrays as lists."""
    return page.evaluate(
        "Object.fromEntries(Object.entries(window.results.at(-1)).map(([name, given]) => [name, Array.from(given)]))"
    )


def swipe(page: Page, *places: tuple[float, float]) -> None:
    """A finger that is put down at the first place, moves over the others and is lifted."""
    devtools = page.context.new_cdp_session(page)
    for kind, points in (("touchStart", places[:1]), *(("touchMove", [each]) for each in places[1:]), ("touchEnd", [])):
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})


def pixels(canvas: Locator) -> torch.Tensor:
    """What a canvas shows: (3, rows, columns) from 0 to 255. A copy is read, since the page draws on the original."""
    width, height, *values = canvas.evaluate(
        """(canvas) => {
            const { width, height } = canvas, settings = { willReadFrequently: true };
            const copy = new OffscreenCanvas(width, height).getContext("2d", settings);
            copy.drawImage(canvas, 0, 0);
            return [width, height, ...copy.getImageData(0, 0, width, height).data];
        }"""
    )
    return torch.tensor(values).view(height, width, 4)[..., :3].permute(2, 0, 1)
