"""A drawing of a mechanism: boxes, arrows, cells and words with the formula's symbols, as SVG inside the page.

Coordinates are pixels, right and down; a drawing is at most 320 wide, the width of a phone, and is shown half as
large again where there is room. It takes the page's letters and colours, light or dark.
"""

from collections.abc import Iterable
from html import escape

from mmnotes.page.palette import BLUE
from mmnotes.page.shapes import DASHES, Point, Shape, head, number, path, placed, points, style
from mmnotes.page.symbols import LETTERS, LINE, symbols, words

WIDEST = 320
MOST_BYTES = 12_000
_LARGER = 1.5  # on a wide page


class Diagram:
    """A drawing that is put together part by part; the last expression of a figure cell.

    `text` says the structure to a reader who does not see it. In labels `$z_t$` is a formula in a small part of
    TeX, and a line break starts a new line. `link` is a place of the page: `equation-flow-path` is the formula
    with the label `flow-path`, `in-mmnotes` the section with the listings.

    Errors: ValueError for a drawing wider than a phone, without text, or of more than 12 kB; for a link without a
    label; for a colour outside the palette; and for a formula that `symbols` does not know.
    """

    def __init__(self, width: int, height: int, *, text: str) -> None:
        if not 0 < width <= WIDEST:
            raise ValueError(f"width: at most {WIDEST} pixels fit a phone, got {width}")
        if not text.strip():
            raise ValueError("text: the structure in words is needed, got nothing")
        self.width, self.height, self.text = width, height, text
        self._parts: list[str] = []

    def box(
        self, at: Point, label: str, *, width: float = 90, height: float = 32, colour: str = "",
        dashed: bool = False, link: str = "",
    ) -> Shape:  # fmt: skip
        """A rounded box around its centre `at`, with its label; dashed for what is frozen."""
        shape = Shape(*at, width, height)
        look = style(colour, filled=0.12) + DASHES * dashed
        self._add(f'<rect {placed(shape)} rx="5" {look}/>{words(at, label)}', label, link)
        return shape

    def operation(self, at: Point, label: str, *, link: str = "") -> Shape:
        """A small circle: a sum, a product."""
        circle = f'<circle cx="{number(at[0])}" cy="{number(at[1])}" r="12" {style("")}/>'
        self._add(circle + words(at, label), label, link)
        return Shape(*at, 24, 24)

    def cells(
        self, at: Point, rows: int, columns: int, *, size: float = 12, colour: str = BLUE,
        filled: Iterable[tuple[int, int]] | None = None, label: str = "", link: str = "",
    ) -> Shape:  # fmt: skip
        """A grid of square cells around its centre, with its label below: tokens, a mask, a matrix.

        All cells are filled, or those of `filled` by row and column.
        """
        shape = Shape(*at, columns * size, rows * size)
        places = {(row, column) for row in range(rows) for column in range(columns)}
        full = places if filled is None else places & set(filled)
        drawn = ""
        for some, look in ((places - full, style("")), (full, style(colour, filled=0.75))):
            squares = "".join(
                f"M{number(shape.left[0] + column * size)} {number(shape.top[1] + row * size)}"
                f"h{number(size)}v{number(size)}h{number(-size)}z"
                for row, column in sorted(some)
            )
            drawn += f'<path d="{squares}" {look}/>' if some else ""
        below = (at[0], shape.bottom[1] + LINE * (0.75 + label.count("\n") / 2))
        self._add(drawn + words(below, label), label, link)
        return shape

    def words(self, at: Point, label: str, *, anchor: str = "middle", link: str = "") -> Shape:
        """Words alone, centred at `at`, or beginning (`start`) or ending (`end`) there."""
        self._add(words(at, label, anchor), label, link)
        return Shape(*at, 0, LINE * (1 + label.count("\n")))

    def arrow(
        self, start: Shape | Point, end: Shape | Point, *, via: tuple[Point, ...] = (), colour: str = "",
        dashed: bool = False,
    ) -> None:  # fmt: skip
        """A line with a head from one part to another, through the points of `via`."""
        corners = path(start, end, via)
        line = f'<polyline points="{points(corners)}" {style(colour)}{DASHES * dashed}/>'
        tip = f'<polygon points="{points(head(*corners[-2:]))}" {style(colour, filled=1)}/>'
        self._add(line + tip, "", "")

    def _add(self, part: str, label: str, link: str) -> None:
        """What leads somewhere is heard and reached by the keyboard; the rest is told of in the drawing's text."""
        if not link:
            self._parts.append(f'<g aria-hidden="true">{part}</g>')
            return
        spoken = " ".join(label.replace("$", "").split())
        if not spoken:
            raise ValueError(f"link: {link!r} has no label, so nobody would hear where it leads")
        names = f'aria-label="{escape(spoken)}" data-symbols="{escape(" ".join(symbols(label)))}"'
        place = link.replace("_", "-")  # as Sphinx makes a label a place of the page
        self._parts.append(f'<a href="#{escape(place)}" {names}>{part}</a>')

    def svg(self) -> str:
        """The drawing."""
        drawn = (
            f'<svg class="mm-diagram" xmlns="http://www.w3.org/2000/svg" role="group" aria-label="{escape(self.text)}"'
            f' viewBox="0 0 {self.width} {self.height}" width="{number(self.width * _LARGER)}"'
            f' height="{number(self.height * _LARGER)}" fill="none" stroke="currentColor"'
            f' font-size="{LETTERS}">{"".join(self._parts)}</svg>'
        )
        if (size := len(drawn.encode())) > MOST_BYTES:
            raise ValueError(f"diagram: its {size} bytes are more than {MOST_BYTES}; draw fewer parts")
        return drawn

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The drawing where HTML is shown, its text elsewhere."""
        return {"text/plain": self.text, "text/html": self.svg()}
