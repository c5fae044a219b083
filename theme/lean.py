"""What no page asks for is left out of the built book: it would be stored and copied with it."""

from pathlib import Path

from sphinx.application import Sphinx

# Maps of scripts that nobody here debugs, words of languages that the book is not in, fonts in a form of old browsers.
UNUSED = ("**/*.map", "locales/**/*", "**/*.ttf", "scripts/fontawesome.js")


def drop(app: Sphinx, exception: Exception | None) -> None:
    """Take it away once Sphinx and the theme have copied their files."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    for pattern in UNUSED:
        for file in static.glob(pattern):
            if file.is_file():
                file.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the last step."""
    app.connect("build-finished", drop, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
