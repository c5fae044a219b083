"""Run a chapter and write it back in stored form, the form in which notebooks are committed.

    python tools/store.py book/sinkhorn.ipynb       run it, then store it
    python tools/store.py --check book/*.ipynb      only say what is not in stored form

A stored output is a promise that the tests compare, so only printed text is stored. A cell that draws is
stored as never run, since its picture is made when the book is built. What is left is small, and its diff can
be read.
"""

import argparse
import copy
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import nbformat
import yaml
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from theme import links
from theme.environment import environment, warm
from theme.kernel import NEEDED, Client, OwnKernel

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
KEPT_CELL_METADATA = ("mystnb", "tags")
DRAWING_TAGS = ("figure", "lab")
# Each of these makes nbval skip a cell or accept any output from it.
HOLES = (
    "raises-exception",
    "nbval-skip",
    "nbval-ignore-output",
    "nbval-raises-exception",
    "pytest-validate-ignore-output",
)
COLAB_SOURCE = """import sys

if "google.colab" in sys.modules:
    %pip install --quiet "mmnotes @ git+{address}"
"""
PAGE_SOURCE = "[This chapter's page]({page}) has its figures and labs; a notebook shown on GitHub has neither."
ADDED = ("colab", "page")  # the cells that are there exactly when the repository's address is set


class NotStored(Exception):
    """The notebook cannot be brought to stored form; the message names the cell and says why."""


def read(path: Path) -> NotebookNode:
    """The notebook at `path`, every cell with an id that depends on nothing but the file."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    give_ids(raw["cells"])
    raw["nbformat_minor"] = max(raw["nbformat_minor"], 5)
    return nbformat.reads(json.dumps(raw), as_version=4)


def give_ids(cells: list[dict[str, Any]]) -> None:
    """Keep the ids there are; a missing or repeated one is made anew from the cell's place and text."""
    seen: set[str] = set()
    for place, cell in enumerate(cells):
        if not cell.get("id") or cell["id"] in seen:
            text = f"{place}\n" + "".join(cell["source"])
            cell["id"] = hashlib.sha256(text.encode()).hexdigest()[:8]
        seen.add(cell["id"])


def text_of(notebook: NotebookNode) -> str:
    """The notebook as the text of its file."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def repository_address(root: Path) -> str:
    """`repository.url` in _config.yml, where readers find the book's source; empty while it is not set."""
    config = root / "_config.yml"
    settings = yaml.safe_load(config.read_text(encoding="utf-8")) if config.exists() else None
    return ((settings or {}).get("repository") or {}).get("url") or ""


def tidy(notebook: NotebookNode, stem: str, address: str = "") -> NotebookNode:
    """A copy with only what is stored of its metadata, and with what readers elsewhere need if there is an address."""
    tidied = copy.deepcopy(notebook)
    tidied.nbformat_minor = 5
    tidied.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    tidied.cells = [cell for cell in tidied.cells if not has_tag(cell, *ADDED)]
    for cell in tidied.cells:
        cell.metadata = {key: cell.metadata[key] for key in KEPT_CELL_METADATA if cell.metadata.get(key)}
    if address:
        place = [cell.cell_type for cell in tidied.cells].index("code")
        tidied.cells.insert(place, colab_cell(address))
        tidied.cells.insert(0, page_cell(address, stem))
    return nbformat.from_dict(tidied)


def colab_cell(address: str) -> NotebookNode:
    """The cell that installs mmnotes on Colab, does nothing anywhere else, and is on no page."""
    cell = nbformat.v4.new_code_cell(COLAB_SOURCE.format(address=address).rstrip(), id="colab")
    cell.metadata.tags = ["colab", "remove-cell"]
    cell.execution_count = 1
    return cell


def page_cell(address: str, stem: str) -> NotebookNode:
    """The first cell: GitHub shows a notebook without figures, so it says where they are. It is on no page."""
    cell = nbformat.v4.new_markdown_cell(PAGE_SOURCE.format(page=f"{links.pages(address)}book/{stem}.html"), id="page")
    cell.metadata.tags = ["page", "remove-cell"]
    return cell


def has_tag(cell: NotebookNode, *tags: str) -> bool:
    """Whether the cell has one of these tags."""
    return not set(tags).isdisjoint(cell.metadata.get("tags", []))


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that hold code, in order; their places are the cell numbers that nbval prints."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def name_of(number: int, cell: NotebookNode) -> str:
    """How an error message names a code cell: nbval's number for it, its id and its first line."""
    first_line = (cell.source.strip().splitlines() or ["(empty)"])[0]
    return f"Cell {number} (id {cell.id}): {first_line[:60]}"


