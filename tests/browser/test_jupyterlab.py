"""Labs in a live kernel: a real JupyterLab on this machine, its sliders moved in a real browser."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Locator, expect

BOOK = Path(__file__).parents[2] / "book"
SMALL = """
import numpy as np
from mmnotes.page import Lab, Numeric

def draw(figure, power):
    x = np.linspace(0, 1)
    figure.subplots().plot(x, x**power)

def describe(power):
    return f"The curve of x to the power {power}."

Lab(draw, describe, name="curve", title="A curve", power=Numeric("Power", grid=[1, 2, 3], default=2, live=(1, 9)))
"""
# To press keys in the notebook before all of this is ready works only sometimes.
RUN_UP_TO_THE_LAB = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    const { content, context } = app.shell.currentWidget;
    await context.ready;
    await context.sessionContext.ready;
    await context.sessionContext.session.kernel.info;
    const tags = (cell) => cell.model.getMetadata("tags") ?? [];
    const slides = (cell) => cell.model.sharedModel.getSource().includes("Numeric(");
    content.activeCellIndex = content.widgets.findIndex((cell) => tags(cell).includes("lab") && slides(cell));
    // A busy kernel answers a slider only when the last cell is done; nbval runs those below.
    await app.commands.execute("notebook:run-all-above");
    await app.commands.execute("notebook:run-cell");
    // Only cells near the screen are in the page.
    await content.scrollToItem(content.activeCellIndex, "start");
}"""
# A promise in the page may stay open for ever.
TOO_LATE = "new Promise((_, reject) => setTimeout(() => reject(Error('JupyterLab is not ready')), 180_000))"


def chapters_with_labs() -> list[Path]:
    """The chapters that have a cell with the tag `lab`."""
    return [
        path
        for path in sorted(BOOK.glob("*.ipynb"))
        if any("lab" in cell.metadata.get("tags", []) for cell in nbformat.read(path, as_version=4).cells)
    ]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and token of a JupyterLab over a folder with a small notebook and copies of the chapters."""
    home = tmp_path_factory.mktemp("jupyter")
    folder = home / "notebooks"
    folder.mkdir()
    cell = new_code_cell(SMALL, metadata={"tags": ["lab"]})
    kernel = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(new_notebook(cells=[cell], metadata={"kernelspec": kernel}), folder / "small.ipynb")
    for chapter in chapters_with_labs():
        shutil.copy(chapter, folder)
    port, token = free_port(), secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}"),
        "--LabApp.expose_app_in_browser=True",
        # Neither may ask another host.
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=",
    ]
    # Settings of the person who runs the tests must not matter, nor be changed.
    places = {f"JUPYTER_{place}_DIR": str(home / place.lower()) for place in ("CONFIG", "RUNTIME")}
    places["JUPYTERLAB_SETTINGS_DIR"] = places["JUPYTERLAB_WORKSPACES_DIR"] = str(home / "lab")
    environment = os.environ | places | {"JUPYTER_TOKEN": token, "IPYTHONDIR": str(home / "ipython")}
    log = home / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_it_answers(f"{address}/api", process, log)
        yield address, token
    finally:
        process.terminate()  # it ends its kernels first
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab does not answer:\n{log.read_text('utf-8')}")


@pytest.mark.parametrize("stem", ["small", *(path.stem for path in chapters_with_labs())])
def test_moving_a_slider_redraws_through_the_kernel(browser: Browser, server: tuple[str, str], stem: str) -> None:
    address, token = server
    page = browser.new_page()
    foreign: list[str] = []
    page.on("request", lambda request: None if is_ours(request.url, address) else foreign.append(request.url))
    page.goto(f"{address}/doc/tree/{stem}.ipynb?token={token}&reset")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context", timeout=60_000)
    page.evaluate(f"Promise.race([({RUN_UP_TO_THE_LAB})(), {TOO_LATE}])")
    lab = page.locator(".jp-OutputArea-output:has(.widget-html img):has(.noUi-handle)").first
    lab.locator("img").wait_for(timeout=120_000)
    assert_moves(lab)
    assert foreign == []
    page.close()


def assert_moves(lab: Locator) -> None:
    """One press of a key on the first slider brings another picture and another description."""
    picture, text = lab.locator("img"), lab.locator(".widget-html p")
    before, words = picture.get_attribute("src"), text.inner_text()
    assert picture.get_attribute("alt") == words
    handle = lab.locator(".noUi-handle").first
    handle.focus()
    last = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    handle.press("ArrowLeft" if last else "ArrowRight")
    expect(picture).not_to_have_attribute("src", before, timeout=60_000)
    expect(text).not_to_have_text(words)
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 100
    assert picture.get_attribute("alt") == text.inner_text()


def is_ours(address: str, server: str) -> bool:
    return address.startswith((server, server.replace("http:", "ws:"), "data:", "blob:"))
