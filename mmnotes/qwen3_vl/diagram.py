"""The chapter's drawing: a picture and words become one row, which runs through the layers to the next word."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, ORANGE, PURPLE

VISUAL = (3, 4, 5, 6)  # of ten tokens that are drawn; the others are words
CELL = 14
LEFT, MIDDLE = 50, 214  # of the two columns


def diagram() -> Diagram:
    """Tower, row, layers and head, with the symbols of equations `qwen3-row` to `qwen3-next`."""
    drawing = Diagram(
        320,
        326,
        text="From below: a picture goes through the vision tower and a merger and becomes visual tokens. They stand "
        "in one row with the vectors of words, each token with three position ids. The row runs through the layers of "
        "the language model: each has attention with grouped queries, and a feed-forward network or experts of which a "
        "router chooses a few. After layers 0, 1 and 2 a level of the tower, merged on its own, is added where tokens "
        "are visual. The head makes of the last state the next word, which joins the row at the next free position; "
        "keys and values of all before it are kept.",
    )
    picture = drawing.cells((LEFT, 284), 4, 4, size=10, colour=ORANGE, label="picture")
    tower = drawing.box((LEFT, 236), "tower", width=88, colour=ORANGE)
    merger = drawing.box((LEFT + 10, 186), "merger", width=68, colour=ORANGE)
    levels = drawing.box((LEFT, 128), "mergers of\nthe levels", width=88, height=40, colour=ORANGE)
    visual = [(0, place) for place in VISUAL]
    row = drawing.cells(
        (MIDDLE, 236), 1, 10, size=CELL, colour=ORANGE, filled=visual, label="row $x_i$", link="equation-qwen3-row"
    )
    first = drawing.box((MIDDLE, 180), "layers 0, 1, 2", width=132, colour=BLUE, link="equation-qwen3-layer")
    rest = drawing.box(
        (MIDDLE, 106),
        "the others, each\nattention and $F$",
        width=132,
        height=40,
        colour=BLUE,
        link="equation-qwen3-router",
    )
    head = drawing.box((MIDDLE, 58), "head", width=132, colour=PURPLE)
    said = drawing.words((MIDDLE, 16), "next word at $s'$", link="equation-qwen3-next")
    drawing.arrow(picture.top, tower.bottom)
    drawing.arrow((LEFT + 10, tower.top[1]), merger.bottom)
    drawing.arrow(merger.right, (MIDDLE, row.top[1] - 1), via=((108, 186), (108, 210), (MIDDLE, 210)))
    drawing.arrow((14, tower.top[1]), (14, levels.bottom[1]), colour=ORANGE)
    drawing.arrow(levels.right, (first.left[0], 172), via=((124, 128), (124, 172)), colour=ORANGE)
    drawing.arrow((MIDDLE + 44, row.top[1]), (MIDDLE + 44, first.bottom[1]))
    drawing.arrow(first.top, rest.bottom)
    drawing.arrow(rest.top, head.bottom)
    drawing.arrow(head.top, (said.x, said.y + 10))
    drawing.words((MIDDLE + 8, 144), "+ levels", anchor="start")
    drawing.words((MIDDLE, 284), "ids $p_t$, $p_h$, $p_w$ of each,\nkeys and values kept", link="equation-qwen3-kept")
    drawing.arrow((MIDDLE + 62, 16), (MIDDLE + 70, 236), via=((304, 16), (304, 236)), dashed=True)
    return drawing
