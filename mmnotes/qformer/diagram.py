"""The chapter's drawing: one stack for queries and words, and the three masks of its self-attention."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE

IMAGE, ASK, TEXT = 34, 134, 252  # columns
GIVEN, SELF, CROSS, FEED = 38, 88, 138, 188  # rows
QUERIES, WORDS, CELL = 3, 4, 11
MASKS = {  # task: its equation, whether queries read words, whether words read queries, whether words look ahead
    "contrast": ("qf-itc", False, False, True),
    "matching": ("qf-itm", True, True, True),
    "captioning": ("qf-itg", False, True, False),
}


def diagram() -> Diagram:
    """A block of the stack with the symbols of equations `qf-input` to `qf-feed`, and what `qf-mask` may be."""
    drawing = Diagram(
        320,
        374,
        text="Queries and words enter one stack. In each block both go through one self-attention under a mask M; then "
        "only the queries read the image tokens I, by cross-attention, in every second block; then queries and words "
        "have a feed-forward each. Below are three masks over three queries q and four words t. Contrast: queries read "
        "queries, words read words. Matching: all read all. Captioning: queries read queries; words read the "
        "queries, themselves and the words before them.",
    )
    drawing.words((ASK, 12), r"queries $\theta$", link="equation-qf-input")
    drawing.words((TEXT, 12), "words $w$")
    queries = drawing.cells((ASK, GIVEN), 1, QUERIES, size=16, colour=BLUE)
    words = drawing.cells((TEXT, GIVEN), 1, WORDS, size=16, colour=GREEN)
    shared = drawing.box(
        ((ASK + TEXT) / 2, SELF), "self-attention, mask $M$", width=226, colour=ORANGE, link="equation-qf-self"
    )
    drawing.arrow(queries, (ASK, SELF - 16))
    drawing.arrow(words, (TEXT, SELF - 16))
    cross = drawing.box((ASK, CROSS), "cross-attention", width=108, colour=BLUE, link="equation-qf-cross")
    image = drawing.cells((IMAGE, CROSS), 4, 3, colour=PURPLE, label="image $I$")
    drawing.arrow(image, cross)
    drawing.arrow((ASK, SELF + 16), cross)
    fed = drawing.box((ASK, FEED), r"$\mathrm{FFN}_q$", width=108, colour=BLUE, link="equation-qf-feed")
    spoken = drawing.box((TEXT, FEED), r"$\mathrm{FFN}_t$", width=80, colour=GREEN, link="equation-qf-feed")
    drawing.arrow(cross, fed)
    drawing.arrow((TEXT, shared.bottom[1]), spoken)
    for box, name in ((fed, "$q$"), (spoken, "$t$")):
        drawing.arrow(box, (box.x, FEED + 34))
        drawing.words((box.x, FEED + 42), name)
    drawing.words((160, 256), "$M$: a row may read a column", link="equation-qf-mask")
    for place, (task, (link, *rule)) in enumerate(MASKS.items()):
        x, y = 62 + 104 * place, 312
        drawing.cells((x, y), 7, 7, size=CELL, filled=allowed(*rule), label=task, link=f"equation-{link}")
        drawing.words((x - 47, y - 22), "$q$")
        drawing.words((x - 47, y + 16), "$t$")
    return drawing


def allowed(query_text: bool, text_query: bool, ahead: bool) -> list[tuple[int, int]]:
    """The cells of a mask, queries before words."""
    places = range(QUERIES + WORDS)
    by_kind = {(True, True): True, (True, False): query_text, (False, True): text_query}
    return [
        (row, column)
        for row in places
        for column in places
        if by_kind.get((row < QUERIES, column < QUERIES), ahead or column <= row)
    ]
