"""``make book`` makes again what has changed, all of it and nothing else: shown on a small book with the real theme."""

import re
import signal
import time

import pytest

from tests.theme.small_book import CARD, FRAME, SmallBook

PICTURE = """
from base64 import b64decode
from IPython.display import Image
dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
Image(b64decode(dot))"""
FIRST = CARD.format(title="First", before="")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    """A book that has been built; the tests leave it built and sound."""
    made = SmallBook(tmp_path_factory.mktemp("book"))
    made.build_well()
    return made


def rebuilt(book: SmallBook) -> tuple[set[str], set[str]]:
    """Build once more: the chapters it executed and the pages it wrote."""
    html = book.root / "_build/html/book"
    before = {page.stem: page.stat().st_mtime_ns for page in html.glob("*.html")}
    executed = set(re.findall(r"executed book/(\w+) in", book.build_well()))
    return executed, {page.stem for page in html.glob("*.html") if page.stat().st_mtime_ns != before.get(page.stem)}


def test_nothing_changed_nothing_made(book: SmallBook) -> None:
    assert rebuilt(book) == (set(), set())


def test_prose_of_a_chapter_rewrites_its_page_alone(book: SmallBook) -> None:
    book.chapter("first", f"{FIRST}\n\nA new sentence.", "from mmnotes.one import value\nprint(value)")
    assert rebuilt(book) == (set(), {"first"})
    assert "A new sentence." in book.page("first")


def test_module_reruns_the_chapter_that_imports_it(book: SmallBook) -> None:
    book.write("mmnotes/one.py", "value = 'changed module'\n")
    assert rebuilt(book) == ({"first"}, {"first"})
    assert "changed module" in book.page("first")


def test_module_edited_during_the_run_reruns_the_chapter(book: SmallBook) -> None:
    edit = "from pathlib import Path\nPath('../mmnotes/one.py').write_text('value = \"edited meanwhile\"')"
    book.write("mmnotes/one.py", "value = 'too early'\n")
    book.chapter("first", FIRST, f"from mmnotes.one import value\nprint(value)\n{edit}")
    rebuilt(book)
    assert rebuilt(book) == ({"first"}, {"first"})
    assert "edited meanwhile" in book.page("first")
    book.chapter("first", FIRST, "from mmnotes.one import value\nprint(value)")
    book.build_well()


def test_module_that_nobody_imports_reruns_nothing(book: SmallBook) -> None:
    book.write("mmnotes/unused.py", "value = 1\n")
    assert rebuilt(book) == (set(), set())


def test_data_file_reruns_the_chapter_that_reads_it(book: SmallBook) -> None:
    book.write("mmnotes/data/word.txt", "changed data")
    assert rebuilt(book) == ({"second"}, {"second"})
    assert "changed data" in book.page("second")


def test_included_source_rewrites_the_page(book: SmallBook) -> None:
    include = "```{literalinclude} ../mmnotes/unused.py\n:pyobject: shown\n```"
    book.write("mmnotes/unused.py", "def shown():\n    return 'old source'\n")
    book.chapter("first", f"{FIRST}\n\n{include}", "from mmnotes.one import value\nprint(value)")
    assert rebuilt(book) == (set(), {"first"})
    book.write("mmnotes/unused.py", "def shown():\n    return 'new source'\n")
    assert rebuilt(book) == (set(), {"first"})
    assert "new source" in book.page("first")


def test_errata_rewrite_the_pages_that_show_them(book: SmallBook) -> None:
    book.write("book/errata.yml", (book.root / "book/errata.yml").read_text().replace("is even", "is surely even"))
    assert rebuilt(book) == (set(), {"errata"})
    assert "surely even" in book.page("errata")


def test_card_rewrites_the_map(book: SmallBook) -> None:
    book.chapter("first", FIRST.replace("What does", "Why does"), "from mmnotes.one import value\nprint(value)")
    assert rebuilt(book) == (set(), {"first", "index"})
    assert "Why does First" in book.page("index")