def is_drawing(output: NotebookNode) -> bool:
    """Whether an output is a picture, a widget or a drawing of ours rather than text."""
    kinds = output.get("data", {})
    drawn = str(kinds.get("text/html", "")).startswith("<svg")
    return drawn or any(kind.startswith("image/") or "widget-view" in kind for kind in kinds)


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run all cells in place, in one thread, in `folder`, as the tests will."""
    running: list[NotebookNode] = []
    client = Client(
        notebook,
        kernel_name="python3",
        kernel_manager_class=OwnKernel,
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
        coalesce_streams=True,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # else each kernel warns that its channel is plain TCP
        on_cell_execute=lambda cell, cell_index: running.append(cell),
    )
    warm()
    own = {key: value for key, value in environment().items() if key != "MMNOTES_LAB_FRAMES"}
    try:
        client.execute(env=own | {"OMP_NUM_THREADS": "1"})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        last = running[-1]
        number = next(n for n, cell in enumerate(code_cells(notebook)) if cell.id == last.id)
        raise NotStored(f"{name_of(number, last)}\n{error}") from error
    except (NoSuchKernel, RuntimeError) as error:
        raise NotStored(f"{error}; {NEEDED}") from error


def drop_drawings(notebook: NotebookNode) -> None:
    """Turn every cell that drew into one that never ran, in place; refuse what can be neither."""
    for number, cell in enumerate(code_cells(notebook)):
        drawings = [output for output in cell.outputs if is_drawing(output)]
        if drawings and len(drawings) < len(cell.outputs):
            raise NotStored(f"{name_of(number, cell)}\nboth prints and draws; split it into two cells")
        if drawings and not has_tag(cell, *DRAWING_TAGS):
            raise NotStored(f"{name_of(number, cell)}\ndraws, but has neither the tag figure nor the tag lab")
        if has_tag(cell, *DRAWING_TAGS) and not drawings:
            raise NotStored(f"{name_of(number, cell)}\nhas the tag figure or lab, but draws nothing")
        if drawings:
            cell.outputs, cell.execution_count = [], None


def problems(notebook: NotebookNode, stem: str, address: str = "") -> list[str]:
    """What is not in stored form, one line each; nothing is run."""
    found = []
    stored = tidy(notebook, stem, address)
    if notebook.metadata != stored.metadata:
        found.append("the notebook's metadata hold more than a kernelspec and the language's name")
    if [cell.id for cell in notebook.cells] != [cell.id for cell in stored.cells]:
        found.append("the cells for Colab and GitHub must be there exactly when repository.url is set in _config.yml")
    for place, cell in enumerate(notebook.cells):
        extra = sorted(set(cell.metadata) - set(KEPT_CELL_METADATA))
        if extra:
            found.append(f"cell {cell.id} at place {place}: metadata that are not stored: {', '.join(extra)}")
        if cell.get("attachments"):
            found.append(f"cell {cell.id} at place {place}: an attached file; draw pictures with code")
    for number, cell in enumerate(code_cells(notebook)):
        found += [f"{name_of(number, cell)} -- {what}" for what in code_cell_problems(number, cell)]
    return found


def code_cell_problems(number: int, cell: NotebookNode) -> list[str]:
    """What is not in stored form in one code cell."""
    comments = {line.strip("# ").lower().replace("_", "-") for line in cell.source.splitlines()}
    draws = has_tag(cell, *DRAWING_TAGS)
    warned = "".join(output.text for output in cell.outputs if output.get("name") == "stderr")
    checks = {
        "an empty code cell": not cell.source.strip(),
        "a picture or widget is stored": any(is_drawing(output) for output in cell.outputs),
        "an error is stored": any(output.output_type == "error" for output in cell.outputs),
        f"it writes a warning: {warned}": bool(warned),
        "it is a figure or lab, so it must be stored as never run": draws
        and (cell.execution_count is not None or bool(cell.outputs)),
        "stored as never run, so nothing compares its output": not draws and cell.execution_count is None,
        f"its count is {cell.execution_count}, its place in the chapter {number + 1}": cell.execution_count
        not in (None, number + 1),
        "it tells nbval to look away": has_tag(cell, *HOLES) or not comments.isdisjoint(HOLES),
    }
    return [what for what, is_so in checks.items() if is_so]


def file_problems(path: Path) -> list[str]:
    """What is not in stored form in a chapter's file: see `problems`, and then the file's own text."""
    notebook = read(path)
    address = repository_address(path.resolve().parents[1])
    found = problems(notebook, path.stem, address)
    if not found and path.read_text(encoding="utf-8") != text_of(tidy(notebook, path.stem, address)):
        found.append("the file's text is not the one that `make store` writes")
    return found


def store(path: Path) -> None:
    """Run the chapter at `path` and replace its file, in one step and only if all of it can be stored."""
    address = repository_address(path.resolve().parents[1])
    notebook = tidy(read(path), path.stem, address)
    execute(notebook, path.parent)
    drop_drawings(notebook)
    notebook = tidy(notebook, path.stem, address)
    if left := problems(notebook, path.stem, address):
        raise NotStored("\n".join(left))
    draft = path.with_suffix(".ipynb.part")
    draft.write_text(text_of(notebook), encoding="utf-8")
    draft.replace(path)


def main(arguments: list[str]) -> int:
    """The command line; the exit status says whether every file is now in stored form."""
    parser = argparse.ArgumentParser(description="Bring chapters to stored form.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--check", action="store_true", help="only name what is wrong")
    chosen = parser.parse_args(arguments)
    for path in chosen.files:
        if not path.is_file():
            parser.error(f"there is no {path}; the Makefile's form is `make store CH=sinkhorn`")
    status = 0
    for path in chosen.files:
        try:
            if not chosen.check:
                store(path)
                print(f"stored {path}")
            elif found := file_problems(path):
                raise NotStored("\n".join(found))
        except NotStored as error:
            print(f"{path}: {error}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
