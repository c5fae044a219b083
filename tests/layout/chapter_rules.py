"""Rules for the chapters: headings, size, cells, figures, labs, exercises, and the stored form."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from symtable import SymbolTable, symtable

from tests.layout import Cell, calls, cells, chapters, code_cells, code_lines, unfenced
from tools.store import file_problems

HEADINGS = (
    "The question",
    "Derivation",
    "By hand",
    "In mmnotes",
    "See it",
    "Break it",
    "In the real model",
    "Exercises",
)
WORDS = (1500, 3500)
EQUATIONS = (8, 20)
PICTURES = (4, 6)  # besides the diagram, figures and labs together: to a reader a lab is a figure that moves
LABS = (2, 3)
EXERCISES = 5
MOST_OPEN_BOXES = 3
BOXES = "admonition|attention|caution|danger|error|hint|important|note|seealso|tip|warning"
MOST_CELL_LINES = 15
MOST_COLUMNS = 94
DISPLAYED = re.compile(r"\$\$.*?\$\$(?:[ \t]*\(([\w:-]+)\))?", re.DOTALL)
INTERACT = {"interact", "interactive", "interactive_output", "interact_manual"}
CLOCKS = {"time", "timeit", "datetime"}


def headings_are_the_same(root: Path) -> list[str]:
    """One title, its card, then the eight headings in order."""
    found = []
    for chapter in chapters(root):
        place, lines = f"book/{chapter.name}", list(text_lines(chapter))
        titles = [line for line in lines if line.startswith("# ")]
        given = [line[3:].strip() for line in lines if line.startswith("## ")]
        if len(titles) != 1 or not lines[0].startswith("# "):
            found.append(f"{place}: must start with its one title, `# ...`")
        found += [f"{place}: the heading `## {name}` is missing" for name in HEADINGS if name not in given]
        found += [f"{place}: `## {name}` is none of the headings" for name in given if name not in HEADINGS]
        if sorted(given) == sorted(HEADINGS) and given != list(HEADINGS):
            found.append(f"{place}: the headings must come in this order: {', '.join(HEADINGS)}")
        if not any(re.search(r"^(`{3,}|:{3,})\{mechanism\}", cell.source, re.M) for cell in under(chapter, "")):
            found.append(f"{place}: no {{mechanism}} card between the title and the first heading")
    return found


def chapters_have_the_right_size(root: Path) -> list[str]:
    """Words, numbered equations, labs, figures: enough to explain, few enough to read in one sitting."""
    found = []
    for chapter in chapters(root):
        code = code_cells(chapter)
        labs = sum("lab" in cell.tags for cell in code)
        figures = sum("figure" in cell.tags and not calls(cell.tree, "diagram") for cell in code)
        numbers = {
            "words outside tables, boxes and solutions": (word_count(chapter), WORDS),
            "numbered equations": (len(equation_labels(chapter)), EQUATIONS),
            "labs": (labs, LABS),
            "figures and labs": (labs + figures, PICTURES),
        }
        for what, (count, (least, most)) in numbers.items():
            if not least <= count <= most:
                found.append(f"book/{chapter.name}: {count} {what}; there should be {least} to {most}")
    return found


def code_cells_are_plain_and_short(root: Path) -> list[str]:
    """At most 15 code lines, no classes, no clocks; the first one sets the page up."""
    found = []
    for chapter in chapters(root):
        code = code_cells(chapter)
        if not code or not calls(code[0].tree, "set_up"):
            found.append(f"book/{chapter.name}: the first code cell must call `set_up()` from mmnotes.page")
        for cell in code:
            if (count := code_lines(cell.source)) > MOST_CELL_LINES:
                found.append(f"{cell.name}: {count} code lines, at most {MOST_CELL_LINES}; move code to mmnotes")
            if any(isinstance(node, ast.ClassDef) for node in ast.walk(cell.tree)):
                found.append(f"{cell.name}: defines a class; classes belong in mmnotes")
            if not CLOCKS.isdisjoint(roots_of_imports(cell.tree)):
                found.append(f"{cell.name}: reads the clock; a stored output must be the same on every machine")
    return found


def the_real_function_is_shown(root: Path) -> list[str]:
    """In mmnotes includes the mechanism's own source, so that the page cannot drift from the code."""
    return [
        f"book/{chapter.name}: In mmnotes has no literalinclude of a file in ../mmnotes/{chapter.stem}/"
        for chapter in chapters(root)
        if not any(
            re.search(rf"\{{literalinclude\}} \.\./mmnotes/{chapter.stem}/\w+\.py\b", cell.source)
            for cell in under(chapter, "In mmnotes")
        )
    ]


