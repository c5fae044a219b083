"""Search: every section of every page with its address and its words, for MiniSearch in the reader's browser.

Sphinx's own search knows pages, not sections, and shows an excerpt only where it can fetch the page, which a book
opened from the file system cannot. A chapter is found by every name that its card gives.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from shutil import copyfile
from typing import Any

from docutils import nodes
from sphinx.builders.html import StandaloneHTMLBuilder

LIBRARY = Path(__file__).parent / "node_modules/minisearch/dist/umd/index.js"
DATA, SCRIPT = "search-sections.js", "minisearch.js"
# What a reader does not look for by its words: code, formulas on their own lines, what a screen reader alone hears.
UNSEARCHED = (nodes.literal_block, nodes.math_block, nodes.comment, nodes.raw, nodes.image)
MATHEMATICS = re.compile(r"\\(?:mathbf|mathrm|text|operatorname|[,;!])|[\\{}$]")


def words(node: nodes.Node) -> Iterator[str]:
    """The texts of a section, without those of the sections in it."""
    for child in node.children:
        if isinstance(child, nodes.Text):
            yield MATHEMATICS.sub("", child) if isinstance(node, nodes.math) else child.astext()
        elif not isinstance(child, (nodes.section, nodes.title, *UNSEARCHED)):
            yield from words(child)
            if isinstance(child, (nodes.Body, nodes.Part)):
                yield " "


def sections(doctree: nodes.document) -> Iterator[dict[str, str]]:
    """Each section's anchor, title and text."""
    for section in doctree.findall(nodes.section):
        title = next(section.findall(nodes.title), None)
        yield {
            "anchor": section["ids"][0],
            "title": " ".join("".join(words(title)).split()) if title else "",
            "text": " ".join("".join(words(section)).split()),
        }


class Searchable(StandaloneHTMLBuilder):
    """Where Sphinx feeds its index, this notes sections; what is read once is kept beside the doctrees."""

    searched: dict[str, list[dict[str, str]]]

    def load_indexer(self, docnames: Iterable[str]) -> None:
        """The sections of the last build."""
        kept = Path(self.doctreedir, "sections.json")
        self.searched = json.loads(kept.read_text("utf-8")) if kept.exists() else {}

    def index_page(self, pagename: str, doctree: nodes.document, title: str) -> None:
        """Note the sections of a page; the first one answers to the names on its card as well."""
        found = list(sections(doctree))
        if found:
            found[0]["names"] = self.names(self.env.mechanisms.get(pagename, {}))
        self.searched[pagename] = found

    def names(self, card: dict[str, Any]) -> str:
        """What a chapter is searched by besides its words: other names, systems, titles and authors of its papers."""
        entries = self.env.get_domain("cite").bibdata.data.entries
        papers = [entries[key.strip()] for key in card.get("paper", "").split(",") if key.strip() in entries]
        titles = [re.sub(r"[{}]", "", paper.fields.get("title", "")) for paper in papers]
        authors = [" ".join(person.last_names) for paper in papers for person in paper.persons.get("author", [])[:2]]
        return "; ".join(filter(None, [card.get("names"), card.get("systems"), *titles, *authors]))

    def dump_search_index(self) -> None:
        """Write the sections of every page as a script, since a page opened from a file may load nothing else."""
        self.searched = {name: found for name, found in self.searched.items() if name in self.env.found_docs}
        Path(self.doctreedir, "sections.json").write_text(json.dumps(self.searched), "utf-8")
        listed = [
            {
                "url": f"{self.get_target_uri(name)}{'#' + each['anchor'] if place else ''}",
                "page": found[0]["title"],
                "kind": "chapter" if name in self.env.mechanisms else name.rpartition("/")[2],
                "first": not place,
                **{key: each[key] for key in ("title", "text", "names") if key in each},
            }
            for name, found in sorted(self.searched.items())
            for place, each in enumerate(found)
        ]
        data = json.dumps(listed, ensure_ascii=False, separators=(",", ":"))
        Path(self.outdir, "_static", DATA).write_text(f"window.bookSections = {data};\n", "utf-8")
        copyfile(LIBRARY, Path(self.outdir, "_static", SCRIPT))
