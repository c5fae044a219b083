"""The chapter's drawing: two towers, the one vector that is read from each, and their cosine."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE

IMAGE, TEXT = 84, 236  # columns
GIVEN, TOWER, STATES, READ, MEET = 46, 112, 176, 240, 304  # rows
END = 4  # where the text ends; two places of padding follow


def diagram() -> Diagram:
    """From pixels and words to one number, with the symbols of equations `clip-embed` to `clip-cosine`."""
    drawing = Diagram(
        320,
        352,
        text="Two columns that share nothing until the end. Left: a picture x becomes the token CLS and N patches, "
        "goes through the image tower, whose layers read in all directions, and comes out as as many states, of "
        "which the one at CLS is read as f(x). Right: a text y becomes the tokens start, words, end and padding, "
        "goes through the text tower, whose layers read backwards only, and of its states the one at the end is "
        "read as g(y). The cosine of f(x) and g(y), times a learned scale, is the score z.",
    )
    columns = [
        (IMAGE, "picture $x$", 9, BLUE, "image tower\n$M = 0$", "clip-block", "clip-embed", 0),
        (TEXT, "text $y$", 7, GREEN, "text tower\n$M$: backwards", "clip-causal", "", END),
    ]
    states, names = ("$X^{(D)}$", "$Z^{(D)}$"), ("[CLS], $N$ patches", "start, words, end, 0, 0")
    features = [("$f(x)$, from [CLS]", "clip-cls"), ("$g(y)$, from the end", "clip-end")]
    meet = drawing.box(
        ((IMAGE + TEXT) / 2, MEET), "cosine, times $e^s$", width=150, colour=ORANGE, link="equation-clip-cosine"
    )
    drawing.arrow(meet, (meet.x, 334))
    drawing.words((meet.x, 343), "$z_{ij}$")
    for (x, given, count, colour, tower, inside, embedded, place), state, name, (feature, link) in zip(
        columns, states, names, features, strict=True
    ):
        drawing.words((x, 12), given)
        link_in = f"equation-{embedded}" if embedded else ""
        tokens = drawing.cells((x, GIVEN), 1, count, colour=colour, label=name, link=link_in)
        drawing.arrow((x, 22), tokens)
        box = drawing.box((x, TOWER), tower, width=130, height=42, colour=colour, link=f"equation-{inside}")
        drawing.arrow((x, GIVEN + 26), box)
        after = drawing.cells((x, STATES), 1, count, colour=ORANGE, filled=[(0, place)])
        drawing.words((x + 6 * count + 6, STATES), state, anchor="start")
        drawing.arrow(box, after)
        read = drawing.box((x, READ), feature, width=136, colour=ORANGE, link=f"equation-{link}")
        drawing.arrow((x + 12 * (place - (count - 1) / 2), STATES + 6), read)
        drawing.arrow(read, meet)
    return drawing
