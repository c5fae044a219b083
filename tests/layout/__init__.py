"""The book's architecture as rules. A rule takes the root of a tree and returns one line for each thing amiss.

A line names the file, what is missing or wrong in it, and, where it is not obvious, what to do about it.
`test_layout.py` holds this repository to the rules, `test_layout_rules.py` the rules to broken trees. What imports what
inside the package is import-linter's and deptry's to say, by the contracts in pyproject.toml.
"""

import ast
import io
import json
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
CAN_HAVE_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Cell:
    """A cell of a chapter, with the name by which messages call it and the `##` heading it stands under."""

    name: str
    id: str
    kind: str
    source: str
    tags: frozenset[str]
    alt: str
    section: str
    printed: tuple[str, ...] = ()

    @property
    def tree(self) -> ast.Module:
        """The cell's code, parsed. Colab's cell is no Python and never read."""
        return tree_of(self.source)


def chapters(root: Path) -> list[Path]:
    """The notebooks of the book."""
    return sorted((root / "book").glob("*.ipynb"))


def stems(root: Path) -> list[str]:
    """What the chapters are called, and so their packages and the folders of their tests."""
    return [chapter.stem for chapter in chapters(root)]


def cells(chapter: Path) -> list[Cell]:
    """The cells of a chapter, without those for Colab and GitHub; code cells are numbered as nbval numbers them."""
    found, section, number = [], "", 0
    for raw in json.loads(chapter.read_text(encoding="utf-8"))["cells"]:
        source, tags = "".join(raw["source"]), frozenset(raw["metadata"].get("tags", []))
        cell_id = raw.get("id", "")
        name = f"book/{chapter.name} cell {cell_id}"
        if raw["cell_type"] == "code":
            name, number = f"book/{chapter.name} Cell {number} ({cell_id})", number + 1
        alt = raw["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
        if {"colab", "page"} & tags:
            continue
        for line in unfenced(source) if raw["cell_type"] == "markdown" else []:
            section = line[3:].strip() if line.startswith("## ") else section
        found.append(Cell(name, cell_id, raw["cell_type"], source, tags, alt, section, tuple(printed(raw))))
    return found


def printed(raw: dict[str, Any]) -> Iterator[str]:
    """The texts among a raw cell's stored outputs."""
    for output in raw.get("outputs", []):
        yield "".join(output.get("text") or output.get("data", {}).get("text/plain", ""))


def code_cells(chapter: Path) -> list[Cell]:
    """The cells of a chapter that hold code."""
    return [cell for cell in cells(chapter) if cell.kind == "code"]


def unfenced(text: str) -> Iterator[str]:
    """The lines of a Markdown text that stand outside code blocks, directives and boxes."""
    fence = ""
    for line in text.splitlines():
        mark = line.strip()
        run = mark[: len(mark) - len(mark.lstrip(mark[0]))] if mark[:1] in ("`", "~", ":") else ""
        if fence:
            closes = run == mark and mark.startswith(fence)
            fence = "" if closes else fence
        elif len(run) >= 3:
            fence = run
        else:
            yield line


def modules(root: Path) -> list[Path]:
    """The modules of the package."""
    return sorted((root / "mmnotes").rglob("*.py"))


def room_of(path: Path, root: Path) -> str:
    """The folder of mmnotes that a module lies in: a chapter's stem or a shared room; empty for the package itself."""
    return parts[1] if len(parts := path.relative_to(root).parts) > 2 else ""


def mechanism_modules(root: Path) -> list[Path]:
    """What a reader of the code reads: the modules of chapters, layers and models, but for what only the page needs."""
    rooms = {*stems(root), "layers", "models"}
    others = ("__init__.py", "exercises.py", "plots.py", "diagram.py", "formulas.py")
    return [path for path in modules(root) if room_of(path, root) in rooms and path.name not in others]


def parsed(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return tree_of(path.read_text(encoding="utf-8"))


@cache
def tree_of(source: str) -> ast.Module:
    """A syntax tree; many rules ask for the same one."""
    return ast.parse(source)


def code_lines(source: str) -> int:
    """Lines with code on them: blank lines and comments count none, a docstring and an import one."""
    whole = ast.parse(source)
    ones = [
        node.body[0] for node in ast.walk(whole) if isinstance(node, CAN_HAVE_DOCSTRING) and ast.get_docstring(node)
    ]
    ones += [node for node in ast.walk(whole) if isinstance(node, (ast.Import, ast.ImportFrom))]
    uncounted = {line for node in ones for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - uncounted)


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    """The calls of a function by its plain name, in the order they are written."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [node for node in found if isinstance(node.func, ast.Name) and node.func.id == name]


def imports(tree: ast.AST) -> set[str]:
    """The dotted names of everything imported: `from a import b` gives both a and a.b."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return names


def dotted_name(path: Path, root: Path) -> str:
    """A module's import name."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
