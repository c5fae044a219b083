"""Errata: those of the notes from ``errata.yml``, each leading to the line in a chapter that leads to it; and the
book's own from ``corrections.yml``."""

from collections.abc import Iterable, Set
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

REQUIRED = ("id", "chapter", "name", "claim", "section", "truth", "evidence")
ALLOWED = {*REQUIRED, "shown_by"}
CORRECTION = ("chapter", "date", "said", "holds", "shown_by")
logger = logging.getLogger(__name__)


class PlaceInChapter(nodes.General, nodes.Element):
    """Stands for the place in a chapter that shows an erratum, until all chapters are read."""


class ErrataDirective(SphinxDirective):
    """What the directives share: the entries, and how their texts become nodes."""

    def read(self, name: str) -> list[dict]:
        """A file of entries; the page is made again when the file changes."""
        file = Path(self.env.doc2path(self.env.docname)).with_name(name)
        self.env.note_dependency(str(file))
        return yaml.safe_load(file.read_text("utf-8")) or []

    def entries(self) -> dict[str, dict]:
        """The well-formed entries of the notes' errata by id."""
        found = {}
        for entry in self.read("errata.yml"):
            name = entry.get("id", "an entry without id")
            amiss = ["a second entry of this id"] if name in found else []
            if "chapter" in entry and self.page(entry["chapter"]) not in self.env.found_docs:
                amiss.append(f"no chapter {entry['chapter']}")
            if self.well_formed(f"errata.yml: {name}", entry, REQUIRED, ALLOWED, *amiss):
                found[name] = entry
        return found

    def well_formed(self, name: str, entry: dict, required: Iterable[str], allowed: Set[str], *problems: str) -> bool:
        """Whether an entry has its keys and no others; what is amiss is warned of."""
        keys = [f"no {key}" for key in required if key not in entry]
        keys += [f"unknown key {key}" for key in sorted(entry.keys() - allowed)]
        if amiss := [*keys, *problems]:
            self.warn(f"{name}: {', '.join(amiss)}")
        return not amiss

    def page(self, stem: str) -> str:
        """The page of a chapter beside this one."""
        return f"{self.env.docname.rpartition('/')[0]}/{stem}"

    def warn(self, message: str) -> None:
        """A warning at this directive, an error under -W."""
        logger.warning("%s", message, location=self.get_location(), type="errata")

    def text(self, myst: str) -> list[nodes.Node]:
        """MyST text as nodes."""
        return self.parse_text_to_nodes(str(myst))

    def chapter(self, prefix: str, stem: str, *content: nodes.Node) -> nodes.section:
        """A section with a chapter's short title, which leads to the chapter."""
        title = self.env.external_site_map[self.page(stem)].title or stem
        link = self.state.inline_text(f"{{doc}}`{title} <{stem}>`", self.lineno)[0]
        return nodes.section("", nodes.title("", "", *link), *content, ids=[f"{prefix}-{stem}"])

    def lines(self, rows: dict[str, list[nodes.Node]]) -> nodes.definition_list:
        """A definition list."""
        items = [
            nodes.definition_list_item("", nodes.term("", term), nodes.definition("", *content))
            for term, content in rows.items()
        ]
        return nodes.definition_list("", *items)


class Errata(ErrataDirective):
    """``{errata}``: every entry under its chapter, each with an anchor of its own."""

    def run(self) -> list[nodes.Node]:
        """One section a chapter, and in it one an entry."""
        by_chapter: dict[str, list[nodes.Node]] = {}
        for name, entry in self.entries().items():
            by_chapter.setdefault(entry["chapter"], []).append(self.section(name, entry))
        return [self.chapter("errata", stem, *sections) for stem, sections in by_chapter.items()]

    def section(self, name: str, entry: dict) -> nodes.section:
        """Claim, truth, evidence, what shows it, and where the book does."""
        rows = {
            f"The notes said (section {entry['section']})": self.text(entry["claim"]),
            "What is true": self.text(entry["truth"]),
            "Evidence": self.text("\n".join(f"- {item}" for item in entry["evidence"])),
        }
        if "shown_by" in entry:
            rows["Shown by"] = self.text(f"`{entry['shown_by']}`")
        rows["In the book"] = [nodes.paragraph("", "", PlaceInChapter(name=name, page=self.page(entry["chapter"])))]
        title = self.state.inline_text(entry["name"], self.lineno)[0]
        return nodes.section("", nodes.title("", "", *title), self.lines(rows), ids=[f"erratum-{name}"])


