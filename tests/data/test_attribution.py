"""Every stored file of the package is listed with its hash, its origin and the script that makes it."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mmnotes"
TEXT = r" ([^|]+) \|"
ROW = re.compile(rf"^\| (\S+) \| ([0-9a-f]{{64}}) \|{TEXT}{TEXT}{TEXT} (by hand|`[\w.]+`) \|$", re.MULTILINE)
CODE = (".py", ".js", ".pyc", ".md", ".typed")


def rows() -> dict[str, tuple[str, ...]]:
    """The columns after the file's, by the file."""
    found = ROW.findall((PACKAGE / "data/ATTRIBUTION.md").read_text("utf-8"))
    assert len({file for file, *_ in found}) == len(found), "a file is listed twice"
    return {file: tuple(rest) for file, *rest in found}


def stored() -> dict[str, Path]:
    """The files that are not code, by their path in the package."""
    files = [file for file in PACKAGE.rglob("*") if file.is_file() and file.suffix not in CODE]
    return {file.relative_to(PACKAGE).as_posix(): file for file in files}


def test_every_file_has_its_row_with_the_right_hash_and_every_row_its_file():
    hashes = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in stored().items()}
    assert {name: row[0] for name, row in rows().items()} == hashes


def test_no_line_of_the_table_is_overlooked():
    lines = (PACKAGE / "data/ATTRIBUTION.md").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.startswith("|")]) == len(rows()) + 2


def test_what_was_made_by_hand_was_drawn_for_the_book():
    by_hand = {name: row for name, row in rows().items() if row[-1] == "by hand"}
    assert {name.rpartition("/")[2] for name in by_hand} == {"drawn.npz"}
    assert {row[2] for row in by_hand.values()} == {"drawn for this book"}


def test_every_file_is_made_by_a_script_that_names_it():
    made = {name: row[-1].strip("`") for name, row in rows().items() if row[-1] != "by hand"}
    for name, script in made.items():
        text = (ROOT / f"{script.replace('.', '/')}.py").read_text("utf-8")
        folder, _, file = name.partition("/")
        vendor = re.sub("noto|fluent|twemoji", "{vendor}", file)
        assert re.search(rf'"({re.escape(f"{folder}/{vendor}")}|{re.escape(file)})"', text), f"{script} and {name}"
