"""Pages, and the PDF that is printed from them, are the forms of this book. Nothing else can show its labs and folds.

A builder that knows neither would end in a trace or, worse, in a book with parts missing, so it is refused before
anything is read or executed.
"""

import sys

from sphinx.application import Sphinx


def refuse(app: Sphinx) -> None:
    """End the build in one line; an exception would come with Sphinx's and Jupyter Book's own reports around it."""
    if app.builder.name != "html":
        sys.exit(f"builder {app.builder.name!r}: this book is html and pdf only; run `make book` or `make pdf`")


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at the builder as soon as there is one, before any other part does anything."""
    app.connect("builder-inited", refuse, priority=0)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
