"""How the pages are made: one small Sphinx extension a concern, all set up here."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

HERE = Path(__file__).parent
PARTS = [
    "builders", "current", "katex", "execute", "frames", "formulas", "page", "colours", "icons", "cards", "front",
    "exercises", "notation", "errata", "sources", "terms", "hover", "fold", "languages", "paths", "contents", "access",
    "live", "lean",
]  # fmt: skip


def add_paths(app: Sphinx, config: Config) -> None:
    """Let Sphinx find the theme's templates, files and icon, wherever the book is."""
    config.templates_path = [*dict.fromkeys([str(HERE / "templates"), *config.templates_path])]
    config.html_favicon = str(HERE / "assets" / "favicon.svg")
    config.html_static_path = [*config.html_static_path, str(HERE / "assets")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Set up every part of the theme."""
    app.connect("config-inited", add_paths)
    for sheet in ("katex/katex.css", "book.css", "lab.css"):
        app.add_css_file(sheet)
    for script in ("book.js", "lab.js", "hover.js"):
        app.add_js_file(script, defer="defer")
    for part in PARTS:
        app.setup_extension(f"theme.{part}")
    return {"parallel_read_safe": False, "parallel_write_safe": False}
