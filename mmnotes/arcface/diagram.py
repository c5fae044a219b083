"""The chapter's drawing: from a feature and the rows to a loss, with the margin on one of the cosines."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE

LEFT, MIDDLE, RIGHT, AROUND = 98, 160, 250, 12  # columns
VECTORS, UNITS, COSINES, MARGINS, SCALED, LOSS = 18, 70, 126, 190, 244, 296  # rows


def diagram() -> Diagram:
    """Feature, rows, cosines, margin, scale and loss, with the symbols of their equations."""
    drawing = Diagram(
        320,
        338,
        text="A feature x and the rows w_j of all classes are divided by their lengths, and their products are the "
        "cosines of the angles theta_j. The cosine of the right class y is replaced by the cosine of m1 theta_y plus "
        "m2, less m3; the others stay. All are multiplied by s, and the loss is minus the logarithm of the share p_y "
        "that softmax gives the right class. A dashed arrow leads from the scale back to the cosines, around the "
        "margin: the way that the gradient takes in the released code.",
    )
    feature = drawing.box((LEFT, VECTORS), "feature $x$", width=96, height=28)
    rows = drawing.box((RIGHT, VECTORS), "rows $w_j$", width=96, height=28)
    unit = drawing.box((LEFT, UNITS), "$x / |x|$", width=96, height=30, colour=BLUE, link="equation-arc-cosine")
    units = drawing.box((RIGHT, UNITS), "$w_j / |w_j|$", width=96, height=30, colour=BLUE, link="equation-arc-cosine")
    drawing.arrow(feature, unit)
    drawing.arrow(rows, units)
    cosine = drawing.box(
        (MIDDLE, COSINES), r"cosines $\mathrm{cos} \theta_j$", width=118, height=30, link="equation-arc-cosine"
    )
    drawing.arrow(unit, cosine)
    drawing.arrow(units, cosine)

    own = drawing.box(
        (LEFT, MARGINS), "right class $y$:\n$\\mathrm{cos} (m_1 \\theta_y + m_2) - m_3$", width=150, height=44,
        colour=ORANGE, link="equation-arc-margins",
    )  # fmt: skip
    others = drawing.box((RIGHT, MARGINS), "others:\n$\\mathrm{cos} \\theta_j$", width=88, height=44)
    drawing.arrow(cosine, own)
    drawing.arrow(cosine, others)
    scale = drawing.box((MIDDLE, SCALED), r"times $s$", width=70, height=28, colour=BLUE, link="equation-arc-floor")
    drawing.arrow(own, scale)
    drawing.arrow(others, scale)
    loss = drawing.box(
        (MIDDLE, LOSS), r"$- \mathrm{log} \, p_y$", width=90, height=30, colour=GREEN, link="equation-arc-loss"
    )
    drawing.arrow(scale, loss)
    drawing.arrow(scale, cosine, via=((AROUND, SCALED), (AROUND, COSINES)), colour=ORANGE, dashed=True)
    drawing.words((MIDDLE, LOSS + 28), "dashed arrow: gradient of the released code")
    return drawing
