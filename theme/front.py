"""The first page: a lab of a chapter to play with, and the map of the book, made from the chapters' cards and labs."""

import re
from typing import ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from theme.cards import CARD

WORDS_A_MINUTE = 150  # of a text with formulas
LAB = re.compile(r'<figure class="mm-lab" id="lab-([\w-]+)"')
PICTURE = re.compile(r'<img class="mm-lab-picture" src="([^"]+)" alt="[^"]*"\s+(width="\d+" height="\d+")')
logger = logging.getLogger(__name__)


class Place(nodes.General, nodes.Element):
    """Stands for the map, or for a lab of another page, until all pages have been read."""


class PlaceMap(SphinxDirective):
    """``{mechanism-map}``: a card for each chapter, by part, in reading order."""

    def run(self) -> list[nodes.Node]:
        """The place of the map."""
        self.env.fronts.add(self.env.docname)
        return [Place()]


class PlaceLab(SphinxDirective):
    """``{lab} stem/name``: a lab of a chapter, shown on another page."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        """The place of the lab."""
        self.env.fronts.add(self.env.docname)
        place = Place(lab=self.arguments[0])
        self.set_source_info(place)
        return [place]


def labs(chapter: nodes.document) -> dict[str, str]:
    """The labs of a chapter by name, as HTML."""
    texts = [raw.astext() for raw in chapter.findall(nodes.raw) if raw.get("format") == "html"]
    return {found[1]: text for text in texts if (found := LAB.search(text))}


def minutes(chapter: nodes.document) -> int:
    """How long a chapter takes to read, to five minutes; code is not counted."""
    words = sum(len(text.astext().split()) for text in chapter.findall(nodes.paragraph))
    return max(5, 5 * round(words / WORDS_A_MINUTE / 5))


def question(chapter: nodes.document) -> list[nodes.Node]:
    """The question of a chapter as its title card has it."""
    card = next(box for box in chapter.findall(nodes.container) if CARD in box["classes"])
    _, asked, *_ = card.findall(nodes.paragraph)
    return asked.deepcopy().children


def note(app: Sphinx, chapter: nodes.document) -> None:
    """Keep what other pages show of a chapter, to tell when it has changed."""
    env = app.env
    if env.docname in env.mechanisms:
        env.shown_of[env.docname] = repr([labs(chapter), minutes(chapter), *map(str, question(chapter))])


def parts(env: BuildEnvironment) -> list[tuple[str, list[str]]]:
    """The parts of the book and their chapters, as the table of contents has them."""
    trees = env.get_doctree(env.config.root_doc).findall(addnodes.toctree)
    listed = [(tree.get("caption") or "", [page for _, page in tree["entries"]]) for tree in trees]
    return [(part, known) for part, pages in listed if (known := [page for page in pages if page in env.mechanisms])]


class Front(SphinxPostTransform):
    """Put maps and labs in their places."""

    default_priority = 5

    def run(self) -> None:
        """Replace the placeholders."""
        for place in list(self.document.findall(Place)):
            if "lab" in place:
                place.replace_self(self.lab(place))
            else:
                place.replace_self([self.part(title, pages) for title, pages in parts(self.env)])

    def lab(self, place: Place) -> list[nodes.Node]:
        """The lab, or a warning that lists what there is."""
        stem, _, name = place["lab"].partition("/")
        page = f"{self.env.docname.rpartition('/')[0]}/{stem}"
        found = labs(self.env.get_doctree(page)) if page in self.env.mechanisms else {}
        if name not in found:
            logger.warning("no lab %s; %s has %s", place["lab"], stem, ", ".join(found) or "none", location=place)
            return []
        return [nodes.raw("", found[name], format="html")]

    def part(self, title: str, pages: list[str]) -> nodes.container:
        """The cards of one part under its name."""
        heading = [nodes.paragraph("", title, classes=["part"])] if title else []
        return nodes.container("", *heading, *map(self.card, pages), classes=["mechanism-map"])

    def card(self, page: str) -> nodes.container:
        """Picture, title, question, the names a reader may know it by, and what it takes."""
        named, chapter = self.env.mechanisms[page], self.env.get_doctree(page)
        picture = next(iter(map(PICTURE.search, labs(chapter).values())), None)
        shown = f'<img src="{picture[1]}" alt="" loading="lazy" {picture[2]}>' if picture else ""
        before = [f"{page.rpartition('/')[0]}/{stem}" for stem in named["before"]]
        takes = [nodes.Text(f"{minutes(chapter)} minutes")]
        for number, other in enumerate(other for other in before if other in self.env.titles):
            takes += [nodes.Text(", " if number else ", after "), self.link(other)]
        return nodes.container(
            "",
            nodes.raw("", shown, format="html"),
            nodes.paragraph("", "", self.link(page), classes=["title"]),
            nodes.paragraph("", "", *question(chapter), classes=["question"]),
            nodes.paragraph("", named.get("names", "").replace(";", " ·"), classes=["names"]),
            nodes.paragraph("", "", *takes, classes=["takes"]),
            classes=["chapter-card"],
        )

    def link(self, page: str) -> nodes.reference:
        """A link to a chapter, by its title."""
        address = self.app.builder.get_relative_uri(self.env.docname, page)
        return nodes.reference("", self.env.titles[page].astext(), refuri=address, internal=True)


def prepare(app: Sphinx) -> None:
    """Give the environment places for the pages that show others, and for what they show; one kept from an older
    theme may have only some.
    """
    app.env.fronts = getattr(app.env, "fronts", set())
    app.env.shown_of = getattr(app.env, "shown_of", {})


def purge(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Forget a page that is read again, or is there no more."""
    env.fronts.discard(page)
    env.shown_of.pop(page, None)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("mechanism-map", PlaceMap)
    app.add_directive("lab", PlaceLab)
    app.add_node(Place)
    app.add_post_transform(Front)
    app.connect("builder-inited", prepare)
    app.connect("env-purge-doc", purge)
    app.connect("doctree-read", note)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
