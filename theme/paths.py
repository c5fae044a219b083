"""A path in a line of text may be broken after its slashes, so that no name in it has to be."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

END_OF_PART = re.compile(r"(?<=\w/)(?=\w)|(?<=::)(?=\w)")


class BreakPaths(SphinxPostTransform):
    """Offer the browser a place to break after each part."""

    default_priority = 220  # when all that reads a name as one text has done so

    def run(self) -> None:
        """Put such a place between the parts of each path that is set as code."""
        for literal in list(self.document.findall(nodes.literal)):
            first, *parts = END_OF_PART.split(literal.astext())
            if parts:
                breaks = [[nodes.raw("", "<wbr>", format="html"), nodes.Text(part)] for part in parts]
                literal.children = [nodes.Text(first)]
                literal.extend([node for pair in breaks for node in pair])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform."""
    app.add_post_transform(BreakPaths)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
