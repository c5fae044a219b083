"""The chapter's drawing: one query asks twice, the text and the image, and the two answers are added."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, ORANGE

TOKENS, MATRICES, SOFTMAX, SCALE, SUM, OUT = 14, 88, 154, 212, 254, 302  # rows
TEXT, PIXEL, IMAGE = 56, 160, 264  # columns


def diagram() -> Diagram:
    """Two softmaxes and a sum, with the symbols of equations `da-cross` and `da-sum`."""
    drawing = Diagram(
        320,
        334,
        text="A pixel x makes one query Q. The tokens c of the text make keys K and values V; the tokens c' of an "
        "image make keys K' and values V' of their own. The query goes through two softmaxes: over the text's keys it "
        "reads A_c, over the image's A_c'. What is read from the image is multiplied by the scale lambda and added to "
        "what is read from the text, and the sum passes the output matrix W_o. The matrices of K' and V' are new; all "
        "others are frozen.",
    )
    sum_of_both = "equation-da-sum"
    text = drawing.cells((TEXT, TOKENS), 1, 6, label="text $c$")
    pixel = drawing.cells((PIXEL, TOKENS), 1, 1, label="pixel $x$")
    image = drawing.cells((IMAGE, TOKENS), 1, 4, colour=ORANGE, label="image $c^{'}$")

    own = "equation-da-cross"
    keys = drawing.box((TEXT, MATRICES), "$K, \\, V$", width=84, height=28, dashed=True, link=own)
    query = drawing.box((PIXEL, MATRICES), "$Q \\, = \\, x \\, W_q$", width=84, height=28, dashed=True, link=own)
    new_keys = drawing.box(
        (IMAGE, MATRICES), "$K^{'}, \\, V \\, ^{'}$", width=84, height=28, colour=ORANGE, link="equation-da-start"
    )
    for tokens, matrices in ((text, keys), (pixel, query), (image, new_keys)):
        drawing.arrow((tokens.x, TOKENS + 30), matrices)

    reads = drawing.box((84, SOFTMAX), "softmax\n$(Q K^\\top) \\, V$", width=112, height=42, colour=BLUE, link=own)
    sees = drawing.box(
        (236, SOFTMAX), "softmax\n$(Q K^{' \\top}) \\, V^{'}$", width=112, height=42, colour=ORANGE, link=sum_of_both
    )
    drawing.arrow(keys, (64, SOFTMAX - 21))
    drawing.arrow(new_keys, (256, SOFTMAX - 21))
    drawing.arrow(query, (118, SOFTMAX - 21))
    drawing.arrow(query, (202, SOFTMAX - 21))

    scale = drawing.operation((236, SCALE), r"$\lambda$", link=sum_of_both)
    total = drawing.operation((PIXEL, SUM), "+", link=sum_of_both)
    output = drawing.box((PIXEL, OUT), "$W_o$", width=84, height=26, dashed=True)
    drawing.arrow(sees, scale)
    drawing.arrow(scale, total, via=((236, SUM),))
    drawing.arrow(reads, total, via=((84, SUM),))
    drawing.words((70, SCALE), "$A_c$")
    drawing.words((258, SCALE + 26), r"$\lambda A_{c^{'}}$")
    drawing.arrow(total, output)
    drawing.arrow(output, (PIXEL, 332))
    drawing.words((52, OUT), "dashed: frozen")
    drawing.words((262, OUT), "orange: new")
    return drawing
