"""Every page of the built book, opened from the file system with no network: complete, light, and for everyone."""

import re
from collections.abc import Callable
from copy import copy
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote, urlparse

import pypdfium2
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Page, expect

from bench.page import first_view, weight
from tests.layout import stems
from theme.icons import FONT, ICONS
from tools.links import external, problem

ROOT = Path(__file__).parents[2]
FIRST_VIEW_BYTES = 400_000
PHONE = {"viewport": {"width": 360, "height": 740}}
RAW_TEX = re.compile(r"\\(frac|sum|text|mathbb|begin|left|tau|cdot)\b|\$[^$\s][^$]*\\[^$]*\$")


# Axe looks at the ground under everything that it is shown, which takes long; and most of a page looks like something
# else on it. So of all texts with such a style inside parts of such styles, one is left to be read for its colours: of
# links, one with words around it and one alone. What a formula says to ears is not seen.
LEAVE_ONE_OF_EACH_LOOK = """() => {
    for (const heard of document.querySelectorAll(".katex-mathml")) heard.remove();
    const numbers = new Map(), looks = new Map(), seen = new Set(), kept = [];
    for (const part of document.querySelectorAll("*")) {
        const style = getComputedStyle(part);
        const own = ["color", "backgroundColor", "backgroundImage", "opacity", "fontSize", "fontWeight", "position",
            "textDecorationLine", "visibility"].map((name) => style[name]);
        const alone = part.matches("a") && part.textContent.trim() === part.parentElement.textContent.trim();
        const key = [looks.get(part.parentElement), part.matches("a"), alone, ...own].join();
        if (!numbers.has(key)) numbers.set(key, numbers.size);
        looks.set(part, numbers.get(key));
        const written = [...part.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
        if (written && !seen.has(looks.get(part)) && part.checkVisibility() && part.getClientRects().length) {
            seen.add(looks.get(part));
            kept.push(part);
        }
    }
    const around = new Set(kept);
    for (const part of kept) for (let outer = part; outer; outer = outer.parentElement) around.add(outer);
    for (const part of document.querySelectorAll("body *")) {
        if (!around.has(part) && !around.has(part.parentElement)) part.remove();
    }
    return kept.length;
}"""
COLOURS = ["color-contrast", "link-in-text-block"]
# Axe takes a header whose text is a formula, which is read out from its MathML, for an empty one.
HEADERS = "{rules: [{id: 'empty-table-header', selector: 'th:not(:has(math))'}]}"


# Each name in the code of a table that does not stand on one line.
BROKEN_NAMES = """() => [...document.querySelectorAll("article table code")].flatMap((code) => {
    const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    const broken = [];
    while (texts.nextNode()) {
        for (const { 0: name, index } of texts.currentNode.data.matchAll(/\\w+/g)) {
            const place = new Range();
            place.setStart(texts.currentNode, index);
            place.setEnd(texts.currentNode, index + name.length);
            if (new Set([...place.getClientRects()].map((part) => Math.round(part.top))).size > 1) broken.push(name);
        }
    }
    return broken;
})"""
# Listings, formulas and tables that are cut off, with how far each fades at its left and right edge.
CUT_OFF = """async (end) => {
    const boxes = [...document.querySelectorAll(".math-scroll, .bd-article pre, .pst-scrollable-table-container")];
    const cut = boxes.filter((box) => box.scrollWidth > box.clientWidth + 1);
    for (const box of cut) box.scrollLeft = end ? box.scrollWidth : 0;
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    return cut.map((box) => {
        const style = getComputedStyle(box);
        const faded = style.maskImage.includes("gradient");
        return ["--fade-left", "--fade-right"].map((edge) => (faded ? parseFloat(style.getPropertyValue(edge)) : NaN));
    });
}"""


def listed(part: dict) -> list[str]:
    """The pages of a part of the table of contents, in order."""
    below = [*part.get("parts", []), *part.get("chapters", []), *part.get("sections", [])]
    return [part[key] for key in ("root", "file") if key in part] + [name for entry in below for name in listed(entry)]


PAGES = [*listed(yaml.safe_load((ROOT / "_toc.yml").read_text())), "search"]
every_page = pytest.mark.parametrize("name", PAGES)
every_chapter = pytest.mark.parametrize("stem", stems(ROOT))


@cache
def soup(book: Path, name: str) -> BeautifulSoup:
    """The page, parsed once for all tests: none may change it."""
    return BeautifulSoup((book / f"{name}.html").read_text("utf-8"), "html.parser")


