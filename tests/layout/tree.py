"""Rules for the tree: one stem in three folders, and imports that point one way."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import yaml

from tests.layout import chapters, code_cells, modules, parsed, stems

# Who may import whom inside the package; a chapter may import anything.
ARROWS = {
    "mechanism": {"shared"},
    "shared": {"shared"},
    "data": {"data"},
    "exercises": {"exercises", "mechanism", "shared", "data"},
    "page": {"page", "shared", "data"},
    "theme": {"page", "shared", "data"},
}
DRAWING = {"matplotlib", "ipywidgets", "IPython", "PIL"}
IMPORT_NAMES = {"pillow": "PIL", "ipython": "IPython"}


def one_stem_in_three_folders(root: Path) -> list[str]:
    """Every chapter has a module, a test, exercises and a place in _toc.yml."""
    placed = toc_files(root)
    found = []
    for stem in stems(root):
        wanted = (f"mmnotes/{stem}.py", f"tests/test_{stem}.py", f"mmnotes/exercises/{stem}.py")
        found += [f"book/{stem}.ipynb: {path} is missing" for path in wanted if not (root / path).is_file()]
        if f"book/{stem}" not in placed:
            found.append(f"book/{stem}.ipynb: no place in _toc.yml; add `- file: book/{stem}`")
        if f"mmnotes.{stem}" not in imports_of_chapter(root / "book" / f"{stem}.ipynb"):
            found.append(f"book/{stem}.ipynb: never imports mmnotes.{stem}")
    return found


def toc_and_book_agree(root: Path) -> list[str]:
    """Every page in _toc.yml exists, and every page in book/ is in it."""
    pages = {f"book/{path.stem}" for path in (root / "book").glob("*.md")}
    placed = toc_files(root)
    missing = [file for file in placed if not any((root / f"{file}{end}").is_file() for end in (".md", ".ipynb"))]
    return [f"_toc.yml: {file} does not exist" for file in missing] + [
        f"{page}.md: no place in _toc.yml" for page in sorted(pages - set(placed))
    ]


def other_modules_are_tested_and_used(root: Path) -> list[str]:
    """A module that is neither a mechanism nor a chapter's exercises has a test and an importer."""
    found = []
    tests = {path.stem: imports(parsed(path)) for path in sorted((root / "tests").rglob("test_*.py"))}
    users = {path: imports(parsed(path)) for path in modules(root)}
    users |= {chapter: imports_of_chapter(chapter) for chapter in chapters(root)}
    for path in modules(root):
        dotted = dotted_name(path, root)
        if path == root / "mmnotes/__init__.py" or belongs_to_a_chapter(path, root) or not defines_something(path):
            continue
        if not any(f"test_{name}" in tests for name in names_of_its_test(path)) and not any(
            dotted in used for used in tests.values()
        ):
            found.append(f"{path.relative_to(root)}: no test; write tests/test_{names_of_its_test(path)[0]}.py")
        shown = any(f"from {dotted} import" in chapter.read_text(encoding="utf-8") for chapter in chapters(root))
        if not shown and not any(dotted in used for user, used in users.items() if user != path):
            found.append(f"{path.relative_to(root)}: nothing imports it, and no chapter shows it to the reader")
    return found


def imports_follow_the_arrows(root: Path) -> list[str]:
    """Mechanisms import shared modules only, exercises import mechanisms, page and theme import no mechanism."""
    found = []
    for path in [*modules(root), *sorted((root / "theme").rglob("*.py"))]:
        own = "theme" if root / "theme" in path.parents else layer(dotted_name(path, root), root)
        for name in sorted(imports(parsed(path))):
            theirs = layer(name, root)
            if theirs and own and theirs not in ARROWS[own]:
                found.append(f"{path.relative_to(root)}: imports {name}, but {own} must not import {theirs}")
    return found


def packages_are_declared(root: Path) -> list[str]:
    """mmnotes imports what pyproject.toml declares and nothing else; mechanisms and shared modules do not draw."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[^\w.-]", requirement)[0] for requirement in project["dependencies"]]
    known = {IMPORT_NAMES.get(name, name) for name in names} | set(sys.stdlib_module_names) | {"mmnotes"}
    found = []
    for path in modules(root):
        place, used = path.relative_to(root), {name.split(".")[0] for name in imports(parsed(path))}
        found += [f"{place}: imports {name}, which pyproject.toml does not declare" for name in sorted(used - known)]
        if layer(dotted_name(path, root), root) in ("mechanism", "shared"):
            found += [f"{place}: imports {name}; drawing belongs in page/" for name in sorted(used & DRAWING)]
    return found


def toc_files(root: Path) -> list[str]:
    """The pages that _toc.yml names, in reading order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    chapters_of_parts = [entry for part in toc.get("parts", []) for entry in part["chapters"]]
    return [toc["root"], *(entry["file"] for entry in [*toc.get("chapters", []), *chapters_of_parts])]


def imports_of_chapter(chapter: Path) -> set[str]:
    """What the cells of a chapter import."""
    return set().union(*(imports(cell.tree) for cell in code_cells(chapter)))


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


def layer(name: str, root: Path) -> str:
    """The part of the package that an import name belongs to; empty for the package itself and for others."""
    first, *rest = name.split(".")
    if first != "mmnotes" or not rest:
        return ""
    if rest[0] in ("page", "exercises", "data"):
        return rest[0]
    if not (root / "mmnotes" / f"{rest[0]}.py").exists():
        return ""
    return "mechanism" if rest[0] in stems(root) else "shared"


def belongs_to_a_chapter(path: Path, root: Path) -> bool:
    """Whether a module is the mechanism or the exercises of a chapter."""
    return path.stem in stems(root) and path.parent in (root / "mmnotes", root / "mmnotes/exercises")


def names_of_its_test(path: Path) -> list[str]:
    """What its test may be called: its own name, or that of the whole: `lab` for `lab_page`, `data` for its files."""
    name = path.parent.name if path.name == "__init__.py" else path.stem
    words = name.split("_")
    wholes = ["_".join(words[:count]) for count in range(1, len(words))]
    folder = [path.parent.name] if path.parent.name == "data" else []
    return [name, *(whole for whole in wholes if path.with_name(f"{whole}.py").exists()), *folder]


def defines_something(path: Path) -> bool:
    """Whether a module holds more than a docstring, imports and the list of its names."""
    body = [node for node in parsed(path).body if not isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr))]
    return any(not ast.unparse(node).startswith("__all__") for node in body)


RULES = [
    one_stem_in_three_folders,
    toc_and_book_agree,
    other_modules_are_tested_and_used,
    imports_follow_the_arrows,
    packages_are_declared,
]
