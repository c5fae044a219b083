"""What a link leads to, beside the link: the page carries the entry of each work and term that it mentions."""

from collections.abc import Iterator
from functools import cache
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def works(app: Sphinx) -> dict[str, str]:
    """The entry of each work by its place in the bibliography."""
    return {
        f"{citation.bibliography_key.docname}#{citation.citation_id}": citation.formatted_entry.text.render_as("html")
        for citation in app.env.get_domain("cite").citations
    }


def terms(app: Sphinx) -> Iterator[tuple[str, str]]:
    """The explanation of each term by its place in the glossary."""
    for page in glossaries(app.env):
        for item in app.env.get_doctree(page).findall(nodes.definition_list_item):
            name, meaning = item[0], item[-1]
            if name["ids"]:
                said = app.builder.render_partial(meaning.deepcopy())["fragment"]
                yield f"{page}#{name['ids'][0]}", f"<strong>{escape(name.astext())}</strong>{said}"


def glossaries(env: BuildEnvironment) -> list[str]:
    """The pages that explain terms; what they say is carried by others."""
    return sorted({page for _, _, kind, page, _, _ in env.get_domain("std").get_objects() if kind == "term"})


@cache
def entries(app: Sphinx) -> dict[str, str]:
    """Both, made once a build."""
    return works(app) | dict(terms(app))


def carry(app: Sphinx, name: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Add to a page what its links to works and terms lead to."""
    if doctree is None:
        return
    leads_to = {app.builder.get_relative_uri(name, page): page for page in app.env.found_docs if page != name}
    addresses = dict.fromkeys(link.get("refuri", "") for link in doctree.findall(nodes.reference))
    carried = []
    for address in addresses:
        file, _, anchor = address.partition("#")
        said = entries(app).get(f"{leads_to.get(file)}#{anchor}")
        if said:
            carried.append(f'<template data-of="{escape(address)}">{said}</template>')
    context["body"] = context.get("body", "") + "".join(carried)


def setup(app: Sphinx) -> dict[str, bool]:
    """Hook into the making of every page."""
    app.connect("html-page-context", carry)
    app.connect("build-finished", lambda *_: entries.cache_clear())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