@cache
def anchors(book: Path, name: str) -> set[str]:
    return {tag["id"] for tag in soup(book, name).find_all(id=True)}


def address(book: Path, name: str) -> str:
    return (book / f"{name}.html").as_uri()


def test_every_built_page_is_tested(book):
    built = {page.relative_to(book).with_suffix("").as_posix() for page in book.rglob("*.html")}
    assert {name for name in built if not name.startswith("_static")} == {*PAGES, "index"}


def violations(page: Page, **options: object) -> list[tuple[str, list[str]]]:
    """What axe finds amiss in what is shown."""
    page.evaluate(Axe().axe_script)
    page.evaluate(f"axe.configure({HEADERS})")
    settings = {"preload": False, "resultTypes": ["violations"], **options}
    found = page.evaluate("settings => axe.run(document, settings).then(results => results.violations)", settings)
    return [(rule["help"], [node["html"] for node in rule["nodes"]]) for rule in found]


def structure_amiss(page: Page) -> list[tuple[str, list[str]]]:
    """The same, but for its colours."""
    return violations(page, rules={rule: {"enabled": False} for rule in COLOURS})


def colours_amiss(page: Page) -> list[tuple[str, list[str]]]:
    """The colours that axe cannot read; little is left of the page."""
    assert page.evaluate(LEAVE_ONE_OF_EACH_LOOK)
    return violations(page, runOnly=COLOURS)


@every_page
@pytest.mark.parametrize("screen", [{}, PHONE], ids=["wide", "phone"])
def test_no_accessibility_violation_and_no_sideways_scroll(book, open_page, name, screen):
    page = seen_in(open_page, address(book, name), mode="light", **screen)
    assert structure_amiss(page) == []
    assert colours_amiss(page) == []


@every_page
@pytest.mark.parametrize("screen", [{}, PHONE], ids=["wide", "phone"])
def test_every_colour_has_contrast_in_the_dark(book, open_page, name, screen):
    assert colours_amiss(seen_in(open_page, address(book, name), mode="dark", **screen)) == []


def seen_in(open_page: Callable[..., Page], address: str, *, mode: str, **settings: object) -> Page:
    """The page opened in a mode; it does not scroll sideways."""
    page = opened(open_page, address, color_scheme=mode, **settings)
    expect(page.locator("html")).to_have_attribute("data-theme", mode)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    return page


def opened(open_page: Callable[..., Page], address: str, **settings: object) -> Page:
    """The page with everything that is folded on it open."""
    page = open_page(address, **settings)
    page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    return page


@every_page
def test_first_view_is_light(book, browser, name):
    page = browser.new_page()
    sizes = {file.name: weight(file) for file in first_view(page, address(book, name))}
    page.close()
    assert sum(sizes.values()) <= FIRST_VIEW_BYTES, sizes


@every_page
def test_scripts_are_files_and_the_policy_says_so(book, name):
    page = soup(book, name)
    assert [tag for tag in page.find_all("script") if not tag.get("src") or "//" in tag["src"]] == []
    assert [tag.name for tag in page.find_all(True) if any(key.startswith("on") for key in tag.attrs)] == []
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert "default-src 'self'" in policy
    runs = "; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:"  # where a network can be run, and nowhere else
    assert policy.endswith(runs) == bool(page.find(class_="mm-live"))
    assert "unsafe" not in policy.removesuffix(runs).replace("style-src 'self' 'unsafe-inline'", "")


@every_page
def test_head_says_what_the_page_is(book, name):
    page = soup(book, name)
    assert page.html["lang"] == "en"
    book_title = "How multimodal models work"
    title = page.title.get_text(strip=True)
    assert title == book_title if name == PAGES[0] else title.endswith(f" — {book_title}")
    description = page.find("meta", attrs={"name": "description"})["content"]
    assert 20 <= len(description) <= 240 and description[-1] != "…"
    assert len(page.find_all("h1")) - len(page.select("#jb-print-docs-body h1")) == 1


@every_page
def test_every_link_inside_the_book_leads_somewhere(book, name):
    for link in soup(book, name).select("a[href], link[href], img[src], script[src]"):
        target = link.get("href") or link["src"]
        parts = urlparse(target)
        if parts.scheme in {"http", "https", "mailto", "data"}:
            continue
        file = (book / name).parent / unquote(parts.path) if parts.path else book / f"{name}.html"
        assert file.is_file(), target
        if parts.fragment:
            page = file.resolve().relative_to(book.resolve()).with_suffix("").as_posix()
            assert unquote(parts.fragment) in anchors(book, page), target


