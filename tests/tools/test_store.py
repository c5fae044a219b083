"""tools/store.py: what is stored of a chapter, what is refused, and what the tests make of the result."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.store import NotStored, file_problems, main, problems, read, store

DRAWING = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
DIAGRAM = "from mmnotes.page import Diagram\nDiagram(9, 9, text='An empty page.')"
WIDGET = "import ipywidgets\nipywidgets.IntSlider()"


def write(root: Path, *cells: Any, address: str = "") -> Path:
    """A book of one chapter with these cells; a string is an untagged code cell."""
    (root / "_config.yml").write_text(f"repository:\n  url: '{address}'\n")
    (root / "book").mkdir(exist_ok=True)
    path = root / "book" / "tiny.ipynb"
    made = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    nbformat.write(new_notebook(cells=made), path)
    return path


def drawing(source: str, tag: str = "figure") -> Any:
    return new_code_cell(source, metadata={"tags": [tag], "mystnb": {"image": {"alt": "A rising line"}}})


def code(path: Path) -> list[Any]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def test_text_is_stored_pictures_and_widgets_are_not_and_storing_again_changes_nothing(tmp_path):
    noisy = drawing(DRAWING)
    noisy.metadata.update({"collapsed": True, "execution": {"iopub.status.busy": "2026"}})
    path = write(tmp_path, "print(6 * 7)", noisy, drawing(WIDGET, "lab"), "6 * 8")
    store(path)
    printed, figure, lab, value = code(path)
    assert printed.outputs[0].text == "42\n" and printed.execution_count == 1
    assert (figure.outputs, figure.execution_count) == ([], None)
    assert (lab.outputs, lab.execution_count) == ([], None)
    assert value.outputs[0].data["text/plain"] == "48" and value.execution_count == 4
    assert file_problems(path) == []
    assert set(figure.metadata) == {"tags", "mystnb"}
    assert read(path).metadata.language_info == {"name": "python"}
    first = path.read_bytes()
    store(path)
    assert path.read_bytes() == first


def test_a_diagram_is_a_drawing(tmp_path):
    path = write(tmp_path, drawing(DIAGRAM))
    store(path)
    (cell,) = code(path)
    assert (cell.outputs, cell.execution_count) == ([], None)
    path = write(tmp_path, DIAGRAM)
    with pytest.raises(NotStored, match="neither the tag figure nor the tag lab"):
        store(path)


def test_ids_are_kept_and_missing_ones_depend_only_on_the_file(tmp_path):
    path = write(tmp_path, new_code_cell("print(1)", id="kept"), "print(2)", "print(2)")
    raw = json.loads(path.read_text())
    raw["nbformat_minor"] = 4
    del raw["cells"][1]["id"], raw["cells"][2]["id"]
    path.write_text(json.dumps(raw))
    first, again = read(path), read(path)
    assert [cell.id for cell in first.cells] == [cell.id for cell in again.cells]
    assert first.cells[0].id == "kept" and len({cell.id for cell in first.cells}) == 3


def test_the_chapter_runs_in_its_own_folder_with_one_thread_and_no_frames(tmp_path, monkeypatch):
    monkeypatch.setenv("MMNOTES_LAB_FRAMES", str(tmp_path))
    probe = "import os\nprint(os.path.basename(os.getcwd()), os.environ['OMP_NUM_THREADS'])"
    path = write(tmp_path, probe, "print(os.environ.get('MMNOTES_LAB_FRAMES'))")
    store(path)
    assert [cell.outputs[0].text for cell in code(path)] == ["book 1\n", "None\n"]


def test_a_figure_is_drawn_whatever_backend_somebody_has_set(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    path = write(tmp_path, drawing(DRAWING), "import os\nprint(os.environ.get('MPLBACKEND') == 'agg')")
    store(path)
    assert code(path)[1].outputs[0].text == "False\n"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("one = 1\n1 / 0", "ZeroDivisionError"),
        (drawing("print('seen')\n" + DRAWING), "both prints and draws"),
        (DRAWING, "neither the tag figure nor the tag lab"),
        (drawing("one = 1"), "draws nothing"),
        ("import warnings\nwarnings.warn('rounding')", "rounding"),
        (new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}), "an error is stored"),
        ("# NBVAL_IGNORE_OUTPUT\nprint(1)", "look away"),
        ("import os\nos._exit(1)", "died"),
    ],
)
def test_what_cannot_be_stored_names_its_cell_and_leaves_the_file_alone(tmp_path, cell, said):
    path = write(tmp_path, "print(1)", cell, "print(3)")
    before = path.read_bytes()
    with pytest.raises(NotStored, match=r"Cell 1 \(id ") as caught:
        store(path)
    assert said.lower() in str(caught.value).lower()
    assert path.read_bytes() == before
    assert [item.name for item in path.parent.iterdir()] == ["tiny.ipynb"]


def test_the_cells_for_colab_and_github_are_there_exactly_when_the_address_is_set(tmp_path):
    address = "https://github.com/example/mmnotes"
    path = write(tmp_path, new_markdown_cell("# A title"), "print(1)", address=address)
    store(path)
    page, title, colab, printed = read(path).cells
    assert page.metadata.tags == ["page", "remove-cell"]
    assert "(https://example.github.io/mmnotes/book/tiny.html)" in page.source
    assert colab.metadata.tags == ["colab", "remove-cell"] and f"git+{address}" in colab.source
    assert (colab.execution_count, printed.execution_count, colab.outputs) == (1, 2, [])
    (tmp_path / "_config.yml").write_text("repository:\n  url: ''\n")
    assert any("Colab" in problem for problem in file_problems(path))
    store(path)
    assert [cell.id for cell in read(path).cells] == [title.id, printed.id]


def test_on_colab_that_cell_installs_the_package(tmp_path):
    path = write(tmp_path, "print(1)", address="https://github.com/example/mmnotes")
    store(path)
    source = code(path)[0].source
    colab = "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')\n"
    fake_pip = "get_ipython().run_line_magic = lambda magic, line: print(magic, line)\n"
    path = write(tmp_path, colab + fake_pip + source)
    store(path)
    printed = code(path)[0].outputs[0].text
    assert printed == 'pip install --quiet "mmnotes @ git+https://github.com/example/mmnotes"\n'


BREAKS = {
    "more than a kernelspec": lambda raw, cells: raw["metadata"]["kernelspec"].update(name="conda"),
    "metadata that are not stored": lambda raw, cells: cells[0]["metadata"].update(collapsed=True),
    "an attached file": lambda raw, cells: cells[3].update(attachments={"a.png": {"image/png": "aGk="}}),
    "an empty code cell": lambda raw, cells: cells[0].update(source=""),
    "nothing compares its output": lambda raw, cells: cells[0].update(execution_count=None, outputs=[]),
    "must be stored as never run": lambda raw, cells: cells[1].update(execution_count=2),
    "its count is 7": lambda raw, cells: cells[0].update(execution_count=7),
    "look away": lambda raw, cells: cells[0]["metadata"].update(tags=["nbval-ignore-output"]),
    "a picture or widget is stored": lambda raw, cells: cells[2]["outputs"].append(
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": "aGk="}}
    ),
    "is not the one": lambda raw, cells: raw.update(nbformat_minor=4),
}


@pytest.fixture(scope="module")
def stored_text(tmp_path_factory):
    """A stored chapter, run once: printed, figure, printed, text."""
    root = tmp_path_factory.mktemp("stored")
    path = write(root, "print(1)", drawing(DRAWING), "print(2)", new_markdown_cell("The end"))
    store(path)
    return path.read_text()


@pytest.mark.parametrize("said", BREAKS)
def test_whatever_is_not_in_stored_form_is_named(tmp_path, stored_text, said, capsys):
    path = write(tmp_path)
    raw = json.loads(stored_text)
    BREAKS[said](raw, raw["cells"])
    path.write_text(json.dumps(raw, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    assert any(said in problem for problem in file_problems(path))
    assert main(["--check", str(path)]) == 1
    assert said in capsys.readouterr().err


def test_problems_reads_a_notebook_without_a_file():
    assert any("more than a kernelspec" in problem for problem in problems(new_notebook(), "tiny"))


def nbval(path: Path) -> subprocess.CompletedProcess[str]:
    """What `make test` does with a chapter."""
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", str(path)]
    return subprocess.run(command, capture_output=True, text=True, cwd=path.parent)


def test_nbval_accepts_the_stored_form_and_refuses_one_changed_digit(tmp_path):
    path = write(tmp_path, "print(6 * 7)", drawing(DRAWING), drawing(WIDGET, "lab"))
    store(path)
    run = nbval(path)
    assert run.returncode == 0 and "3 passed" in run.stdout, run.stdout
    path.write_text(path.read_text().replace("42", "43"))
    run = nbval(path)
    assert run.returncode == 1 and "1 failed, 2 passed" in run.stdout, run.stdout


def test_a_chapter_that_does_not_exist_is_named(capsys):
    with pytest.raises(SystemExit):
        main(["book/nowhere.ipynb"])
    assert "there is no book/nowhere.ipynb" in capsys.readouterr().err
