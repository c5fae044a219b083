"""The icon font, cut down to the icons that the pages show."""

from io import BytesIO
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

FONT = "vendor/fontawesome/webfonts/fa-solid-900.woff2"
# Names as in the theme's templates and style sheets; a browser test finds one that is missing here.
ICONS = {
    "angle-down": 0xF107, "angle-left": 0xF104, "angle-right": 0xF105, "arrow-up": 0xF062, "bars": 0xF0C9,
    "bell": 0xF0F3, "check": 0xF00C, "chevron-down": 0xF078, "chevron-right": 0xF054, "chevron-up": 0xF077,
    "circle-half-stroke": 0xF042, "circle-info": 0xF05A, "circle-exclamation": 0xF06A, "circle-xmark": 0xF057,
    "lightbulb": 0xF0EB, "list": 0xF03A, "magnifying-glass": 0xF002, "moon": 0xF186, "outdent": 0xF03B,
    "pencil": 0xF303, "share": 0xF064, "sun": 0xF185, "triangle-exclamation": 0xF071,
}  # fmt: skip


def cut(font: bytes) -> bytes:
    """The font with the icons above and nothing else."""
    whole = TTFont(BytesIO(font))
    options = subset.Options(flavor="woff2", drop_tables=["GSUB", "GPOS"])
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=ICONS.values())
    subsetter.subset(whole)
    result = BytesIO()
    whole.flavor = "woff2"
    whole.save(result)
    return result.getvalue()


def replace_font(app: Sphinx, exception: Exception | None) -> None:
    """Put the small font where Sphinx has put the theme's."""
    if exception or app.builder.format != "html":
        return
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
    whole, shown = (theme / FONT).read_bytes(), Path(app.outdir, "_static", FONT)
    if shown.exists() and shown.read_bytes() == whole:
        shown.write_bytes(cut(whole))


def setup(app: Sphinx) -> dict[str, bool]:
    """Replace the font when a build is done."""
    app.connect("build-finished", replace_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