def test_every_link_elsewhere_is_well_formed(book):
    found = external(book)
    assert len(found) > 60, "works and files of others"
    assert {address: problem(address) for address in found if problem(address)} == {}


def test_every_work_leads_to_its_text(book):
    works = soup(book, "book/bibliography").select(".citation")
    assert len(works) > 40
    assert [work.get_text() for work in works if len(work.select("a.external")) != 1] == []


def test_every_erratum_leads_to_its_chapter_and_back(book):
    page = soup(book, "book/errata")
    entries = page.select("[id^=erratum-]")
    assert len(entries) > 40
    for entry in entries:
        (place,) = entry.select("dd")[-1].select("a")
        stem, _, anchor = place["href"].partition(".html")
        if anchor:
            box = soup(book, f"book/{stem}").find(id=anchor.removeprefix("#"))
            assert box.select("a")[-1]["href"] == f"errata.html#{entry['id']}"
        else:
            assert "No chapter shows it" in place.parent.get_text()
    names = [link.get_text(strip=True) for link in page.select(".bd-sidebar-secondary a")]
    assert [name for name in names if re.fullmatch(r"[\w-]+-\d+|[a-z_]+", name)] == []


def test_an_address_opens_the_folded_line_that_it_leads_to(book, open_page):
    page = open_page(address(book, "book/errata"))
    page.locator("#erratum-clip-1 dd a").last.click()
    page.wait_for_url("**/clip.html#belief-clip-1")
    expect(page.locator("#belief-clip-1")).to_have_attribute("open", "")


@every_page
def test_no_formula_is_left_as_source(book, name):
    page = copy(soup(book, name))
    for tag in page.select("script, style, annotation, pre, code"):
        tag.decompose()
    assert RAW_TEX.findall(page.get_text()) == []


@every_page
@pytest.mark.parametrize("screen", [{"viewport": {"width": 1440, "height": 900}}, PHONE], ids=["wide", "phone"])
def test_names_in_tables_are_whole_and_what_is_cut_off_fades_until_its_end(book, open_page, name, screen):
    page = opened(open_page, address(book, name), **screen)
    assert page.evaluate(BROKEN_NAMES) == []
    assert [edges for edges in page.evaluate(CUT_OFF, False) if not edges[0] == 0 < edges[1]] == []
    assert [edges for edges in page.evaluate(CUT_OFF, True) if not edges[1] == 0 < edges[0]] == []


@every_chapter
def test_the_list_of_contents_reaches_every_lab(book, open_page, stem):
    page = open_page(address(book, f"book/{stem}"), viewport={"width": 1440, "height": 900})
    reached = [link.get_attribute("href") for link in page.locator(".bd-sidebar-secondary a.lab:visible").all()]
    for lab in page.locator(".mm-lab").all():
        section = lab.evaluate("lab => lab.closest('section').id")
        assert {f"#{lab.get_attribute('id')}", f"#{section}"} & {*reached}


@every_chapter
def test_a_chapter_s_card_leads_to_its_symbols_and_its_prose_to_the_glossary(book, stem):
    page = soup(book, f"book/{stem}")
    assert len(page.select("a.term")) >= 5
    (symbols,) = page.select(".mechanism-card a[href^='notation.html#']")
    anchor = symbols["href"].partition("#")[2]
    part = soup(book, "book/notation").find(id=anchor).find_parent("section") or pytest.fail(anchor)
    assert part.select_one("p a")["href"] == f"{stem}.html"


@every_page
def test_every_icon_is_in_the_small_font(book, open_page, name):
    page = open_page(address(book, name))
    used = page.evaluate(
        """() => [...document.querySelectorAll("*")].flatMap((tag) => ["::before", "::after"].map((part) => {
            const style = getComputedStyle(tag, part);
            return style.fontFamily.includes("Font Awesome") ? style.content : "";
        })).join("").match(/[\\uE000-\\uF8FF]/g) ?? []"""
    )
    assert {ord(icon) for icon in used} <= {*ICONS.values()}


def test_icon_font_is_the_small_one(book):
    assert (book / "_static" / FONT).stat().st_size < 5_000


def test_front_door_leads_to_the_book(book, open_page):
    page = open_page((book / "index.html").as_uri())
    page.wait_for_url(address(book, PAGES[0]))


def test_skip_link_is_first_and_works(book, open_page):
    page = open_page(address(book, PAGES[1]))
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to main content")
    page.keyboard.press("Enter")
    page.wait_for_url("**#main-content")


