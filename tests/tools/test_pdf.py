"""tools/pdf.py: the pages as one file, with an outline, numbers in the contents and links that lead somewhere."""

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pypdfium2.raw as raw
import pytest
from bs4 import BeautifulSoup

from tests.theme.small_book import CARD, SmallBook
from tools.pdf import led, make, rewrite

FIGURE = {"tags": ["figure"], "mystnb": {"image": {"alt": "A black square."}}}
SQUARE = "import io\nfrom PIL import Image\nfrom IPython.display import Image as Shown\nfile = io.BytesIO()\n"
SQUARE += "Image.new('RGB', (300, 300)).save(file, 'PNG')\nShown(file.getvalue())"
FIRST = """
A sentence of the first chapter, before {eq}`first-a`.

$$
x = y
$$ (first-a)

## A part

:::{admonition} Solution 1
:class: dropdown
The answer is seven.
:::

## A last part

The end of the first chapter."""
SECOND = "\n\nThe second chapter cites {eq}`first-a` and {cite}`smith2020`."


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    made = SmallBook(tmp_path_factory.mktemp("book"))
    made.write("book/index.md", "# The book\n\nA sentence of the first page.\n\n```{mechanism-map}\n```\n")
    made.chapter("first", CARD.format(title="First", before="") + FIRST, *[SQUARE] * 2, **FIGURE)
    made.chapter("second", CARD.format(title="Second: $x^2$", before="first") + SECOND, "value = 1")
    made.build_well()
    return made


@pytest.fixture(scope="module")
def printed(book: SmallBook) -> Iterator[pypdfium2.PdfDocument]:
    file, _ = make(book.root)
    assert file == book.root / "_build/html/how-multimodal-models-work.pdf"
    pdf = pypdfium2.PdfDocument(file)
    yield pdf
    pdf.close()


def texts(pdf: pypdfium2.PdfDocument) -> list[str]:
    """The text of each page, its lines joined."""
    return [" ".join(page.get_textpage().get_text_range().split()) for page in pdf]


def links(pdf: pypdfium2.PdfDocument) -> list[tuple[int, int]]:
    """Each link inside the file: the page it is on and the page it leads to, -1 where that does not exist."""
    found = []
    for number, page in enumerate(pdf):
        place, link = ctypes.c_int(0), raw.FPDF_LINK()
        while raw.FPDFLink_Enumerate(page.raw, place, link):
            action = raw.FPDFLink_GetAction(link)
            if action and raw.FPDFAction_GetType(action) == raw.PDFACTION_URI:
                continue
            target = raw.FPDFLink_GetDest(pdf.raw, link) or (action and raw.FPDFAction_GetDest(pdf.raw, action))
            found.append((number, raw.FPDFDest_GetDestPageIndex(pdf.raw, target) if target else -1))
    return found


def page_of(pdf: pypdfium2.PdfDocument, sentence: str) -> int:
    """The only page with this sentence."""
    (number,) = (number for number, text in enumerate(texts(pdf)) if sentence in text)
    return number


def test_every_page_is_in_it_in_reading_order(printed):
    said = ["The mmnotes authors", "Contents", "A sentence of the first page.", "A sentence of the first chapter"]
    said += ["The second chapter cites", "Two is odd."]
    places = [page_of(printed, sentence) for sentence in said]
    assert places == sorted(places) and len({*places}) == len(said)


def test_the_outline_has_every_chapter_and_section_where_it_is(printed):
    marks = [(mark.level, mark.get_title(), mark.get_dest().get_index()) for mark in printed.get_toc()]
    assert [title for level, title, _ in marks if level == 0][:3] == ["Contents", "The book", "First"]
    assert [title for level, title, _ in marks if level == 1][:3] == ["A part", "A last part", "Solutions"]
    shown = texts(printed)
    assert all(title in shown[number] for _, title, number in marks if "x" not in title)


def test_the_contents_name_the_page_that_each_chapter_begins_on(printed):
    rows = dict(re.findall(r"(The book|First|Errata) (\d+)", texts(printed)[1]))
    begins = {mark.get_title(): mark.get_dest().get_index() + 1 for mark in printed.get_toc() if mark.level == 0}
    assert {title: int(number) for title, number in rows.items()} == {title: begins[title] for title in rows}
    assert len(rows) == 3
    for number, text in enumerate(texts(printed)[1:], 2):
        assert re.search(rf"\b{number}\b", text), "a page shows its own number"


def test_links_lead_from_chapter_to_chapter(printed):
    found = links(printed)
    assert found and [link for link in found if link[1] < 0] == []
    first, second, errata = (
        page_of(printed, words)
        for words in ("A sentence of the first chapter", "The second chapter cites", "Any textbook.")
    )
    assert {(second, first), (second, errata), (1, first), (1, second), (1, errata)} <= {*found}


def test_solutions_stand_open_behind_their_chapter_and_before_the_next(printed):
    order = ["A sentence of the first chapter", "The end of the first chapter.", "The answer is seven."]
    whole = "\n".join(texts(printed))
    places = [whole.index(words) for words in [*order, "The second chapter cites"]]
    assert places == sorted(places)


def test_figures_are_printed_though_a_page_would_fetch_them_late(printed):
    number = page_of(printed, "A sentence of the first chapter")
    black = [(page.render().to_numpy() < 10).all(-1).sum() for page in list(printed)[number : number + 3]]
    side = 300 * 72 / 96  # of a square of 300 CSS pixels, in points
    assert sum(black) >= 2 * 0.9 * side**2


def test_ids_links_and_files_are_those_of_the_joined_book():
    places = {"book/a": "book-a", "book/b": "book-b"}
    page = '<p id="x" aria-describedby="y z"><img loading="lazy" src="../_images/1.png">'
    article = BeautifulSoup(f'{page}<a fill="url(#g)" href="b.html"></a></p>', "html.parser")
    for tag in article.find_all(True):
        rewrite(tag, "book/a", places)
    paragraph, image, link = article.find_all(True)
    assert (paragraph["id"], paragraph["aria-describedby"]) == ("book-a--x", "book-a--y book-a--z")
    assert (image["src"], image.get("loading")) == ("../html/_images/1.png", None)
    assert (link["href"], link["fill"]) == ("#book-b", "url(#book-a--g)")


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("#x", "#book-a--x"), ("b.html#y", "#book-b--y"), ("b.html", "#book-b"), ("../book/b.html", "#book-b"),
        ("https://host/b.html", "https://host/b.html"), ("../search.html", None), ("other.html#x", None),
    ],
)  # fmt: skip
def test_a_link_leads_into_the_joined_book_or_outside_or_is_none(address, where):
    assert led(address, "book/a", {"book/a": "book-a", "book/b": "book-b"}) == where


def test_a_second_printing_replaces_the_first(book, printed):
    file, _ = make(book.root)
    assert [path.name for path in Path(file).parent.glob("*.pdf")] == [file.name]
