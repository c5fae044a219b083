"""Rules for the tree: one stem in every folder, a place in the table of contents, a test and a use for each module."""

import ast
import re
from pathlib import Path

import yaml

from tests.layout import cells, chapters, code_cells, dotted_name, imports, modules, parsed, room_of, stems

SHARED = ("layers", "models", "data", "page")
# Folders and files that belong to no chapter, beside the shared rooms.
OTHERS = {
    "tests": {"browser", "layout", "project", "theme", "tools", "traced"},
    "tools": set(),
    "bench": {"__init__", "__main__", "page", "timing"},
}
CACHES = {"__pycache__", ".ipynb_checkpoints", "node_modules"}


def one_stem_in_every_folder(root: Path) -> list[str]:
    """Every chapter has a package, exercises, tests and a place in _toc.yml, and its notebook uses the package."""
    placed = toc_files(root)
    found = []
    for stem in stems(root):
        wanted = (f"mmnotes/{stem}/__init__.py", f"mmnotes/{stem}/exercises.py")
        found += [f"book/{stem}.ipynb: {path} is missing" for path in wanted if not (root / path).is_file()]
        if not list((root / "tests" / stem).glob("test_*.py")):
            found.append(f"book/{stem}.ipynb: tests/{stem}/test_*.py is missing")
        if f"book/{stem}" not in placed:
            found.append(f"book/{stem}.ipynb: no place in _toc.yml; add `- file: book/{stem}`")
        if f"mmnotes.{stem}" not in imports_of_chapter(root / "book" / f"{stem}.ipynb"):
            found.append(f"book/{stem}.ipynb: never imports mmnotes.{stem}")
    return found


def every_folder_is_a_chapter_or_shared(root: Path) -> list[str]:
    """What lies in mmnotes, tests, tools and bench bears the stem of a chapter, or the name of what is shared."""
    names = {*stems(root), *SHARED}
    there = {
        "mmnotes": [path.name for path in folders(root / "mmnotes")],
        "tests": [path.name for path in folders(root / "tests")],
        "tools": [path.name for path in folders(root / "tools")],
        "bench": [path.stem for path in sorted((root / "bench").glob("*.py"))],
    }
    return [
        f"{folder}/{name}: no chapter is called so; the stem of a chapter is the same everywhere"
        for folder, found in there.items()
        for name in found
        if name not in names | OTHERS.get(folder, set())
    ]


def packages_only_name_what_is_in_them(root: Path) -> list[str]:
    """A chapter's __init__.py imports its public names from its own modules, lists them, and holds nothing else."""
    found = []
    for stem in stems(root):
        path = root / "mmnotes" / stem / "__init__.py"
        if not path.is_file():
            continue
        place, names = path.relative_to(root), []
        listed: list[str] | None = None
        for node in parsed(path).body:
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"mmnotes.{stem}."):
                names += [alias.asname or alias.name for alias in node.names]
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                listed = ast.literal_eval(node.value)
            elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                found.append(f"{place}: line {node.lineno} is neither a name of its own modules nor __all__")
        if listed is None or set(listed) != set(names):
            amiss = sorted(set(listed or []) ^ set(names))
            found.append(f"{place}: __all__ must list what it imports; they differ by {', '.join(amiss) or '__all__'}")
    return found


def toc_and_book_agree(root: Path) -> list[str]:
    """Every page in _toc.yml exists, and every page in book/ is in it."""
    pages = {f"book/{path.stem}" for path in (root / "book").glob("*.md")}
    placed = toc_files(root)
    missing = [file for file in placed if not any((root / f"{file}{end}").is_file() for end in (".md", ".ipynb"))]
    return [f"_toc.yml: {file} does not exist" for file in missing] + [
        f"{page}.md: no place in _toc.yml" for page in sorted(pages - set(placed))
    ]


