"""Whoever asks for another form than pages is told which forms there are; shown on a small book."""

import pytest

from tests.theme.small_book import SmallBook


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    made = SmallBook(tmp_path_factory.mktemp("book"))
    made.build_well()
    return made


@pytest.mark.parametrize(
    "options",
    [
        *(["--builder", name] for name in ("latex", "pdflatex", "pdfhtml", "singlehtml", "dirhtml", "linkcheck")),
        *(["--builder", "custom", "--custom-builder", name] for name in ("text", "epub", "man")),
    ],
    ids=lambda options: options[-1],
)
def test_any_other_builder_is_refused_in_one_line(book, options):
    status, said = book.build(*options)
    assert status == 1
    last = said.splitlines()[-1]
    assert last.startswith("builder '") and last.endswith("html and pdf only; run `make book` or `make pdf`")
    assert "Traceback" not in said and "reading sources" not in said


def test_a_refused_build_leaves_the_pages_as_they_are(book):
    assert book.build("--builder", "latex")[0] == 1
    said = book.build_well()
    assert "every page is made again" not in said and "executed" not in said
