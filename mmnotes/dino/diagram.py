"""The chapter's drawing: crops of a picture, a student that learns, and a teacher that follows it."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE

TEACHER, STUDENT, MIDDLE, CENTRE, RETURN = 100, 236, 168, 26, 311  # columns
PICTURE, CROPS, NETWORKS, LOGITS, ANSWERS, LOSS = 18, 66, 120, 164, 210, 276  # rows


def diagram() -> Diagram:
    """Crops, networks, targets and loss, with the symbols of their equations."""
    drawing = Diagram(
        320,
        318,
        text="Crops of one picture: two global ones go to the teacher, these and small local ones to the student. The "
        "teacher's logits z_t, less the centre c, which is their running mean, and divided by a low temperature, go "
        "through a softmax and are the targets p_t. The student's logits z_s, divided by a higher temperature, go "
        "through a softmax and are its predictions p_s. The loss is the cross-entropy of predictions with targets of "
        "other crops. Its gradient goes to the student alone; the teacher's weights theta_t are a moving average of "
        "the student's, theta_s.",
    )
    picture = drawing.box((MIDDLE, PICTURE), "picture", width=80, height=26)
    large = drawing.box((TEACHER, CROPS), "global crops $u$", width=112, height=28)
    every = drawing.box((STUDENT, CROPS), "all crops $v$", width=112, height=28)
    drawing.arrow(picture, large)
    drawing.arrow(picture, every)

    teacher = drawing.box((TEACHER, NETWORKS), r"teacher $\theta_t$", width=84, dashed=True, link="equation-dino-ema")
    student = drawing.box((STUDENT, NETWORKS), r"student $\theta_s$", width=84, colour=BLUE)
    drawing.arrow(large, teacher)
    drawing.arrow(every, student)
    drawing.arrow(student, teacher, colour=BLUE)
    drawing.words((MIDDLE, NETWORKS - 27), "average")

    taught = drawing.words((TEACHER, LOGITS), "$z_t$", link="equation-dino-head")
    said = drawing.words((STUDENT, LOGITS), "$z_s$", link="equation-dino-head")
    drawing.arrow(teacher, taught)
    drawing.arrow(student, said)
    centre = drawing.box((CENTRE, LOGITS), "$c$", width=32, height=26, colour=ORANGE, link="equation-dino-centre")
    drawing.arrow((TEACHER - 14, LOGITS), centre)
    targets = drawing.box(
        (TEACHER, ANSWERS), "softmax of\n$(z_t - c) / \\tau_t$", width=112, height=44, colour=ORANGE,
        link="equation-dino-targets",
    )  # fmt: skip
    answers = drawing.box(
        (STUDENT, ANSWERS), "softmax of\n$z_s / \\tau_s$", width=112, height=44, colour=BLUE,
        link="equation-dino-targets",
    )  # fmt: skip
    drawing.arrow(taught, targets)
    drawing.arrow(said, answers)
    drawing.arrow(centre, targets, via=((CENTRE, ANSWERS),))

    loss = drawing.box(
        (MIDDLE, LOSS), "$- \\sum_k p_t \\, \\mathrm{log} \\, p_s$", width=130, height=30, colour=GREEN,
        link="equation-dino-loss",
    )  # fmt: skip
    drawing.arrow(targets, loss)
    drawing.arrow(answers, loss)
    drawing.words((TEACHER + 6, LOSS - 28), "$p_t$")
    drawing.words((STUDENT - 6, LOSS - 28), "$p_s$")
    drawing.arrow(loss, student, via=((RETURN, LOSS), (RETURN, NETWORKS)), colour=ORANGE, dashed=True)
    drawing.words((MIDDLE, LOSS + 30), "dashed arrow: gradient, to the student alone")
    return drawing
