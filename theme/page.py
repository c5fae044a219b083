"""What every page has in its head, and what it must not have: inline scripts and anything from another host."""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.config import Config

from theme import links

# Styles stay inline: KaTeX positions its glyphs with style attributes.
POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
# What a network runs in, where a page has one: WebAssembly, in a worker whose code the page has put together.
RUNS = "; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:"
PICTURE = re.compile(r'src="\.\./((?:_static/labs|_images)/[^"]+)"')
DRAWN = re.compile(r'<img (?=[^>]*src="\.\./_images/([^"]+\.png)")')
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>')


def description(app: Sphinx, doctree: nodes.document | None) -> str:
    """A page in a sentence: the first of its first paragraph (of a chapter, the claim), else the book's title."""
    first = doctree and next(doctree.findall(nodes.paragraph), None)
    text = " ".join((first.astext() if first else app.config.html_title).split())
    return re.split(r"(?<=[.?!]) ", text, maxsplit=1)[0]


def card(app: Sphinx, context: dict, text: str) -> str:
    """What a link to the page shows where it is shared; its picture needs to know where the book is."""
    shown = {"og:type": "article", "og:title": re.sub("<[^>]+>", "", context.get("title", "")), "og:description": text}
    picture = PICTURE.search(context.get("body", ""))
    if picture and app.config.html_baseurl:
        shown |= {"og:url": context["pageurl"], "og:image": app.config.html_baseurl + picture[1]}
    return "".join(f'\n<meta property="{key}" content="{escape(value)}">' for key, value in shown.items())


def lazily(app: Sphinx, body: str) -> str:
    """The page with every figure but the first fetched when it comes near, in a place that is kept for it."""
    sources = {name: source for source, name in app.builder.images.items()}
    loading = iter(["eager"])

    def settled(found: re.Match[str]) -> str:
        with Image.open(Path(app.srcdir, sources[found[1]])) as picture:
            width, height = picture.size
        return f'<img loading="{next(loading, "lazy")}" width="{width}" height="{height}" '

    return DRAWN.sub(settled, body)


def complete(app: Sphinx, name: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Give the page its policy, description and links, and take the theme's inline scripts out."""
    text = description(app, doctree)
    if doctree is not None:
        context["body"] = lazily(app, context["body"])
    policy = POLICY + RUNS if 'class="mm-live"' in context.get("body", "") else POLICY
    context["metatags"] = (
        f'\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'\n<meta name="description" content="{escape(text)}">'
        + card(app, context, text)
        + VIEWPORT.sub("", context.get("metatags", ""))  # the layout has it already
    )
    context["script_files"] = [script for script in context["script_files"] if script.filename]
    context["notebook_links"] = links.of(app, name)


def add_front_door(app: Sphinx, config: Config) -> None:
    """The site opens at its root; the book lies one folder down."""
    config.html_additional_pages = {**config.html_additional_pages, "index": "redirect.html"}
    address = config.html_theme_options.get("repository_url", "")
    config.html_baseurl = config.html_baseurl or (links.pages(address) if address else "")


def setup(app: Sphinx) -> dict[str, bool]:
    """Hook into the making of every page, after the theme has done so."""
    app.connect("html-page-context", complete, priority=900)
    app.connect("config-inited", add_front_door)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
