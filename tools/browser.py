"""A Chromium or Chrome: as a command, print its path; where there is none, install one first."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def on_path() -> str | None:
    """The first browser on the PATH."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def of_playwright() -> str:
    """Where Playwright keeps its own browser, whether or not it has fetched it yet."""
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def debian_packages(*names: str) -> bool:
    """Install packages where that is possible: on a Debian, as root. Whether it was."""
    release = Path("/etc/os-release")
    debian = release.exists() and "\nID=debian\n" in "\n" + release.read_text()
    if not debian or os.geteuid() != 0:
        return False
    for command in (["update"], ["install", "-y", "--no-install-recommends", *names]):
        subprocess.run(["apt-get", *command], check=True, stdout=sys.stderr)
    return True


def install() -> None:
    """Install Debian's package where that is possible, Playwright's own browser elsewhere."""
    if not debian_packages("chromium"):
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True, stdout=sys.stderr)


def path() -> str:
    """Find, or install and find."""
    if not on_path() and not Path(of_playwright()).exists():
        install()
    return on_path() or of_playwright()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, started."""
    program = path()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield launched
        launched.close()


if __name__ == "__main__":
    print(path())
