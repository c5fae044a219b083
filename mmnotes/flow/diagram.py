"""The chapter's drawing: a point on the straight line between data and noise, and what its velocity is for."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE

LINE, NETWORK, FIELD, USES = 42, 104, 156, 218  # rows
MIDDLE, LOOP = 160, 311  # columns


def diagram() -> Diagram:
    """Path, field, loss and step, with the symbols of their equations."""
    drawing = Diagram(
        320,
        266,
        text="Data x_0 and noise epsilon are mixed, 1 - t to t, into a point x_t on the straight line between them. A "
        "network reads the point, the time t and a text c, and gives the velocity v: the mean of noise minus data over "
        "all lines that pass through the point. In training it is compared with the noise minus the data of one line. "
        "In sampling the point moves a step along it, to time t', and the network is asked again, from time 1, where "
        "all is noise, down to time 0.",
    )
    data = drawing.box((48, LINE), "data $x_0$", width=80, height=28)
    noise = drawing.box((258, LINE), r"noise $\varepsilon$", width=76, height=28)
    point = drawing.operation((MIDDLE, LINE), "$x_t$", link="equation-flow-path")
    drawing.arrow(data, point)
    drawing.arrow(noise, point)
    drawing.words((116, LINE - 12), r"$1 \, - \, t$")
    drawing.words((196, LINE - 12), "$t$")

    text = drawing.box((40, NETWORK), "text $c$", width=64, height=28)
    network = drawing.box((MIDDLE, NETWORK), r"network $v_\theta$", width=104, colour=BLUE)
    time = drawing.box((263, NETWORK), "time $t$", width=66, height=28)
    for part in (point, text, time):
        drawing.arrow(part, network)

    mean = r"$v \, = \, \mathrm{E} \, [ \, \varepsilon \, - \, x_0 \, \mid \, x_t \, ]$"
    field = drawing.words((MIDDLE, FIELD), mean, link="equation-flow-field")
    drawing.arrow(network, field)
    drawing.box(
        (72, USES), "training: compare\n" + r"with $\varepsilon \, - \, x_0$", width=136, height=44, colour=ORANGE,
        link="equation-flow-loss",
    )  # fmt: skip
    step = drawing.box(
        (228, USES), "sampling: step to\n$x_t \\, + \\, (t^{'} - t) \\, v$", width=132, height=44, colour=GREEN,
        link="equation-flow-solvers",
    )  # fmt: skip
    drawing.arrow((MIDDLE - 20, FIELD + 10), (92, USES - 22))
    drawing.arrow((MIDDLE + 20, FIELD + 10), (212, USES - 22))
    drawing.arrow(step, point, via=((LOOP, USES), (LOOP, 10), (MIDDLE, 10)))
    drawing.words((228, USES + 36), "from time 1 down to time 0")
    return drawing
