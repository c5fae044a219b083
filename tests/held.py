"""Whether a lab's JavaScript gives the package's numbers: node runs it on random settings, as the build does."""

import json
from collections.abc import Mapping
from pathlib import Path

from mmnotes.page.controls import Control
from mmnotes.page.formula import Formula
from theme.formulas import hold


def agrees(formula: Formula, controls: Mapping[str, Control], folder: Path) -> None:
    """Fail where a number differs; the words stand in the chapter, and the build compares them."""
    held = formula.held(controls, lambda **values: "")
    for case in held["cases"]:
        case["text"] = None
    file = folder / formula.script.stem / "held.json"
    file.parent.mkdir()
    file.write_text(json.dumps(held), "utf-8")
    script = file.with_name("formula.js")
    script.write_bytes(formula.source)
    hold(file, script)
