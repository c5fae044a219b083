"""The chapter's drawing: a frozen U-Net, the trained copy of its encoder, and the taps between them."""

from itertools import pairwise

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, ORANGE

FROZEN, COPY = 88, 203  # columns
FIRST, SECOND, MIDDLE, SUM, LATER, LAST = (94 + 40 * row for row in range(6))  # rows


def diagram() -> Diagram:
    """Copy, taps and skips, with the symbols of equations `zero_conv-block` and `zero_conv-taps`."""
    drawing = Diagram(
        320,
        364,
        text="A frozen U-Net: encoder 1, encoder 2, middle, decoder 2, decoder 1, with a skip from each encoder to its "
        "decoder. Beside it a trained copy of encoder and middle. The copy reads the noisy picture plus what a hint "
        "encoder makes of the condition c, through a convolution that starts at zero. What each part of the copy "
        "makes goes through a convolution of its own that starts at zero, and is added to the skip that the frozen "
        "decoder reads, or to the output of the frozen middle.",
    )
    taps = "equation-zero_conv-taps"
    picture = drawing.words((FROZEN, 14), "noisy picture $z_t$")
    hint = drawing.box((268, 14), "hint encoder", width=96, height=26, colour=BLUE)
    entrance = drawing.box((268, 54), "zero conv", width=80, height=26, colour=ORANGE, link="equation-zero_conv-block")
    joined = drawing.operation((COPY, 54), "+")
    drawing.arrow(hint, entrance)
    drawing.arrow(entrance, joined)
    drawing.arrow((150, 14), joined, via=((COPY, 14),))

    encoder1 = drawing.box((FROZEN, FIRST), "encoder 1", height=26, dashed=True)
    encoder2 = drawing.box((FROZEN, SECOND), "encoder 2", height=26, dashed=True)
    middle = drawing.box((FROZEN, MIDDLE), "middle", height=26, dashed=True)
    total = drawing.operation((FROZEN, SUM), "+")
    decoder2 = drawing.box((FROZEN, LATER), "decoder 2", height=26, dashed=True)
    decoder1 = drawing.box((FROZEN, LAST), "decoder 1", height=26, dashed=True)
    frozen = [picture, encoder1, encoder2, middle, total, decoder2, decoder1]
    for start, end in pairwise(frozen):
        drawing.arrow(start, end)
    drawing.arrow(decoder1, (FROZEN, 340))
    drawing.words((FROZEN, 350), "velocity")
    drawing.arrow(encoder1, decoder1, via=((14, FIRST), (14, LAST)))
    drawing.arrow(encoder2, decoder2, via=((28, SECOND), (28, LATER)))

    copies = [
        drawing.box((COPY, row), label, width=96, height=26, colour=BLUE)
        for row, label in [(FIRST, "copy 1"), (SECOND, "copy 2"), (MIDDLE, "middle's copy")]
    ]
    names = [r"$\gamma_1 Z_1(s'_1)$", r"$\gamma_2 Z_2(s'_2)$", r"$\gamma Z_m(m')$"]
    tapped = [
        drawing.box((COPY, row), name, width=96, height=26, colour=ORANGE, link=taps)
        for row, name in zip((LAST, LATER, SUM), names, strict=True)
    ]
    for start, end in pairwise([joined, *copies]):
        drawing.arrow(start, end)
    drawing.arrow(copies[0], tapped[0], via=((294, FIRST), (294, LAST)))
    drawing.arrow(copies[1], tapped[1], via=((276, SECOND), (276, LATER)))
    drawing.arrow(copies[2], tapped[2])
    for start, end in zip(tapped, (decoder1, decoder2, total), strict=True):
        drawing.arrow(start, end)
    drawing.words((COPY + 18, 346), "dashed: frozen, blue: trained\norange: zero at the start")
    return drawing
