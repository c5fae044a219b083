"""Labs whose network the page runs itself: their files are made once, kept, and put where the page finds them.

A lab with a network leaves ``<execution>/live/<lab>.npz``: mmnotes/page/network.py. theme/networks.py makes what a page
needs of it and holds it to torch; where that fails, a warning names the lab and ends the build. Finished bundles are in
``_build/live``, named for their content and for what made them.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from html import escape
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from theme.bundle import bundled, listed, short, write
from theme.execute import chapters, entry
from theme.networks import MAKERS, DifferentError, check_scripts, network_parts, runtime_parts

PLACE = re.compile(r'<div class="mm-live" data-network="([^"]+)"')
logger = logging.getLogger(__name__)


def kept(app: Sphinx) -> Path:
    """Where finished bundles are."""
    return Path(app.doctreedir).parent / "live"


def stored(app: Sphinx, env: BuildEnvironment) -> dict[str, Path]:
    """What labs have stored, by chapter and lab."""
    found = {name: sorted((entry(app, name) / "live").glob("*.npz")) for name in chapters(env)}
    return {f"{Path(name).name}-{file.stem}": file for name, files in found.items() for file in files}


def make(app: Sphinx, env: BuildEnvironment) -> None:
    """Make the bundles that are not there yet, and drop those that nobody needs any more."""
    made_by = b"".join(file.read_bytes() for file in MAKERS)
    files = {name: (file, short(file.read_bytes() + made_by)) for name, file in stored(app, env).items()}
    env.live_bundles = {name: f"{name}-{version}" for name, (_, version) in files.items()}
    if files:
        runtime = runtime_parts()
        env.live_bundles["runtime"] = f"runtime-{short(b''.join(runtime.values()))}"
        put(kept(app) / env.live_bundles["runtime"], lambda: runtime)
    for name, (file, _) in files.items():
        try:
            check_scripts(file)  # which are no part of the bundle
            put(kept(app) / env.live_bundles[name], lambda file=file: network_parts(file))
        except DifferentError as error:
            logger.warning("the network of the lab %s: %s", name, error, type="live")
    for folder in kept(app).glob("*"):
        if folder.name not in env.live_bundles.values():
            shutil.rmtree(folder)


def put(folder: Path, parts: Callable[[], dict[str, bytes]]) -> None:
    """Write a bundle if it is not there; its folder appears whole or not at all."""
    if folder.is_dir():
        return
    logger.info("making %s ...", folder.name)
    content = bundled(parts())
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as unfinished:
        write(content, Path(unfinished, folder.name))
        Path(unfinished, folder.name).rename(folder)


def show(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Tell the labs of a page where their files are and how large, and load what offers to run them."""
    names = app.env.live_bundles

    def filled(place: re.Match[str]) -> str:
        network = names.get(f"{Path(page).name}-{place[1]}", "")
        files = [listed(kept(app) / folder) for folder in (names["runtime"], network)]
        return f'{place[0]} data-files="{escape(json.dumps(files))}"'

    context["body"], count = PLACE.subn(filled, context.get("body", ""))
    if count:
        app.add_js_file("live/offer.js", defer="defer")


def copy(app: Sphinx, exception: Exception | None) -> None:
    """Put the bundles into the built book, and take those out of it that are no longer kept."""
    if exception or app.builder.format != "html":
        return
    shown = Path(app.outdir, "_static", "live")
    wanted = {folder.name: folder for folder in kept(app).glob("*")}
    for folder in shown.glob("*/"):
        if folder.name not in wanted:
            shutil.rmtree(folder)
    for name, folder in wanted.items():
        if not (shown / name).is_dir():
            shutil.copytree(folder, shown / name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the steps."""
    app.connect("env-updated", make)
    app.connect("html-page-context", show, priority=800)
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
