"""Folded text and folded cells are the browser's own ``<details>``: they need no script, only a key or a click."""

from collections.abc import Callable

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

SOLUTION = "Solution"


class Fold(nodes.General, nodes.Element):
    """A folded box."""


class FoldTitle(nodes.General, nodes.TextElement):
    """The line of a folded box that is always shown."""


class FoldAdmonitions(SphinxPostTransform):
    """An admonition of class ``dropdown`` is a folded box; a solution is known by its title."""

    default_priority = 200

    def run(self) -> None:
        """Replace them."""
        for box in list(self.document.findall(nodes.admonition)):
            if "dropdown" in box["classes"]:
                title, *content = box.children
                kind = ["solution"] if title.astext().startswith(SOLUTION) else []
                fold = Fold("", FoldTitle("", "", *title.children), *content, ids=box["ids"])
                fold["classes"] = [*box["classes"], *kind]
                box.replace_self(fold)


class MergeFoldedCells(SphinxPostTransform):
    """Cells that lead up to a figure, folded one after the other under one name, share one fold."""

    default_priority = 190  # before MyST-NB folds each cell

    def run(self) -> None:
        """Move the source of each such cell into the next one's."""
        for cell in list(self.document.findall(is_folded)):
            after = cell.next_node(descend=False, siblings=True)
            silent = len(cell.children) == 1  # a source and no output
            if silent and after is not None and is_folded(after) and after["prompt_show"] == cell["prompt_show"]:
                after[0].insert(0, cell[0].children)
                cell.parent.remove(cell)


def is_folded(node: nodes.Node) -> bool:
    """Whether a node is a notebook cell with the tag ``hide-input``."""
    return isinstance(node, nodes.container) and node.get("hide_mode") == "input"


def visit_fold(self: HTML5Translator, node: Fold) -> None:
    """Open the box."""
    self.body.append(self.starttag(node, "details", CLASS="fold"))


def visit_title(self: HTML5Translator, node: FoldTitle) -> None:
    """Open the line."""
    self.body.append("<summary>")


def visit_cell(self: HTML5Translator, node: HideCodeCellNode) -> None:
    """Open a folded cell; its title is one text, the browser says whether it is open."""
    self.body.append(f'<details class="fold"><summary>{node["prompt_show"]}</summary>')


def close(tag: str) -> Callable[..., None]:
    """A visitor that ends an element."""
    return lambda self, node: self.body.append(f"</{tag}>")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the nodes."""
    app.add_node(Fold, html=(visit_fold, close("details")))
    app.add_node(FoldTitle, html=(visit_title, close("summary")))
    app.add_node(HideCodeCellNode, override=True, html=(visit_cell, close("details")))
    app.add_post_transform(FoldAdmonitions)
    app.add_post_transform(MergeFoldedCells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
