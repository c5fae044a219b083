"""The chapter's drawing: planes of a query and a key, turned by a ladder of angles, and the score they leave."""

from math import cos, sin

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, ORANGE

# Of each plane drawn: its column, index, frequency, and the angles of the query's and the key's hand before the turn.
PLANES = [(92, "0", 1.0, 0.4, 1.2), (178, "1", 0.5, 1.0, 2.2), (278, "j", 0.04, 0.3, 1.2)]
QUERY_AT, KEY_AT = 2, 3  # the positions p and p'
SIDE, HAND = 56, 23


def diagram() -> Diagram:
    """From pairs of entries to the score, with the symbols of equations `rope-ladder` and `rope-score`."""
    drawing = Diagram(
        320,
        354,
        text="The entries of a query and a key are taken in pairs, each pair a plane with a hand for the query and one "
        "for the key. In plane j the query's hand is turned by theta j times its position p and the key's by theta j "
        "times p prime: far in plane 0, less and less in those that follow. The angle between the two hands grows by "
        "theta j times delta, with delta the difference of the positions. The score is the sum of the cosines of these "
        "angles, so it depends on delta and on nothing else of the positions.",
    )
    drawing.box((86, 15), "query $q$ at $p$", width=116, height=26, colour=BLUE)
    drawing.box((238, 15), "key $k$ at $p^{'}$", width=116, height=26, colour=ORANGE)
    for row, name in ((66, "pairs"), (130, "ladder"), (236, "angle")):
        drawing.words((2, row), name, anchor="start")
    drawing.words((2, 194), "turned", anchor="start", link="equation-rope-rotation")
    total = drawing.box((178, 282), r"sum of cosines", width=120, height=26, link="equation-rope-score")
    for column, j, frequency, query, key in PLANES:
        given = drawing.box((column, 66), "", width=SIDE, height=SIDE)
        angles = rf"$\theta_{j} p,\, \theta_{j} p^{{'}}$"
        turn = drawing.box((column, 130), angles, width=76, height=26, link="equation-rope-ladder")
        turned = drawing.box((column, 194), "", width=SIDE, height=SIDE)
        drawing.arrow(given, turn)
        drawing.arrow(turn, turned)
        for middle, turns in ((66, 0), (194, frequency)):
            for angle, position, colour in ((query, QUERY_AT, BLUE), (key, KEY_AT, ORANGE)):
                _hand(drawing, (column, middle), angle + turns * position, colour)
        drawing.words((column, 236), rf"$\theta_{j}\delta+\varphi_{j}$")
        drawing.arrow((column, 247), total)
    drawing.words((230, 66), "…")
    drawing.words((230, 194), "…")
    score = drawing.words(
        (178, 330), "score: of the positions it\nsees $\\delta=p^{'}-p$ only", link="equation-rope-ask"
    )
    drawing.arrow(total, score)
    return drawing


def _hand(drawing: Diagram, middle: tuple[float, float], angle: float, colour: str) -> None:
    tip = middle[0] + HAND * cos(angle), middle[1] - HAND * sin(angle)
    drawing.arrow(middle, tip, colour=colour)
