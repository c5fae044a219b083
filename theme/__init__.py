"""How the pages are made: one small Sphinx extension a concern, all set up here."""

from sphinx.application import Sphinx

PARTS = ["katex", "execute"]


def setup(app: Sphinx) -> dict[str, bool]:
    """Set up every part of the theme."""
    for part in PARTS:
        app.setup_extension(f"theme.{part}")
    return {"parallel_read_safe": False, "parallel_write_safe": False}
