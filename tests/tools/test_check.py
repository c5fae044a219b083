"""tools/check.py: which tests a change concerns, and that the time is kept."""

import subprocess
import sys
import time

import pytest

from tools import check

FILES = {
    "mmnotes/__init__.py": "",
    "mmnotes/checked.py": "",
    "mmnotes/layers/__init__.py": "",
    "mmnotes/layers/sums.py": "",
    "mmnotes/balance/__init__.py": "from mmnotes.balance.rows import balanced\n",
    "mmnotes/balance/rows.py": "from mmnotes.layers.sums import total\n",
    "mmnotes/weight/__init__.py": "",
    "mmnotes/data/__init__.py": "",
    "book/balance.ipynb": "",
    "book/notation.md": "",
    "theme/page.py": "",
    "tools/store.py": "",
    "tools/balance/train.py": "",
    "bench/balance.py": "",
    "tests/conftest.py": "",
    "tests/test_examples.py": "",
    "tests/test_checked.py": "",
    "tests/balance/test_rows.py": "",
    "tests/balance/cases.py": "",
    "tests/weight/test_weight.py": "",
    "tests/data/test_data.py": "",
    "tests/layers/test_sums.py": "",
    "tests/layout/test_layout.py": "",
    "tests/theme/test_theme.py": "",
    "tests/tools/test_store.py": "",
    "tests/browser/test_pages.py": "",
    "tests/project/test_project.py": "",
    "tests/project/test_workflow.py": "",
}


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A small tree; the package that another test has imported does not stand for its own."""
    monkeypatch.delitem(sys.modules, "mmnotes", raising=False)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def git(root, *command):
    settings = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *settings, *command], cwd=root, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("file", "places"),
    [
        ("mmnotes/balance/rows.py", ["tests/balance", "tests/test_examples.py"]),
        ("mmnotes/balance/weights.npz", ["tests/balance"]),
        ("book/balance.ipynb", ["tests/balance"]),
        ("bench/balance.py", ["tests/balance"]),
        ("tools/balance/train.py", ["tests/balance"]),
        ("tests/balance/cases.py", ["tests/balance"]),
        ("mmnotes/layers/sums.py", ["tests/layers", "tests/test_examples.py", "tests/balance"]),
        ("mmnotes/data/digits.npz", ["tests/data"]),
        ("mmnotes/checked.py", ["tests/test_checked.py", "tests/test_examples.py"]),
        ("tests/test_checked.py", ["tests/test_checked.py"]),
        ("theme/page.py", ["tests/theme"]),
        ("tools/store.py", ["tests/tools"]),
        ("pyproject.toml", ["tests/project/test_project.py", "tests/project/test_workflow.py"]),
        (".ci/run", ["tests/project/test_project.py", "tests/project/test_workflow.py"]),
        ("book/notation.md", []),
        ("tests/browser/test_pages.py", []),
        ("tests/conftest.py", []),
        ("mmnotes/gone/rows.py", ["tests/test_examples.py"]),
        ("mmnotes/vanished/rows.py", ["tests/test_examples.py"]),
    ],
)
def test_a_change_concerns_its_room_and_those_that_import_it(root, file, places):
    if file == "mmnotes/gone/rows.py":
        (root / "mmnotes/gone").mkdir()
    assert check.tests_of([file], root) == ["tests/layout", *places]


def test_the_rooms_that_changed_come_before_those_that_import_them(root):
    changed = ["mmnotes/layers/sums.py", "tests/weight/test_weight.py"]
    places = ["tests/layout", "tests/layers", "tests/test_examples.py", "tests/weight", "tests/balance"]
    assert check.tests_of(changed, root) == places


def test_changed_is_what_differs_from_main(root):
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "all")
    assert check.changed_files(root) == []
    git(root, "checkout", "-b", "branch")
    (root / "theme/page.py").write_text("committed = 1\n")
    git(root, "commit", "-am", "a change")
    (root / "tools/store.py").write_text("changed = 1\n")
    (root / "mmnotes/weight/new.py").write_text("")
    (root / "bench/balance.py").unlink()
    assert check.changed_files(root) == ["bench/balance.py", "mmnotes/weight/new.py", "theme/page.py", "tools/store.py"]


def test_each_place_says_how_it_ended(tmp_path):
    (tmp_path / "test_good.py").write_text("def test_it():\n    assert True\n")
    (tmp_path / "test_bad.py").write_text("def test_it():\n    assert 1 == 2\n")
    (tmp_path / "test_slow.py").write_text("import time\n\ndef test_it():\n    time.sleep(60)\n")
    start = time.monotonic()
    good, bad, slow = (
        check.tested(f"test_{name}.py", tmp_path, until=time.monotonic() + seconds)
        for name, seconds in (("good", 60), ("bad", 60), ("slow", 3))
    )
    assert good.status == 0 and "1 passed" in good.line
    assert bad.status == 1 and "assert 1 == 2" in bad.output
    assert slow.status is None and "cut off" in slow.line
    assert time.monotonic() - start < 50
    assert check.tested("test_good.py", tmp_path, until=time.monotonic()).status is None


@pytest.mark.parametrize(("name", "status"), [("good", 0), ("bad", 1)])
def test_the_exit_status_is_that_of_the_tests(tmp_path, monkeypatch, capsys, name, status):
    (tmp_path / "test_good.py").write_text("def test_it():\n    assert True\n")
    (tmp_path / "test_bad.py").write_text("def test_it():\n    assert 1 == 2\n")
    monkeypatch.setattr(check, "ROOT", tmp_path)
    monkeypatch.setattr(check, "tests_of", lambda changed, root: ["test_good.py", f"test_{name}.py"])
    assert check.main() == status
    assert ("assert 1 == 2" in capsys.readouterr().out) == (status == 1)