def what_is_shown_fits_the_page(root: Path) -> list[str]:
    """A page of 1100 pixels shows so many columns: of a listing, of a block of code in the text, of printed output."""
    found = []
    for chapter in chapters(root):
        for cell in cells(chapter):
            for name, line in shown_lines(root, cell):
                if len(line) > MOST_COLUMNS:
                    found.append(f"{cell.name}: {name}: {len(line)} columns, at most {MOST_COLUMNS}: {line.strip()}")
    return found


def shown_lines(root: Path, cell: Cell) -> Iterator[tuple[str, str]]:
    """Every line of code or output that a cell shows, but for a code cell's source, whose width ruff looks after."""
    for line in (line for text in cell.printed for line in text.splitlines()):
        yield "its output", line
    if cell.kind != "markdown":
        return
    for directive in re.finditer(r"\{literalinclude\} (\S+)\n((?::.*\n)*)", cell.source):
        file = (root / "book" / directive[1]).resolve()
        text = file.read_text(encoding="utf-8")
        for name in re.findall(r"^:pyobject: (\S+)", directive[2], re.MULTILINE):
            text = ast.get_source_segment(text, named(ast.parse(text), name)) or ""
        for line in text.splitlines():
            yield directive[1], line
    for block in re.finditer(r"^```(?:python|bash|text)\n(.*?)^```", cell.source, re.MULTILINE | re.DOTALL):
        for line in block[1].splitlines():
            yield "its code", line


def named(tree: ast.AST, path: str) -> ast.AST:
    """The function or class with this dotted name."""
    for part in path.split("."):
        tree = next(node for node in ast.iter_child_nodes(tree) if getattr(node, "name", None) == part)
    return tree


def figures_have_alt_text(root: Path) -> list[str]:
    """A figure's alt text says in words what is shown, and no two say the same."""
    found = []
    for chapter in chapters(root):
        seen: dict[str, str] = {}
        for cell in cells(chapter):
            texts = (
                [cell.alt] if "figure" in cell.tags and not calls(cell.tree, "diagram") else []
            )  # it says what it is
            if cell.kind == "markdown":
                texts += pictures_in_text(cell.source)
            for alt in texts:
                if amiss := alt_problem(alt):
                    found.append(f"{cell.name}: {amiss}")
                elif alt in seen:
                    found.append(f"{cell.name}: the alt text is that of {seen[alt]}")
                seen[alt] = cell.name
    return found


def every_chapter_opens_with_a_diagram(root: Path) -> list[str]:
    """Its drawing stands under the question, and what it links to is in the chapter."""
    found = []
    for chapter in chapters(root):
        file = root / "mmnotes" / chapter.stem / "diagram.py"
        if not file.exists():
            found.append(f"mmnotes/{chapter.stem}/diagram.py: does not exist; it draws the mechanism")
            continue
        asked = [cell for cell in code_cells(chapter) if cell.section == "The question" and "figure" in cell.tags]
        if not any(calls(cell.tree, "diagram") for cell in asked):
            found.append(f"book/{chapter.name}: no figure cell under `The question` that shows `diagram()`")
        links = re.findall(r'"equation-([\w-]+)"', file.read_text(encoding="utf-8"))
        found += [
            f"mmnotes/{chapter.stem}/diagram.py: links to {label}, which no equation of the chapter has"
            for label in dict.fromkeys(links)
            if label not in equation_labels(chapter)
        ]
    return found


def labs_are_labs(root: Path) -> list[str]:
    """A lab is drawn by `Lab`, described in words, titled, and has a name that no other lab of its chapter has."""
    found = []
    for chapter in chapters(root):
        names: list[str] = []
        for cell in code_cells(chapter):
            labs = calls(cell.tree, "Lab")
            if bool(labs) != ("lab" in cell.tags):
                found.append(f"{cell.name}: a cell has the tag lab exactly when it calls Lab(...)")
            if len(labs) > 1:
                found.append(f"{cell.name}: one lab a cell")
            for lab in labs:
                found += [f"{cell.name}: {amiss}" for amiss in lab_problems(lab)]
                names.append(keyword_text(lab, "name"))
            used = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(cell.tree)}
            if used & INTERACT or "ipywidgets" in roots_of_imports(cell.tree):
                found.append(f"{cell.name}: a bare widget or interact moves nothing on the page; use Lab")
        twice = sorted({name for name in names if name and names.count(name) > 1})
        found += [f"book/{chapter.name}: two labs have the name {name!r}" for name in twice]
    return found


