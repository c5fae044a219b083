"""The first use of a term in a chapter leads to the glossary, with no mark-up in the chapter."""

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

CHINESE = re.compile(r"\s*[\u3400-\u9fff].*")
# Text that already leads somewhere, that is a name rather than prose, or that a reader has to open first.
ELSEWHERE = (nodes.reference, nodes.title, nodes.literal, nodes.math, nodes.literal_block, nodes.term, nodes.table)


class LinkTerms(SphinxPostTransform):
    """Find each term of the glossary once in the prose of a chapter."""

    default_priority = 150  # after references are resolved, before boxes are folded

    def run(self) -> None:
        """Turn the first use of each term into a link."""
        if self.env.docname not in getattr(self.env, "mechanisms", {}):
            return
        wanted = {name.lower(): place for name, place in self.terms()}
        if not wanted:
            return
        longest_first = sorted(wanted, key=len, reverse=True)
        pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})(?:e?s)?(?![\w-])", re.IGNORECASE)
        for text in list(self.document.findall(nodes.Text)):
            if self.is_prose(text):
                self.link(text, pattern, wanted)

    def terms(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Each English term with its page and anchor."""
        for name, _, kind, page, anchor, _ in self.env.get_domain("std").get_objects():
            if kind == "term":
                yield CHINESE.sub("", name), (page, anchor)

    def is_prose(self, text: nodes.Text) -> bool:
        """Whether a term in this text may become a link: running text outside the title card and boxes."""
        node: nodes.Node | None = text
        in_paragraph = False
        while node is not None:
            if isinstance(node, (*ELSEWHERE, nodes.admonition, nodes.container)):
                return False
            in_paragraph |= isinstance(node, nodes.paragraph)
            node = node.parent
        return in_paragraph

    def link(self, text: nodes.Text, pattern: re.Pattern[str], wanted: dict[str, tuple[str, str]]) -> None:
        """Replace one text by itself with links, and take what was found from the terms still wanted."""
        parts: list[nodes.Node] = []
        end = 0
        for found in pattern.finditer(text):
            place = wanted.pop(found[1].lower(), None)
            if place:
                address = f"{self.app.builder.get_relative_uri(self.env.docname, place[0])}#{place[1]}"
                link = nodes.reference("", found[0], refuri=address, internal=True, classes=["term"])
                parts += [nodes.Text(text[end : found.start()]), link]
                end = found.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(text[end:])])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the search for terms."""
    app.add_post_transform(LinkTerms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
