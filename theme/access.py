"""What a screen reader needs: a text for every picture, and roles that browsers know."""

import re
from pathlib import PurePath

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

FILE_OR_HASH = re.compile(r"\S+\.(png|jpe?g|svg|webp|gif)|[0-9a-f]{16,}", re.IGNORECASE)
logger = logging.getLogger(__name__)


def says_something(text: str, file: str) -> bool:
    """Whether the text is more than a file name or a hash."""
    text = text.strip()
    return bool(text) and not FILE_OR_HASH.fullmatch(text) and text not in {PurePath(file).name, PurePath(file).stem}


class CheckAlt(SphinxPostTransform):
    """Look at every picture that the page will show."""

    default_priority = 10  # after the page's form of each output is chosen

    def run(self) -> None:
        """Warn where the text is missing."""
        for picture in self.document.findall(nodes.image):
            if not says_something(picture.get("alt", ""), picture["uri"]):
                logger.warning(
                    "picture without alt text (of a cell: metadata mystnb.image.alt)", location=picture, type="alt"
                )


class NameRows(SphinxPostTransform):
    """The first column of a table with a head names its rows."""

    default_priority = 10

    def run(self) -> None:
        """Make it a column of headers."""
        for group in self.document.findall(nodes.tgroup):
            if any(isinstance(part, nodes.thead) for part in group):
                group[0]["stub"] = 1


def visit_citation(self: HTML5Translator, node: nodes.citation) -> None:
    """An entry of a bibliography is an item of a list; docutils gives it a role that is no longer one."""
    if not isinstance(node.previous_sibling(), nodes.citation):
        self.body.append('<div role="list" class="citation-list">')
    self.body.append(self.starttag(node, "div", CLASS="citation", role="listitem"))


def visit_entry(self: HTML5Translator, node: nodes.entry) -> None:
    """A cell of a table. A header says whether it heads a row or a column; a blank one heads nothing and is none."""
    HTML5Translator.visit_entry(self, node)
    if not self.context[-1].startswith("</th"):
        return
    if node.astext().strip():
        scope = "col" if isinstance(node.parent.parent, nodes.thead) else "row"
        self.body[-1] = self.body[-1].replace("<th", f'<th scope="{scope}"', 1)
    else:
        self.body[-1] = self.starttag(node, "td", "")
        self.context[-1] = "</td>\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the check and the role."""
    app.add_post_transform(CheckAlt)
    app.add_post_transform(NameRows)
    app.add_node(nodes.citation, override=True, html=(visit_citation, None))
    app.add_node(nodes.entry, override=True, html=(visit_entry, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
