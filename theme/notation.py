"""The notation page: each chapter's table leads to the chapter, as the chapter's card leads to it."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

LABEL = "notation-"  # and a chapter's stem: the label of its table


class LinkChapters(SphinxPostTransform):
    """A section with such a label says under its title which chapter it belongs to."""

    default_priority = 5

    def run(self) -> None:
        """Put a line with a link behind each title."""
        labels = self.env.get_domain("std").anonlabels
        for chapter in self.env.mechanisms:
            page, anchor = labels.get(f"{LABEL}{chapter.rpartition('/')[2]}", ("", ""))
            if page != self.env.docname:
                continue
            section = next(part for part in self.document.findall(nodes.section) if anchor in part["ids"])
            address = self.app.builder.get_relative_uri(page, chapter)
            link = nodes.reference("", self.env.titles[chapter].astext(), refuri=address, internal=True)
            section.insert(1, nodes.paragraph("", "", nodes.Text("For the chapter "), link, nodes.Text(".")))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the links."""
    app.add_post_transform(LinkChapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
