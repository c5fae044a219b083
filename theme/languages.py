"""Chinese words are marked as Chinese, so that a screen reader pronounces them and a browser picks their glyphs."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

CHINESE = re.compile(r"([\u3400-\u9fff]+)")
CODE = (nodes.literal, nodes.literal_block, nodes.raw, nodes.math, nodes.math_block)


class MarkChinese(SphinxPostTransform):
    """Every run of Chinese characters outside code gets ``lang="zh"``."""

    default_priority = 210

    def run(self) -> None:
        """Split each text that has one."""
        for text in list(self.document.findall(nodes.Text)):
            if CHINESE.search(text) and not isinstance(text.parent, CODE):
                pieces = CHINESE.split(text)  # every second piece is Chinese
                marked = [nodes.raw("", f'<span lang="zh">{piece}</span>', format="html") for piece in pieces[1::2]]
                around = [nodes.Text(piece) for piece in pieces[::2]]
                text.parent.replace(
                    text, [node for pair in zip(around, [*marked, nodes.Text("")], strict=True) for node in pair]
                )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform."""
    app.add_post_transform(MarkChinese)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
