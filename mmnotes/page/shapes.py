"""The parts of a drawing as places: where arrows start and end, and how parts are written as SVG."""

from dataclasses import dataclass
from math import hypot

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE, SKY

Point = tuple[float, float]
DASHES = ' stroke-dasharray="4 3"'
_NAMES = {BLUE: "blue", ORANGE: "orange", GREEN: "green", PURPLE: "purple", SKY: "sky"}
_HEAD = 7.0  # pixels, of an arrow


@dataclass(frozen=True)
class Shape:
    """A part of a drawing that arrows can start from and lead to: its centre and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> Point:
        """The middle of the left side."""
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> Point:
        """The middle of the right side."""
        return self.x + self.width / 2, self.y

    @property
    def top(self) -> Point:
        """The middle of the upper side."""
        return self.x, self.y - self.height / 2

    @property
    def bottom(self) -> Point:
        """The middle of the lower side."""
        return self.x, self.y + self.height / 2

    def towards(self, other: Point) -> Point:
        """Where the line from the centre to a point leaves the shape."""
        across, down = other[0] - self.x, other[1] - self.y
        shares = [half / abs(way) for half, way in ((self.width / 2, across), (self.height / 2, down)) if way]
        share = min([1.0, *shares])
        return self.x + share * across, self.y + share * down


def path(start: Shape | Point, end: Shape | Point, via: tuple[Point, ...]) -> list[Point]:
    """The corners of a line from part to part: it begins and ends at their borders."""
    centres = [(part.x, part.y) if isinstance(part, Shape) else part for part in (start, end)]
    corners = [centres[0], *via, centres[1]]
    first = start.towards(corners[1]) if isinstance(start, Shape) else start
    last = end.towards(corners[-2]) if isinstance(end, Shape) else end
    return [first, *via, last]


def head(before: Point, tip: Point) -> list[Point]:
    """The triangle at the end of an arrow."""
    length = hypot(tip[0] - before[0], tip[1] - before[1]) or 1.0
    x, y = (_HEAD * (end - start) / length for start, end in zip(before, tip, strict=True))
    return [tip, (tip[0] - x - y / 2, tip[1] - y + x / 2), (tip[0] - x + y / 2, tip[1] - y - x / 2)]


def points(corners: list[Point]) -> str:
    """Corners as SVG writes them."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in corners)


def number(value: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def style(colour: str, *, filled: float = 0) -> str:
    """How a part is drawn; the page's styles know the colours by name, and have lighter ones for the dark."""
    if colour and colour not in _NAMES:
        raise ValueError(f"colour: one of the palette's {', '.join(_NAMES)} is needed, got {colour!r}")
    drawn = f'class="mm-{_NAMES[colour]}" stroke="{colour}"' if colour else ""
    return f'{drawn} fill="{colour or "currentColor"}" fill-opacity="{filled}"' if filled else drawn


def placed(shape: Shape) -> str:
    """A rectangle's place."""
    numbers = (shape.left[0], shape.top[1], shape.width, shape.height)
    return " ".join(
        f'{name}="{number(value)}"' for name, value in zip(("x", "y", "width", "height"), numbers, strict=True)
    )
