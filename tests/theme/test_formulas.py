"""A build holds a lab's script to the package's numbers, and only pages with such a lab load what draws it."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.theme.small_book import CARD, SmallBook
from theme.formulas import add_scripts, difference, hold, near, words_differ
from theme.kernel import ChapterError

SCRIPT = """
mmnotes.formula("double", {
  compute: ({ x }, { factor }) => ({ value: [factor * x, x > 5 ? NaN : 0] }),
  describe: ({ x }, { value }) => `Twice ${x} is ${value[0].toFixed(1)}.`,
  draw(sheet, { x }) { sheet.text(10, 10, x); },
});
"""
CASE = {"values": {"x": 3}, "numbers": {"value": [6.0, 0]}, "text": "Twice 3 is 6.0."}


def files(folder: Path, script: str, *cases: dict) -> tuple[Path, Path]:
    """What an execution leaves of the lab `double`."""
    held = folder / "held/double/held.json"
    held.parent.mkdir(parents=True)
    held.write_text(json.dumps({"given": {"factor": 2}, "cases": cases}), "utf-8")
    source = folder / "formula.js"
    source.write_text(script, "utf-8")
    return held, source


def test_a_script_that_agrees_is_held(tmp_path):
    large = {"values": {"x": 7}, "numbers": {"value": [14.00001, None]}, "text": None}
    hold(*files(tmp_path, SCRIPT, CASE, large))


@pytest.mark.parametrize(
    ("script", "case", "message"),
    [
        (
            SCRIPT,
            {"numbers": {"value": [6.001, 0]}},
            r'double: at {"x": 3} value\[0\] is 6.001 in the package',
        ),
        (SCRIPT, {"text": "Twice 3 is 6.4."}, "the package says 'Twice 3 is 6.4.' and the page 'Twice 3 is 6.0.'"),
        (SCRIPT, {"text": "Double 3 is 6.0."}, "the package says 'Double 3 is 6.0.'"),
        (SCRIPT.replace("compute: (", "compute: (missing ?? "), {}, "the lab double: its script failed"),
        (SCRIPT.replace("sheet.text(", "sheet.words("), {}, "sheet.words is not a function"),
    ],
)
def test_a_script_that_does_not_names_the_lab(tmp_path, script, case, message):
    with pytest.raises(ChapterError, match=message):
        hold(*files(tmp_path, script, CASE | case))


@pytest.mark.parametrize(
    ("package", "page", "said"),
    [
        ({"a": [1.0, 2.0]}, {"a": [1.000009, 2.0], "more": 3}, ""),
        ({"a": [1.0, 2.0]}, {"a": [1.00002, 2.0]}, "a[0] is 1 in the package and 1.00002 on the page"),
        ({"a": 1e6}, {"a": 1e6 + 9}, ""),
        ({"a": 1e6}, {"a": 1e6 + 11}, "a is 1000000 in the package and 1000011 on the page"),
        ({"a": [1.0]}, {"a": [1.0, 2.0]}, "a is [1.0] in the package and [1.0, 2.0] on the page"),
        ({"a": 1.0}, {}, " is {'a': 1.0} in the package and {} on the page"),
        ({"a": None}, {"a": None}, ""),
        ({"a": None}, {"a": 0.0}, "a is None in the package and 0.0 on the page"),
    ],
)
def test_the_first_number_that_differs_is_told_with_its_place(package, page, said):
    assert difference(package, page) == said


def test_words_may_round_their_last_digit_either_way_and_nothing_else():
    assert words_differ("From -1.25 to 3,000 %.", "From -1.26 to 3,001 %.") == ""
    assert words_differ("From -1.25 to 3,000 %.", "From -1.27 to 3,000 %.")
    assert words_differ("a 1.25", "a 1.250") and words_differ("a 1", "b 1") and words_differ("a 1", "a 1 2")
    assert near("0.00", "-0.00") and near("1e-05", "1e-05") and not near("1e-05", "2e-05")


@pytest.mark.parametrize(("body", "loaded"), [('<figure data-given="{}">', 2), ('<figure class="mm-lab">', 0)])
def test_only_a_page_with_such_a_lab_loads_the_scripts(body, loaded):
    scripts: list[tuple[str, dict]] = []
    sheets: list[str] = []
    app = SimpleNamespace(add_js_file=lambda name, **how: scripts.append((name, how)), add_css_file=sheets.append)
    add_scripts(app, "book/a", "page.html", {"body": body}, None)
    assert scripts == [("formula/plot.js", {"defer": "defer"}), ("formula/lab.js", {"defer": "defer"})][:loaded]
    assert sheets == ["formula/lab.css"][: loaded // 2]


LAB = """
import json, os, pathlib
from IPython.display import HTML
frames = pathlib.Path(os.environ["MMNOTES_LAB_FRAMES"])
(frames / "double").mkdir()
held = frames.parent / "held/double"
held.mkdir(parents=True)
(frames / "double/formula.js").write_text({script!r})
(held / "held.json").write_text({held!r})
HTML('<figure class="mm-lab" data-given="{{}}">a lab</figure>')"""


def test_a_book_whose_numbers_differ_stops_with_the_labs_name_and_one_that_agrees_is_built(tmp_path):
    book = SmallBook(tmp_path)

    def write(value: float) -> None:
        case = CASE | {"numbers": {"value": [value, 0]}}
        held = json.dumps({"given": {"factor": 2}, "cases": [case]})
        book.chapter("first", CARD.format(title="First", before=""), LAB.format(script=SCRIPT, held=held))

    write(6.5)
    status, said = book.build()
    assert status and "the lab double" in said and "6.5 in the package and 6 on the page" in said
    write(6.0)
    book.build_well()
    page = book.page("first")
    order = [page.index(name) for name in ("lab.js", "formula/plot.js", "formula/lab.js")]
    assert order == sorted(order) and "formula/" not in book.page("second")
    static = book.root / "_build/html/_static"
    assert (static / "labs/first/double/formula.js").read_text("utf-8") == SCRIPT
    assert not list(static.rglob("held.json"))
