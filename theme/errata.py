"""The errata of the notes: one page from ``errata.yml``, and a box in a chapter that points to its entry."""

from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

REQUIRED = ("id", "claim", "section", "truth", "evidence")
ALLOWED = {*REQUIRED, "shown_by"}
logger = logging.getLogger(__name__)


class ErrataDirective(SphinxDirective):
    """What both directives share: the entries, and how their texts become nodes."""

    def entries(self) -> dict[str, dict]:
        """The well-formed entries by id; the page is made again when the file changes."""
        file = Path(self.env.doc2path(self.env.docname)).with_name("errata.yml")
        self.env.note_dependency(str(file))
        found = {}
        for entry in yaml.safe_load(file.read_text("utf-8")) or []:
            name = entry.get("id", "an entry without id")
            problems = [f"no {key}" for key in REQUIRED if key not in entry]
            problems += [f"unknown key {key}" for key in sorted(entry.keys() - ALLOWED)]
            problems += ["a second entry of this id"] if name in found else []
            if problems:
                self.warn(f"errata.yml: {name}: {', '.join(problems)}")
            else:
                found[name] = entry
        return found

    def warn(self, message: str) -> None:
        """A warning at this directive, an error under -W."""
        logger.warning("%s", message, location=self.get_location(), type="errata")

    def text(self, myst: str) -> list[nodes.Node]:
        """MyST text as nodes."""
        return self.parse_text_to_nodes(str(myst))

    def lines(self, rows: dict[str, list[nodes.Node]]) -> nodes.definition_list:
        """A definition list."""
        items = [
            nodes.definition_list_item("", nodes.term("", term), nodes.definition("", *content))
            for term, content in rows.items()
        ]
        return nodes.definition_list("", *items)


class Errata(ErrataDirective):
    """``{errata}``: every entry, each with an anchor of its own."""

    def run(self) -> list[nodes.Node]:
        """One section an entry."""
        return [self.section(name, entry) for name, entry in self.entries().items()]

    def section(self, name: str, entry: dict) -> nodes.section:
        """Claim, truth, evidence, and what shows it."""
        rows = {
            f"The notes said (section {entry['section']})": self.text(entry["claim"]),
            "What is true": self.text(entry["truth"]),
            "Evidence": self.text("\n".join(f"- {item}" for item in entry["evidence"])),
        }
        if "shown_by" in entry:
            rows["Shown by"] = self.text(f"`{entry['shown_by']}`")
        return nodes.section("", nodes.title("", name), self.lines(rows), ids=[f"erratum-{name}"])


class NotesSaid(ErrataDirective):
    """``{notes-said}``: what the notes said of the matter at hand, and what is true."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The box, or a warning that lists the known ids."""
        known, name = self.entries(), self.arguments[0]
        if name not in known:
            self.warn(f"no erratum {name!r}; there are {', '.join(known) or 'none'}")
            return []
        rows = {"Claim": self.text(known[name]["claim"]), "What is true": self.text(known[name]["truth"])}
        link = nodes.reference("", f"Evidence: {name}", refuri=f"errata.html#erratum-{name}", internal=True)
        content = [nodes.title("", "The notes said"), self.lines(rows), nodes.paragraph("", "", link)]
        return [nodes.admonition("", *content, classes=["notes-said"])]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("errata", Errata)
    app.add_directive("notes-said", NotesSaid)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
