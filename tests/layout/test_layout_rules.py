"""The layout rules, held to trees that break them: one small complete book, and one change for each thing amiss."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.layout import chapter_rules, code_lines, errata_rules, link_rules, module_rules, tree, unfenced
from tests.layout.test_layout import RULES
from tools.store import text_of, tidy

SENTENCE = "Each row is scaled until its sum is what it should be. "  # twelve words
PACKAGE = '''"""Balance: scale a matrix.

Paper: Someone, On scaling (1967).

Differs: one matrix at a time.
"""

from mmnotes.balance.rows import balanced

__all__ = ["balanced"]
'''
MODULE = '''"""Balance by rows."""

from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.sums import total


def balanced(scores: Float[Tensor, "rows columns"], *, steps: int) -> Tensor:
    """The scores with equal row sums.

    >>> balanced(torch.ones(1, 2), steps=1)
    tensor([[0.5000, 0.5000]])

    Shapes: (rows, columns) -> (rows, columns).
    Errors: ValueError if steps < 1.
    Source: Someone 1967, equation 3.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    return scores / total(scores)
'''
LAYER = '''"""Sums that several mechanisms use."""

from jaxtyping import Float
from torch import Tensor


def total(scores: Float[Tensor, "rows columns"]) -> Float[Tensor, "rows 1"]:
    """The row sums.

    Shapes: (rows, columns) -> (rows, 1).
    Source: Someone 1967.
    """
    return scores.sum(1, keepdim=True)
'''
PAGE = '"""What only touches the page."""\n\n\ndef set_up() -> None:\n    """Set the page up."""\n'
DIAGRAM = '''"""Rows and columns, drawn."""

LINK = "equation-eq-0"


def diagram() -> str:
    """Rows and columns."""
    return LINK
