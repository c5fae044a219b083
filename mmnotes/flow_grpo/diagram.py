"""The chapter's drawing: one start, one random step, a group of ends, and the way back of their rewards."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE

START, RANDOM, ENDS, SCORES, LOSS = 24, 92, 168, 230, 296  # rows
MIDDLE, LEFT, RIGHT, AROUND = 160, 62, 258, 308  # columns


def diagram() -> Diagram:
    """Start, random step, ends, rewards, advantages and loss, with the symbols of their equations."""
    drawing = Diagram(
        320,
        320,
        text="From one start, all members of a group follow the same steps of the ODE to a point x at time t. There "
        "one step of the SDE adds a different noise epsilon to each, so that three points are reached. From each the "
        "ODE leads to an end, which gets a reward R. Minus the mean of the group and divided by a deviation, rewards "
        "become advantages A. They weigh the logarithm of the probability of the random step, and its gradient changes "
        "the velocity v of the network, held back by the divergence from the network as it was.",
    )
    start = drawing.box((MIDDLE, START), "one start, one text", width=150, height=28)
    point = drawing.operation((MIDDLE, RANDOM), "$x_t$", link="equation-grpo-step")
    drawing.arrow(start, point)
    drawing.words((MIDDLE + 8, (START + RANDOM) / 2 + 2), "ODE, shared", anchor="start")
    drawing.words((MIDDLE - 20, RANDOM - 18), "one step of the SDE:", anchor="end")
    drawing.words((MIDDLE - 20, RANDOM - 2), r"a noise $\varepsilon$ for each", anchor="end")
    drawing.words((MIDDLE + 74, RANDOM - 12), "velocity $v$")
    ends = [
        drawing.box((x, ENDS), f"end {name}", width=76, height=28)
        for name, x in zip(("1", "2", "3"), (LEFT, MIDDLE, RIGHT), strict=True)
    ]
    for end in ends:
        drawing.arrow(point, end)
    drawing.words((LEFT - 6, (RANDOM + ENDS) / 2 + 4), "ODE")
    scores = [
        drawing.box((x, SCORES), label, width=76, height=28, colour=ORANGE, link="equation-grpo-advantage")
        for label, x in zip(("$A_1$", "$A_2$", "$A_3$"), (LEFT, MIDDLE, RIGHT), strict=True)
    ]
    for end, score in zip(ends, scores, strict=True):
        drawing.arrow(end, score)
    drawing.words((MIDDLE + 8, (ENDS + SCORES) / 2), "rewards $R$", anchor="start")
    loss = drawing.box(
        (MIDDLE, LOSS), r"$\sum \, A \, \mathrm{log} \, \pi$ and divergence", width=190, height=30, colour=GREEN,
        link="equation-grpo-loss",
    )  # fmt: skip
    for score in scores:
        drawing.arrow(score, loss)
    drawing.arrow(loss, point, via=((AROUND, LOSS), (AROUND, RANDOM)), colour=BLUE)
    return drawing
