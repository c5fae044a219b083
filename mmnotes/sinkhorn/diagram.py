"""The chapter's drawing: a kernel, a number for each row and each column, and the two half-rounds that set them."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, ORANGE

ROWS, COLUMNS, SIZE = 3, 5, 30  # of the kernel; pixels of an entry
MIDDLE = (150, 108)  # of the kernel


def diagram() -> Diagram:
    """The scaled matrix and the loop around it, with the symbols of equations `sk-scaling` and `sk-updates`."""
    drawing = Diagram(
        320,
        330,
        text="A kernel P with a row for each prototype and a column for each sample. A number u for each row stands on "
        "its left and a number v for each column above it. On its right are the row masses r and below it the column "
        "masses c that are asked for. Two half-rounds take turns. Rows: u becomes r divided by P v, and the row sums "
        "are right. Columns: v becomes c divided by P transposed u, and the column sums are right. The plan Q is the "
        "kernel with its rows multiplied by u and its columns by v.",
    )
    factors_u = drawing.cells((32, MIDDLE[1]), ROWS, 1, size=SIZE, colour=BLUE)
    factors_v = drawing.cells((MIDDLE[0], 28), 1, COLUMNS, size=SIZE, colour=ORANGE)
    kernel = drawing.cells(MIDDLE, ROWS, COLUMNS, size=SIZE, filled=())
    drawing.words((32, 50), "$u_k$")
    drawing.words((242, 28), "$v_b$")
    drawing.words(MIDDLE, "$P_{kb}$", link="equation-sk-kernel")
    drawing.words((284, MIDDLE[1]), "row\nsums $r_k$")
    drawing.words((MIDDLE[0], 186), "column sums $c_b$")
    drawing.arrow(factors_u, kernel)
    drawing.arrow(factors_v, kernel)
    drawing.arrow(kernel, (250, MIDDLE[1]))
    drawing.arrow(kernel, (MIDDLE[0], 176))

    lines = "equation-sk-updates"
    rows = drawing.box((80, 250), "rows: $u=r/(Pv)$", width=136, colour=BLUE, link=lines)
    columns = drawing.box((237, 250), r"columns: $v=c/(P^\top u)$", width=156, colour=ORANGE, link=lines)
    drawing.arrow(rows, columns, via=((80, 218), (237, 218)))
    drawing.arrow(columns, rows, via=((237, 282), (80, 282)))
    plan = "in balance: $Q_{kb}=u_k P_{kb} v_b$"
    drawing.words((160, 312), plan, link="equation-sk-scaling")
    return drawing
