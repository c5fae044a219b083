"""The chapter's drawing: the long way from noise, and the short one from a draft."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN

TOP, MIDDLE, LOW, END = 36, 104, 172, 240  # rows
LEFT, RIGHT = 76, 244  # columns


def diagram() -> Diagram:
    """Draft, enlarging, noise and the refiner, with the symbols of their equations."""
    drawing = Diagram(
        320,
        276,
        text="A draft, small and with half the frames, is enlarged to the size of the film, x_up. It is mixed with "
        "noise epsilon, 1 minus t_th to t_th, into x_th, where the shortened path begins. A refiner, the network of "
        "all films with a change of low rank, leads from there in a few steps to the film x_0. In training the film "
        "is known: the draft is made from it, and the refiner learns the velocity of the straight line from x_th to "
        "it.",
    )
    draft = drawing.box((LEFT, TOP), "draft: small,\nhalf the frames", width=116, height=44)
    film = drawing.box((RIGHT, TOP), "film $x_0$", width=84, height=30, colour=GREEN)
    drawing.arrow(film, draft)
    drawing.words((165, TOP - 12), "training")
    large = drawing.box((LEFT, MIDDLE), "enlarged $x_{up}$", width=116, height=30, link="equation-coarse-up")
    drawing.arrow(draft, large)
    noise = drawing.box((RIGHT, MIDDLE), r"noise $\varepsilon$", width=84, height=30)
    start = drawing.operation((LEFT + 84, LOW), "$x_{th}$", link="equation-coarse-start")
    drawing.arrow(large, start)
    drawing.arrow(noise, start)
    drawing.words((86, LOW - 18), r"$1 \, - \, t_{th}$")
    drawing.words((232, LOW - 18), "$t_{th}$")
    refiner = drawing.box(
        (LEFT + 84, END), "refiner: a few steps\nalong $(x_{th} \\, - \\, x_0) \\, / \\, t_{th}$", width=176, height=44,
        colour=BLUE, link="equation-coarse-target",
    )  # fmt: skip
    drawing.arrow(start, refiner)
    drawing.arrow(refiner, film, via=((304, END), (304, TOP)))
    drawing.words((272, END - 42), "sampling")
    return drawing
