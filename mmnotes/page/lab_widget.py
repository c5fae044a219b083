"""A lab in a live kernel: ipywidgets over the full range of every control, redrawn by the real code."""

import base64
import traceback
from collections.abc import Callable
from html import escape

import ipywidgets  # type: ignore[import-untyped]

from mmnotes.page.controls import Control, Value

Render = Callable[[dict[str, Value]], tuple[bytes, str]]


def live_view(
    title: str, controls: dict[str, Control], render: Render, first: tuple[bytes, str], *, width: int
) -> ipywidgets.VBox:
    """The controls above the picture and its description: `first`, then whatever `render` gives.

    The picture is at most `width` CSS pixels wide. An error of `render` takes the place of both.
    """
    inputs = {key: control.widget() for key, control in controls.items()}
    shown = ipywidgets.HTML(_figure(*first, width))

    def redraw(_change: object) -> None:
        try:
            shown.value = _figure(*render({key: field.value for key, field in inputs.items()}), width)
        except Exception:
            # Raised in a callback, it would only reach the log of the server.
            shown.value = f"<pre>{escape(traceback.format_exc())}</pre>"

    for field in inputs.values():
        field.style.description_width = "initial"
        field.observe(redraw, "value")
    row = ipywidgets.Box(list(inputs.values()), layout={"flex_flow": "row wrap"})
    return ipywidgets.VBox([ipywidgets.HTML(f"<b>{escape(title)}</b>"), row, shown])


def _figure(image: bytes, text: str, width: int) -> str:
    # The widget for images has no alt text, and where it is given a tooltip JupyterLab fails to show it.
    source = f"data:image/png;base64,{base64.b64encode(image).decode()}"
    style = f"width: {width}px; max-width: 100%"
    return f'<img src="{source}" alt="{escape(text)}" decoding="sync" style="{style}"><p>{escape(text)}</p>'
