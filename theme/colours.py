"""Without JavaScript a page is as light or dark as the reader's system is, and light on paper.

The theme's colours stand under ``data-theme="light"`` and ``data-theme="dark"``, between which a script chooses; until
then, and without one, the page says "auto", for which the theme has no colours at all. They are taken from its style
sheets into one more, which a page asks for only where no script runs.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

SHEETS = ("styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css", "mystnb.*.css", "book.css")
MEDIA = {"light": "(prefers-color-scheme: light), print", "dark": "screen and (prefers-color-scheme: dark)"}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def of(mode: str, css: str) -> list[str]:
    """The rules of a style sheet for one mode, as rules for a page that has chosen none."""
    chosen = re.compile(rf"\[data-theme=\"?{mode}\"?\]")
    rules = re.findall(r"([^{};]*\[data-theme[^{}]*)(\{[^{}]*\})", COMMENT.sub("", css))
    return [chosen.sub("[data-theme=auto]", name).strip() + body for name, body in rules if chosen.search(name)]


def write(app: Sphinx, exception: Exception | None) -> None:
    """Put the style sheet beside those that it is made of."""
    if exception:
        return
    static = Path(app.outdir, "_static")
    css = "\n".join(file.read_text("utf-8") for pattern in SHEETS for file in static.glob(pattern))
    blocks = [f"@media {media} {{\n" + "\n".join(of(mode, css)) + "\n}\n" for mode, media in MEDIA.items()]
    (static / "no-script.css").write_text("".join(blocks), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Write it when Sphinx and, at the same event, the theme have written the others."""
    app.connect("build-finished", write, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
