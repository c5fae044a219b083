"""The chapter's drawing: clean and noisy frames, who reads whom in a layer, and what is kept."""

from mmnotes.page.diagram import Diagram
from mmnotes.page.palette import BLUE, GREEN, ORANGE

LEFT, RIGHT, AROUND = 68, 228, 306  # columns
FRAMES, ATTENTION, TEXT, OUT, STEP = 28, 112, 192, 262, 318  # rows


def diagram() -> Diagram:
    """Frames, attention in two blocks, the text for noisy frames alone, the velocity and the step."""
    drawing = Diagram(
        320,
        342,
        text="A film is clean frames at time 0 and noisy frames at time t. In each layer the clean frames read each "
        "other, and an arrow leads from their keys and values to the noisy frames, which read the clean ones and "
        "themselves; no arrow leads back. The text goes to the noisy frames alone. They give a velocity, and a step "
        "along it gives the noisy frames of the next step, by an arrow that goes around. The side of the clean frames "
        "is computed once.",
    )
    clean = drawing.box((LEFT, FRAMES), "clean frames\ntime $0$", width=118, height=42, colour=BLUE)
    noisy = drawing.box((RIGHT, FRAMES), "noisy frames\ntime $t$", width=118, height=42, colour=ORANGE)
    among = drawing.box(
        (LEFT, ATTENTION), "clean reads\nclean", width=118, height=44, colour=BLUE, link="equation-film-blocks"
    )
    every = drawing.box(
        (RIGHT, ATTENTION), "noisy reads\nall", width=118, height=44, colour=ORANGE, link="equation-film-blocks"
    )
    drawing.arrow(clean, among)
    drawing.arrow(noisy, every)
    drawing.arrow(among, every)
    drawing.words(((LEFT + RIGHT) / 2, ATTENTION - 18), "$K, V$")
    text = drawing.box((LEFT, TEXT), "text", width=80, height=28)
    told = drawing.box(
        (RIGHT, TEXT), "noisy reads text", width=118, height=30, colour=ORANGE, link="equation-film-text"
    )
    drawing.arrow(text, told)
    drawing.arrow(every, told)
    velocity = drawing.box((RIGHT, OUT), "velocity $v$", width=118, height=30, colour=GREEN, link="equation-film-loss")
    drawing.arrow(told, velocity)
    step = drawing.box((RIGHT, STEP), "$x + (t' - t) \\, v$", width=118, height=30, link="equation-film-step")
    drawing.arrow(velocity, step)
    drawing.arrow(step, noisy, via=((AROUND, STEP), (AROUND, FRAMES)), dashed=True)
    drawing.words((LEFT, OUT + 4), "left: once\nright: every step")
    return drawing
