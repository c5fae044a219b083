"""The chapter's drawing: a batch of pairs, the scores of all with all, a softmax along rows and one along columns."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE

PAIRS, CELL = 5, 22
X, Y = 172, 130  # of the matrix
SIDE = PAIRS * CELL / 2


def diagram() -> Diagram:
    """From N pairs to one loss, with the symbols of equations `nce-cosine`, `nce-loss` and `nce-clip`."""
    drawing = Diagram(
        320,
        284,
        text="A batch of pairs. The pictures x go through the map f and become unit vectors u, one for each row of a "
        "square matrix; the texts y go through the map g and become unit vectors v, one for each column. A cell holds "
        "the score z, the cosine of its row and its column times a scale; the diagonal has the pairs. A softmax along "
        "each row makes the probabilities p, one along each column the probabilities q. The loss is the mean of minus "
        "log of what both give to the diagonal.",
    )
    pictures = drawing.words((40, Y - 64), "pictures\n$x_i$")
    image = drawing.box((40, Y), "$f$", width=40, colour=BLUE)
    rows = drawing.cells((X - SIDE - 22, Y), PAIRS, 1, size=CELL, colour=BLUE)
    drawing.arrow(pictures, image)
    drawing.arrow(image, rows)
    drawing.words((X - SIDE - 22, Y + SIDE + 12), "$u_i$")
    texts = drawing.words((X - 78, 16), "texts $y_j$")
    text = drawing.box((X, 16), "$g$", width=40, height=28, colour=GREEN)
    columns = drawing.cells((X, Y - SIDE - 22), 1, PAIRS, size=CELL, colour=GREEN)
    drawing.arrow((texts.x + 34, 16), text)
    drawing.arrow(text, columns)
    drawing.words((X + SIDE + 14, Y - SIDE - 22), "$v_j$")
    pairs = [(place, place) for place in range(PAIRS)]
    scores = drawing.cells((X, Y), PAIRS, PAIRS, size=CELL, colour=ORANGE, filled=pairs)
    along = drawing.box((280, Y), "softmax\n$p_{ij}$", width=68, height=42, link="equation-nce-loss")
    down = drawing.box((X, Y + SIDE + 50), "softmax $q_{ij}$", width=104, height=28, link="equation-nce-gradient")
    loss = drawing.box((280, Y + SIDE + 50), "loss $L$", width=68, colour=ORANGE, link="equation-nce-clip")
    drawing.arrow(scores, along)
    drawing.arrow(scores, down)
    drawing.arrow(along, loss)
    drawing.arrow(down, loss)
    drawing.words((X, Y + SIDE + 80), r"$z_{ij} = e^t \, u_i \cdot v_j$; orange: the pairs", link="equation-nce-cosine")
    return drawing
