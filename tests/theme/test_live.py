"""A lab with a network in a built book: its files come and go with it, and wrong numbers end the build."""

import json
from html import unescape

import pytest
from bs4 import BeautifulSoup

from tests.theme.exported import READ, stored
from tests.theme.small_book import CARD, SmallBook
from theme.page import POLICY, RUNS

FIRST = CARD.format(title="First", before="")
# What a lab does in a chapter's kernel, where this book has no labs.
CELL = """
import os, pathlib
from IPython.display import HTML
from mmnotes import one
folder = pathlib.Path(os.environ["MMNOTES_LAB_FRAMES"]).with_name("live")
folder.mkdir()
content = pathlib.Path(one.__file__).with_name("lab.npz").open("rb").read()
(folder / "drawn.npz").write_bytes(content)
HTML(f'<div class="mm-live" data-network="drawn" data-version="{hash(content)}"></div>')"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    """A book whose first chapter has a lab with a network."""
    made = SmallBook(tmp_path_factory.mktemp("book"))
    write(made, stored())
    made.chapter("first", FIRST, CELL)
    made.build_well()
    return made


def write(book: SmallBook, content: bytes) -> None:
    (book.root / "mmnotes" / "lab.npz").write_bytes(content)


def bundles(book: SmallBook) -> list[str]:
    return sorted(folder.name for folder in (book.root / "_build/html/_static/live").glob("*/"))


def place(book: SmallBook) -> list[dict]:
    found = BeautifulSoup(book.page("first"), "html.parser").find(class_="mm-live")
    return json.loads(unescape(found["data-files"]))


def test_the_page_says_where_its_files_are_and_may_run_them(book: SmallBook) -> None:
    network, runtime = bundles(book)
    assert network.startswith("first-drawn-") and runtime.startswith("runtime-")
    shown = book.root / "_build/html/_static/live"
    assert [each["folder"] for each in place(book)] == [runtime, network]
    for each in place(book):
        files = list((shown / each["folder"]).iterdir())
        assert each["pieces"] == len(files) and each["bytes"] == sum(file.stat().st_size for file in files)
    assert "live/offer.js" in book.page("first") and POLICY + RUNS in book.page("first")


def test_a_page_without_a_network_knows_nothing_of_it(book: SmallBook) -> None:
    assert "live/" not in book.page("second")
    assert RUNS not in book.page("second") and POLICY in book.page("second")


def test_nothing_is_made_again_that_is_there(book: SmallBook) -> None:
    shown = book.root / "_build/html/_static/live"
    before = {file: file.stat().st_mtime_ns for file in shown.glob("*/*")}
    assert "making" not in book.build_well()
    assert {file: file.stat().st_mtime_ns for file in shown.glob("*/*")} == before


def test_another_network_takes_the_place_of_the_old_one(book: SmallBook) -> None:
    before = bundles(book)
    write(book, stored(off=1e-6))
    book.build_well()
    after = bundles(book)
    assert before[0] != after[0] and before[1] == after[1]
    assert place(book)[1]["folder"] == after[0]


def test_other_numbers_than_those_of_torch_end_every_build_until_mended(book: SmallBook) -> None:
    write(book, stored(off=1e-2))
    for _ in range(2):
        status, said = book.build()
        assert status == 1
        assert "the network of the lab first-drawn: y is off by 1.0e-02" in " ".join(said.split())
    write(book, stored())
    book.build_well()


def test_a_script_that_computes_something_else_ends_every_build_until_mended(book: SmallBook) -> None:
    before = bundles(book)
    write(book, stored(held={"words.reading": [["one two", READ]]}))
    for _ in range(2):
        status, said = book.build()
        assert status == 1
        assert "the network of the lab first-drawn: words.reading makes" in " ".join(said.split())
    write(book, stored(held={"words.reading": [["One three", READ]]}))
    book.build_well()
    assert bundles(book) != before
    write(book, stored())
    book.build_well()


def test_without_networks_the_book_has_no_runtime(book: SmallBook) -> None:
    book.chapter("first", FIRST, "print(1)")
    book.build_well()
    assert bundles(book) == []
    book.chapter("first", FIRST, CELL)
    book.build_well()
    assert len(bundles(book)) == 2