def cards_point_backwards(root: Path) -> list[str]:
    """What a card says to read before is a chapter that stands earlier in _toc.yml."""
    order = [file.removeprefix("book/") for file in toc_files(root)]
    return [
        f"book/{chapter.name}: its card names {other} under before, which is no chapter that stands before it"
        for chapter in chapters(root)
        for other in read_before(chapter)
        if chapter.stem in order and other not in order[: order.index(chapter.stem)]
    ]


def chapters_use_only_what_their_card_names(root: Path) -> list[str]:
    """Notebook, tests and bench of a chapter import another chapter only if the card has it under `before`."""
    found = []
    known = set(stems(root))
    for chapter in chapters(root):
        stem, allowed = chapter.stem, {chapter.stem, *read_before(chapter)}
        bench = root / "bench" / f"{stem}.py"
        files = [*sorted((root / "tests" / stem).rglob("*.py")), *([bench] if bench.is_file() else [])]
        used = {path.relative_to(root).as_posix(): imports(parsed(path)) for path in files}
        used[f"book/{chapter.name}"] = imports_of_chapter(chapter)
        for place, names in used.items():
            rooms = {name.split(".")[1] for name in names if name.startswith(("mmnotes.", "tests.")) and "." in name}
            found += [
                f"{place}: uses the chapter {other}, which its card does not name under before"
                for other in sorted(rooms & known - allowed)
            ]
    for one, other in arrows_between_chapters(root):
        notebook = root / "book" / f"{one}.ipynb"
        if not notebook.is_file() or other not in read_before(notebook):
            found.append(
                f"pyproject.toml: {one} may import {other}, which the card of {one} does not name under before"
            )
    return found


def every_module_is_tested_and_used(root: Path) -> list[str]:
    """A module with code in it has a test in its room, and somebody who imports it or shows it to the reader."""
    found = []
    users = {path: uses(parsed(path), root) for path in modules(root)}
    texts = {chapter: chapter.read_text(encoding="utf-8") for chapter in chapters(root)}
    users |= {chapter: imports_of_chapter(chapter, root) for chapter in chapters(root)}
    for path in modules(root):
        dotted, room = dotted_name(path, root), room_of(path, root)
        by_name = path.name in ("exercises.py", "diagram.py") and room in stems(root)  # are found and tested
        if not room or by_name or not defines_something(path):
            continue
        tests = sorted((root / "tests" / room).rglob("test_*.py"))
        names = names_of_its_test(path)
        if not {test.stem for test in tests} & {f"test_{name}" for name in names} and not any(
            dotted in uses(parsed(test), root) for test in tests
        ):
            found.append(f"{path.relative_to(root)}: no test; write tests/{room}/test_{names[0]}.py")
        shown = any(f"from {dotted} import" in text for text in texts.values())
        if not shown and not any(dotted in used for user, used in users.items() if user != path):
            found.append(f"{path.relative_to(root)}: nothing imports it, and no chapter shows it to the reader")
    return found


def what_texts_name_exists(root: Path) -> list[str]:
    """A file or module of this repository that a text names is there."""
    texts = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in prose(root)}
    for chapter in chapters(root):
        texts |= {cell.name: cell.source for cell in cells(chapter)}
    found = []
    for place, text in texts.items():
        files = re.findall(r"(?<![\w./<{])(?:book|mmnotes|tests|tools|theme|bench)/[\w/.-]*\w\.\w+", text)
        found += [f"{place}: names {file}, which does not exist" for file in files if not (root / file).exists()]
        for name in re.findall(r"(?<![\w./])mmnotes(?:\.[a-z_]\w*)+", text):
            if not resolves(name, root):
                found.append(f"{place}: names {name}, which does not exist")
    return found


