"""Pictures that cells draw, stored in a third of the bytes: a plot has few colours besides the shades of its edges."""

import base64
import io

from PIL import Image

COLOURS = 256


def slim(output: dict) -> dict:
    """A cell's output with its PNG, if it has one and it is opaque, reduced to a palette."""
    png = output.get("data", {}).get("image/png")
    if png is None:
        return output
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA")
    if image.getextrema()[3] != (255, 255):
        return output
    from mmnotes.page.frames import few_colours  # brings torch, for which a build without new pictures need not wait

    buffer = io.BytesIO()
    few_colours(image.convert("RGB"), colours=COLOURS).save(buffer, "PNG", optimize=True)
    return output | {"data": output["data"] | {"image/png": base64.b64encode(buffer.getvalue()).decode()}}