def test_the_first_lab_is_two_keys_from_the_top(book, open_page):
    page = open_page(address(book, PAGES[1]))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the first lab")
    page.keyboard.press("Enter")
    page.wait_for_url("**#lab-*")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.mm-lab') === document.querySelector('.mm-lab')")


def test_a_heading_s_link_can_be_reached_and_seen(book, open_page):
    page = open_page(address(book, PAGES[1]))
    link = page.locator("h2 > a.headerlink").first
    expect(link).to_have_css("opacity", "0")
    page.keyboard.press("Tab")
    link.focus()
    expect(link).to_be_focused()
    expect(link).to_have_css("opacity", "1")


def test_nothing_is_built_that_no_page_asks_for(book):
    static = book / "_static"
    unused = [*static.rglob("*.map"), *static.rglob("*.ttf"), *static.glob("locales/**/*.*")]
    assert [file.name for file in unused] == []


def test_folded_text_opens_with_the_keyboard(book, open_page):
    page = open_page(address(book, PAGES[1]))
    fold = page.locator("details.fold").first
    expect(fold).not_to_have_attribute("open", "")
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(fold).to_have_attribute("open", "")


def test_print_is_light_and_open_with_the_solutions_behind_and_leaves_the_page_as_it_was(book, open_page):
    page = open_page(address(book, PAGES[1]), color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    before = page.locator("article.bd-article").inner_html()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert page.locator("details:not([open]):not(.cell > details)").count() == 0
    assert page.locator(".cell > details[open]").count() == 0
    last = page.locator("article.bd-article > section").last
    assert last.locator("h2").inner_text() == "Solutions"
    assert last.locator("details.solution").count() == page.locator("details.solution").count() >= 5
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.locator("article.bd-article").inner_html() == before


CHILDREN = {"msub": 2, "msup": 2, "mfrac": 2, "munder": 2, "mover": 2, "mroot": 2, "msubsup": 3, "munderover": 3}


@pytest.mark.parametrize("name", PAGES)
def test_formulas_are_mathml_that_a_browser_can_read_out(book, name):
    html = BeautifulSoup((book / f"{name}.html").read_text("utf-8"), "html.parser")
    for part in html.select(", ".join(CHILDREN)):
        assert len(part.find_all(True, recursive=False)) == CHILDREN[part.name], part.find_parent("math").annotation


MOST_EMPTY = 0.6  # of a page that is not the last
LINE = 36  # points that a heading takes, with what belongs to it
A4 = {"format": "A4", "margin": dict.fromkeys(("top", "bottom", "left", "right"), "15mm"), "print_background": True}


@pytest.mark.parametrize("name", PAGES[:-1])
def test_paper_is_light_and_no_page_is_mostly_empty_or_ends_with_a_heading(book, open_page, name):
    page = open_page(address(book, name), color_scheme="dark")
    pdf = pypdfium2.PdfDocument(page.pdf(outline=True, tagged=True, **A4))
    ends = []  # where the last ink of each page is, in points from its foot
    for paper in pdf:
        drawn = paper.render().to_numpy().min(-1)
        assert drawn[0, 0] > 250, "the paper is dark"
        ends.append(len(drawn) - (drawn < 200).any(1).nonzero()[0].max())
    height = pdf[0].get_height()
    assert [number for number, end in enumerate(ends[:-1], 1) if end > MOST_EMPTY * height] == []
    places = {mark.get_title(): mark.get_dest() for mark in pdf.get_toc()}
    under = {title: place.get_view()[1][1] - ends[place.get_index()] for title, place in places.items()}
    assert places and [title for title, points in under.items() if points < LINE] == []
    pdf.close()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_without_javascript_a_page_has_the_same_colours_and_its_header_is_solid(book, open_page, mode):
    parts = ["body", ".bd-header-article", "h1", ".bd-article a", ".mechanism-card", "pre", ".highlight .k", ".mm-lab"]
    colours = """(part) => {
        const style = getComputedStyle(document.querySelector(part));
        return [style.color, style.backgroundColor, style.borderTopColor].join();
    }"""
    shown = {}
    for scripts in (True, False):
        page = open_page(address(book, PAGES[1]), color_scheme=mode, java_script_enabled=scripts)
        shown[scripts] = {part: page.evaluate(colours, part) for part in parts}
    assert shown[False] == shown[True]
    header = page.locator(".bd-header-article").evaluate("(part) => getComputedStyle(part).backgroundColor")
    assert re.fullmatch(r"rgb\(\d+, \d+, \d+\)", header), "headings run under a header that is not solid"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_colours_without_javascript_have_contrast(book, open_page, mode):
    page = open_page(address(book, PAGES[1]), color_scheme=mode)  # axe itself waits for ever where no script runs
    page.evaluate("document.documentElement.dataset.theme = 'auto'")
    page.add_style_tag(path=book / "_static/no-script.css")
    assert colours_amiss(page) == []


def test_links_to_works_terms_and_equations_show_what_they_lead_to(book, open_page):
    page = open_page(address(book, PAGES[1]))
    card = page.locator("#hover-card")
    expect(card).not_to_be_visible()
    for link in ("a.term", "p a[href*='bibliography.html#']", "p a[href^='#equation-']"):
        link = page.locator(f".bd-article {link}:visible").first
        link.hover()
        expect(card).to_be_visible()
        assert len(card.inner_text()) > 10
        page.keyboard.press("Escape")
        expect(card).not_to_be_visible()
    page.locator(".bd-article p a[href*='bibliography.html#']:visible").first.hover()
    work = card.locator("a[href^='https://']")
    work.hover()
    expect(work).to_be_visible()
    page.mouse.move(0, 0)
    expect(card).not_to_be_visible()
    page.keyboard.press("Tab")
    link.focus()
    expect(card).to_be_visible()
    expect(link).to_have_attribute("aria-describedby", "hover-card")
    page.keyboard.press("Tab")
    expect(link).not_to_have_attribute("aria-describedby", "hover-card")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("CLIP", "clip"), ("[CLS]", "clip"), ("attention pooling", "clip"),
        ("InfoNCE", "infonce"), ("SigLIP", "infonce"),
        ("contrastive loss", "infonce"), ("modality gap", "infonce"), ("BLIP-2", "qformer"), ("Q-Former", "qformer"),
        ("RoPE", "rope"), ("xPos", "rope"), ("YaRN", "rope"), ("MRoPE", "mrope"), ("Qwen3-VL", "qwen3_vl"),
        ("DeepStack", "deepstack"),
        ("flow matching", "flow"), ("Stable Diffusion 3", "flow"), ("classifier-free guidance", "flow"),
        ("ControlNet", "zero_conv"), ("zero conv", "zero_conv"), ("LoRA", "zero_conv"), ("T2I-Adapter", "zero_conv"),
        ("IP-Adapter", "decoupled_attention"), ("Sinkhorn", "sinkhorn"), ("SwAV", "sinkhorn"), ("DINOv2", "dinov2"),
        ("KoLeo", "dinov2"), ("stochastic depth", "dinov2"),
    ],
)  # fmt: skip
def test_search_finds_a_chapter_first_by_the_names_it_is_known_by(book, open_page, name, stem):
    page = open_page(f"{address(book, 'search')}?q={quote(name)}")
    first = page.locator("#search-results li").first
    assert urlparse(first.locator("a").get_attribute("href")).path == f"book/{stem}.html"
    assert first.locator("p").inner_text()


