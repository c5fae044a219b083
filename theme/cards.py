"""The title card of a chapter; theme/front.py makes the map of the book from all of them."""

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from theme.notation import LABEL

FIELDS = ("claim", "question", "paper", "time", "systems")  # all required
CARD = "mechanism-card"
logger = logging.getLogger(__name__)


class Mechanism(SphinxDirective):
    """``{mechanism}``: the mechanism as one claim, and what a reader wants to know before starting."""

    option_spec: ClassVar = {field: directives.unchanged for field in (*FIELDS, "before", "names")}

    def inline(self, text: str) -> list[nodes.Node]:
        """MyST text of one line, as nodes."""
        return self.state.inline_text(text, self.lineno)[0]

    def run(self) -> list[nodes.Node]:
        """The card, noted in ``env.mechanisms`` for the map."""
        card = {field: (text or "").strip() for field, text in self.options.items()}
        missing = [field for field in FIELDS if not card.get(field)]
        if missing:
            logger.warning("mechanism card without %s", ", ".join(missing), location=self.get_location(), type="card")
            return []
        before = [stem.strip() for stem in card.get("before", "").split(",") if stem.strip()]
        self.env.mechanisms[self.env.docname] = {**card, "before": before}
        links = ", ".join(f"{{doc}}`{stem}`" for stem in before)
        rows = {
            "The question": self.inline(card["question"]),
            "Paper": self.inline(f"{{cite}}`{card['paper']}`"),
            "Read before": self.inline(links or "nothing"),
            "Run time": self.inline(f"{card['time']} on one processor core"),
            "Used by": self.inline(card["systems"]),
            "Symbols": self.inline(f"{{ref}}`this chapter's table <{LABEL}{self.env.docname.rpartition('/')[2]}>`"),
        }
        if card.get("names"):
            rows["Other names"] = self.inline(card["names"])
        lines = [
            nodes.definition_list_item("", nodes.term("", term), nodes.definition("", nodes.paragraph("", "", *text)))
            for term, text in rows.items()
        ]
        claim = nodes.paragraph("", "", *self.inline(card["claim"]), classes=["claim"])
        content = [claim, nodes.definition_list("", *lines)]
        return [nodes.container("", *content, classes=[CARD])]


def prepare(app: Sphinx) -> None:
    """Give the environment a place for the cards."""
    if not hasattr(app.env, "mechanisms"):
        app.env.mechanisms = {}


def forget(app: Sphinx, env: BuildEnvironment, name: str) -> None:
    """Drop what a page said, before it is read again."""
    env.mechanisms.pop(name, None)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("mechanism", Mechanism)
    app.connect("builder-inited", prepare)
    app.connect("env-purge-doc", forget)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
