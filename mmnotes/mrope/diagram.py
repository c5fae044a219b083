"""The chapter's drawing: three ids of a token, and the planes of one ladder that read each in the two layouts."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE
from mmnotes.page.shapes import Shape

COLOURS = {"t": BLUE, "h": ORANGE, "w": GREEN}
SECTIONS = {"t": 16, "h": 24, "w": 24}  # planes
INTERLEAVED = "thwthwthwthw…thwtttt"
LEFT, LADDER = 6, 308  # where plane 0 begins, and the width of all planes


def diagram() -> Diagram:
    """Two maps from planes to axes, with the symbols of equations `mrope-sectioned` to `mrope-angle`."""
    drawing = Diagram(
        320,
        240,
        text="A head's 64 planes in a row, one ladder from the fast plane 0 to the slow plane 63. Each plane reads one "
        "of the token's three ids: time t, row h or column w. Sectioned, as in Qwen2-VL and Qwen2.5-VL: first 16 "
        "planes of time, then 24 of the row, then 24 of the column. Interleaved, as in Qwen3-VL: time, row and column "
        "in turn, and the last four planes time again.",
    )
    drawing.words((LEFT, 12), "sectioned: Qwen2-VL, Qwen2.5-VL", anchor="start", link="equation-mrope-sectioned")
    sections = _sectioned(drawing, 38)
    ids = [
        drawing.box((x, 102), label, width=84, height=28, colour=COLOURS[axis], link="equation-mrope-angle")
        for x, axis, label in ((48, "t", "time $p_t$"), (160, "h", "row $p_h$"), (272, "w", "column $p_w$"))
    ]
    dealt = _interleaved(drawing, 170)
    drawing.words((LEFT, 198), "interleaved: Qwen3-VL", anchor="start", link="equation-mrope-interleaved")
    for box, section, planes in zip(ids, sections, ((0, 3, 6), (7, 10), (11, 15)), strict=True):
        drawing.arrow(box.top, section.bottom)
        for plane in planes:
            drawing.arrow(box.bottom, dealt[plane].top)
    drawing.words((LEFT, 226), r"fast $\theta_0$", anchor="start")
    drawing.words((LEFT + LADDER, 226), r"slow $\theta_{63}$", anchor="end")
    drawing.arrow((66, 226), (244, 226))
    return drawing


def _sectioned(drawing: Diagram, row: int) -> list[Shape]:
    shapes, before = [], 0
    for axis, planes in SECTIONS.items():
        width = LADDER * planes / sum(SECTIONS.values())
        middle = LEFT + LADDER * before / sum(SECTIONS.values()) + width / 2
        label = f"{planes} planes"
        shapes.append(drawing.box((middle, row), label, width=width, height=26, colour=COLOURS[axis]))
        before += planes
    return shapes


def _interleaved(drawing: Diagram, row: int) -> list[Shape]:
    """A cell for a plane, with the letter of its axis; dots stand for those left out."""
    width = LADDER / len(INTERLEAVED)
    return [
        drawing.box((LEFT + width * (index + 0.5), row), f"${axis}$", width=width, height=26, colour=COLOURS[axis])
        if axis in COLOURS
        else drawing.words((LEFT + width * (index + 0.5), row), axis)
        for index, axis in enumerate(INTERLEAVED)
    ]
