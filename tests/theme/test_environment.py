"""The reader's environment stays out of the build: shown on a small book whose chapter draws with matplotlib."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.theme.small_book import CARD, SmallBook
from theme import environment

FIRST = CARD.format(title="First", before="")
DRAW = "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.title('Up $x$ and down');"
FIGURE = {"tags": ["figure"], "mystnb": {"image": {"alt": "A line goes up and then down."}}}
# Each line alone makes cells draw otherwise, or complain.
MATPLOTLIBRC = """text.usetex: True
font.family: A Font Of Nobody
axes.facecolor: red
figure.dpi: 30
no.such.key: 1
"""
IPYTHON = {"InlineBackend": {"figure_formats": ["svg"], "rc": {"figure.figsize": [1, 1]}}}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    """Built without any settings."""
    made = SmallBook(tmp_path_factory.mktemp("book"))
    made.chapter("first", FIRST, DRAW, **FIGURE)
    made.build_well()
    return made


def drawn(book: SmallBook) -> tuple[str, bytes]:
    """The page and its picture."""
    page = book.page("first")
    (picture,) = re.findall(r'src="\.\./(_images/[^"]+\.png)"', page)
    return page, (book.root / "_build/html" / picture).read_bytes()


def built_again(book: SmallBook) -> tuple[str, bytes]:
    """The same, after another execution."""
    for record in book.root.glob("_build/executed/**/record.json"):
        record.unlink()
    assert "executed book/first" in book.build_well()
    return drawn(book)


@pytest.mark.parametrize("backend", ["agg", "TkAgg", "no_such_backend"])
def test_a_page_is_the_same_whatever_backend_and_settings_the_reader_has(book, backend, tmp_path, monkeypatch):
    before = drawn(book)
    (tmp_path / "matplotlibrc").write_text(MATPLOTLIBRC)
    profile = tmp_path / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "startup/hello.py").write_text("print('a greeting at every start')")
    for name in ("ipython_config.json", "ipython_kernel_config.json"):
        (profile / name).write_text(json.dumps(IPYTHON))
    monkeypatch.setenv("MPLBACKEND", backend)
    for name in ("MATPLOTLIBRC", "MPLCONFIGDIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    assert built_again(book) == before


TABLE = "from IPython.display import HTML\n\nHTML('<table></table>')"


@pytest.mark.parametrize(
    ("tag", "code"), [("figure", "x = 1"), ("figure", "print('text')"), ("figure", TABLE), ("lab", DRAW)]
)
def test_a_cell_that_should_show_something_and_does_not_fails_the_build(book, tag, code):
    book.chapter("first", FIRST, code, **FIGURE | {"tags": [tag]})
    status, said = book.build()
    assert status != 0
    assert f"cell code-0 has the tag {tag}, but nothing came of it to show" in said
    book.chapter("first", FIRST, DRAW, **FIGURE)
    book.build_well()


def test_a_drawing_inside_the_page_is_a_figure(book):
    book.chapter("first", FIRST, TABLE.replace("table", "svg"), **FIGURE | {"tags": ["figure"]})
    book.build_well()
    assert "<svg></svg>" in book.page("first")
    book.chapter("first", FIRST, DRAW, **FIGURE)
    book.build_well()


def test_chapters_run_in_this_python_whatever_else_is_called_python3(book, tmp_path, monkeypatch):
    spec = tmp_path / "kernels/python3/kernel.json"
    spec.parent.mkdir(parents=True)
    no_python = {
        "argv": ["no-such-python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "language": "python",
    }
    spec.write_text(json.dumps(no_python | {"display_name": "Python 3"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    built_again(book)


def test_a_python_without_a_kernel_is_named_with_what_it_needs(book, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel.kernelspec", None)
    book.chapter("first", FIRST, f"{DRAW}\n", **FIGURE)
    status, said = book.build()
    assert status != 0
    assert f"{sys.executable} needs ipykernel" in said and "Traceback" not in said
    monkeypatch.undo()
    book.chapter("first", FIRST, DRAW, **FIGURE)
    book.build_well()


def test_fonts_are_listed_once_and_before_any_cell_runs(book, tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "OWN", tmp_path)
    monkeypatch.setitem(environment.SETTINGS, "MPLCONFIGDIR", str(tmp_path / "matplotlib"))
    look = (
        "import os, pathlib\nprint([file.stem[:8] for file in pathlib.Path(os.environ['MPLCONFIGDIR']).glob('*.json')])"
    )
    book.chapter("first", FIRST, look)
    book.build_well()
    assert "['fontlist']" in book.page("first").replace("&#39;", "'")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("listed again"))
    environment.warm()
    monkeypatch.undo()
    book.chapter("first", FIRST, DRAW, **FIGURE)
    book.build_well()


def test_the_tests_themselves_run_in_the_book_s_environment():
    assert {name: os.environ.get(name) for name in environment.SETTINGS} == environment.SETTINGS
    assert not environment.LEFT_OUT & {*os.environ}
    assert list(Path(environment.SETTINGS["MPLCONFIGDIR"]).glob("fontlist*.json"))
