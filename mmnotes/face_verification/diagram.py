"""The chapter's drawing: two pictures, five stages each, one number between them."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE

LEFT, RIGHT, MIDDLE = 82, 238, 160  # columns
PICTURE, DETECTED, ALIGNED, CHIP, NET, VECTOR, DISTANCE, VERDICT = 18, 72, 128, 176, 224, 266, 316, 360  # rows


def diagram() -> Diagram:
    """Detect, align, represent and compare, with the symbols of their equations."""
    drawing = Diagram(
        320,
        378,
        text="Two pictures go the same way. A cascade of three networks, P-Net, R-Net and O-Net, finds a box and five "
        "landmarks x. The similarity a x + b that brings them nearest to the mean face y is fitted. The picture is "
        "sampled through it into a chip of 150 by 150 pixels. A network makes 128 numbers of the chip, u for the first "
        "picture and v for the second. Their distance is compared with a threshold t: at most t means one person.",
    )
    for column, name, symbol in ((LEFT, "picture", "$u$"), (RIGHT, "other picture", "$v$")):
        picture = drawing.box((column, PICTURE), name, width=104, height=26)
        found = drawing.box(
            (column, DETECTED), "P-, R-, O-Net:\nlandmarks $x_i$", width=136, height=44, colour=ORANGE,
            link="equation-face-nms",
        )  # fmt: skip
        fitted = drawing.box((column, ALIGNED), "$a x_i + b$", width=104, height=30, link="equation-face-complex")
        chip = drawing.box((column, CHIP), "chip", width=52, height=26)
        net = drawing.box((column, NET), "embedder", width=104, height=30, colour=BLUE, dashed=True)
        vector = drawing.words((column, VECTOR), symbol, link="equation-face-euclidean")
        for first, second in ((picture, found), (found, fitted), (fitted, chip), (chip, net), (net, vector)):
            drawing.arrow(first, second)
    drawing.words((MIDDLE, ALIGNED), "$y_i$", link="equation-face-template")
    drawing.arrow((MIDDLE - 8, ALIGNED), (LEFT + 52, ALIGNED))
    drawing.arrow((MIDDLE + 8, ALIGNED), (RIGHT - 52, ALIGNED))
    drawing.words((MIDDLE, ALIGNED + 30), "mean\nface")
    distance = drawing.box((MIDDLE, DISTANCE), "$| u - v |$", width=110, height=30, colour=GREEN,
                           link="equation-face-euclidean")  # fmt: skip
    drawing.arrow((LEFT, VECTOR + 9), distance)
    drawing.arrow((RIGHT, VECTOR + 9), distance)
    verdict = drawing.words((MIDDLE, VERDICT), "one person, if at most $t$", link="equation-face-verdict")
    drawing.arrow(distance, verdict)
    return drawing
