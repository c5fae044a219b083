"""Drawings: what they refuse, where their arrows end, and what a page and a reader's ear get of them."""

from xml.etree import ElementTree

import pytest

from mmnotes.page import BLUE, Diagram, diagram
from mmnotes.page.shapes import Shape, head, path
from mmnotes.page.symbols import symbols, tspans

SVG = "{http://www.w3.org/2000/svg}"


def drawing(**changes):
    return Diagram(**{"width": 320, "height": 100, "text": "A box leads to cells."} | changes)


def drawn(picture):
    return ElementTree.fromstring(picture.svg())


@pytest.mark.parametrize(
    ("argument", "change"), [("width", {"width": 321}), ("width", {"width": 0}), ("text", {"text": " "})]
)
def test_what_does_not_fit_a_phone_or_says_nothing_is_refused(argument, change):
    with pytest.raises(ValueError, match=f"^{argument}: "):
        drawing(**change)


def test_an_unknown_colour_is_refused_and_the_palette_named():
    with pytest.raises(ValueError, match=r"^colour: one of the palette's #0072b2.*, got 'red'"):
        drawing().box((50, 50), "x", colour="red")


def test_a_link_that_nobody_hears_is_refused():
    with pytest.raises(ValueError, match=r"^link: 'in-mmnotes' has no label"):
        drawing().cells((50, 50), 1, 2, link="in-mmnotes")


def test_one_byte_too_many_is_refused(monkeypatch):
    picture = drawing()
    picture.box((50, 50), "x")
    size = len(picture.svg().encode())
    monkeypatch.setattr(diagram, "MOST_BYTES", size)
    picture.svg()
    monkeypatch.setattr(diagram, "MOST_BYTES", size - 1)
    with pytest.raises(ValueError, match=f"^diagram: its {size} bytes are more than {size - 1}"):
        picture.svg()


def test_the_text_says_the_structure_and_only_links_are_heard_besides():
    picture = drawing(text="A <box>.")
    picture.box((50, 50), "the & $z_t$", link="equation-flow_path")
    picture.words((150, 50), "quiet")
    svg = drawn(picture)
    assert (svg.get("role"), svg.get("aria-label"), svg.get("viewBox")) == ("group", "A <box>.", "0 0 320 100")
    (link,) = svg.findall(f"{SVG}a")
    assert link.get("href") == "#equation-flow-path"  # the place that a page makes of this label
    assert link.get("data-symbols") == "zt"
    assert link.get("aria-label") == "the & z_t"
    assert [part.get("aria-hidden") for part in svg.findall(f"{SVG}g")] == ["true"]
    assert picture._repr_mimebundle_() == {"text/plain": "A <box>.", "text/html": picture.svg()}


def test_a_box_has_its_lines_around_its_centre():
    picture = drawing()
    shape = picture.box((100, 50), "one\ntwo", width=80, height=40, colour=BLUE)
    svg = drawn(picture)
    rect, first, second = svg[0]
    assert [rect.get(key) for key in ("x", "y", "width", "height", "class")] == ["60", "30", "80", "40", "mm-blue"]
    assert (first.text, second.text, first.get("x")) == ("one", "two", "100")
    assert float(first.get("y")) + float(second.get("y")) == pytest.approx(2 * (50 + 0.35 * 13), abs=0.1)
    assert (shape.left, shape.right, shape.top, shape.bottom) == ((60, 50), (140, 50), (100, 30), (100, 70))


def test_cells_fill_what_is_named_and_nothing_outside():
    picture = drawing()
    picture.cells((50, 50), 2, 3, size=10, filled=[(0, 0), (1, 2), (5, 5)])
    empty, full = drawn(picture)[0]
    assert (empty.get("d").count("z"), full.get("d").count("z")) == (4, 2)
    assert full.get("d").startswith("M35 40h10v10h-10z") and "M55 50" in full.get("d")
    picture = drawing()
    picture.cells((50, 50), 2, 3)
    (all_full,) = drawn(picture)[0]
    assert all_full.get("d").count("z") == 6


def test_arrows_start_and_end_at_the_border():
    left, right = Shape(50, 50, 40, 20), Shape(200, 50, 60, 20)
    assert path(left, right, ()) == [(70, 50), (170, 50)]
    assert path(left, right, ((50, 90), (200, 90))) == [(50, 60), (50, 90), (200, 90), (200, 60)]
    assert path((0, 0), right, ()) == [(0, 0), (170, 42.5)]
    assert path(left, (55, 52), ()) == [(55, 52), (55, 52)]  # from inside a part no line is left
    tip, *feet = head((0, 0), (10, 0))
    assert tip == (10, 0) and feet == [(3, 3.5), (3, -3.5)]


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("softmax", []),
        ("$W_Q x$ and $z_{t+1}$", ["WQ", "x", "zt+1"]),
        (r"$\gamma_1 Z_1(s'_1)$", ["γ1", "Z1", "s′1"]),
        (r"$\mathrm{softmax}\,\hat v^\top$", ["v̂⊤"]),
    ],
)
def test_symbols_are_letters_with_their_scripts(label, found):
    assert symbols(label) == found


def test_formulas_become_letters_on_lines():
    assert tspans("a < b") == "a &lt; b"
    assert tspans("$x$") == '<tspan class="mm-italic">x</tspan>'
    assert tspans("$x_2-y$") == (
        '<tspan class="mm-italic">x</tspan><tspan class="mm-upright mm-script" dy="3.2">2</tspan>'
        '<tspan class="mm-upright" dy="-3.2">−</tspan><tspan class="mm-italic">y</tspan>'
    )
    assert tspans(r"$\mathbf{A}^{ij}$") == (
        '<tspan class="mm-bold">A</tspan><tspan class="mm-italic mm-script" dy="-5.2">ij</tspan>'
        '<tspan class="mm-upright" dy="5.2">&#8203;</tspan>'
    )


@pytest.mark.parametrize(("label", "message"), [(r"$\frac12$", r"\\frac is not known"), ("$x_$", "breaks|ends where")])
def test_what_is_no_part_of_this_tex_is_refused(label, message):
    with pytest.raises(ValueError, match=f"^label: .*{message}"):
        tspans(label)
