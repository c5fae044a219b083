"""A page's list of contents names its labs too, each under its section; the first is one key press from the top."""

import re
from collections.abc import Iterator
from html import unescape

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

LAB = re.compile(r'<figure class="mm-lab" id="([\w-]+)".*?<span id="\1-title">(.*?)</span>', re.DOTALL)


def labs(doctree: nodes.document) -> Iterator[tuple[str, str, str]]:
    """The section, the anchor and the title of each lab."""
    for output in doctree.findall(nodes.raw):
        found = LAB.search(output.astext())
        section: nodes.Node | None = output
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        if found and section is not None:
            yield section["ids"][0], found[1], unescape(found[2])


def list_labs(app: Sphinx, doctree: nodes.document) -> None:
    """Add the labs to what Sphinx has just collected for the list of contents."""
    page = app.env.docname
    items = {
        link["anchorname"].removeprefix("#"): link.parent.parent for link in app.env.tocs[page].findall(nodes.reference)
    }
    for section, anchor, title in labs(doctree):
        if section not in items:  # the page's own title has no anchor in the list
            continue
        item = items[section]
        if item[0].astext() == title:  # the section is about the lab, and one entry is enough
            item[0][0]["classes"].append("lab")
            continue
        if not isinstance(item[-1], nodes.bullet_list):
            item.append(nodes.bullet_list())
        link = nodes.reference("", title, internal=True, refuri=page, anchorname=f"#{anchor}", classes=["lab"])
        item[-1].append(nodes.list_item("", addnodes.compact_paragraph("", "", link)))


def offer_first_lab(app: Sphinx, name: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Tell the layout which lab comes first. Where there can be none, the list shows one more level at once."""
    found = LAB.search(context.get("body", ""))
    context["first_lab"] = found[1] if found else ""
    if name not in app.env.mechanisms:
        context["theme_show_toc_level"] = 2


def setup(app: Sphinx) -> dict[str, bool]:
    """Hook into the reading and the making of every page."""
    app.connect("doctree-read", list_labs, priority=900)  # after Sphinx's own collector
    app.connect("html-page-context", offer_first_lab)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