def labs_keep_what_they_draw_with(root: Path) -> list[str]:
    """A live kernel draws a lab again when all cells have run, so no later cell binds a name that its functions use."""
    found = []
    for chapter in chapters(root):
        own = code_cells(chapter)
        scopes = [symtable(cell.source, cell.name, "exec") for cell in own]
        for place, (cell, scope) in enumerate(zip(own, scopes, strict=True)):
            if "lab" not in cell.tags:
                continue
            drawn_with = reached(scope, scopes)
            for later, other in zip(own[place + 1 :], scopes[place + 1 :], strict=True):
                found += [
                    f"{later.name}: binds {name}, with which {cell.name} draws" for name in drawn_with & bound(other)
                ]
    return found


def reached(scope: SymbolTable, scopes: list[SymbolTable]) -> set[str]:
    """The functions that a cell names, and all that these and those they call read from the notebook."""
    needs: dict[str, set[str]] = {}
    for each in scopes:
        for function in each.get_children():
            needs.setdefault(function.get_name(), set()).update(read_from_notebook(function))
    names, waiting = set[str](), set(scope.get_identifiers()) & set(needs)
    while waiting:
        names |= waiting
        used = set().union(*(needs[name] for name in waiting if name in needs))
        waiting = used - names
    return names


def read_from_notebook(function: SymbolTable) -> set[str]:
    """The global names in a function and whatever is nested in it."""
    names = {symbol.get_name() for symbol in function.get_symbols() if symbol.is_global()}
    return names.union(*map(read_from_notebook, function.get_children()))


def bound(scope: SymbolTable) -> set[str]:
    """The names that a cell binds, imports apart."""
    return {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_assigned() and not symbol.is_imported()}


def few_boxes_stand_open(root: Path) -> list[str]:
    """A box interrupts: most are folded, with the class dropdown."""
    found = []
    for chapter in chapters(root):
        text = "\n".join(cell.source for cell in cells(chapter) if cell.kind == "markdown")
        boxes = re.findall(rf"^[`:]{{3,}}\{{(?:{BOXES})\}}.*\n(?::.*\n)*", text, re.MULTILINE)
        count = sum(not re.search(r"^:class:.*\bdropdown\b", box, re.MULTILINE) for box in boxes)
        if count > MOST_OPEN_BOXES:
            found.append(f"book/{chapter.name}: {count} open boxes, at most {MOST_OPEN_BOXES}")
    return found


def exercises_are_complete(root: Path) -> list[str]:
    """Five exercises, each checked and solved in the chapter; tests/page/test_exercises.py goes through all of them."""
    found = []
    for chapter in chapters(root):
        place, module = f"book/{chapter.name}", f"mmnotes/{chapter.stem}/exercises.py"
        wanted = [f"{chapter.stem}-{number}" for number in range(1, EXERCISES + 1)]
        checked, solved = exercises_of(chapter)
        if checked != wanted:
            found.append(f"{place}: Exercises checks {', '.join(checked) or 'none'}, not {', '.join(wanted)}")
        found += [f"{place}: no folded solution after {name}" for name in checked if name not in solved]
        source = (root / module).read_text(encoding="utf-8") if (root / module).is_file() else ""
        found += [f"{module}: no exercise {name}" for name in wanted if f'"{name}"' not in source]
    return found


def chapters_are_in_stored_form(root: Path) -> list[str]:
    """As `make store` leaves them."""
    return [
        f"book/{chapter.name}: {amiss}; run `make store CH={chapter.stem}`"
        for chapter in chapters(root)
        for amiss in file_problems(chapter)
    ]


def exercises_of(chapter: Path) -> tuple[list[str], set[str]]:
    """The exercises that a chapter checks, in order, and those of them that a folded solution follows."""
    checked: list[str] = []
    solved: set[str] = set()
    for cell in cells(chapter):
        if cell.section != "Exercises":
            continue
        called = [text_of(call) for call in calls(cell.tree, "check")] if cell.kind == "code" else []
        checked += [name for name in called if name not in checked]
        in_box = cell.kind == "markdown" and re.search(r"^:class:.*\bdropdown\b", cell.source, re.MULTILINE)
        if checked and (in_box or not cell.tags.isdisjoint({"hide-cell", "hide-input"})):
            solved.add(checked[-1])
    return checked, solved


