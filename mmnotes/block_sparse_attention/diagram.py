"""The chapter's drawing: from a film in blocks to what one block of queries reads."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE

LEFT, MIDDLE, RIGHT = 60, 160, 262  # columns
FILM, BLOCKS, MEANS, SCORES, CHOSEN, READ, OUT = 18, 72, 126, 180, 234, 288, 342  # rows


def diagram() -> Diagram:
    """Film, blocks, means, scores, the chosen blocks, dense attention in them, and back to the film's order."""
    drawing = Diagram(
        320,
        364,
        text="The tokens of a film, T times H times W, are put in order block by block. Queries and keys of each block "
        "are averaged. The products of all means are the scores of pairs of blocks, and for each block "
        "of queries the r blocks with the highest scores are chosen. The queries of the block attend densely to the "
        "keys and values of the chosen blocks, which go there past the means, and what they read returns to the "
        "film's order. No gradient goes back through the choice.",
    )
    film = drawing.box((MIDDLE, FILM), "film, $T H W$ tokens", width=140, height=28)
    blocks = drawing.box(
        (MIDDLE, BLOCKS), "blocks of $n = t h w$ tokens", width=176, height=30, colour=BLUE, link="equation-bsa-place"
    )
    drawing.arrow(film, blocks)
    queries = drawing.box(
        (LEFT, MEANS), r"means $\bar q_I$", width=92, height=30, colour=BLUE, link="equation-bsa-means"
    )
    keys = drawing.box(
        (MIDDLE, MEANS), r"means $\bar k_J$", width=92, height=30, colour=BLUE, link="equation-bsa-means"
    )
    drawing.arrow(blocks, queries)
    drawing.arrow(blocks, keys)
    scores = drawing.box(
        (110, SCORES), "scores $S_{I J}$", width=104, height=30, colour=BLUE, link="equation-bsa-means"
    )
    drawing.arrow(queries, scores)
    drawing.arrow(keys, scores)
    chosen = drawing.box(
        (110, CHOSEN), "the $r$ highest: $C_I$", width=140, height=30, colour=ORANGE, link="equation-bsa-choice"
    )
    drawing.arrow(scores, chosen)
    read = drawing.box(
        (MIDDLE, READ), "dense softmax over $C_I$", width=168, height=30, colour=GREEN, link="equation-bsa-read"
    )
    drawing.arrow(chosen, read)
    drawing.arrow(blocks, read, via=((RIGHT, BLOCKS + 40), (RIGHT, READ - 40)))
    drawing.words((RIGHT + 8, SCORES), "$q, k, v$", anchor="start")
    out = drawing.box((MIDDLE, OUT), "$o_i$ in the film's order", width=150, height=28)
    drawing.arrow(read, out)
    return drawing
