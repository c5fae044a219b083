"""The chapter's drawing: one row of packed crops, two heads, three losses, and a teacher balanced by Sinkhorn."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE

TEACHER, CLS, KOLEO, PATCH = 66, 156, 216, 280  # columns
CROPS, NETWORKS, TOKENS, HEADS, ANSWERS, LOSSES, BELOW = 26, 88, 132, 174, 226, 286, 314  # rows


def diagram() -> Diagram:
    """Crops, networks, heads, targets and losses, with the symbols of their equations."""
    drawing = Diagram(
        320,
        326,
        text="The two global crops, whole, go to the teacher. The student reads the global crops with holes and the "
        "local crops as one packed row of tokens, and stochastic depth leaves out some of its branches. Each network "
        "has two heads, one for [CLS] and one for patches. The teacher's logits z_t, divided by a temperature, become "
        "the targets p_t by three rounds of Sinkhorn. The student's [CLS] is compared with targets of other crops, the "
        "DINO loss, and its masked patches with targets of the same patches, the iBOT loss. The third loss, KoLeo, "
        "pushes the student's [CLS], before its head, away from that of the nearest other picture. The teacher's "
        "weights are a moving average of the student's.",
    )
    large = drawing.box((TEACHER, CROPS), "global crops,\nwhole", width=104, height=44)
    row = drawing.box(
        (216, CROPS), "global crops with holes\nand local crops, packed", width=176, height=44,
        link="equation-dinov2-packed",
    )  # fmt: skip
    teacher = drawing.box((TEACHER, NETWORKS), r"teacher $\theta_t$", width=92, dashed=True)
    student = drawing.box((216, NETWORKS), r"student $\theta_s$", width=176, colour=BLUE, link="equation-dinov2-depth")
    drawing.arrow(large, teacher)
    drawing.arrow(row, student)
    drawing.arrow(student, teacher, colour=BLUE)

    both = drawing.box((TEACHER, HEADS), "two heads", width=92, dashed=True)
    drawing.arrow(teacher, both)
    feature = drawing.words((CLS, TOKENS), "[CLS]")
    patches = drawing.words((PATCH, TOKENS), "patches")
    drawing.arrow((CLS, NETWORKS + 16), feature)
    drawing.arrow((PATCH, NETWORKS + 16), patches)
    own = drawing.box((CLS, HEADS), "head", width=60, colour=BLUE, link="equation-dinov2-tied")
    other = drawing.box((PATCH, HEADS), "head", width=60, colour=BLUE, link="equation-dinov2-tied")
    drawing.arrow(feature, own)
    drawing.arrow(patches, other)

    targets = drawing.box(
        (TEACHER, ANSWERS), "Sinkhorn of\n$z_t / \\tau_t$", width=100, height=44, colour=ORANGE,
        link="equation-dinov2-rounds",
    )  # fmt: skip
    drawing.arrow(both, targets)
    koleo = drawing.box((KOLEO, ANSWERS), "KoLeo $\\delta_i$", width=74, colour=GREEN, link="equation-dinov2-koleo")
    drawing.arrow((CLS + 20, TOKENS), koleo, via=((KOLEO, TOKENS),))
    dino = drawing.box((CLS, LOSSES), "DINO", width=60, colour=GREEN, link="equation-dinov2-loss")
    ibot = drawing.box((PATCH, LOSSES), "iBOT", width=60, colour=GREEN, link="equation-dinov2-loss")
    drawing.arrow(own, dino)
    drawing.arrow(other, ibot)
    drawing.arrow(targets, dino, via=((TEACHER, LOSSES),))
    drawing.arrow(targets, ibot, via=((TEACHER, BELOW), (PATCH, BELOW)))
    drawing.words((TEACHER + 34, LOSSES - 12), "$p_t$")
    return drawing