class Corrections(ErrataDirective):
    """``{corrections}``: what earlier editions of the chapters had wrong, by chapter."""

    def run(self) -> list[nodes.Node]:
        """A heading for each chapter, and under it what it said and what holds."""
        by_chapter: dict[str, list[nodes.Node]] = {}
        for place, entry in enumerate(self.read("corrections.yml")):
            if self.well_formed(f"corrections.yml: entry {place + 1}", entry, CORRECTION, {*CORRECTION}):
                by_chapter.setdefault(entry["chapter"], []).append(nodes.list_item("", *self.correction(entry)))
        return [self.chapter("corrected", stem, nodes.bullet_list("", *items)) for stem, items in by_chapter.items()]

    def correction(self, entry: dict) -> list[nodes.Node]:
        """What was said until a day, what holds, and where that is shown."""
        return self.text(
            f"Until {entry['date']:%-d %B %Y} it said: {entry['said'].strip()}\n\n"
            f"{entry['holds'].strip()} (Shown by `{entry['shown_by']}`.)"
        )


class NotesSaid(ErrataDirective):
    """``{notes-said}``: one folded line, a belief that the notes share with many; in it, what is true."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The folded line, or a warning that lists the known ids."""
        known, name = self.entries(), self.arguments[0]
        if name not in known:
            self.warn(f"no erratum {name!r}; there are {', '.join(known) or 'none'}")
            return []
        claim = self.state.inline_text(" ".join(known[name]["claim"].split()), self.lineno)[0]
        title = nodes.title("", "", nodes.Text("A common belief: "), *claim)
        link = nodes.reference("", f"Evidence: {name}", refuri=f"errata.html#erratum-{name}", internal=True)
        content = [title, *self.text(known[name]["truth"]), nodes.paragraph("", "", link)]
        self.env.beliefs.setdefault(name, self.env.docname)
        return [nodes.admonition("", *content, classes=["dropdown", "common-belief"], ids=[f"belief-{name}"])]


class FindPlaces(SphinxPostTransform):
    """An entry leads to the line in a chapter that shows it, or else says that none does."""

    default_priority = 5

    def run(self) -> None:
        """Replace the placeholders."""
        for place in list(self.document.findall(PlaceInChapter)):
            shown = self.env.beliefs.get(place["name"])
            page, anchor = (shown, f"#belief-{place['name']}") if shown else (place["page"], "")
            address = f"{self.app.builder.get_relative_uri(self.env.docname, page)}{anchor}"
            link = nodes.reference("", self.env.titles[page].astext(), refuri=address, internal=True)
            place.replace_self([nodes.Text("" if shown else "No chapter shows it; it belongs to "), link])


def prepare(app: Sphinx) -> None:
    """Give the environment a list of what is shown where."""
    if not hasattr(app.env, "beliefs"):
        app.env.beliefs = {}


def forget(app: Sphinx, env: BuildEnvironment, name: str) -> None:
    """Drop what a page showed, before it is read again."""
    env.beliefs = {belief: page for belief, page in env.beliefs.items() if page != name}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("errata", Errata)
    app.add_directive("corrections", Corrections)
    app.add_directive("notes-said", NotesSaid)
    app.add_node(PlaceInChapter)
    app.add_post_transform(FindPlaces)
    app.connect("builder-inited", prepare)
    app.connect("env-purge-doc", forget)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
