"""Every stored file of the package is listed with its hash, its origin and the script that makes it."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mmnotes"
ROW = re.compile(r"^\| (\S+) \| ([0-9a-f]{64}) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| `([\w.]+)` \|$", re.MULTILINE)
CODE = (".py", ".pyc", ".md", ".typed")


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


def test_every_file_is_made_by_a_script_that_names_it():
    for name, (*_, script) in rows().items():
        text = (ROOT / f"{script.replace('.', '/')}.py").read_text("utf-8")
        folder, _, file = name.partition("/")
        vendor = re.sub("noto|fluent|twemoji", "{vendor}", file)
        assert re.search(rf'"({re.escape(f"{folder}/{vendor}")}|{re.escape(file)})"', text), f"{script} and {name}"
