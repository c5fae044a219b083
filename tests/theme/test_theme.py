"""What the theme makes of a page, and what it refuses, each refusal naming the place; shown on a small book."""

import base64
import io
import json
import re

import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup, Tag
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from tests.theme.small_book import CARD, SmallBook
from theme.katex import typeset
from theme.pictures import slim
from tools.store import read, text_of, tidy

FIRST = CARD.format(title="First", before="")

PLOT = 'from IPython.display import SVG\nSVG(\'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>\')'

LAB = """
from IPython.display import HTML
HTML('<figure class="mm-lab" id="lab-{name}"><p><span id="lab-{name}-title">Lab &amp; {name}</span></p>'
     '<img class="mm-lab-picture" src="../_static/labs/{name}/0.webp" '
     'alt="A {name}" width="48" height="36"></figure>')"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    made = SmallBook(tmp_path_factory.mktemp("book"))
    made.build_well()
    return made


def made(book: SmallBook, text: str, *code: str, **metadata: object) -> Tag:
    """The first chapter with this text and code, built."""
    book.chapter("first", f"{FIRST}\n\n{text}", *code, **metadata)
    book.build_well()
    article = BeautifulSoup(book.page("first"), "html.parser").article
    assert article is not None
    return article


def refused(book: SmallBook, text: str, *code: str, **metadata: object) -> str:
    """What a failing build says of the first chapter with this text and code."""
    book.chapter("first", text, *code, **metadata)
    status, said = book.build()
    assert status != 0
    return said


def test_card_shows_its_fields_and_links(book):
    book.build_well()
    card = BeautifulSoup(book.page("second"), "html.parser").select_one(".mechanism-card")
    assert card.select_one(".claim").get_text().startswith("Second is a claim of")
    assert [term.get_text() for term in card.select("dt")] == [
        "The question", "Paper", "Read before", "Run time", "Used by", "Symbols",
    ]  # fmt: skip
    links = [link["href"] for link in card.select("dd a")]
    assert [link.split("#")[0] for link in links] == ["errata.html", "first.html", "notation.html"]
    assert links[2] == "notation.html#notation-second"


def test_a_chapter_s_table_of_symbols_leads_back_and_must_be_there(book):
    book.build_well()
    part = BeautifulSoup(book.page("notation"), "html.parser").find(id="first")
    assert part.select_one("h2 + p a")["href"] == "first.html"
    notation = (book.root / "book/notation.md").read_text("utf-8")
    book.write("book/notation.md", notation.replace("(notation-first)=", ""))
    assert "undefined label: 'notation-first'" in book.build()[1]
    book.write("book/notation.md", notation)


def test_headers_of_a_table_say_what_they_head(book):
    table = made(book, "| | a |\n|---|---|\n| b | 1 |\n| | 2 |").table
    assert [(cell.get_text(), cell["scope"]) for cell in table.select("th")] == [("a", "col"), ("b", "row")]
    assert [cell.get_text() for cell in table.select("td")] == ["", "1", "", "2"]


def test_works_lead_to_their_text(book):
    book.build_well()
    entry = BeautifulSoup(book.page("errata"), "html.parser").select_one(".citation")
    assert entry.select_one("a.external")["href"] == "https://arxiv.org/abs/2001.00001"


def test_a_file_of_others_named_as_code_leads_to_it_as_it_was_read(book):
    text = "`scaling/rows.py`, `rows.py`, `columns.py`, [`one.md`](https://a.org) and `one.md`.\n\n{source}`one.md`"
    article = made(book, text)
    at = "https://github.com/someone/scaling/blob/v1.2.0/"
    found = [(link.get_text(), link["href"]) for link in article.select("a.external") if link.code]
    assert found == [
        ("scaling/rows.py", f"{at}scaling/rows.py"),
        ("one.md", "https://a.org"),
        ("one.md", f"{at}one.md"),
        ("someone/scaling at v1.2.0, one.md", f"{at}one.md"),
    ]
    assert article.find(title="one.md of someone/scaling at v1.2.0")


@pytest.mark.parametrize(
    ("name", "fits"), [("rows.py", "someone/scaling scaling/rows.py, someone/scaling other/rows.py"), ("2.py", "none")]
)
def test_a_source_that_is_not_one_file_is_refused(book, name, fits):
    assert f"book/repositories.yml: '{name}' fits {fits}" in refused(book, f"{FIRST}\n\n{{source}}`{name}`")


def test_labs_are_in_the_list_of_contents_under_their_section(book):
    made(book, "## One\n\n### Within", LAB.format(name="a"), LAB.format(name="b"))
    page = BeautifulSoup(book.page("first"), "html.parser")
    (section,) = page.select(".bd-sidebar-secondary .toc-h3 .nav")
    assert [(link["href"], link.get_text().strip()) for link in section.select("a.lab")] == [
        ("#lab-a", "Lab & a"),
        ("#lab-b", "Lab & b"),
    ]
    assert page.select(".skip-link a")[1]["href"] == "#lab-a"
    assert "lab" not in [link.get("class") for link in page.select(".bd-sidebar-primary a")]
    made(book, "")
    assert len(BeautifulSoup(book.page("first"), "html.parser").select(".skip-link a")) == 1


def test_map_has_a_card_for_each_chapter_in_reading_order(book):
    book.chapter("first", FIRST.replace(":time:", ":names: one; 1st\n:time:"), LAB.format(name="curve"))
    book.write(
        "_toc.yml",
        "format: jb-book\nroot: book/index\nparts:\n- caption: Basics\n  chapters:\n  - file: book/first\n"
        "  - file: book/errata\n  - file: book/notation\n- caption: Beyond\n  chapters:\n  - file: book/second\n",
    )
    book.build_well()
    front = BeautifulSoup(book.page("index"), "html.parser")
    assert [part.get_text() for part in front.select(".mechanism-map > .part")] == ["Basics", "Beyond"]
    first, second = front.select(".mechanism-map > .chapter-card")
    assert first.select_one(".title").get_text() == "First" and first.select_one(".title a")["href"] == "first.html"
    assert first.select_one(".question").get_text() == "What does First answer?"
    assert first.select_one(".names").get_text() == "one · 1st"
    assert first.select_one(".takes").get_text() == "5 minutes"
    picture = first.find("img")
    assert (picture["src"], picture["alt"], picture["loading"]) == ("../_static/labs/curve/0.webp", "", "lazy")
    assert second.select_one(".takes").get_text() == "5 minutes, after First"
    assert second.select_one(".takes a")["href"] == "first.html" and not second.find("img")


def test_a_lab_of_a_chapter_plays_on_the_first_page_and_follows_the_chapter(book):
    book.chapter("first", FIRST, LAB.format(name="curve"), LAB.format(name="other"))
    book.write("book/index.md", "# The book\n\n```{lab} first/other\n```\n")
    book.build_well()
    (shown,) = BeautifulSoup(book.page("index"), "html.parser").select(".mm-lab")
    assert (shown["id"], shown.img["alt"]) == ("lab-other", "A other")
    book.chapter("first", FIRST, LAB.format(name="other").replace("A other", "Another"))
    book.build_well()
    (shown,) = BeautifulSoup(book.page("index"), "html.parser").select(".mm-lab")
    assert shown.img["alt"] == "Another"
    book.write("book/index.md", "# The book\n\n```{lab} first/nothing\n```\n")
    status, said = book.build()
    assert status != 0 and "no lab first/nothing; first has other" in said
    book.write("book/index.md", "# The book\n\n```{mechanism-map}\n```\n")


@pytest.mark.parametrize("field", ["claim", "question", "paper", "time", "systems"])
def test_card_without_a_field_is_refused(book, field):
    card = re.sub(rf":{field}: .*\n", "", FIRST)
    assert re.search(rf"first\.ipynb:\d+: WARNING: mechanism card without {field}", refused(book, card))


def test_card_with_an_unknown_field_paper_or_chapter_is_refused(book):
    said = refused(book, FIRST.replace(":time:", ":colour: red\n:time:"))
    assert "Unknown option keys: ['colour']" in said
    assert 'could not find bibtex key "nobody"' in refused(book, FIRST.replace("smith2020", "nobody"))
    assert "unknown document: 'nowhere'" in refused(book, FIRST.replace(":before: ", ":before: nowhere"))


def test_a_common_belief_is_one_folded_line_that_opens_to_the_truth_and_leads_to_the_entry(book):
    box = made(book, "```{notes-said} first-1\n```").select_one("details.common-belief")
    assert box.summary.get_text() == "A common belief: Two is odd." and not box.has_attr("open")
    assert "Two is even" in box.get_text()
    target = box.select("a")[-1]["href"]
    assert target == "errata.html#erratum-first-1"
    part = BeautifulSoup(book.page("errata"), "html.parser").find(id="errata-first")
    entry = part.find(id="erratum-first-1")
    assert part.select_one("h2 a")["href"] == "first.html"
    assert entry.h3.get_text().startswith("Odd or even") and "Any textbook." in entry.get_text()
    links = [link["href"] for link in entry.select("li a, dd a")]
    assert links[0].startswith("#") and links[1].endswith("/one.md")
    assert links[-1] == "first.html#belief-first-1" and box["id"] == "belief-first-1"


def test_an_erratum_that_no_chapter_shows_says_so(book):
    made(book, "")
    entry = BeautifulSoup(book.page("errata"), "html.parser").find(id="erratum-first-1")
    assert entry.select("dd")[-1].get_text().strip() == "No chapter shows it; it belongs to First"
    assert entry.select("a")[-1]["href"] == "first.html"


def test_unknown_erratum_is_refused(book):
    said = refused(book, f"{FIRST}\n\n```{{notes-said}} first-9\n```")
    assert re.search(r"first\.ipynb:\d+: WARNING: no erratum 'first-9'; there are first-1", said)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"truth": None}, "first-1: no truth"),
        ({"colour": "red"}, "first-1: unknown key colour"),
        ({"chapter": "third"}, "first-1: no chapter third"),
        ({"id": None}, "an entry without id: no id"),
    ],
)
def test_malformed_erratum_is_refused(book, change, complaint):
    file = book.root / "book/errata.yml"
    good = file.read_text()
    entry = {key: value for key, value in (yaml.safe_load(good)[0] | change).items() if value is not None}
    try:
        book.write("book/errata.yml", yaml.safe_dump([entry]))
        assert f"errata.yml: {complaint}" in book.build()[1]
        book.write("book/errata.yml", good + good)
        assert "errata.yml: first-1: a second entry of this id" in book.build()[1]
    finally:
        book.write("book/errata.yml", good)


def test_what_the_book_had_wrong_stands_under_its_chapter(book):
    part = BeautifulSoup(book.page("errata"), "html.parser").find(id="corrected-first")
    assert part.select_one("h2 a")["href"] == "first.html"
    said, holds = part.select("li p")
    assert said.get_text() == "Until 1 March 2026 it said: One is even." and said.em.get_text() == "even"
    assert holds.get_text() == "One is odd. (Shown by book/first.ipynb#code-0.)"


@pytest.mark.parametrize(
    ("change", "complaint"), [({"holds": None}, "no holds"), ({"colour": 1}, "unknown key colour")]
)
def test_malformed_correction_is_refused(book, change, complaint):
    good = (book.root / "book/corrections.yml").read_text()
    entry = {key: value for key, value in (yaml.safe_load(good)[0] | change).items() if value is not None}
    try:
        book.write("book/corrections.yml", yaml.safe_dump([entry]))
        assert f"corrections.yml: entry 1: {complaint}" in book.build()[1]
    finally:
        book.write("book/corrections.yml", good)


def test_formulas_are_set_numbered_and_readable(book):
    article = made(
        book, "See {eq}`eq-a`: $x^2$.\n\n$$\nx = y\n$$ (eq-a)\n\n\\begin{align}\na &= b\\\\\nc &= d\n\\end{align}"
    )
    assert [number.get_text(strip=True) for number in article.select(".eqno")] == ["(1)#", "(2)#"]
    assert article.select_one("p a[href='#equation-eq-a']").get_text() == "(1)"
    assert [math.get_text(strip=True) for math in article.select("annotation")][1:3] == [r"x^2\text{.}", "x = y"]
    assert article.select_one(".tag, .eqn-num") is None


def test_a_function_s_name_as_an_index_is_one_part():
    formula = BeautifulSoup(typeset(r"x_{\min} + y^{\max} + \min(a, b)", display=False)["html"], "html.parser")
    parts = {part.name: part.find_all(True, recursive=False) for part in formula.select("msub, msup")}
    assert {name: [each.text for each in found] for name, found in parts.items()} == {
        "msub": ["x", "min"],
        "msup": ["y", "max"],
    }
    assert "min\u2061(" in formula.math.get_text(), "where it is applied, that is said"


def test_folded_boxes_and_cells_are_the_browser_s_own(book):
    box = made(book, ":::{admonition} Guess $x$ first\n:class: dropdown\nIt is 2.\n:::").select_one("details")
    assert box.summary.get_text().startswith("Guess")
    assert box.summary.math
    assert "It is 2." in box.get_text()
    for tag, kind in (("hide-input", "source"), ("hide-output", "output"), ("hide-cell", "content")):
        cell = made(book, "", "print('folded')", tags=[tag]).select_one(".cell details")
        assert cell.summary.get_text() == f"Show the cell's {kind}"
        assert "folded" in cell.get_text()


def test_cells_that_lead_up_to_a_figure_share_its_fold(book):
    (fold,) = made(book, "", "a = 1", "b = 2", "print(a + b)", tags=["hide-input"]).select("details")
    assert [block.get_text().strip() for block in fold.select("pre")] == ["a = 1", "b = 2", "print(a + b)"]
    apart = made(book, "", "print(1)", "print(2)", tags=["hide-input"])
    assert len(apart.select("details")) == 2, "a cell with an output keeps its own fold"


def test_an_answer_not_given_gets_no_verdict_on_a_page(book):
    article = made(book, "", "'first-1: not answered yet. Put it there.'", "'first-1: right.'")
    assert [output.get_text().strip() for output in article.select(".cell_output")] == ["'first-1: right.'"]
    assert len(article.select(".cell_input")) == 2


def test_a_solution_and_its_code_are_one_box(book):
    text = "```{admonition} Solution 1\n:class: dropdown\nAdd.\n```"
    prompt = {"code_prompt_show": "Solution 1 as code"}
    (box,) = made(book, text, "print(1 + 1)", tags=["hide-cell"], mystnb=prompt).select("details")
    assert box.summary.get_text() == "Solution 1" and "solution" in box["class"]
    assert (
        "Add." in box.get_text() and box.select_one(".cell_input") and "2" in box.select_one(".cell_output").get_text()
    )
    apart = made(book, text, "print(1 + 1)", tags=["hide-cell"])
    assert len(apart.select("details")) == 2, "a cell that is no solution keeps its own fold"


def test_cell_that_complains_is_refused(book):
    assert "WARNING: stderr was found in the cell outputs" in refused(
        book, FIRST, "import sys\nprint('careful', file=sys.stderr)"
    )


@pytest.mark.parametrize("alt", [None, "", "figure.png", "5f3a9c0b7d21e8a45f3a9c0b7d21e8a4"])
def test_picture_without_a_text_is_refused(book, alt):
    metadata = {} if alt is None else {"mystnb": {"image": {"alt": alt}}}
    assert re.search(r"first\.ipynb.*WARNING: picture without alt text", refused(book, FIRST, PLOT, **metadata))


def test_picture_with_a_text_passes(book):
    article = made(book, "", PLOT, mystnb={"image": {"alt": "An empty square."}})
    assert article.img["alt"] == "An empty square."


def test_head_says_what_the_page_is(book):
    book.write("book/index.md", "# The book\n\nAll *about* a < b & c. And more.\n\n```{mechanism-map}\n```\n")
    made(book, "")
    shown = {"first": ("First is a claim of x^2 here.", "First"), "index": ("All about a < b & c.", "The book")}
    for page, (text, title) in shown.items():
        head = BeautifulSoup(book.page(page), "html.parser").head
        assert head.find("meta", attrs={"name": "description"})["content"] == text
        assert head.find("meta", property="og:description")["content"] == text
        assert head.find("meta", property="og:title")["content"] == title
        assert head.find("link", rel="icon")["href"] == "../_static/favicon.svg"
        assert len(head.find_all("meta", attrs={"name": "viewport"})) == 1
        assert head.find("link", rel="canonical") is None
        assert head.title.get_text() == ("First — " if page == "first" else "") + "How multimodal models work"


def test_links_need_the_repository_s_address(book):
    made(book, "")
    assert "notebook-links" not in book.page("first")
    config = book.root / "_config.yml"
    unset = config.read_text()
    book.write("_config.yml", unset.replace('url: ""', 'url: "https://github.com/someone/notes"'))
    book.chapter("second", CARD.format(title="Second", before=""), PLOT, mystnb={"image": {"alt": "A square."}})
    book.build_well()
    links = {
        a.get_text(): a["href"] for a in BeautifulSoup(book.page("first"), "html.parser").select(".notebook-links a")
    }
    assert links == {
        "Open in Colab": "https://colab.research.google.com/github/someone/notes/blob/main/book/first.ipynb",
        "Open in Binder": "https://mybinder.org/v2/gh/someone/notes/main?urlpath=lab/tree/book/first.ipynb",
        "Edit this page": "https://github.com/someone/notes/edit/main/book/first.ipynb",
        "Report a mistake": "https://github.com/someone/notes/issues/new?title=Mistake%20in%20first",
    }
    front = BeautifulSoup(book.page("index"), "html.parser").select(".notebook-links a")
    assert [link["href"] for link in front] == ["../how-multimodal-models-work.pdf"]
    head = BeautifulSoup(book.page("second"), "html.parser").head
    assert head.find("link", rel="canonical")["href"] == "https://someone.github.io/notes/book/second.html"
    picture = head.find("meta", property="og:image")["content"]
    assert picture.startswith("https://someone.github.io/notes/_images/") and picture.endswith(".svg")
    book.write("_config.yml", unset)


def test_every_section_can_be_searched_and_a_chapter_by_its_names(book):
    made(book, "## A part\n\nWords and $x^2$.\n\n$$y = 3$$\n\n```python\ncode = 1\n```\n\n### Within\n\nMore.")
    script = (book.root / "_build/html/_static/search-sections.js").read_text("utf-8")
    found = json.loads(script.removeprefix("window.bookSections = ").rstrip(";\n"))
    chapter, part, within = (each for each in found if each["url"].startswith("book/first.html"))
    assert chapter["names"] == "none; A paper; Smith" and (chapter["first"], chapter["kind"]) == (True, "chapter")
    assert "What does First answer?" in chapter["text"]
    assert part | {"url": "book/first.html#a-part", "page": "First", "title": "A part"} == part
    assert part["text"].startswith("Words and x^2.") and "code" not in part["text"] and "More" not in part["text"]
    assert (within["url"], within["text"]) == ("book/first.html#within", "More.")
    assert {each["kind"] for each in found if each["url"].startswith("book/errata")} == {"errata"}


@pytest.fixture
def glossary(book):
    book.write(
        "book/glossary.md",
        "# Glossary\n\n```{glossary}\nattention mask 掩码\n    Which $x$ count.\n\nmask\n    Less.\n```\n",
    )
    book.pages("first", "second", "glossary", "notation", "errata")
    yield
    (book.root / "book/glossary.md").unlink()
    book.pages("first", "second", "notation", "errata")


def test_the_first_use_of_a_term_leads_to_the_glossary_and_carries_its_meaning(book, glossary):
    text = "## Masks\n\nA `mask` first. Attention masks hide; a mask and an attention mask do: {cite}`smith2020`.\n"
    article = made(book, f"{text}\n:::{{admonition}} A mask\nA mask.\n:::\n\n{{doc}}`glossary`")
    links = article.select("a.term")
    assert [link.get_text() for link in links] == ["Attention masks", "mask"]
    assert [link["href"].partition("#")[0] for link in links] == ["glossary.html"] * 2
    assert not BeautifulSoup(book.page("glossary"), "html.parser").select("a.term")
    carried = {each["data-of"]: each.decode_contents() for each in article.find_parent("html").select("template")}
    meaning = carried[links[0]["href"]]
    assert meaning.startswith("<strong>attention mask 掩码</strong>") and 'class="katex"' in meaning
    (work,) = (said for address, said in carried.items() if address.startswith("errata.html#"))
    assert "Ann Smith" in work and "A paper" in work
    assert len(carried) == 3
    glossary = (book.root / "book/glossary.md").read_text("utf-8")
    book.write("book/glossary.md", glossary.replace("Less.", "Something else."))
    book.build_well()
    assert "Something else." in book.page("first"), "a page carries what the glossary says now"


def test_the_cells_for_other_places_are_on_no_page(book):
    made(book, "", "value = 1")
    plain, path = book.page("first"), book.root / "book/first.ipynb"
    path.write_text(text_of(tidy(read(path), "first", "https://github.com/someone/notes")), "utf-8")
    assert "someone.github.io" in path.read_text("utf-8")
    book.build_well()
    assert "someone" not in book.page("first") and book.page("first") == plain


def test_figures_but_the_first_are_fetched_when_they_come_near_and_keep_their_place(book):
    plot = "import io\nfrom PIL import Image\nfrom IPython.display import Image as Shown\nfile = io.BytesIO()\n"
    plot += "Image.new('RGB', ({width}, 20)).save(file, 'PNG')\nShown(file.getvalue())"
    alt = {"mystnb": {"image": {"alt": "An empty picture."}}}
    article = made(book, "", plot.format(width=30), plot.format(width=40), **alt)
    shown = [(each["loading"], each["width"], each["height"]) for each in article.select(".cell_output img")]
    assert shown == [("eager", "30", "20"), ("lazy", "40", "20")]


def test_minimal_notebook_metadata_is_enough(book):
    article = made(book, "", "value = 1")
    assert json.loads((book.root / "book/first.ipynb").read_text())["metadata"] == {}
    assert article.select_one(".highlight-ipython3 .n").get_text() == "value"


def png_output(image: Image.Image) -> dict:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return {"output_type": "display_data", "data": {"image/png": base64.b64encode(buffer.getvalue()).decode()}}


def test_a_plot_is_stored_in_fewer_bytes_and_looks_the_same():
    figure = Figure(figsize=(5.6, 2.9), dpi=160)
    axes = figure.subplots()
    for phase in range(6):
        axes.plot(np.sin(np.linspace(0, 60, 400) + phase), label=f"phase {phase}")
    axes.legend()
    FigureCanvasAgg(figure).draw()
    drawn = Image.fromarray(np.asarray(figure.canvas.buffer_rgba()))
    stored = slim(png_output(drawn))["data"]["image/png"]
    assert len(stored) < len(png_output(drawn)["data"]["image/png"]) / 2
    seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(stored))).convert("RGB"), dtype=int)
    assert np.percentile(abs(seen - np.asarray(drawn)[:, :, :3]), 99) <= 16


def test_what_is_no_opaque_picture_is_left_alone():
    clear = png_output(Image.new("RGBA", (4, 4), (0, 0, 0, 0)))
    text = {"output_type": "stream", "name": "stdout", "text": "one"}
    assert slim(clear) == clear and slim(text) == text


def test_chinese_words_are_marked_as_such(book):
    article = made(book, "A plan 传输方案 and a view 视图, but not `原型` in code.")
    assert [word.get_text() for word in article.select("span[lang=zh]")] == ["传输方案", "视图"]
    assert "A plan 传输方案 and a view 视图, but not 原型 in code." in article.get_text()


def test_the_colours_of_a_page_without_scripts_are_those_of_the_theme(book):
    made(book, "")
    static = book.root / "_build/html/_static"
    light, dark = (static / "no-script.css").read_text("utf-8").split("@media")[1:]
    assert "prefers-color-scheme: light" in light and "prefers-color-scheme: dark" in dark and "print" in light
    for mode, rules, other in (("light", light, dark), ("dark", dark, light)):
        sheet = (static / "styles/pydata-sphinx-theme.css").read_text("utf-8")
        body = max(re.findall(rf"html\[data-theme={mode}\]\{{([^}}]*)\}}", sheet), key=len)
        assert f"html[data-theme=auto]{{{body}}}" in rules and body not in other
    head = BeautifulSoup(book.page("first"), "html.parser").head
    assert head.select_one("noscript link")["href"] == "../_static/no-script.css"