def under(chapter: Path, section: str) -> list[Cell]:
    """The text cells under a heading; under no heading, all up to the first."""
    return [cell for cell in cells(chapter) if cell.kind == "markdown" and cell.section == section]


def text_lines(chapter: Path) -> Iterator[str]:
    """The chapter's text without code, directives, boxes and cells that the page folds away."""
    for cell in cells(chapter):
        if cell.kind == "markdown" and not any(tag.startswith(("hide-", "remove-")) for tag in cell.tags):
            yield from unfenced(cell.source)


def word_count(chapter: Path) -> int:
    """Words a reader reads in the running text: a formula inside a sentence is one, a displayed one none."""
    text = "\n".join(line for line in text_lines(chapter) if not line.lstrip().startswith("|"))
    text = re.sub(r"<!--.*?-->|^\([\w:-]+\)=$|\{[\w:]+\}(?=`)", " ", text, flags=re.DOTALL | re.MULTILINE)
    text = DISPLAYED.sub(" ", text)
    text = re.sub(r"\$[^$\n]+\$", " formula ", text)
    text = re.sub(r"\]\([^)]*\)", "] ", text)
    return len(re.findall(r"\w[\w'’.-]*", text))


def equation_labels(chapter: Path) -> list[str]:
    """The labels of the displayed formulas; a formula without one has no number."""
    text = "\n\n".join(cell.source for cell in cells(chapter) if cell.kind == "markdown")
    directive = re.findall(r"^[`:]{3,}\{math\}[^\n]*\n(?::[\w-]+:[^\n]*\n)*?:label:\s*(\S+)", text, re.MULTILINE)
    return [label for label in DISPLAYED.findall(text) if label] + directive


def pictures_in_text(text: str) -> list[str]:
    """The alt texts of the pictures that a text includes, empty where there is none."""
    found = re.findall(r"!\[([^\]]*)\]\(", text)
    for body in re.findall(r"^[`:]{3,}\{(?:figure|image)\}[^\n]*\n((?::[^\n]*\n)*)", text, re.MULTILINE):
        alt = re.search(r"^:alt:[ \t]*(.*)$", body, re.MULTILINE)
        found.append(alt.group(1) if alt else "")
    return found


def alt_problem(alt: str) -> str:
    """Why a text does not say what is shown; empty if it may."""
    if not alt.strip():
        return "a picture without alt text; set mystnb.image.alt in the cell's metadata"
    if re.search(r"\.(png|svg|webp|jpe?g|gif)\b", alt, re.IGNORECASE):
        return f"the alt text names a file: {alt!r}"
    if len(alt.split()) < 5:
        return f"the alt text is a hash or a label, not a sentence that says what is shown: {alt!r}"
    return ""


def lab_problems(lab: ast.Call) -> Iterator[str]:
    """What a call of `Lab` lacks."""
    if len(lab.args) < 2 and not any(keyword.arg == "describe" for keyword in lab.keywords):
        yield "the lab has no describe function, so its picture has no alt text"
    if not keyword_text(lab, "title").strip():
        yield "the lab has no title"
    if not re.fullmatch(r"[a-z][a-z0-9-]*", keyword_text(lab, "name")):
        yield "the lab's name must be a word in lower case, since its frames are in a folder of that name"


def keyword_text(call: ast.Call, name: str) -> str:
    """The string that a call passes by this keyword; empty if there is none."""
    values = [keyword.value for keyword in call.keywords if keyword.arg == name]
    return next((str(value.value) for value in values if isinstance(value, ast.Constant)), "")


def text_of(call: ast.Call) -> str:
    """The string that a call passes first."""
    first = call.args[0] if call.args else None
    return str(first.value) if isinstance(first, ast.Constant) else "?"


def roots_of_imports(tree: ast.AST) -> set[str]:
    """The packages that code imports from."""
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in names}


RULES = [
    headings_are_the_same,
    chapters_have_the_right_size,
    code_cells_are_plain_and_short,
    the_real_function_is_shown,
    what_is_shown_fits_the_page,
    figures_have_alt_text,
    every_chapter_opens_with_a_diagram,
    labs_are_labs,
    labs_keep_what_they_draw_with,
    few_boxes_stand_open,
    exercises_are_complete,
    chapters_are_in_stored_form,
]
