"""Print the whole book as one PDF: ``make pdf``, after ``make book``.

The articles of the built pages are joined in reading order behind a title page and the contents. Every id gets the name
of its page in front, so that a link from one chapter to another leads to a place in the same file. What a page looks
like on paper is the theme's matter (book.css, book.js); here is only what a single page does not have.

Chromium cannot print the number of the page that a link leads to, so the book is printed twice, the second time with
the numbers that the first one's outline has.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from posixpath import join, normpath

import pypdfium2
import yaml
from bs4 import BeautifulSoup, Tag

from theme.links import pdf_name
from tools.browser import chromium

STYLE = Path(__file__).with_name("pdf.css")
OF_THE_SCREEN = ".headerlink, .copybtn, .mm-lab-controls, .mm-lab-link, .mm-lab-live, noscript, template, script"
NAMES = ("id", "for", "headers", "aria-labelledby", "aria-describedby", "aria-controls")  # attributes that hold ids
SECONDS = 300
COMPLETE = """() => Promise.all([document.fonts.ready, ...Array.from(document.images, (image) => image.decode())])"""
# A letter that no font here has is drawn as the same box as every other such letter.
CHINESE_SHOWS = """() => {
    const drawn = ["掩", "码"].map((letter) => {
        const place = document.createElement("canvas").getContext("2d");
        place.fillText(letter, 0, 20);
        return place.canvas.toDataURL();
    });
    return drawn[0] !== drawn[1];
}"""


@dataclass
class Chapter:
    """A page of the book: where it was, what it is called, and its article ready to be joined."""

    part: str  # of the table of contents; empty before the first
    name: str  # book/clip
    title: str  # HTML
    article: Tag

    @property
    def place(self) -> str:
        """The anchor of the article in the joined book."""
        return place_of(self.name)


def place_of(name: str) -> str:
    """A page's name as the beginning of ids."""
    return name.replace("/", "-")


def listed(toc: dict) -> Iterator[tuple[str, str]]:
    """Each page in reading order, with the caption of its part."""
    yield "", toc["root"]
    for part in toc.get("parts", [toc]):
        for entry in part["chapters"]:
            yield part.get("caption", ""), entry["file"]


def chapters(root: Path) -> list[Chapter]:
    """The book's pages, joined to each other by their links."""
    pages = list(listed(yaml.safe_load((root / "_toc.yml").read_text("utf-8"))))
    places = {name: place_of(name) for _, name in pages}
    return [chapter(root / "_build/html", part, name, places) for part, name in pages]


def chapter(html: Path, part: str, name: str, places: dict[str, str]) -> Chapter:
    """One page: its article without what only a screen has use for, its ids and links those of the joined book."""
    page = BeautifulSoup((html / f"{name}.html").read_text("utf-8"), "html.parser")
    article = page.select_one("article.bd-article")
    assert article is not None and article.h1 is not None, f"{name}: a page has an article with a title"
    for part_of_screen in article.select(OF_THE_SCREEN):
        part_of_screen.decompose()
    for tag in article.find_all(True):
        rewrite(tag, name, places)
    article["id"] = places[name]
    return Chapter(part, name, article.h1.decode_contents(), article)


def rewrite(tag: Tag, name: str, places: dict[str, str]) -> None:
    """Ids, links and files of an element as they are in the joined book."""
    own = places[name]
    for key, value in list(tag.attrs.items()):
        if key in NAMES:
            tag[key] = " ".join(f"{own}--{each}" for each in (value if isinstance(value, list) else value.split()))
        elif isinstance(value, str) and "url(#" in value:  # in a drawing
            tag[key] = value.replace("url(#", f"url(#{own}--")
        elif key in ("href", "xlink:href"):
            address = led(str(value), name, places)
            if address is None:
                del tag[key]
            else:
                tag[key] = address
        elif key == "src":
            tag[key] = file_of(str(value), name)
    if tag.get("loading"):
        del tag["loading"]


def led(address: str, name: str, places: dict[str, str]) -> str | None:
    """Where a link leads: outside, or to a place in the joined book, or nowhere if that has no such place."""
    if re.match(r"[a-z]+:", address):
        return address
    file, _, anchor = address.partition("#")
    page = normpath(join(name, "..", file)).removesuffix(".html") if file else name
    if page not in places:
        return None
    return f"#{places[page]}--{anchor}" if anchor else f"#{places[page]}"


