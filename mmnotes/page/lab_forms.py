"""What a lab shows itself as: HTML beside its pictures on a page of the book, widgets and a picture in a notebook."""

import base64
from dataclasses import dataclass
from typing import Any

from IPython.core.getipython import get_ipython

from mmnotes.page.controls import Control
from mmnotes.page.frames import CSS_PIXELS, Size
from mmnotes.page.lab_widget import Render, live_view


@dataclass(frozen=True)
class OnPage:
    """A lab of the built book: HTML beside the pictures of all settings."""

    title: str
    html: str

    def mimebundle(self) -> dict[str, Any]:
        """The HTML."""
        return {"text/plain": self.title, "text/html": self.html}


@dataclass(frozen=True)
class InNotebook:
    """A lab of a notebook: the picture and description of the default values, and how others are drawn."""

    title: str
    controls: dict[str, Control]
    render: Render
    first: tuple[bytes, str]
    size: Size

    def mimebundle(self) -> dict[str, Any]:
        """A PNG with, where there is a kernel to talk to, the live view."""
        image, text = self.first
        plain = {"text/plain": f"{self.title}: {text}", "image/png": base64.b64encode(image).decode()}
        if getattr(get_ipython(), "kernel", None) is None:
            return plain
        width = round(self.size[0] * CSS_PIXELS)
        view = live_view(self.title, self.controls, self.render, self.first, width=width)
        return {**view._repr_mimebundle_(), **plain}
