"""A page with one live lab in a folder of its own, as the theme makes it, from the file system or a strict server."""

import json
import shutil
import threading
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from mmnotes.page import Choice, Lab
from mmnotes.page.network import Network
from theme.bundle import bundled, listed, write
from theme.live import PLACE
from theme.networks import network_parts, runtime_parts
from theme.page import POLICY, RUNS

ASSETS = Path(__file__).parents[2] / "theme" / "assets"
PAGE = """<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>Live</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}"><link rel="icon" href="data:,">
<link rel="stylesheet" href="../_static/lab.css"><script defer src="../_static/lab.js"></script>
<script defer src="../_static/live/offer.js"></script></head>
<body><main><h1>Live</h1>{lab}</main></body></html>"""


def draw(figure, kind):
    figure.subplots().set_title(kind)


def describe(kind):
    return f"The {kind} one."


def live_site(root: Path, network: Network) -> Path:
    """The page of a lab with this network, called `drawn`, and everything beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMNOTES_LAB_FRAMES", str(root / "_static" / "labs" / "chapter"))
        kind = Choice("Kind", options=["first", "second"])
        lab = Lab(draw, describe, name="drawn", title="Drawn", size=(4, 2), network=network, kind=kind)
    shutil.copytree(ASSETS / "live", root / "_static" / "live")
    for asset in ("lab.css", "lab.js"):
        shutil.copy(ASSETS / asset, root / "_static")
    bundles = {"runtime": runtime_parts(), "drawn": network_parts(root / "_static" / "labs" / "live" / "drawn.npz")}
    for name, parts in bundles.items():
        write(bundled(parts), root / "_static" / "live" / name)
    files = escape(json.dumps([listed(root / "_static" / "live" / name) for name in bundles]))
    html = PLACE.sub(lambda found: f'{found[0]} data-files="{files}"', lab._repr_mimebundle_()["text/html"])
    page = root / "book" / "live.html"
    page.parent.mkdir()
    page.write_text(PAGE.format(policy=POLICY + RUNS, lab=html), "utf-8")
    return page


def gives(browser: Browser, name: str, call: str, given: object) -> object:
    """What a function of one of the scripts of live labs gives: `call` with `script.gives` and `given`."""
    page = browser.new_page()
    page.goto("about:blank")
    result = page.add_script_tag(path=ASSETS / "live" / f"{name}.js").evaluate(f"(script, given) => {call}", given)
    page.close()
    return result


class Strict(SimpleHTTPRequestHandler):
    """Files with the policy that README.md tells a server to send."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY + RUNS)
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody reads it."""


class Server:
    """A server of a folder, as long as it is open."""

    def __init__(self, folder: Path) -> None:
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Strict, directory=str(folder)))
        self.address = f"http://127.0.0.1:{self.http.server_port}"

    def __enter__(self) -> str:
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self.address

    def __exit__(self, *error: object) -> None:
        self.http.shutdown()
        self.http.server_close()
