"""What every page has in its head, and what it must not have: inline scripts and anything from another host."""

from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from theme import links

# Styles stay inline: KaTeX positions its glyphs with style attributes.
POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
DESCRIPTION_LENGTH = 160


def description(app: Sphinx, doctree: nodes.document | None) -> str:
    """A page in one sentence: its first paragraph (of a chapter, the claim), else the book's title."""
    first = doctree and next(doctree.findall(nodes.paragraph), None)
    text = " ".join((first.astext() if first else app.config.html_title).split())
    return text if len(text) <= DESCRIPTION_LENGTH else text[:DESCRIPTION_LENGTH].rsplit(" ", 1)[0] + " ..."


def complete(app: Sphinx, name: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Give the page its policy, description and links, and take the theme's inline scripts out."""
    text = escape(description(app, doctree))
    context["metatags"] = (
        f'\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'\n<meta name="description" content="{text}">' + context.get("metatags", "")
    )
    context["script_files"] = [script for script in context["script_files"] if script.filename]
    context["notebook_links"] = links.of(app, name)


def add_front_door(app: Sphinx, config: Config) -> None:
    """The site opens at its root; the book lies one folder down."""
    config.html_additional_pages = {**config.html_additional_pages, "index": "redirect.html"}


def setup(app: Sphinx) -> dict[str, bool]:
    """Hook into the making of every page, after the theme has done so."""
    app.connect("html-page-context", complete, priority=900)
    app.connect("config-inited", add_front_door)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
