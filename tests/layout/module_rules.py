"""Rules for the modules: their size, their docstrings, their signatures, their names for axes."""

import ast
import re
from pathlib import Path

from tests.layout import code_lines, flat_modules, modules, parsed, stems

MOST_CODE_LINES = 100
SECTIONS = ("Shapes", "Units", "Errors", "Source", "Differs")
NOT_TENSORS = {"int", "float", "bool", "str"}
Function = ast.FunctionDef | ast.ClassDef


def modules_are_short(root: Path) -> list[str]:
    """At most 100 code lines each."""
    counts = {path.relative_to(root): code_lines(path.read_text(encoding="utf-8")) for path in modules(root)}
    return [
        f"{path}: {count} code lines, at most {MOST_CODE_LINES}; split it where an idea splits"
        for path, count in counts.items()
        if count > MOST_CODE_LINES
    ]


def modules_say_what_they_are(root: Path) -> list[str]:
    """Every module has a docstring; a mechanism's names its paper's year and ends with what it leaves out."""
    found = []
    for path in modules(root):
        text = ast.get_docstring(parsed(path)) or ""
        mechanism = path.parent == root / "mmnotes" and path.stem in stems(root)
        if not text and path.read_text(encoding="utf-8").strip():
            found.append(f"{path.relative_to(root)}: no docstring")
        elif mechanism and "Differs" not in sections(text):
            found.append(f"{path.relative_to(root)}: its docstring has no `Differs:` list of what it leaves out")
        elif mechanism and not re.search(r"\b(19|20)\d\d\b", text):
            found.append(f"{path.relative_to(root)}: its docstring names no paper with its year")
    return found


def public_functions_are_documented(root: Path) -> list[str]:
    """Everywhere a docstring; in mechanisms and shared modules Shapes, Source and Errors, in order."""
    found = []
    for path in modules(root):
        for function in public(parsed(path)):
            text = ast.get_docstring(function)
            place = f"{path.relative_to(root)}: {function.name}"
            if not text:
                found.append(f"{place} has no docstring")
            elif path in flat_modules(root):
                wanted = ["Shapes", "Source", *(["Errors"] if can_raise(function, parsed(path)) else [])]
                given = sections(text)
                found += [f"{place}: no `{name}:` in its docstring" for name in wanted if name not in given]
                if given != [name for name in SECTIONS if name in given]:
                    found.append(f"{place}: docstring order is {', '.join(SECTIONS)}; it has {', '.join(given)}")
    return found


def sizes_and_constants_are_keyword_only(root: Path) -> list[str]:
    """Tensors come first; numbers, names and switches are passed by keyword."""
    found = []
    for path in flat_modules(root):
        for function in public(parsed(path)):
            for argument in function.args.args if isinstance(function, ast.FunctionDef) else []:
                if argument.annotation and ast.unparse(argument.annotation) in NOT_TENSORS:
                    found.append(f"{path.relative_to(root)}: {function.name}: {argument.arg} must be keyword-only")
    return found


def axes_are_in_the_notation(root: Path) -> list[str]:
    """The axis names in shape annotations are those that book/notation.md lists."""
    listed = " ".join(re.findall(r"`([^`]+)`", (root / "book/notation.md").read_text(encoding="utf-8")))
    known = set(re.findall(r"[A-Za-z_]\w*", listed))
    return [
        f"{path.relative_to(root)}: the axis `{name}` is not in book/notation.md"
        for path in modules(root)
        for name in sorted(axes(parsed(path)) - known)
    ]


def public(tree: ast.Module) -> list[Function]:
    """The functions and classes of a module whose names do not start with an underscore."""
    found = [node for node in tree.body if isinstance(node, Function)]
    return [node for node in found if not node.name.startswith("_")]


def sections(docstring: str) -> list[str]:
    """The named parts of a docstring that hold something, in its order."""
    return [name for name in re.findall(r"^ *(\w+):(?=\s*\S)", docstring, re.MULTILINE) if name in SECTIONS]


def can_raise(function: ast.AST, tree: ast.Module, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a function raises, itself or through the module's functions it calls."""
    nodes = list(ast.walk(function))
    if any(isinstance(node, ast.Raise) for node in nodes):
        return True
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    own = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in called - seen]
    return any(can_raise(node, tree, seen | {node.name}) for node in own)


def axes(tree: ast.Module) -> set[str]:
    """The axis names in jaxtyping's annotations, such as `Float[Tensor, "batch prototypes"]`."""
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "jaxtyping"]
    types = {alias.asname or alias.name for node in imported for alias in node.names}
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in types:
            parts = node.slice.elts[1:] if isinstance(node.slice, ast.Tuple) else []
            names |= {name for part in parts for name in re.findall(r"[A-Za-z_]\w*", ast.literal_eval(part))}
    return names


RULES = [
    modules_are_short,
    modules_say_what_they_are,
    public_functions_are_documented,
    sizes_and_constants_are_keyword_only,
    axes_are_in_the_notation,
]
