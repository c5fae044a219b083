"""Print the path of a Chromium or Chrome; where there is none, install one first."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def on_path() -> str | None:
    """The first browser on the PATH."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def of_playwright() -> str:
    """Where Playwright keeps its own browser, whether or not it has fetched it yet."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def install() -> None:
    """Install Debian's package where that is possible, Playwright's own browser elsewhere."""
    release = Path("/etc/os-release")
    debian = release.exists() and "\nID=debian\n" in "\n" + release.read_text()
    if debian and os.geteuid() == 0:
        commands = [["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]]
    else:
        commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    for command in commands:
        subprocess.run(command, check=True, stdout=sys.stderr)


def main() -> None:
    """Find, or install and find."""
    if not on_path() and not Path(of_playwright()).exists():
        install()
    print(on_path() or of_playwright())


if __name__ == "__main__":
    main()
