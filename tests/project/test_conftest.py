"""tests/conftest.py: a run that leaves something out is red."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
GOOD = "def test_good():\n    assert True\n"
LEFT_OUT = {
    "test_skip.py": "import pytest\n\ndef test_it():\n    pytest.skip('no browser')\n",
    "test_xfail.py": "import pytest\n\n@pytest.mark.xfail\ndef test_it():\n    assert False\n",
    "test_xpass.py": "import pytest\n\n@pytest.mark.xfail\ndef test_it():\n    assert True\n",
    "test_absent.py": "import pytest\n\npytest.importorskip('a_package_nobody_has')\n",
    "test_misspelt.py": "def tset_it():\n    assert False\n",
    "empty.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
}


pytest_plugins = ["pytester"]


def run(root: Path, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the suite under `root`, with this repository's conftest.py and these settings in the environment."""
    shutil.copy(CONFTEST, root / "conftest.py")
    settings |= {"PYTHONPATH": str(CONFTEST.parents[1])}
    command = [sys.executable, "-m", "pytest", "--nbval", *options]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, env=os.environ | settings)


@pytest.mark.parametrize("options", [[], ["-n", "1", "--dist", "loadfile"]], ids=["plain", "xdist"])
def test_a_run_is_red_and_names_everything_it_left_out(tmp_path, options):
    for name, text in {"test_good.py": GOOD, **LEFT_OUT}.items():
        (tmp_path / name).write_text(text)
    result = run(tmp_path, *options, ".")
    assert result.returncode == 1, result.stdout
    named = result.stdout.split("The run fails")[1]
    assert [name for name in LEFT_OUT if name not in named] == []
    assert "test_good.py" not in named


@pytest.mark.parametrize("name", LEFT_OUT)
def test_one_thing_left_out_is_enough(pytester, name):
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile(test_good=GOOD)
    pytester.path.joinpath(name).write_text(LEFT_OUT[name])
    assert pytester.runpytest("--nbval", ".").ret == 1


def test_the_cells_of_a_notebook_stay_together_and_in_order(tmp_path):
    cells = [
        nbformat.v4.new_code_cell(source) for source in ("x = [1]", "x.append(2)", "assert x == [1, 2]", "x.pop()")
    ]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": ""}})
    nbformat.write(notebook, tmp_path / "book.ipynb")
    for name in "abcdef":
        (tmp_path / f"test_{name}.py").write_text(GOOD)
    result = run(tmp_path, "--nbval-lax", "-n", "2", "--no-loadscope-reorder", ".")
    assert result.returncode == 0 and "10 passed" in result.stdout, result.stdout


def test_an_empty_folder_on_the_command_line_is_named(tmp_path):
    (tmp_path / "test_good.py").write_text(GOOD)
    (tmp_path / "book").mkdir()
    result = run(tmp_path, ".", "book")
    assert result.returncode == 1 and f"no test ran: {tmp_path / 'book'}" in result.stdout


def test_a_complete_run_and_a_chosen_part_are_green(tmp_path):
    (tmp_path / "test_good.py").write_text(GOOD)
    assert run(tmp_path, ".").returncode == 0
    (tmp_path / "test_misspelt.py").write_text(LEFT_OUT["test_misspelt.py"])
    assert run(tmp_path, "-k", "good", ".").returncode == 0


def test_a_notebook_prints_the_same_whatever_somebody_has_set_for_figures(tmp_path):
    (tmp_path / "matplotlibrc").write_text("no.such.key: 1\ntext.usetex: True\n")
    source = (
        "import matplotlib.pyplot as plt\nplt.close(plt.figure())\n"
        "print(plt.rcParams['text.usetex'], 'inline' in plt.get_backend())"
    )
    cell = nbformat.v4.new_code_cell(source, execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="False True\n")]
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": {"name": "python3", "display_name": ""}})
    (tmp_path / "book").mkdir()
    nbformat.write(notebook, tmp_path / "book/drawn.ipynb")
    rc = str(tmp_path / "matplotlibrc")
    result = run(
        tmp_path, "--nbval-current-env", "book", MPLBACKEND="TkAgg", MATPLOTLIBRC=rc, MPLCONFIGDIR=str(tmp_path)
    )
    assert result.returncode == 0, result.stdout
