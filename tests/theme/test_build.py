"""``make book`` makes again what has changed, all of it and nothing else: shown on a small book with the real theme."""

import re
import signal
import subprocess
import time
from pathlib import Path

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


def test_module_reruns_the_chapter_that_imports_it(book: SmallBook, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its compiled form too, which is all that Python opens from the second time on."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    for content in ("compiled module", "changed module"):
        book.write("mmnotes/one.py", f"value = '{content}'\n")
        assert rebuilt(book) == ({"first"}, {"first"})
        assert content in book.page("first")
        book.chapter("first", FIRST, f"from mmnotes.one import value\nprint('after', '{content}', value)")
        assert rebuilt(book)[0] == {"first"}


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


def test_files_that_nobody_opens_rerun_nothing(book: SmallBook) -> None:
    """Beside a module that is imported and a file that is read: another's data, the list of sources, plots."""
    for content in ("new", "changed"):
        for file in ("unread.npz", "ATTRIBUTION.md", "plots.py"):
            book.write(f"mmnotes/data/{file}", content)
        assert rebuilt(book)[0] == set()
    assert rebuilt(book) == (set(), set())


def test_file_that_a_cell_opens_itself_reruns_the_chapter(book: SmallBook) -> None:
    book.write("mmnotes/data/late.txt", "late")
    book.chapter("first", FIRST, "from mmnotes.one import value", "print(open('../mmnotes/data/late.txt').read())")
    assert rebuilt(book)[0] == {"first"}
    book.write("mmnotes/data/late.txt", "later")
    assert rebuilt(book) == ({"first"}, {"first"})
    assert "later" in book.page("first")


def test_file_of_a_process_that_a_cell_starts_reruns_the_chapter(book: SmallBook) -> None:
    book.write(
        "mmnotes/helper.py", "from pathlib import Path\nprint(Path(__file__).with_name('told.txt').read_text())\n"
    )
    book.write("mmnotes/told.txt", "one")
    start = (
        "import subprocess, sys\nprint(subprocess.check_output([sys.executable, '-m', 'mmnotes.helper'], text=True))"
    )
    book.chapter("first", FIRST, start)
    assert rebuilt(book)[0] == {"first"}
    book.write("mmnotes/told.txt", "two by a process")
    assert rebuilt(book) == ({"first"}, {"first"})
    assert "two by a process" in book.page("first")
    book.write("mmnotes/helper.py", "print('another module')\n")
    assert rebuilt(book) == ({"first"}, {"first"})


def test_file_that_was_missing_reruns_the_chapter_when_it_comes(book: SmallBook) -> None:
    look = "try:\n    print(open('../mmnotes/late_comer.txt').read())\nexcept FileNotFoundError:\n    print('missing')"
    book.chapter("first", FIRST, look)
    assert rebuilt(book)[0] == {"first"}
    assert rebuilt(book) == (set(), set())
    book.write("mmnotes/late_comer.txt", "here at last")
    assert rebuilt(book) == ({"first"}, {"first"})
    assert "here at last" in book.page("first")


def test_a_build_looks_at_each_file_once(book: SmallBook, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, read_bytes = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda file: looked.append(file) or read_bytes(file))
    book.write("mmnotes/one.py", "value = 'looked at'\n")
    book.chapter("first", FIRST, "from mmnotes.one import value\nprint(value)")
    assert rebuilt(book)[0] == {"first"}
    mine = [file for file in looked if file.is_relative_to(book.root / "mmnotes")]
    assert book.root / "mmnotes/one.py" in mine and len(mine) == len({*mine})


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


def test_a_place_that_shows_an_erratum_rewrites_the_errata(book: SmallBook) -> None:
    code = "from mmnotes.one import value\nprint(value)"
    for shown in (f"{FIRST}\n\n```{{notes-said}} first-1\n```", FIRST):
        book.chapter("first", shown, code)
        assert "errata" in rebuilt(book)[1]
        assert ("first.html#belief-first-1" in book.page("errata")) == (shown != FIRST)


def test_card_rewrites_the_map(book: SmallBook) -> None:
    book.chapter("first", FIRST.replace("What does", "Why does"), "from mmnotes.one import value\nprint(value)")
    assert rebuilt(book) == (set(), {"first", "index"})
    assert "Why does First" in book.page("index")


def test_title_rewrites_every_page_that_lists_it(book: SmallBook) -> None:
    book.chapter("first", FIRST.replace("# First", "# Premier"), "from mmnotes.one import value\nprint(value)")
    everywhere = {"first", "second", "notation", "errata", "index"}
    assert rebuilt(book) == (set(), everywhere)
    assert all("Premier" in book.page(stem) for stem in everywhere)


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


def begun(book: SmallBook, code: str) -> subprocess.Popen[str]:
    """A build of its own that has begun to execute this cell of the first chapter."""
    book.chapter("first", FIRST, code)
    build = book.start()
    assert build.stdout is not None
    while "executing book/first" not in build.stdout.readline():
        pass
    time.sleep(1)
    return build


def recovers(book: SmallBook) -> None:
    """The next build says what it does, and ends well."""
    said = book.build_well()
    assert "the last build was interrupted or had warnings" in said and "Traceback" not in said
    assert "executed book/first" in said and "complete" in book.page("first")
    assert rebuilt(book) == (set(), set())


def test_interrupted_execution_leaves_no_record(book: SmallBook) -> None:
    build = begun(book, "import time\nprint('slow', flush=True)\ntime.sleep(8)\nprint('complete')")
    start = time.monotonic()
    build.send_signal(signal.SIGINT)
    said, _ = build.communicate()
    assert build.returncode != 0 and time.monotonic() - start < 6, "it goes on after the interrupt"
    assert "chapters executed so far are kept" in said and "Traceback" not in said and "WARNING" not in said
    record = book.root / "_build/executed/book/first/record.json"
    assert not record.exists() or "slow" not in record.read_text()
    recovers(book)


def test_build_that_was_killed_is_taken_up_again(book: SmallBook) -> None:
    """Its kernel lives on for a moment and writes to its own folder."""
    build = begun(book, "import time\nprint('killed', flush=True)\ntime.sleep(3)\nprint('complete')")
    build.kill()
    build.communicate()
    recovers(book)


def test_removed_page_and_its_pictures_disappear(book: SmallBook) -> None:
    html = book.root / "_build/html"
    book.chapter("third", "# Third", PICTURE, mystnb={"image": {"alt": "A single dark dot."}})
    book.pages("first", "second", "third", "notation", "errata")
    assert rebuilt(book)[0] == {"third"}
    assert list((html / "_images").glob("*.png"))
    book.pages("first", "second", "notation", "errata")
    book.build_well()
    assert not (html / "book/third.html").exists()
    assert not list((html / "_images").glob("*.png"))
