"""The chapter's drawing: one crop, whole for the teacher and with holes for the student, and what is compared."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE

TEACHER, STUDENT, MIDDLE = 80, 240, 160  # columns
WHOLE, HERE, THERE, ANOTHER = 44, 116, 204, 276  # of what the two say: of all patches and of each
CROP, TOKENS, NETWORKS, SAID, CENTRED, PATCHES, CLS = 16, 72, 142, 192, 236, 296, 350  # rows
SIDE, HOLES = 4, {(0, 2), (1, 2), (0, 3), (1, 3), (3, 0)}


def diagram() -> Diagram:
    """Crop, holes, networks and the two terms, with the symbols of their equations."""
    drawing = Diagram(
        320,
        368,
        text="One global crop u. The teacher is given all of its patches; the student the same patches with holes, "
        "where a learned token e stands in place of the patch and the position is kept. Each network, with a head that "
        "[CLS] and patches share, says something of [CLS], z, and of each patch, t_i and s_i. The teacher's are "
        "centred, [CLS] and patches each by a centre of its own, c and c', before their softmax. Two losses add up: "
        "of the patches, in this same crop, where the student had holes; and of [CLS], between this crop and another "
        "one. The teacher's weights are an average of the student's.",
    )
    crop = drawing.box((MIDDLE, CROP), "global crop $u$", width=116, height=26)
    every = [(row, column) for row in range(SIDE) for column in range(SIDE)]
    left = drawing.cells((TEACHER, TOKENS), SIDE, SIDE, size=13, label="", filled=every)
    right = drawing.cells((STUDENT, TOKENS), SIDE, SIDE, size=13, filled=set(every) - HOLES)
    drawing.arrow(crop, left, via=((TEACHER, CROP),))
    drawing.arrow(crop, right, via=((STUDENT, CROP),))
    drawing.words((MIDDLE, TOKENS), "holes: $e$,\nplace kept", link="equation-ibot-holes")

    teacher = drawing.box((TEACHER, NETWORKS), "teacher $\\theta_t$", width=92, dashed=True)
    student = drawing.box((STUDENT, NETWORKS), "student $\\theta_s$", width=92, colour=BLUE)
    drawing.arrow(left, teacher)
    drawing.arrow(right, student)
    drawing.arrow(student, teacher, colour=BLUE)
    drawing.words((MIDDLE, NETWORKS - 13), "average")

    cls = drawing.words((WHOLE, SAID), "[CLS] $z_t$")
    taught = drawing.words((HERE, SAID), "$t_i$")
    said = drawing.words((THERE, SAID), "$s_i$", link="equation-ibot-gradient")
    said_cls = drawing.words((ANOTHER, SAID), "[CLS] $z_s$")
    for column in (WHOLE, HERE, THERE, ANOTHER):
        drawing.arrow((column, NETWORKS + 16), (column, SAID - 10))
    first = drawing.box((WHOLE, CENTRED), "less $c$", width=58, height=28, colour=ORANGE, link="equation-ibot-targets")
    second = drawing.box((HERE, CENTRED), "less $c'$", width=58, height=28, colour=ORANGE, link="equation-ibot-targets")
    drawing.arrow(cls, first)
    drawing.arrow(taught, second)

    drawing.box(
        (MIDDLE, PATCHES), "patches: this crop,\nwhere the holes are", width=144, height=44, colour=GREEN,
        link="equation-ibot-patch",
    )  # fmt: skip
    drawing.arrow(second, (HERE, PATCHES - 22))
    drawing.arrow(said, (THERE, PATCHES - 22))
    whole = drawing.box(
        (MIDDLE, CLS), "[CLS]: another crop", width=142, height=30, colour=GREEN, link="equation-ibot-total"
    )
    drawing.arrow(first, whole, via=((WHOLE, CLS),))
    drawing.arrow(said_cls, whole, via=((ANOTHER, CLS),))
    return drawing
