"""The title card of a chapter, and the map of the book that is made from all cards."""

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from theme.notation import LABEL

FIELDS = ("claim", "question", "paper", "time", "systems")  # all required
CARD = "mechanism-card"
logger = logging.getLogger(__name__)


class MechanismMap(nodes.General, nodes.Element):
    """Stands for the map until all cards are known."""


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


class PlaceMap(SphinxDirective):
    """``{mechanism-map}``: question, mechanism and chapter, in reading order."""

    def run(self) -> list[nodes.Node]:
        """The place of the map."""
        self.env.mechanism_maps.add(self.env.docname)
        return [MechanismMap()]


def reading_order(env: BuildEnvironment, name: str) -> list[str]:
    """The page and those below it, in the order of the table of contents."""
    return [name, *(page for child in env.toctree_includes.get(name, []) for page in reading_order(env, child))]


class DrawMap(SphinxPostTransform):
    """Make the map from the cards."""

    default_priority = 5

    def link(self, name: str) -> nodes.reference:
        """A link to a chapter, by its title."""
        address = self.app.builder.get_relative_uri(self.env.docname, name)
        return nodes.reference("", self.env.titles[name].astext(), refuri=address, internal=True)

    def entry(self, name: str) -> nodes.list_item:
        """Question, mechanism, chapter, and what to read before it."""
        folder = name.rpartition("/")[0]
        before = [f"{folder}/{stem}" for stem in self.env.mechanisms[name]["before"]]
        first = [nodes.Text("Read before: ")] if before else [nodes.Text("Needs no other chapter.")]
        for number, other in enumerate(other for other in before if other in self.env.titles):
            first += [nodes.Text(", ")] * bool(number) + [self.link(other)]
        card = next(box for box in self.env.get_doctree(name).findall(nodes.container) if CARD in box["classes"])
        claim, question, *_ = (paragraph.deepcopy().children for paragraph in card.findall(nodes.paragraph))
        return nodes.list_item(
            "",
            nodes.paragraph("", "", *question, classes=["question"]),
            nodes.paragraph("", "", self.link(name), nodes.Text(": "), *claim),
            nodes.paragraph("", "", *first, classes=["before"]),
        )

    def run(self) -> None:
        """Replace the placeholder."""
        for place in list(self.document.findall(MechanismMap)):
            chapters = [name for name in reading_order(self.env, self.config.root_doc) if name in self.env.mechanisms]
            entries = [self.entry(name) for name in chapters]
            place.replace_self(nodes.enumerated_list("", *entries, classes=["mechanism-map"]))


def prepare(app: Sphinx) -> None:
    """Give the environment a place for the cards."""
    for name, empty in (("mechanisms", {}), ("mechanism_maps", set())):
        if not hasattr(app.env, name):
            setattr(app.env, name, empty)


def forget(app: Sphinx, env: BuildEnvironment, name: str) -> None:
    """Drop what a page said, before it is read again."""
    env.mechanisms.pop(name, None)
    env.mechanism_maps.discard(name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives and the map."""
    app.add_directive("mechanism", Mechanism)
    app.add_directive("mechanism-map", PlaceMap)
    app.add_node(MechanismMap)
    app.add_post_transform(DrawMap)
    app.connect("builder-inited", prepare)
    app.connect("env-purge-doc", forget)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
