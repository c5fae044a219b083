"""A lab as a piece of a page: plain HTML without script or style; theme/assets/lab.js brings it to life.

The controls are in the page but hidden, so without JavaScript the default picture and its description remain.
Everything the script needs is in data attributes; the text search of the book does not index those.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mmnotes.page.controls import FEWEST_STOPS, Choice, Control, Numeric, Value
from mmnotes.page.formula import Formula, plain
from mmnotes.page.frames import CSS_PIXELS, Size

ON_A_PHONE = "(max-width: 30rem)"  # as in theme/assets/lab.js
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Page:
    """What the HTML of a lab is made of: `texts[i]` describes the picture `address`/i.webp.

    If it has a narrow size, a phone shows `address`/i-narrow.webp instead. If it has a formula, there is the default
    picture alone, and `address`/formula.js draws in its place. `live` is the HTML that offers to run its network.
    """

    name: str
    title: str
    controls: dict[str, Control]
    texts: list[str]
    shown: int
    address: str
    size: Size
    narrow: Size | None
    formula: Formula | None = None
    live: str = ""

    def html(self) -> str:
        """The lab: title, controls, default picture, its description."""
        identifier = f"lab-{self.name}"
        picture = f"{escape(self.address)}/{self.shown}"
        narrow = (
            f'<source media="{ON_A_PHONE}" srcset="{picture}-narrow.webp" {_pixels(self.narrow)}>'
            if self.narrow
            else ""
        )
        text = escape(self.texts[self.shown])
        computed, script = self._computed() if self.formula else ("", "")
        return (
            f'<figure class="mm-lab" id="{identifier}" data-address="{escape(self.address)}"'
            f' data-shown="{self.shown}" data-texts="{_data(self.texts)}"{computed}>'
            f'<figcaption class="mm-lab-title"><span id="{identifier}-title">{escape(self.title)}</span>'
            f' <a class="mm-lab-link" href="#{identifier}" aria-label="Link to this lab as it stands">#</a>'
            "</figcaption>"
            f'<div class="mm-lab-controls" role="group" aria-labelledby="{identifier}-title" hidden>'
            f"{self._controls()}</div>"
            f'<picture>{narrow}<img class="mm-lab-picture" src="{picture}.webp" alt="{text}"'
            f" {_pixels(self.size)}></picture>"
            # The picture's alt says the same, so a screen reader need not read it twice.
            f'<p class="mm-lab-text" aria-hidden="true">{text}</p>'
            '<p class="mm-lab-live" aria-live="polite"></p>'
            f"{self.live}"
            "<noscript><p>The controls of this lab need JavaScript; shown is one setting.</p></noscript>"
            f"{script}</figure>"
        )

    def _computed(self) -> tuple[str, str]:
        """What the page needs to compute the lab: data, and the script, which is run when the page is there."""
        assert self.formula
        dragged = {name: each.data() for name, each in self.formula.dragged.items()}
        data = f' data-given="{_data(plain(self.formula.given))}" data-dragged="{_data(dragged)}"'
        return data, f'<script defer src="{escape(self.address)}/formula.js"></script>'

    def _controls(self) -> str:
        """The controls in order; the last one varies fastest, as in the numbers of the frames."""
        stride = len(self.texts)
        parts = []
        for key, control in self.controls.items():
            identifier = f"lab-{self.name}-{key}"
            if self.formula:
                parts.append(_control(identifier, control, control.reach, f'data-values="{_data(control.reach)}"'))
                continue
            stride //= len(control.values)
            parts.append(_control(identifier, control, control.values, f'data-stride="{stride}"'))
        return "".join(parts)


def _control(identifier: str, control: Control, values: Sequence[Value], data: str) -> str:
    """One label with its native input over the values; `data` is what the script makes of the position."""
    # autocomplete=off: the browser must not restore an old position under a fresh default picture.
    common = f'id="{identifier}" {data} autocomplete="off"'
    label = f'<label for="{identifier}">{escape(control.label)}</label>'
    at = values.index(control.default)
    if isinstance(control, Choice) or (isinstance(control, Numeric) and len(values) < FEWEST_STOPS):
        options = "".join(_option(control, value) for value in values)
        return f'<div class="mm-lab-control">{label}<select {common}>{options}</select></div>'
    if not isinstance(control, Numeric):
        ticked = " checked" if control.default else ""
        return f'<div class="mm-lab-control mm-lab-switch"><input type="checkbox" {common}{ticked}>{label}</div>'
    texts = [control.text(value) for value in values]
    play = f'<button type="button" class="mm-lab-play" data-steps="{identifier}">Play</button>'
    return (
        f'<div class="mm-lab-control">{label}'
        f'<span class="mm-lab-value" aria-hidden="true">{escape(texts[at])}</span>'
        f'<input type="range" {common} min="0" max="{len(texts) - 1}" step="1" value="{at}"'
        f' aria-valuetext="{escape(texts[at])}" data-texts="{_data(texts)}">'
        f"{play if control.play else ''}</div>"
    )


def _pixels(size: Size) -> str:
    width, height = (round(inches * CSS_PIXELS) for inches in size)
    return f'width="{width}" height="{height}"'


def _option(control: Choice | Numeric, value: Value) -> str:
    text, selected = control.text(value), " selected" if value == control.default else ""
    language = ' lang="zh"' if _CHINESE.search(text) else ""  # for screen readers and the right glyphs
    return f"<option{language}{selected}>{escape(text)}</option>"


def _data(values: object) -> str:
    return escape(json.dumps(values, ensure_ascii=False))