def toc_files(root: Path) -> list[str]:
    """The pages that _toc.yml names, in reading order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    chapters_of_parts = [entry for part in toc.get("parts", []) for entry in part["chapters"]]
    return [toc["root"], *(entry["file"] for entry in [*toc.get("chapters", []), *chapters_of_parts])]


def folders(path: Path) -> list[Path]:
    """The folders directly in one, without what others fill."""
    return sorted(each for each in path.glob("*") if each.is_dir() and each.name not in CACHES)


def read_before(chapter: Path) -> list[str]:
    """The chapters that the card of one names under `before`."""
    text = "\n".join(cell.source for cell in cells(chapter) if cell.kind == "markdown" and not cell.section)
    named = re.search(r"^:before:[ \t]*(.*)$", text, re.MULTILINE)
    return [stem.strip() for stem in named.group(1).split(",") if stem.strip()] if named else []


def arrows_between_chapters(root: Path) -> list[tuple[str, str]]:
    """The imports of one chapter's package by another's that pyproject.toml lets through."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    uncommented = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    arrows = re.findall(r'"mmnotes\.([\w*]+)[\w.*]* -> mmnotes\.([\w*]+)[\w.*]*"', uncommented)
    return [(one, other) for one, other in arrows if other in stems(root)]


def imports_of_chapter(chapter: Path, root: Path | None = None) -> set[str]:
    """What the cells of a chapter import; with a root, also the modules that the names come from."""
    trees = [cell.tree for cell in code_cells(chapter)]
    found = set().union(*map(imports, trees))
    if root:
        whole = ast.Module(body=[node for tree in trees for node in tree.body], type_ignores=[])
        found |= uses(whole, root)
    return found


def uses(tree: ast.AST, root: Path) -> set[str]:
    """What code imports, and the modules in which the names it takes from a package are defined."""
    found = imports(tree)
    attributes = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for attribute in attributes:
        first, *rest = attribute.split(".")
        found.add(".".join([names.get(first, first), *rest]))
    return found | {origin for name in found if (origin := origin_of(name, root))}


def origin_of(name: str, root: Path) -> str:
    """The module from which a package takes a name; empty if it takes it from none."""
    package, _, last = name.rpartition(".")
    if not package.startswith("mmnotes."):
        return ""
    file = root.joinpath(*package.split("."), "__init__.py")
    if not file.is_file():
        return ""
    taken = [node for node in parsed(file).body if isinstance(node, ast.ImportFrom)]
    return next((node.module or "" for node in taken if last in {alias.name for alias in node.names}), "")


def resolves(name: str, root: Path) -> bool:
    """Whether a dotted name is a module of the package or something that one of its modules holds."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = root.joinpath(*parts[:length])
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if file.is_file():
            return length == len(parts) or (length > 1 and parts[length] in words(file))
    return False


def words(file: Path) -> set[str]:
    """All names in a module's text."""
    return set(re.findall(r"\w+", file.read_text(encoding="utf-8")))


def prose(root: Path) -> list[Path]:
    """The texts beside the chapters."""
    names = ("README.md", "CONTRIBUTING.md", "book/errata.yml", "mmnotes/data/ATTRIBUTION.md")
    pages = sorted((root / "book").glob("*.md"))
    return [*(root / name for name in names if (root / name).is_file()), *pages]


def names_of_its_test(path: Path) -> list[str]:
    """What its test may be called: its own name, or that of the whole it is a part of: `lab` for `lab_page`."""
    name = path.parent.name if path.name == "__init__.py" else path.stem
    pieces = name.split("_")
    wholes = ["_".join(pieces[:count]) for count in range(1, len(pieces))]
    return [name, *(whole for whole in wholes if path.with_name(f"{whole}.py").exists())]


def defines_something(path: Path) -> bool:
    """Whether a module holds more than a docstring, imports and the list of its names."""
    body = [node for node in parsed(path).body if not isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr))]
    return any(not ast.unparse(node).startswith("__all__") for node in body)


RULES = [
    one_stem_in_every_folder,
    every_folder_is_a_chapter_or_shared,
    packages_only_name_what_is_in_them,
    toc_and_book_agree,
    cards_point_backwards,
    chapters_use_only_what_their_card_names,
    every_module_is_tested_and_used,
    what_texts_name_exists,
]