'''
SOLUTIONS = {f"balance-{number}": number for number in range(1, 6)}
EXERCISES = f'"""The exercises of Balance."""\n\nSOLUTIONS = {json.dumps(SOLUTIONS)}\n'
CHECK = (
    '"""Checks answers."""\n\n\ndef check(name: str, answer: object) -> str:\n    """Right, or a hint."""\n'
    "    return name\n"
)
ERRATA = """
- id: balance-1
  chapter: balance
  name: What comes last
  claim: Rows come last.
  section: "2.1"
  truth: Columns come last.
  evidence: ["Someone 1967", "{source}`scaling/rows.py`"]
  shown_by: tests/balance/test_rows.py::test_columns_come_last
- id: balance-2
  chapter: balance
  name: How many steps
  claim: One step is enough.
  section: "2.2"
  truth: It is not.
  evidence: ["Someone 1967"]
  shown_by: broken-cell
"""
WORKS = """@article{someone1967, author={Someone}, title={On scaling}, journal={Notes}, year={1967}, doi={10.1000/182}}
@misc{someone2020, author={Someone}, title={More}, year={2020}, eprint={2001.00001}, archiveprefix={arXiv}}
"""
REPOSITORIES = "- repository: someone/scaling\n  at: v1.2.0\n  files: [scaling/rows.py]\n"
FILES = {
    "pyproject.toml": "[tool.importlinter]\nignore_imports = []\n",
    "_config.yml": "repository:\n  url: ''\n",
    "_toc.yml": "root: book/index\nchapters:\n- file: book/balance\n- file: book/notation\n",
    "README.md": "The text is book/balance.ipynb, the code mmnotes/balance/rows.py; see `mmnotes.balance.balanced`.\n",
    "book/index.md": "# A map\n",
    "book/notation.md": "# Notation\n\n| axis |\n|---|\n| `rows` |\n\n(notation-balance)=\n## Balance\n\n"
    "| axis |\n|---|\n| `columns` |\n",
    "book/errata.yml": ERRATA,
    "book/references.bib": WORKS,
    "book/repositories.yml": REPOSITORIES,
    "mmnotes/__init__.py": '"""Mechanisms."""\n',
    "mmnotes/balance/__init__.py": PACKAGE,
    "mmnotes/balance/rows.py": MODULE,
    "mmnotes/balance/exercises.py": EXERCISES,
    "mmnotes/balance/diagram.py": DIAGRAM,
    "mmnotes/layers/__init__.py": '"""What several mechanisms use."""\n',
    "mmnotes/layers/sums.py": LAYER,
    "mmnotes/page/__init__.py": PAGE,
    "mmnotes/page/exercises.py": CHECK,
    "book/corrections.yml": "- shown_by: book/balance.ipynb#loops\n- shown_by: "
    "tests/balance/test_rows.py::test_columns_come_last\n",
    "theme/__init__.py": '"""How pages are made."""\n',
    "tests/balance/test_rows.py": "def test_columns_come_last():\n    assert True\n",
    "tests/layers/test_sums.py": "",
    "tests/page/test_page.py": "",
    "tests/page/test_exercises.py": "",
    "tools/balance/train.py": "",
    "bench/balance.py": "",
}

# What draws reads, by way of another function, a name that the exercises bind.
DRAWN_WITH_AN_ANSWER = """def rows_of(step):
    return [answer for _ in range(step)]


def draw(axes, step):
    axes.plot(rows_of(step))


"""


def lab(name: str) -> Any:
    source = f'Lab(draw, describe, name="{name}", title="Balancing {name}", step=Numeric("Step", grid=range(3)))'
    return new_code_cell(source, id=f"lab-{name}", metadata={"tags": ["lab"]})


def figure(number: int) -> Any:
    alt = f"The row sums after {number} steps, falling towards one"
    metadata = {"tags": ["figure"], "mystnb": {"image": {"alt": alt}}}
    return new_code_cell(f"draw(figure, step={number})", id=f"figure-{number}", metadata=metadata)


def exercise(number: int) -> list[Any]:
    solution = "```{admonition} Solution\n:class: dropdown\nIt is so.\n```"
    return [
        new_code_cell(f'answer = ...\ncheck("balance-{number}", answer)', id=f"exercise-{number}"),
        new_markdown_cell(solution, id=f"solution-{number}"),
    ]


def chapter() -> Any:
    """The smallest chapter that breaks no rule."""
    card = "# Balance\n\n```{mechanism}\n:claim: Rows and columns agree.\n```"
    equations = "\n\n".join(f"$$x_{n} = {n}$$ (eq-{n})" for n in range(10))
    include = "```{literalinclude} ../mmnotes/balance/rows.py\n:pyobject: balanced\n```"
    box = "```{notes-said} balance-1\n```"
    checks = [part for number in range(1, 6) for part in exercise(number)]
    cells = [
        new_markdown_cell(card, id="card"),
        new_code_cell("from mmnotes.page import set_up\nfrom mmnotes.balance import balanced\nset_up()", id="set-up"),
        new_markdown_cell("## The question\n\n" + SENTENCE * 70, id="question"),
        new_code_cell("diagram()", id="diagram", metadata={"tags": ["figure"]}),
        new_markdown_cell("## Derivation\n\n" + SENTENCE * 70 + "\n\n" + equations, id="derivation"),
        new_markdown_cell("## By hand", id="by-hand"),
        new_code_cell("for row in rows:\n    print(sum(row))", id="loops"),
        new_markdown_cell("## In mmnotes\n\n" + include, id="in-mmnotes"),
        new_markdown_cell("## See it", id="see-it"),
        *(lab(name) for name in ("steps", "rate")),
        *(figure(number) for number in range(2)),
        new_markdown_cell("## Break it\n\n(broken-cell)=\nIt breaks.", id="break-it"),
        new_markdown_cell("## In the real model\n\n" + box, id="real-model"),
        new_markdown_cell("## Exercises", id="exercises"),
        new_code_cell("from mmnotes.page.exercises import check", id="import-check"),
        *checks,
    ]
    notebook = tidy(new_notebook(cells=cells), "weight")
    for number, cell in enumerate(cell for cell in notebook.cells if cell.cell_type == "code"):
        drawn = not {"figure", "lab"}.isdisjoint(cell.metadata.get("tags", []))
        cell.execution_count = None if drawn else number + 1
    return notebook


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A complete book of one chapter."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "book/balance.ipynb").write_text(text_of(chapter()), encoding="utf-8")
    return tmp_path


def all_problems(root: Path) -> list[str]:
    return [line for rule in RULES for line in rule(root)]


def test_the_complete_book_breaks_no_rule(root):
    assert all_problems(root) == []


def replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    """A change that puts `new` where `old` is in a file."""

    def change(root: Path) -> None:
        text = (root / name).read_text(encoding="utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new), encoding="utf-8")

    return change


def remove(name: str) -> Callable[[Path], None]:
    """A change that takes a file away."""
    return lambda root: (root / name).unlink()


def add(name: str, text: str) -> Callable[[Path], None]:
    """A change that adds to a file, or makes one."""

    def change(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text(encoding="utf-8") if path.exists() else "") + text, encoding="utf-8")

    return change


def cell(name: str, **new: Any) -> Callable[[Path], None]:
    """A change to one cell of the chapter; a callable value gets the old one."""

    def change(root: Path) -> None:
        path = root / "book/balance.ipynb"
        raw = json.loads(path.read_text(encoding="utf-8"))
        found = next(cell for cell in raw["cells"] if cell["id"] == name)
        found["source"] = "".join(found["source"])
        for key, value in new.items():
            found[key] = value(found[key]) if callable(value) else value
        path.write_text(text_of(nbformat.from_dict(raw)), encoding="utf-8")

    return change


def alt(text: str) -> Callable[[Path], None]:
    return cell("figure-1", metadata={"tags": ["figure"], "mystnb": {"image": {"alt": text}}})


LONG_CELL = "\n".join(f"x{n} = {n}" for n in range(16))
CARD = "# Balance\n\n```{mechanism}\n:claim: Rows and columns agree.\n:before: %s\n```"
SECOND_CHAPTER = "root: book/index\nchapters:\n- file: book/weight\n- file: book/balance\n- file: book/notation\n"


def second_chapter(root: Path) -> None:
    """A chapter `weight` that stands before the other one."""
    (root / "_toc.yml").write_text(SECOND_CHAPTER, encoding="utf-8")
    notebook = new_notebook(cells=[new_markdown_cell("# Weight", id="card")])
    (root / "book/weight.ipynb").write_text(text_of(tidy(notebook, "weight")), encoding="utf-8")


def both(*changes: Callable[[Path], None]) -> Callable[[Path], None]:
    """One change after the other."""

    def change(root: Path) -> None:
        for each in changes:
            each(root)

    return change


BREAKS = [
    (remove("mmnotes/balance/__init__.py"), tree.one_stem_in_every_folder, "mmnotes/balance/__init__.py is missing"),
    (remove("mmnotes/balance/exercises.py"), tree.one_stem_in_every_folder, "balance/exercises.py is missing"),
    (remove("tests/balance/test_rows.py"), tree.one_stem_in_every_folder, "tests/balance/test_*.py is missing"),
    (replace("_toc.yml", "- file: book/balance\n", ""), tree.one_stem_in_every_folder, "no place in _toc.yml"),
    (cell("set-up", source="set_up()"), tree.one_stem_in_every_folder, "never imports mmnotes.balance"),
    (
        add("mmnotes/balances/rows.py", ""),
        tree.every_folder_is_a_chapter_or_shared,
        "mmnotes/balances: no chapter is called so",
    ),
    (add("tests/scales/test_rows.py", ""), tree.every_folder_is_a_chapter_or_shared, "tests/scales: no chapter"),
    (add("tools/scales/train.py", ""), tree.every_folder_is_a_chapter_or_shared, "tools/scales: no chapter"),
    (add("bench/scales.py", ""), tree.every_folder_is_a_chapter_or_shared, "bench/scales: no chapter"),
    (
        add("mmnotes/balance/__init__.py", "\nSTEPS = 3\n"),
        tree.packages_only_name_what_is_in_them,
        "mmnotes/balance/__init__.py: line 12 is neither",
    ),
    (
        replace("mmnotes/balance/__init__.py", "from mmnotes.balance.rows", "from mmnotes.layers.sums"),
        tree.packages_only_name_what_is_in_them,
        "line 8 is neither",
    ),
    (
        replace("mmnotes/balance/__init__.py", '["balanced"]', '["balance"]'),
        tree.packages_only_name_what_is_in_them,
        "they differ by balance, balanced",
    ),
    (
        replace("mmnotes/balance/__init__.py", '__all__ = ["balanced"]', ""),
        tree.packages_only_name_what_is_in_them,
        "__all__ must list what it imports",
    ),
    (replace("_toc.yml", "book/notation", "book/notations"), tree.toc_and_book_agree, "does not exist"),
    (add("book/glossary.md", "# Words"), tree.toc_and_book_agree, "book/glossary.md: no place in _toc.yml"),
    (cell("card", source=CARD % "weight"), tree.cards_point_backwards, "its card names weight under before"),
    (cell("card", source=CARD % "balance"), tree.cards_point_backwards, "its card names balance under before"),
    (
        both(second_chapter, add("tests/balance/test_rows.py", "from mmnotes.weight import weighed\n")),
        tree.chapters_use_only_what_their_card_names,
        "tests/balance/test_rows.py: uses the chapter weight",
    ),
    (
        both(second_chapter, add("tests/balance/test_rows.py", "from tests.weight.cases import CASES\n")),
        tree.chapters_use_only_what_their_card_names,
        "tests/balance/test_rows.py: uses the chapter weight",
    ),
    (
        both(second_chapter, add("bench/balance.py", "import mmnotes.weight\n")),
        tree.chapters_use_only_what_their_card_names,
        "bench/balance.py: uses the chapter weight",
    ),
    (
        both(second_chapter, cell("loops", source="from mmnotes import weight")),
        tree.chapters_use_only_what_their_card_names,
        "book/balance.ipynb: uses the chapter weight",
    ),
    (
        both(second_chapter, replace("pyproject.toml", "[]", '["mmnotes.balance.** -> mmnotes.weight.**"]')),
        tree.chapters_use_only_what_their_card_names,
        "pyproject.toml: balance may import weight",
    ),
    (
        remove("tests/layers/test_sums.py"),
        tree.every_module_is_tested_and_used,
        "mmnotes/layers/sums.py: no test; write tests/layers/test_sums.py",
    ),
    (remove("tests/page/test_page.py"), tree.every_module_is_tested_and_used, "mmnotes/page/__init__.py: no test"),
    (
        replace("mmnotes/balance/rows.py", "from mmnotes.layers.sums import total\n", ""),
        tree.every_module_is_tested_and_used,
        "mmnotes/layers/sums.py: nothing imports it, and no chapter shows it to the reader",
    ),
    (
        add("mmnotes/page/lab_page.py", "SIZE = 3\n"),
        tree.every_module_is_tested_and_used,
        "mmnotes/page/lab_page.py: no test; write tests/page/test_lab_page.py",
    ),
    (
        add("README.md", "See mmnotes/balance/columns.py.\n"),
        tree.what_texts_name_exists,
        "README.md: names mmnotes/balance/columns.py",
    ),
    (
        cell("see-it", source="## See it\n\nBy `python -m` or tools/train.py."),
        tree.what_texts_name_exists,
        "book/balance.ipynb cell see-it: names tools/train.py",
    ),
    (
        cell("see-it", source="## See it\n\n`mmnotes.scaling` does it."),
        tree.what_texts_name_exists,
        "names mmnotes.scaling, which",
    ),
    (
        cell("see-it", source="## See it\n\n`mmnotes.balance.balances` does it."),
        tree.what_texts_name_exists,
        "names mmnotes.balance.balances, which",
    ),
    (
        add("mmnotes/layers/sums.py", "".join(f"A{n} = {n}\n" for n in range(100))),
        module_rules.modules_are_short,
        "mmnotes/layers/sums.py: 106 code lines",
    ),
    (
        replace("mmnotes/balance/__init__.py", "Differs: one matrix at a time.", ""),
        module_rules.modules_say_what_they_are,
        "`Differs:`",
    ),
    (replace("mmnotes/balance/__init__.py", "(1967)", ""), module_rules.modules_say_what_they_are, "no paper"),
    (
        replace("mmnotes/layers/sums.py", '"""Sums that several mechanisms use."""', ""),
        module_rules.modules_say_what_they_are,
        "mmnotes/layers/sums.py: no docstring",
    ),
    (
        replace("mmnotes/layers/sums.py", "    Shapes: (rows, columns) -> (rows, 1).\n", ""),
        module_rules.public_functions_are_documented,
        "mmnotes/layers/sums.py: total: no `Shapes:`",
    ),
    (
        add(
            "mmnotes/balance/rows.py",
            '''\n\nclass Balance:\n    """Balances."""\n\n    def forward(self, x: Tensor) -> Tensor:\n        ...\n''',
        ),
        module_rules.public_functions_are_documented,
        "mmnotes/balance/rows.py: Balance: no `Shapes:`",
    ),
    (
        replace("mmnotes/balance/rows.py", "    Errors: ValueError if steps < 1.\n", ""),
        module_rules.public_functions_are_documented,
        "balanced: no `Errors:`",
    ),
    (
        replace("mmnotes/layers/sums.py", "Source: Someone 1967.", "Source: Someone 1967.\n    Units: pixels."),
        module_rules.public_functions_are_documented,
        "docstring order",
    ),
    (
        replace("mmnotes/page/__init__.py", '    """Set the page up."""', "    pass"),
        module_rules.public_functions_are_documented,
        "set_up has no docstring",
    ),
    (
        replace("mmnotes/layers/sums.py", "Source: Someone 1967.", "Source: ours."),
        module_rules.docstrings_say_something,
        "mmnotes/layers/sums.py: total: `Source: ours.` says nothing",
    ),
    (
        replace("mmnotes/layers/sums.py", "Source: Someone 1967.", "Source:"),
        module_rules.docstrings_say_something,
        "total: `Source: ` says nothing",
    ),
    (
        replace("mmnotes/page/__init__.py", "Set the page up.", "The function's result."),
        module_rules.docstrings_say_something,
        "set_up: its docstring says nothing: The function's result.",
    ),
    (
        replace("mmnotes/balance/rows.py", ">>> ", "for instance "),
        module_rules.every_chapter_has_an_example,
        "mmnotes/balance: no docstring shows an example",
    ),
    (
        replace("mmnotes/balance/rows.py", "*, steps", "steps"),
        module_rules.sizes_and_constants_are_keyword_only,
        "steps must be keyword-only",
    ),
    (
        replace(
            "mmnotes/balance/rows.py", 'scores: Float[Tensor, "rows columns"]', 'scores: Float[Tensor, "rows cols"]'
        ),
        module_rules.axes_are_in_the_notation,
        "mmnotes/balance/rows.py: the axis `cols`",
    ),
    (
        replace("book/notation.md", "| `columns` |", "| `columns` |\n| $u,\\ v$ |\n| $u$ |"),
        module_rules.a_symbol_means_one_thing_in_a_chapter,
        "book/notation.md: Balance: the symbol u has two meanings",
    ),
    (
        replace("book/notation.md", "## Balance", "## Balance\n\n| $u$ |\n\n## Common\n\n| $u$ |"),
        module_rules.a_symbol_means_one_thing_in_a_chapter,
        "book/notation.md: Balance: the symbol u has two meanings",
    ),
    (cell("by-hand", source="## By heart"), chapter_rules.headings_are_the_same, "`## By hand` is missing"),
    (cell("by-hand", source="## By heart"), chapter_rules.headings_are_the_same, "`## By heart` is none"),
    (
        lambda root: (cell("by-hand", source="## See it")(root), cell("see-it", source="## By hand")(root)),
        chapter_rules.headings_are_the_same,
        "in this order",
    ),
    (cell("card", source=lambda text: text[2:]), chapter_rules.headings_are_the_same, "its one title"),
    (cell("card", source="# Balance"), chapter_rules.headings_are_the_same, "no {mechanism} card"),
    (cell("question", source="## The question"), chapter_rules.chapters_have_the_right_size, "words outside"),
    (cell("question", source=lambda text: text * 5), chapter_rules.chapters_have_the_right_size, "words outside"),
    (
        cell("derivation", source=lambda text: text[: text.index("$$x_7")]),
        chapter_rules.chapters_have_the_right_size,
        "7 numbered equations",
    ),
    (
        cell("lab-rate", source="print(1)", metadata={}, execution_count=4),
        chapter_rules.chapters_have_the_right_size,
        "1 labs",
    ),
    (
        cell("figure-1", source="print(1)", metadata={}, execution_count=6),
        chapter_rules.chapters_have_the_right_size,
        "3 figures and labs",
    ),
    (cell("loops", source=LONG_CELL), chapter_rules.code_cells_are_plain_and_short, "16 code lines"),
    (cell("loops", source="class A:\n    x = 1"), chapter_rules.code_cells_are_plain_and_short, "defines a class"),
    (cell("loops", source="from time import perf_counter"), chapter_rules.code_cells_are_plain_and_short, "clock"),
    (
        cell("set-up", source="from mmnotes.balance import balanced"),
        chapter_rules.code_cells_are_plain_and_short,
        "set_up()",
    ),
    (
        replace("mmnotes/balance/rows.py", "    return", "    # " + "wide " * 20 + "\n    return"),
        chapter_rules.what_is_shown_fits_the_page,
        "rows.py: 106 columns, at most 94",
    ),
    (
        cell("by-hand", source="## By hand\n\n```python\n" + "x" * 95 + "\n```"),
        chapter_rules.what_is_shown_fits_the_page,
        "its code: 95 columns",
    ),
    (
        cell("loops", outputs=[{"output_type": "stream", "name": "stdout", "text": "y" * 95}]),
        chapter_rules.what_is_shown_fits_the_page,
        "its output: 95 columns",
    ),
    (cell("in-mmnotes", source="## In mmnotes"), chapter_rules.the_real_function_is_shown, "no literalinclude"),
    (
        cell("in-mmnotes", source=lambda text: text.replace("balance/rows", "layers/sums")),
        chapter_rules.the_real_function_is_shown,
        "no literalinclude of a file in ../mmnotes/balance/",
    ),
    (cell("figure-1", metadata={"tags": ["figure"]}), chapter_rules.figures_have_alt_text, "without alt text"),
    (alt("5d3c0a9be1f2_1"), chapter_rules.figures_have_alt_text, "a hash or a label"),
    (alt("The row sums over steps in sums.png"), chapter_rules.figures_have_alt_text, "names a file"),
    (
        alt("The row sums after 0 steps, falling towards one"),
        chapter_rules.figures_have_alt_text,
        "is that of book/balance.ipynb Cell 5 (figure-0)",
    ),
    (cell("see-it", source="## See it\n\n![](a.svg)"), chapter_rules.figures_have_alt_text, "without alt text"),
    (
        cell("see-it", source="## See it\n\n```{figure} a.svg\n:width: 3em\n```"),
        chapter_rules.figures_have_alt_text,
        "without alt text",
    ),
    (remove("mmnotes/balance/diagram.py"), chapter_rules.every_chapter_opens_with_a_diagram, "does not exist"),
    (cell("diagram", source="draw()"), chapter_rules.every_chapter_opens_with_a_diagram, "no figure cell under"),
    (
        replace("mmnotes/balance/diagram.py", "eq-0", "eq-99"),
        chapter_rules.every_chapter_opens_with_a_diagram,
        "links to eq-99, which no equation",
    ),
    (cell("lab-rate", metadata={}), chapter_rules.labs_are_labs, "exactly when it calls Lab"),
    (cell("lab-rate", source="show()"), chapter_rules.labs_are_labs, "exactly when it calls Lab"),
    (cell("lab-rate", source=lambda text: text.replace("describe, ", "")), chapter_rules.labs_are_labs, "no describe"),
    (cell("lab-rate", source=lambda text: text.replace("Balancing rate", "")), chapter_rules.labs_are_labs, "no title"),
    (
        cell("lab-rate", source=lambda text: text.replace('"rate"', '"The rate"')),
        chapter_rules.labs_are_labs,
        "a word in lower case",
    ),
    (
        cell("lab-rate", source=lambda text: text.replace('"rate"', '"steps"')),
        chapter_rules.labs_are_labs,
        "two labs have the name 'steps'",
    ),
    (cell("lab-rate", source=lambda text: text + "\n" + text), chapter_rules.labs_are_labs, "one lab a cell"),
    (cell("loops", source="interact(draw, step=3)"), chapter_rules.labs_are_labs, "bare widget or interact"),
    (
        cell("lab-rate", source=lambda text: DRAWN_WITH_AN_ANSWER + text),
        chapter_rules.labs_keep_what_they_draw_with,
        "binds answer, with which book/balance.ipynb Cell",
    ),
    (cell("loops", source="widgets.interact(draw)"), chapter_rules.labs_are_labs, "bare widget or interact"),
    (cell("loops", source="import ipywidgets as w"), chapter_rules.labs_are_labs, "bare widget or interact"),
    (
        cell("break-it", source="## Break it\n\n(broken-cell)=\n" + 4 * "```{tip}\nA word.\n```\n\n"),
        chapter_rules.few_boxes_stand_open,
        "book/balance.ipynb: 4 open boxes, at most 3",
    ),
    (
        cell("exercise-5", source='check("balance-6", answer)'),
        chapter_rules.exercises_are_complete,
        "checks balance-1, balance-2, balance-3, balance-4, balance-6, not",
    ),
    (
        cell("solution-2", source="It is so."),
        chapter_rules.exercises_are_complete,
        "no folded solution after balance-2",
    ),
    (
        replace("mmnotes/balance/exercises.py", '"balance-3"', '"balance-7"'),
        chapter_rules.exercises_are_complete,
        "mmnotes/balance/exercises.py: no exercise balance-3",
    ),
    (
        cell("loops", execution_count=None),
        chapter_rules.chapters_are_in_stored_form,
        "run `make store CH=balance`",
    ),
    (replace("book/errata.yml", "  truth: It is not.\n", ""), errata_rules.entries_are_complete, "no truth"),
    (replace("book/errata.yml", "balance-2", "balance-1"), errata_rules.entries_are_complete, "there twice"),
    (replace("book/errata.yml", "balance-2", "second"), errata_rules.entries_are_complete, "a name and a number"),
    (
        replace("book/errata.yml", 'evidence: ["Someone 1967"]', 'evidence: "Someone 1967"'),
        errata_rules.entries_are_complete,
        "must be a list",
    ),
    (
        replace("tests/balance/test_rows.py", "come_last", "come_first"),
        errata_rules.what_shows_an_entry_exists,
        "tests/balance/test_rows.py::test_columns_come_last does not exist",
    ),
    (
        replace("book/corrections.yml", "#loops", "#no-loops"),
        errata_rules.corrections_are_shown,
        "neither a test nor",
    ),
    (
        replace("book/corrections.yml", "::test_columns", "::test_rows"),
        errata_rules.corrections_are_shown,
        "entry 2: neither a test nor",
    ),
    (cell("break-it", source="## Break it"), errata_rules.what_shows_an_entry_exists, "the label broken-cell"),
    (
        cell("real-model", source="## In the real model\n\n```{notes-said} balance-9\n```"),
        errata_rules.boxes_have_entries,
        "book/balance.ipynb: the box {notes-said} balance-9",
    ),
    (
        replace("book/errata.yml", "chapter: balance", "chapter: weight"),
        errata_rules.entries_are_complete,
        "no chapter weight",
    ),
    (
        replace("book/references.bib", "doi={10.1000/182}", "volume={1}"),
        link_rules.works_lead_somewhere,
        "someone1967: no eprint (of arXiv), doi or url",
    ),
    (replace("book/references.bib", "10.1000", "1000"), link_rules.works_lead_somewhere, "doi '1000/182'"),
    (replace("book/references.bib", "2001.00001", "2001"), link_rules.works_lead_somewhere, "eprint '2001'"),
    (replace("book/references.bib", "={arXiv}", "={HAL}"), link_rules.works_lead_somewhere, "needs archiveprefix"),
    (
        replace("book/repositories.yml", "v1.2.0", "main"),
        link_rules.code_of_others_is_quoted_as_read,
        "someone/scaling: at 'main', which is no full commit",
    ),
    (
        replace("book/repositories.yml", "someone/scaling", "someone"),
        link_rules.code_of_others_is_quoted_as_read,
        "scaling/rows.py: no place of github.com",
    ),
    (
        replace("book/repositories.yml", "[scaling/rows.py]", "[scaling/rows.py, scaling/columns.py]"),
        link_rules.code_of_others_is_quoted_as_read,
        "nothing names scaling/columns.py",
    ),
    (
        replace("book/errata.yml", "{source}`scaling/rows.py`", "someone/scaling, scaling/rows.py"),
        link_rules.evidence_leads_to_the_file,
        "someone/scaling, scaling/rows.py: write {source}",
    ),
    (
        replace("book/notation.md", "(notation-balance)=", "(notation-rows)="),
        link_rules.every_chapter_has_a_table_of_symbols,
        "no (notation-balance)= before the table of balance",
    ),
]


@pytest.mark.parametrize(("change", "rule", "said"), BREAKS, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_amiss_is_named(root, change, rule, said):
    change(root)
    found = rule(root)
    assert any(said in line for line in found), found


def test_every_rule_is_shown_to_fire():
    assert {rule for _, rule, _ in BREAKS} == set(RULES)


def test_code_lines_are_lines_with_code_on_them():
    docstring = '"""A docstring\nof two lines."""\n\n# a comment\nfrom a import (\n    b,\n    c,\n)\n'
    source = docstring + 'x = (\n    1,  # one\n    # none\n)\ny = """a\n\nb"""\n'
    assert code_lines(source) == 1 + 1 + 3 + 3


def test_boxes_within_boxes_are_outside_the_text():
    text = "in\n````{admonition} Box\nout\n```python\nout\n```\nout\n````\nin\n:::{tip}\nout\n:::\n$$\nin\n$$"
    assert list(unfenced(text)) == ["in", "in", "$$", "in", "$$"]


def test_words_are_counted_as_a_reader_counts_them(root):
    text = (
        "## See it\n\nTwo words.\n\n| a | table |\n|---|---|\n\n(a-label)=\n$$x = 1$$ (eq)\n\n"
        "The $x_1 + 2$ holds, see [the page](https://example.org/a/b) by {cite}`someone`.\n\n"
        "```{tip}\nA box.\n```\n"
    )
    before = chapter_rules.word_count(root / "book/balance.ipynb")
    cell("see-it", source=text)(root)
    # heading 2, then 2, then: The formula holds see the page by someone
    assert chapter_rules.word_count(root / "book/balance.ipynb") - before == 2 + 8


def test_a_part_shares_the_test_of_the_module_it_was_split_from(root):
    add("mmnotes/page/lab.py", '"""A lab."""\nSIZE = 3\n')(root)
    add("mmnotes/page/lab_page.py", '"""Its page."""\nSIZE = 3\n')(root)
    add("mmnotes/page/__init__.py", "from mmnotes.page import lab, lab_page\n")(root)
    assert len(tree.every_module_is_tested_and_used(root)) == 2
    add("tests/page/test_lab.py", "")(root)
    assert tree.every_module_is_tested_and_used(root) == []


@pytest.mark.parametrize(
    "test",
    [
        "from mmnotes.balance import balanced\n",
        "from mmnotes import balance\n\nbalance.balanced\n",
        "import mmnotes.balance.rows\n",
    ],
)
def test_a_test_of_a_name_is_a_test_of_the_module_that_holds_it(root, test):
    remove("tests/balance/test_rows.py")(root)
    assert tree.every_module_is_tested_and_used(root) != []
    add("tests/balance/test_balance.py", test)(root)
    assert tree.every_module_is_tested_and_used(root) == []


def test_a_card_opens_the_way_to_another_chapter(root):
    second_chapter(root)
    add("tests/balance/test_rows.py", "from mmnotes.weight import weighed\n")(root)
    replace("pyproject.toml", "[]", '["mmnotes.balance.** -> mmnotes.weight.**"]')(root)
    assert len(tree.chapters_use_only_what_their_card_names(root)) == 2
    cell("card", source=CARD % "weight")(root)
    assert tree.chapters_use_only_what_their_card_names(root) == tree.cards_point_backwards(root) == []


def test_only_what_is_shown_must_fit_the_page(root):
    replace("mmnotes/balance/rows.py", "def balanced", "WIDE = 0  # " + "wide " * 20 + "\n\n\ndef balanced")(root)
    assert chapter_rules.what_is_shown_fits_the_page(root) == []


def test_a_loader_by_names_needs_no_shapes(root):
    loader = '\n\ndef stored(file: str) -> dict[str, Tensor]:\n    """What a file holds."""\n    return {}\n'
    add("mmnotes/layers/sums.py", loader)(root)
    assert all_problems(root) == []


def test_a_solution_in_a_folded_code_cell_counts(root):
    cell("solution-2", source="It is so.")(root)
    cell("exercise-2", metadata={"tags": ["hide-cell"]})(root)
    assert chapter_rules.exercises_are_complete(root) == []
