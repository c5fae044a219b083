"""Exercises on a page, where nothing can be typed: no verdict on an answer not given, and one box for each solution."""

from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from theme.fold import SOLUTION


class ReadExercises(SphinxPostTransform):
    """Bring the exercises of a notebook into the form for reading."""

    default_priority = 180  # before boxes and cells are folded
    unanswered: ClassVar[str] = "not answered yet"  # mmnotes/page/exercises.py

    def run(self) -> None:
        """Take the verdicts out, and put a solution's code into its box."""
        for cell in list(self.document.findall(lambda node: part(node) == "cell_code")):
            for output in [child for child in cell.children if part(child) == "cell_code_output"]:
                if self.unanswered in output.astext():
                    cell.remove(output)
        for box in list(self.document.findall(nodes.admonition)):
            code = box.next_node(descend=False, siblings=True)
            solution = "dropdown" in box["classes"] and box[0].astext().startswith(SOLUTION)
            if solution and code is not None and str(code.get("prompt_show", "")).startswith(SOLUTION):
                code.parent.remove(code)
                del code["hide_mode"]
                box.append(code)


def part(node: nodes.Node) -> str:
    """Which part of a notebook a node is; none for other nodes."""
    return node.get("nb_element", "") if isinstance(node, nodes.container) else ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the step."""
    app.add_post_transform(ReadExercises)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
