"""The chapter's drawing: a tower whose levels, each through a merger of its own, join the first language layers."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE
from mmnotes.page.shapes import Shape

TOWER, MERGERS, LANGUAGE, AROUND = 52, 150, 248, 312  # columns, and where the end of the tower goes round
ROWS = (258, 194, 130, 66)  # of blocks and of layers, from below
GIVEN, STEP = 306, 32
BLOCKS = ("0–8", "9–16", "17–24", "25, 26")
CELL = 11


def diagram() -> Diagram:
    """Twenty-seven blocks, three levels, and the symbols of equations `deepstack-tower` to `deepstack-add`."""
    drawing = Diagram(
        320,
        344,
        text="Patches go up through the 27 blocks of a vision tower. The states after blocks 8, 16 and 24 are levels: "
        "each goes through a merger of its own. The states after the last block go through another merger and become "
        "the visual tokens in the row h that the language model reads, between words. After layer 0 of the language "
        "model the first level is added to the visual tokens, after layer 1 the second, after layer 2 the third; words "
        "get nothing added, and the row is as long as before.",
    )
    patches = drawing.cells((TOWER, GIVEN), 1, 7, size=CELL, colour=BLUE)
    drawing.words((TOWER, GIVEN + 18), "patches")
    blocks = [
        drawing.box((TOWER, row), f"blocks {name}", width=94, height=24, link="equation-deepstack-tower")
        for row, name in zip(ROWS, BLOCKS, strict=True)
    ]
    start, visual = _tokens(drawing)
    layers = [
        drawing.box((LANGUAGE, row), name, width=74, height=24, colour=GREEN)
        for row, name in zip(ROWS, ("layer 0", "layer 1", "layer 2", "the others"), strict=True)
    ]
    drawing.arrow(patches, blocks[0])
    drawing.arrow(start, layers[0])
    for number, row in enumerate(ROWS[:3], start=1):
        _level(drawing, number, row - STEP, blocks[number - 1 : number + 1], layers[number - 1 : number + 1])
    drawing.arrow(layers[-1], (LANGUAGE, ROWS[-1] - 34))
    end = drawing.box((MERGERS, 20), "$M$", width=44, height=24, colour=ORANGE, link="equation-deepstack-merger")
    drawing.arrow(blocks[-1].top, end.left, via=((TOWER, 20),))
    corners = ((AROUND, 20), (AROUND, GIVEN + 26), (visual.x, GIVEN + 26))
    drawing.arrow(end.right, visual.bottom, via=corners, colour=BLUE)
    return drawing


def _tokens(drawing: Diagram) -> tuple[Shape, Shape]:
    """The row of words and visual tokens; where the first layer reads it, and its visual part."""
    width = 9 * CELL
    left = LANGUAGE - width / 2
    drawing.cells((left + 1.5 * CELL, GIVEN), 1, 3, size=CELL, colour=GREEN)
    visual = drawing.cells((left + 5 * CELL, GIVEN), 1, 4, size=CELL, colour=BLUE)
    drawing.cells((left + 8 * CELL, GIVEN), 1, 2, size=CELL, colour=GREEN)
    drawing.words((left - 12, GIVEN), "$h_0$", link="equation-deepstack-input")
    return Shape(LANGUAGE, GIVEN, width, CELL), visual


def _level(drawing: Diagram, number: int, row: float, blocks: list[Shape], layers: list[Shape]) -> None:
    """One level on its way: taken between two blocks, merged, added between two layers."""
    drawing.arrow(*blocks)
    merger = drawing.box(
        (MERGERS, row), f"$M_{number}$", width=44, height=24, colour=ORANGE, link="equation-deepstack-level"
    )
    drawing.arrow((TOWER, row), merger.left)
    added = drawing.operation((LANGUAGE, row), "+", link="equation-deepstack-add")
    drawing.arrow(merger.right, added.left, colour=BLUE)
    drawing.words(((MERGERS + LANGUAGE) / 2 + 6, row - 10), rf"$\ell_{number}$")
    drawing.arrow(layers[0], added)
    drawing.arrow(added, layers[1])
