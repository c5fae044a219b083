"""Labels with formulas in a small part of TeX, as text of an SVG: letters, Greek, scripts, bold and accents.

A drawing has a handful of symbols beside words; what needs more than these belongs into a chapter's equations.
"""

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby

from mmnotes.page.shapes import Point, number

LETTERS = 13  # pixels
LINE = 16  # from one line of words to the next
_SMALL = ("alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi psi omega", 
          "αβγδεζηθκλμνξπρστφχψω")  # fmt: skip
_LARGE = ("Gamma Delta Theta Lambda Pi Sigma Phi Psi Omega", "ΓΔΘΛΠΣΦΨΩ")
_ITALIC = dict(zip(_SMALL[0].split(), _SMALL[1], strict=True)) | {"ell": "ℓ", "varepsilon": "ε", "varphi": "φ"}
_UPRIGHT = dict(zip(_LARGE[0].split(), _LARGE[1], strict=True)) | {
    "cdot": "·", "times": "×", "odot": "⊙", "top": "⊤", "in": "∈", "le": "≤", "ge": "≥", "to": "→", "infty": "∞",
    "sum": "∑", "partial": "∂", "nabla": "∇", "langle": "⟨", "rangle": "⟩", "dots": "…", "approx": "≈", "neq": "≠",
    "pm": "±", "mid": "|", ",": "\u2009",
}  # fmt: skip
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307"}
_FACES = {"mathrm": "upright", "text": "upright", "operatorname": "upright", "mathbf": "bold"}
_TOKEN = re.compile(r"\\(?:[A-Za-z]+|,)|\S")
_SHIFT = {"_": 0.25, "^": -0.4}  # of a script, in letters

Piece = tuple[str, str, float]  # what is written, its face, how far below the line


def symbols(label: str) -> list[str]:
    """The symbols of a label, each a letter with its scripts: `$W_Q x$` has WQ and x, as KaTeX writes them."""
    found: list[str] = []
    for formula in label.split("$")[1::2]:
        for text, face, level in _pieces(formula):
            if not level:
                found.append(text if face != "upright" else "")
            elif found and found[-1]:
                found[-1] += text
    return [symbol for symbol in found if symbol]


def tspans(label: str) -> str:
    """A label of one line as the content of an SVG `text`.

    Errors: ValueError for a command of TeX that is not known here, or a formula that breaks off.
    """
    return "".join(
        _written(list(_pieces(part))) if number % 2 else escape(part) for number, part in enumerate(label.split("$"))
    )


def words(at: Point, label: str, anchor: str = "middle") -> str:
    """Lines of words with their middle at a place; nothing for no label."""
    lines = label.split("\n") if label else []
    x, first = number(at[0]), at[1] - LINE * (len(lines) - 1) / 2 + LETTERS * 0.35
    return "".join(
        f'<text x="{x}" y="{number(first + LINE * place)}" text-anchor="{anchor}" stroke="none"'
        f' fill="currentColor">{tspans(line)}</text>'
        for place, line in enumerate(lines)
    )


def _written(pieces: list[Piece]) -> str:
    """Neighbours of one look in one element; each is moved from the line of the one before."""
    parts, line = [], 0.0
    for (face, level), group in groupby([*pieces, ("", "upright", 0.0)], key=lambda piece: piece[1:]):
        text = "".join(text for text, _, _ in group)
        moved = f' dy="{(level - line) * LETTERS:.1f}"' if level != line else ""
        size = " mm-script" if level else ""
        # A move needs a letter to be seen; this one has no width.
        parts.append(
            f'<tspan class="mm-{face}{size}"{moved}>{escape(text) or "&#8203;"}</tspan>' if text or moved else ""
        )
        line = level
    return "".join(parts)


def _pieces(tex: str, face: str = "", level: float = 0.0) -> Iterator[Piece]:
    """What a formula writes, letter by letter."""
    tokens = iter(_TOKEN.findall(tex))
    for token in tokens:
        name = token.removeprefix("\\")
        if token in _SHIFT:
            yield from _pieces(_argument(tokens), face, level + _SHIFT[token])
        elif token == "{":
            yield from _pieces(_argument(tokens, token), face, level)
        elif name in _FACES:
            yield from _pieces(_argument(tokens), _FACES[name], level)
        elif name in _ACCENTS:
            *before, (text, kind, line) = _pieces(_argument(tokens), face, level)
            yield from [*before, (text + _ACCENTS[name], kind, line)]
        elif token.startswith("\\"):
            if name not in _ITALIC | _UPRIGHT:
                raise ValueError(f"label: {token} is not known in drawings; there are {', '.join(_ITALIC | _UPRIGHT)}")
            yield (_ITALIC | _UPRIGHT)[name], face or ("italic" if name in _ITALIC else "upright"), level
        elif token == "'":
            yield "′", face or "upright", level + _SHIFT["^"]
        else:
            yield "−" if token == "-" else token, face or ("italic" if token.isalpha() else "upright"), level


def _argument(tokens: Iterator[str], first: str = "") -> str:
    """The next token, or what stands between braces."""
    token = first or next(tokens, "")
    if not token:
        raise ValueError("label: its formula ends where a script, an accent or a face needs a letter")
    if token != "{":
        return token
    inside, depth = [], 1
    for token in tokens:
        depth += {"{": 1, "}": -1}.get(token, 0)
        if not depth:
            break
        inside.append(token)
    return " ".join(inside)
