"""Rules for the modules: their size, their docstrings and examples, their signatures, their names for axes."""

import ast
import re
from pathlib import Path

from tests.layout import CAN_HAVE_DOCSTRING, code_lines, mechanism_modules, modules, parsed, room_of, stems

MOST_CODE_LINES = 100
SECTIONS = ("Shapes", "Units", "Errors", "Source", "Differs")
NUMBERS = {"int", "float", "bool"}
# A section, or a whole docstring, that says nothing: the name of the thing again, or that there is nothing to say.
EMPTY = re.compile(
    r"(none|nothing|ours|own|this book|this project|n/?a|-|see above"
    r"|(the|a|its|this) (block|layer|module|network|model|function|class)('s)? (output|result|forward pass)s?)\.?",
    re.IGNORECASE,
)
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
    """Every module has a docstring; a chapter's package names its paper's year and ends with what it leaves out."""
    found = []
    packages = [root / "mmnotes" / stem / "__init__.py" for stem in stems(root)]
    for path in modules(root):
        text = ast.get_docstring(parsed(path)) or ""
        if not text and path.read_text(encoding="utf-8").strip():
            found.append(f"{path.relative_to(root)}: no docstring")
        elif path in packages and "Differs" not in sections(text):
            found.append(f"{path.relative_to(root)}: its docstring has no `Differs:` list of what it leaves out")
        elif path in packages and not re.search(r"\b(19|20)\d\d\b", text):
            found.append(f"{path.relative_to(root)}: its docstring names no paper with its year")
    return found


def public_functions_are_documented(root: Path) -> list[str]:
    """Everywhere a docstring; in mechanisms and layers Shapes where there are tensors, Errors where it can raise."""
    found = []
    for path in modules(root):
        for function in public(parsed(path)):
            text = ast.get_docstring(function)
            place = f"{path.relative_to(root)}: {function.name}"
            if not text:
                found.append(f"{place} has no docstring")
            elif path in mechanism_modules(root):
                wanted = ["Shapes"] * has_tensors(function) + ["Errors"] * can_raise(function, parsed(path))
                given = sections(text)
                found += [f"{place}: no `{name}:` in its docstring" for name in wanted if name not in given]
                if given != [name for name in SECTIONS if name in given]:
                    found.append(f"{place}: docstring order is {', '.join(SECTIONS)}; it has {', '.join(given)}")
    return found


def docstrings_say_something(root: Path) -> list[str]:
    """No section that says there is nothing to say, no docstring that only repeats what it stands under."""
    found = []
    for path in modules(root):
        for node in ast.walk(parsed(path)):
            text = ast.get_docstring(node) if isinstance(node, CAN_HAVE_DOCSTRING) else None
            place = f"{path.relative_to(root)}: {getattr(node, 'name', 'the module')}"
            if text and EMPTY.fullmatch(text):
                found.append(f"{place}: its docstring says nothing: {text}")
            for name, said in section_texts(text or ""):
                if not said or EMPTY.fullmatch(said):
                    found.append(f"{place}: `{name}: {said}` says nothing; leave it out")
    return found


def every_chapter_has_an_example(root: Path) -> list[str]:
    """The docstring of a chapter's main function shows a call and what comes back; the tests run it."""
    return [
        f"mmnotes/{stem}: no docstring shows an example, `>>> ...`"
        for stem in stems(root)
        if not any(
            re.search(r"^ *>>> ", ast.get_docstring(node) or "", re.MULTILINE)
            for path in mechanism_modules(root)
            if room_of(path, root) == stem
            for node in ast.walk(parsed(path))
            if isinstance(node, CAN_HAVE_DOCSTRING)
        )
    ]


def sizes_and_constants_are_keyword_only(root: Path) -> list[str]:
    """Tensors come first; numbers and switches are passed by keyword."""
    found = []
    for path in mechanism_modules(root):
        for function in public(parsed(path)):
            for argument in function.args.args if isinstance(function, ast.FunctionDef) else []:
                if argument.annotation and ast.unparse(argument.annotation) in NUMBERS:
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


def a_symbol_means_one_thing_in_a_chapter(root: Path) -> list[str]:
    """In book/notation.md no table names a symbol twice, and no chapter's table one that is common to all."""
    text = (root / "book/notation.md").read_text(encoding="utf-8")
    tables = {part.splitlines()[0].strip(): symbols(part) for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]}
    common = tables.pop("Common", [])
    return [
        f"book/notation.md: {name}: the symbol {symbol} has two meanings"
        for name, found in [("Common", common), *((name, common + own) for name, own in tables.items())]
        for symbol in sorted({each for each in found if found.count(each) > 1})
    ]


def symbols(section: str) -> list[str]:
    """The symbols in the first column of a section's table: those of one formula are set apart by commas."""
    formulas = [
        formula
        for cell in re.findall(r"^\|([^|]*)\|", section, re.MULTILINE)
        for formula in re.findall(r"\$([^$]*)\$", cell)
    ]
    return [part.strip(" \\") for formula in formulas for part in re.split(r"[,;]\\ ", formula) if part.strip(" \\")]


def public(tree: ast.Module) -> list[Function]:
    """The functions and classes of a module whose names do not start with an underscore."""
    found = [node for node in tree.body if isinstance(node, Function)]
    return [node for node in found if not node.name.startswith("_")]


def section_texts(docstring: str) -> list[tuple[str, str]]:
    """The named parts of a docstring and what they hold, in its order."""
    pieces = re.split(rf"^ *({'|'.join(SECTIONS)}):", docstring, flags=re.MULTILINE)[1:]
    return [(name, text.split("\n\n")[0].strip()) for name, text in zip(pieces[::2], pieces[1::2], strict=True)]


def sections(docstring: str) -> list[str]:
    """The named parts of a docstring, in its order."""
    return [name for name, _ in section_texts(docstring)]


def has_tensors(function: Function) -> bool:
    """Whether a function, or the call of a module, takes or returns tensors, other than by their names in a dict."""
    called = [function]
    if isinstance(function, ast.ClassDef):
        called = [node for node in function.body if isinstance(node, ast.FunctionDef) and node.name == "forward"]
    parts = [part for node in called for part in (node.args, node.returns) if part]
    text = re.sub(r"(dict|Mapping)\[str, Tensor\]", "", " ".join(ast.unparse(part) for part in parts))
    return re.search(r"\bTensor\b", text) is not None


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
    docstrings_say_something,
    every_chapter_has_an_example,
    sizes_and_constants_are_keyword_only,
    axes_are_in_the_notation,
    a_symbol_means_one_thing_in_a_chapter,
]