def test_search_opens_at_the_section_and_marks_the_word(book, open_page):
    page = open_page(f"{address(book, 'search')}?q=permuted")
    first = page.locator("#search-results li").first
    expect(first.locator("mark").first).to_have_text(re.compile("permuted", re.IGNORECASE))
    first.locator("a").click()
    page.wait_for_url(re.compile(r"/book/\w+\.html#"))
    assert page.locator(f"[id='{urlparse(page.url).fragment}']").bounding_box()["y"] < 300


def test_search_finds_a_chapter(book, open_page):
    page = open_page(address(book, "search"))
    expect(page.locator(".bd-search-container input[type=search]")).to_be_focused()
    page.keyboard.type("prototypes")
    page.keyboard.press("Enter")
    result = page.locator("#search-results a").first
    result.click()
    page.wait_for_url(re.compile(r"/book/\w+\.html"))
    assert Path(urlparse(page.url).path).relative_to(book.resolve()).parts[0] == "book"


def test_search_opens_from_any_page(book, open_page):
    page = open_page(address(book, PAGES[1]))
    page.keyboard.press("Control+k")
    page.keyboard.type("prototypes")
    page.keyboard.press("Enter")
    expect(page.locator("#search-results a").first).to_be_visible()


def test_reader_can_choose_dark(book, open_page):
    page = open_page(address(book, PAGES[1]), color_scheme="light")
    button = page.locator(".theme-switch-button:visible").first
    while page.locator("html").get_attribute("data-theme") != "dark":
        button.click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
