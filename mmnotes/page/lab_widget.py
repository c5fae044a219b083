"""A lab in a live kernel: ipywidgets over the full range of every control, redrawn by the real code."""

import traceback
from collections.abc import Callable
from html import escape

import ipywidgets  # type: ignore[import-untyped]

from mmnotes.page.controls import Control, Value

Render = Callable[[dict[str, Value]], tuple[bytes, str]]


def live_view(title: str, controls: dict[str, Control], render: Render, first: tuple[bytes, str]) -> ipywidgets.VBox:
    """The controls, the picture and its description: `first` of the defaults, then whatever `render` gives.

    An error of `render` takes the place of the description, and the picture of the values before goes.
    """
    inputs = {key: control.widget() for key, control in controls.items()}
    image = ipywidgets.Image(format="png", layout={"max_width": "100%"})
    text = ipywidgets.HTML()

    def show(drawn: tuple[bytes, str]) -> None:
        image.value, description = drawn
        image.tooltip = description  # becomes the accessible name; the widget has no alt text
        text.value = escape(description)

    def redraw(_change: object) -> None:
        try:
            show(render({key: field.value for key, field in inputs.items()}))
        except Exception:
            # Raised in a callback, it would only reach the log of the server.
            image.value = b""
            text.value = f"<pre>{escape(traceback.format_exc())}</pre>"

    show(first)
    for field in inputs.values():
        field.style.description_width = "initial"
        field.observe(redraw, "value")
    row = ipywidgets.Box(list(inputs.values()), layout={"flex_flow": "row wrap"})
    return ipywidgets.VBox([ipywidgets.HTML(f"<b>{escape(title)}</b>"), row, image, text])
