"""A lab: a picture with a few controls that shows itself wherever the notebook is read.

One `draw(figure, **values)` and one `describe(**values)`, a sentence or two, feed three forms:

- in a live kernel, ipywidgets over everything each control can reach, redrawn by the real code;
- in the built book, a picture for every setting of the controls' grids, changed by theme/assets/lab.js, or, with a
  `formula`, one that the page computes for every value the controls can reach;
- anywhere else, the picture of the default values.

The book is built with the environment variable MMNOTES_LAB_FRAMES naming the folder for the pictures; nothing
else switches. A lab is drawn when it is made rather than when it is shown, where IPython would print an error
but let the cell pass.
"""

import itertools
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmnotes.page.controls import Control, Numeric, Value
from mmnotes.page.formula import Formula
from mmnotes.page.frames import Draw, Size, picture, png, webp, write_frames
from mmnotes.page.lab_checks import check_moves, check_takes
from mmnotes.page.lab_forms import InNotebook, OnPage
from mmnotes.page.lab_page import Page
from mmnotes.page.network import Network, offered

MOST_FRAMES = 64
MOST_BYTES = 1_500_000  # with two dots for a CSS pixel; a reader fetches those of the axis in hand only


class Lab:
    """A picture with controls; the last expression of a notebook cell.

    `name` names the folder of its pictures, a different one for each lab of a chapter; every control is a
    keyword argument of `draw` and `describe`. `size` is in inches, 120 CSS pixels each. Where that is too wide for
    the letters on a phone, `narrow` is the size for which `draw` arranges the same on a phone. `formula` says how the
    page computes the lab, which then needs one picture only. A `network` is what a reader of the book may run on
    input of their own, in place of the pictures.

    Errors: ValueError if the name is not lower-case words joined by hyphens; if `draw` or `describe` does not
    take exactly these controls; if the book would need more than 64 pictures or 1.5 MB of either size; if a
    control never changes the picture or its description; if letters are below 10 pixels on a phone;
    or if the book cannot take the network.
    """

    def __init__(
        self,
        draw: Draw,
        describe: Callable[..., str],
        *,
        name: str,
        title: str,
        size: Size = (4.4, 3.1),
        narrow: Size | None = None,
        formula: Formula | None = None,
        network: Network | None = None,
        **controls: Control,
    ) -> None:
        self.draw, self.describe, self.name, self.title = draw, describe, name, title
        self.size, self.narrow, self.controls = size, narrow, controls
        self.formula, self.network = formula, network
        self.defaults = {key: control.default for key, control in controls.items()}
        self._check()
        folder = os.environ.get("MMNOTES_LAB_FRAMES")
        self._shown = self._on_a_page(Path(folder)) if folder else self._in_a_notebook()

    def _check(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", self.name):
            raise ValueError(f"name: lower-case words joined by hyphens are needed, got {self.name!r}")
        if not self.controls:
            raise ValueError("controls: a lab needs at least one")
        check_takes(self.draw, "draw", ["a figure"], self.defaults)
        check_takes(self.describe, "describe", [], self.defaults)
        frames = math.prod(len(control.values) for control in self.controls.values())
        if frames > MOST_FRAMES and not self.formula:
            raise self._too_much(f"{frames} pictures", f"{MOST_FRAMES}")

    def _render(self, values: dict[str, Value]) -> tuple[bytes, str]:
        """The picture as PNG, and its description."""
        return png(picture(self.draw, values, size=self.size)), self.describe(**values)

    def _in_a_notebook(self) -> InNotebook:
        """The picture of the default values, to be redrawn where there is a kernel."""
        return InNotebook(self.title, self.controls, self._render, self._render(self.defaults), self.size)

    def _on_a_page(self, folder: Path) -> OnPage:
        """Draw every setting, write the pictures into the folder, and give the HTML that shows them.

        With a formula that is the default alone. Its script lies beside the picture, and what the build holds it to
        beside the chapter's folder, since no reader needs that.
        """
        grids = [[control.default] if self.formula else control.values for control in self.controls.values()]
        settings = [dict(zip(self.controls, values, strict=True)) for values in itertools.product(*grids)]
        texts = [self.describe(**values) for values in settings]
        frames = self._frames(settings, self.size, on_a_phone=self.narrow is None)
        narrow = self._frames(settings, self.narrow, on_a_phone=True) if self.narrow else []
        for key in [] if self.formula else self.controls:
            check_moves(key, "the picture", frames, settings)
            check_moves(key, "the description", texts, settings)
        files = {f"{i}.webp": frame for i, frame in enumerate(frames)}
        files |= {f"{i}-narrow.webp": frame for i, frame in enumerate(narrow)}
        if self.formula:
            files |= self.formula.written(self.controls, self.describe, folder.parent / "held" / self.name)
        write_frames(files, folder / self.name)
        address = f"../_static/labs/{folder.name}/{self.name}"
        live = offered(self.network, self.name, folder.with_name("live")) if self.network else ""
        shown, sizes = settings.index(self.defaults), (self.size, self.narrow)
        page = Page(self.name, self.title, self.controls, texts, shown, address, *sizes, self.formula, live)
        return OnPage(self.title, page.html())

    def _frames(self, settings: list[dict[str, Value]], size: Size, *, on_a_phone: bool) -> list[bytes]:
        """The picture of every setting as the book shows it."""
        frames = [webp(picture(self.draw, values, size=size, on_a_phone=on_a_phone)) for values in settings]
        if (total := sum(map(len, frames))) > MOST_BYTES:
            raise self._too_much(f"{len(frames)} pictures of {total} bytes", f"{MOST_BYTES} bytes")
        return frames

    def _too_much(self, needed: str, most: str) -> ValueError:
        """The error names the control to thin: the numeric one with the longest grid if there is one."""
        sizes = {key: (isinstance(it, Numeric), len(it.values)) for key, it in self.controls.items()}
        return ValueError(f"{max(sizes, key=sizes.__getitem__)}: thin its grid; {needed}, at most {most} fit")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """What the form that was chosen says of itself."""
        return self._shown.mimebundle()
