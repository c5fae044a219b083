"""Rules for the errata: an entry is complete, its proof exists, and a chapter's box has an entry."""

import re
from pathlib import Path
from typing import Any

import yaml

from tests.layout import cells, chapters, stems
from theme.errata import REQUIRED


def entries_are_complete(root: Path) -> list[str]:
    """Every entry has its keys and an id of its own, made of a chapter's or system's name and a number."""
    found, seen = [], set()
    for place, entry in enumerate(entries(root)):
        name = f"book/errata.yml: {entry.get('id', f'entry {place}')}"
        found += [f"{name}: no {key}" for key in REQUIRED if not entry.get(key)]
        if not re.fullmatch(r"[a-z][a-z0-9-]*-\d+", str(entry.get("id", ""))):
            found.append(f"{name}: an id is a name and a number, such as sinkhorn-1")
        if entry.get("id") in seen:
            found.append(f"{name}: the id is there twice")
        if entry.get("chapter", "") not in ["", *stems(root)]:
            found.append(f"{name}: no chapter {entry['chapter']}")
        if not isinstance(entry.get("evidence", []), list):
            found.append(f"{name}: evidence must be a list")
        seen.add(entry.get("id"))
    return found


def what_shows_an_entry_exists(root: Path) -> list[str]:
    """`shown_by` is a test that exists, or the label or id of a cell in a chapter."""
    labels = {label for chapter in chapters(root) for label in cell_labels(chapter)}
    found = []
    for entry in entries(root):
        shown_by = str(entry.get("shown_by") or "")
        file, _, test = shown_by.partition("::")
        if test and not is_test(root / file, test):
            found.append(f"book/errata.yml: {entry['id']}: the test {shown_by} does not exist")
        elif shown_by and not test and shown_by not in labels:
            found.append(f"book/errata.yml: {entry['id']}: no cell of a chapter has the label {shown_by}")
    return found


def corrections_are_shown(root: Path) -> list[str]:
    """Every entry of book/corrections.yml names a test or a cell of a chapter that shows what holds."""
    found = []
    for place, entry in enumerate(entries(root, "corrections.yml")):
        name, shown_by = f"book/corrections.yml: entry {place + 1}", str(entry.get("shown_by", ""))
        file, _, test = shown_by.partition("::")
        notebook, _, cell = shown_by.partition("#")
        ids = {each.id for each in cells(root / notebook)} if cell and (root / notebook).is_file() else set()
        if not (test and is_test(root / file, test)) and cell not in ids:
            found.append(f"{name}: neither a test nor book/<stem>.ipynb#<cell id>: {shown_by!r}")
    return found


def boxes_have_entries(root: Path) -> list[str]:
    """Every {notes-said} box in a chapter or page names an entry."""
    known = {entry.get("id") for entry in entries(root)}
    texts = {path.name: path.read_text(encoding="utf-8") for path in (root / "book").glob("*.md")}
    for chapter in chapters(root):
        texts[chapter.name] = "\n".join(cell.source for cell in cells(chapter) if cell.kind == "markdown")
    return [
        f"book/{name}: the box {{notes-said}} {box or '(no id)'} has no entry in book/errata.yml"
        for name, text in sorted(texts.items())
        for box in re.findall(r"^[`:]{3,}\{notes-said\}[ \t]*(\S*)", text, re.MULTILINE)
        if box not in known
    ]


def entries(root: Path, file: str = "errata.yml") -> list[dict[str, Any]]:
    """The entries of a file in book/."""
    path = root / "book" / file
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or []) if path.is_file() else []


def cell_labels(chapter: Path) -> set[str]:
    """The ids of a chapter's cells and the labels in its text."""
    found = set()
    for cell in cells(chapter):
        found |= {cell.id, *re.findall(r"^\(([\w:-]+)\)=$", cell.source, re.MULTILINE)}
    return found


def is_test(path: Path, test: str) -> bool:
    """Whether a test file holds a test of this name, with or without parameters."""
    name = test.split("[")[0].split("::")[-1]
    return path.is_file() and f"def {name}(" in path.read_text(encoding="utf-8")


RULES = [entries_are_complete, what_shows_an_entry_exists, corrections_are_shown, boxes_have_entries]
