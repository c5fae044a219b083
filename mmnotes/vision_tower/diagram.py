"""The chapter's drawing: from a picture of any size to a short row of tokens."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE

MIDDLE, LEFT, RIGHT = 172, 50, 276  # columns
ROWS, COLUMNS, BLOCK = 4, 6, {(0, 0), (0, 1), (1, 0), (1, 1)}


def diagram() -> Diagram:
    """Size, patches, positions, blocks and merger, with the symbols of their equations."""
    drawing = Diagram(
        320,
        404,
        text="A picture of h by w pixels is resized to multiples of F = 32 pixels and cut into patches of 16. The four "
        "patches of a block of two by two stand together in the row. Each patch x_i becomes a vector by two kernels, "
        "W_0 for the first frame and W_1 for the second, and the entry of a table of positions is added, resampled to "
        "the grid. In every block of the tower a patch attends to the patches of its own pair of frames; queries and "
        "keys are turned by its row and its column. At the end a merger joins each block of four patches into one "
        "token, and a language model reads the tokens.",
    )
    picture = drawing.box((MIDDLE, 18), "picture, $h$ × $w$ pixels", width=160, height=26)
    resized = drawing.box((MIDDLE, 64), "multiples of $F$", width=126, height=26, link="equation-vision_tower-size")
    drawing.arrow(picture, resized)
    patches = drawing.cells((MIDDLE, 122), ROWS, COLUMNS, size=14, colour=BLUE, filled=BLOCK)
    drawing.arrow(resized, patches)
    drawing.words((RIGHT, 122), "block by\nblock", link="equation-vision_tower-order")
    kernels = drawing.box(
        (MIDDLE, 190), "$W_0$ and $W_1$", width=100, height=28, colour=BLUE, link="equation-vision_tower-patch"
    )
    drawing.arrow(patches, kernels)
    table = drawing.box(
        (LEFT, 190),
        "table, spread\nover the grid",
        width=94,
        height=40,
        colour=GREEN,
        link="equation-vision_tower-table",
    )
    added = drawing.operation((MIDDLE, 232), "+")
    drawing.arrow(kernels, added)
    drawing.arrow(table, added, via=((LEFT, 232),))
    blocks = drawing.box(
        (MIDDLE, 288), "attention in each\npair of frames;\nnetwork", width=124, height=62, colour=BLUE,
        link="equation-vision_tower-runs",
    )  # fmt: skip
    drawing.arrow(added, blocks)
    turned = drawing.box(
        (LEFT, 288), "turned by row\nand column", width=94, height=40, colour=GREEN,
        link="equation-vision_tower-rotary",
    )  # fmt: skip
    drawing.arrow(turned, blocks)
    drawing.words((RIGHT - 4, 288), "$L$ times")
    merger = drawing.box(
        (MIDDLE, 348), "merger: 4 to 1", width=124, height=28, colour=ORANGE, link="equation-vision_tower-merger"
    )
    drawing.arrow(blocks, merger)
    tokens = drawing.cells((MIDDLE, 386), 1, ROWS * COLUMNS // 4, size=14, colour=ORANGE)
    drawing.arrow(merger, tokens)
    drawing.words((RIGHT, 386), "language\nmodel")
    return drawing