def file_of(address: str, name: str) -> str:
    """A file of the pages, seen from the folder beside them."""
    return address if address.startswith("data:") else normpath(join("../html", name, "..", address))


def contents(book: list[Chapter], numbers: dict[str, int]) -> str:
    """The list of the chapters under the captions of their parts, each with the number of its page."""
    rows, part = [], ""
    for each in book:
        if each.part != part:
            part = each.part
            rows.append(f'<li class="part">{escape(part)}</li>')
        number = numbers.get(each.place, "")
        rows.append(f'<li><a href="#{each.place}"><span>{each.title}</span><span>{number}</span></a></li>')
    return f'<nav class="whole-book bd-article"><h1>Contents</h1><ul>{"".join(rows)}</ul></nav>'


def joined(root: Path, book: list[Chapter], numbers: dict[str, int]) -> str:
    """The document that is printed."""
    settings = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    first = BeautifulSoup((root / f"_build/html/{book[0].name}.html").read_text("utf-8"), "html.parser")
    sheets = [file_of(str(link["href"]), book[0].name) for link in first.select("head > link[rel=stylesheet]")]
    script = next(str(tag["src"]) for tag in first.select("script[src]") if "/book.js" in str(tag["src"]))
    address = first.select_one("link[rel=canonical]")
    title, author, year = (escape(settings[key]) for key in ("title", "author", "copyright"))
    lead = f'<p><a href="{address["href"]}">{address["href"]}</a></p>' if address else ""
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light">
<head><meta charset="utf-8"><title>{title}</title><meta name="author" content="{author}">
{"".join(f'<link rel="stylesheet" href="{escape(sheet)}">' for sheet in sheets)}
<style>{STYLE.read_text("utf-8")}{"".join(map(running_foot, book))}</style>
<script defer src="{escape(file_of(script, book[0].name))}"></script></head>
<body>
<header class="cover"><p class="title">{title}</p><p>{author}, {year}</p>{lead}</header>
{contents(book, numbers)}
{"".join(str(each.article) for each in book)}
</body></html>
"""


def running_foot(each: Chapter) -> str:
    """The chapter's title at the foot of its pages."""
    heading = BeautifulSoup(each.title, "html.parser")
    for formula in heading.select(".katex-html, annotation"):
        formula.decompose()
    text = re.sub(r'["\\\n]', " ", heading.get_text())
    return f'#{each.place} {{ page: {each.place}; }} @page {each.place} {{ @bottom-left {{ content: "{text}"; }} }}\n'


def pages_of_chapters(file: Path, book: list[Chapter]) -> dict[str, int]:
    """The page on which each chapter begins, by the outline of a printed book."""
    pdf = pypdfium2.PdfDocument(file)
    tops = [mark.get_dest().get_index() + 1 for mark in pdf.get_toc() if mark.level == 0]
    pdf.close()
    first = len(tops) - len(book)  # before the chapters stand the contents
    return {each.place: number for each, number in zip(book, tops[first:], strict=True)}


def make(root: Path) -> tuple[Path, bool]:
    """Print the book that is built in a folder: the file, and whether the machine has Chinese letters."""
    settings = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    book = chapters(root)
    document = root / "_build/pdf/book.html"
    document.parent.mkdir(parents=True, exist_ok=True)
    file = root / "_build/html" / pdf_name(settings["title"])
    numbers: dict[str, int] = {}
    with chromium() as browser:
        for _ in range(2):
            document.write_text(joined(root, book, numbers), "utf-8")
            page = browser.new_page(color_scheme="light")
            page.set_default_timeout(SECONDS * 1000)
            page.goto(document.resolve().as_uri(), wait_until="load")
            page.evaluate(COMPLETE)
            chinese = page.evaluate(CHINESE_SHOWS)
            page.pdf(path=document.with_suffix(".pdf"), outline=True, tagged=True, prefer_css_page_size=True)
            page.close()
            numbers = pages_of_chapters(document.with_suffix(".pdf"), book)
    document.with_suffix(".pdf").replace(file)
    return file, chinese


def main(folder: str) -> None:
    """Make the PDF of the book in a folder and say where it is."""
    file, chinese = make(Path(folder))
    if not chinese:
        print("no font of this machine has Chinese letters: they are boxes in the PDF (Debian: fonts-noto-cjk)")
    print(f"The book as one PDF: {file.resolve()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