def test_title_rewrites_every_page_that_lists_it(book: SmallBook) -> None:
    book.chapter("first", FIRST.replace("# First", "# Premier"), "from mmnotes.one import value\nprint(value)")
    assert rebuilt(book) == (set(), {"first", "second", "errata", "index"})
    assert all("Premier" in book.page(stem) for stem in ("first", "second", "errata", "index"))


def test_frames_come_and_go_with_their_lab(book: SmallBook) -> None:
    labs = book.root / "_build/html/_static/labs"
    lab = FRAME.format(name="old-lab"), FRAME.format(name="new-lab")
    book.chapter("first", FIRST, lab[0])
    assert rebuilt(book)[0] == {"first"}
    assert (labs / "first/old-lab/0.webp").read_bytes() == b"frame of old-lab"
    book.chapter("first", FIRST, lab[1])
    assert rebuilt(book)[0] == {"first"}
    assert [path.name for path in (labs / "first").iterdir()] == ["new-lab"]
    book.chapter("first", FIRST, "print('no lab')")
    assert rebuilt(book)[0] == {"first"}
    assert not list(labs.rglob("*.webp"))


def test_frames_stay_in_place_while_nothing_changes(book: SmallBook) -> None:
    """Another process may be reading the book."""
    book.chapter("first", FIRST, FRAME.format(name="lab"))
    assert rebuilt(book)[0] == {"first"}
    frame = book.root / "_build/html/_static/labs/first/lab/0.webp"
    before = frame.stat()
    assert rebuilt(book) == (set(), set())
    after = frame.stat()
    assert (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns)
    frame.write_bytes(b"damaged")
    frame.with_name("1.webp").write_bytes(b"left over")
    assert rebuilt(book) == (set(), set())
    assert [path.read_bytes() for path in frame.parent.iterdir()] == [b"frame of lab"]


def test_failing_cell_is_named_and_fails_every_build_until_mended(book: SmallBook) -> None:
    book.chapter("first", FIRST, "print('fine')", "1 / 0")
    for _ in range(2):
        status, said = book.build()
        assert status != 0
        assert "first.ipynb: WARNING: cell code-1 failed" in said
        assert "ZeroDivisionError: division by zero" in said
    book.chapter("first", FIRST, "print('mended')")
    assert rebuilt(book)[0] == {"first"}


def test_bad_page_fails_every_build_until_mended(book: SmallBook) -> None:
    code = "print('mended')"
    book.chapter("first", f"{FIRST}\n\nA formula $\\frac{{1}}$ and no end.", code)
    for _ in range(2):
        status, said = book.build()
        assert status != 0
        assert re.search(r"first\.ipynb:\d+: WARNING: formula cannot be set", said)
    book.chapter("first", FIRST, code)
    book.build_well()


def test_interrupted_execution_leaves_no_record(book: SmallBook) -> None:
    book.chapter("first", FIRST, "import time\nprint('slow', flush=True)\ntime.sleep(4)\nprint('complete')")
    build = book.start()
    assert build.stdout is not None
    while "executing book/first" not in build.stdout.readline():
        pass
    time.sleep(1)
    build.send_signal(signal.SIGINT)
    build.communicate()
    assert build.returncode != 0
    record = book.root / "_build/executed/book/first/record.json"
    assert not record.exists() or "slow" not in record.read_text()
    assert rebuilt(book)[0] == {"first"}
    assert "complete" in book.page("first")


def test_removed_page_and_its_pictures_disappear(book: SmallBook) -> None:
    html = book.root / "_build/html"
    book.chapter("third", "# Third", PICTURE, mystnb={"image": {"alt": "A single dark dot."}})
    book.pages("first", "second", "third", "errata")
    assert rebuilt(book)[0] == {"third"}
    assert list((html / "_images").glob("*.png"))
    book.pages("first", "second", "errata")
    book.build_well()
    assert not (html / "book/third.html").exists()
    assert not list((html / "_images").glob("*.png"))
