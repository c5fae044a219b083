"""One chapter in its own kernel: what its cells put out, and which files of the book its code came from."""

import json
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from theme.pictures import slim

CELL_SECONDS = 600  # a cell that takes longer hangs
PROBE = """
import json, sys
print(json.dumps([m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)]))
"""


@dataclass
class Run:
    """What one execution of a chapter brought."""

    outputs: list[list[dict]]  # of each code cell
    files: list[Path]  # imported by it and lying in the book's own package


class ChapterError(Exception):
    """A cell of a chapter failed; the message names the cell and holds the traceback."""


async def run(chapter: Path, package: Path, frames: Path) -> Run:
    """Execute the chapter; its labs write their frames into the folder ``frames``."""
    notebook = nbformat.read(chapter, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PROBE))
    paths = [str(package.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "MMNOTES_LAB_FRAMES": str(frames),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),  # the sources beside the book, not another copy
    }
    folder = {"metadata": {"path": str(chapter.parent)}}
    client = NotebookClient(notebook, timeout=CELL_SECONDS, kernel_name="python3", resources=folder)
    try:
        # The kernel's own stderr says how its sockets are set up; what a cell writes there comes as output.
        await client.async_execute(env=environment, stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raise ChapterError(explain(notebook, error)) from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise ChapterError(str(error)) from error
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    imported = json.loads("".join(output.text for output in code.pop().outputs if output.name == "stdout"))
    outputs = [[slim(output) for output in cell.outputs] for cell in code]
    return Run(outputs, sorted(sources(map(Path, imported), package)))


def explain(notebook: nbformat.NotebookNode, error: CellExecutionError) -> str:
    """Name the cell that failed, and keep the traceback without its colours."""
    failed = next(
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and any(output.output_type == "error" for output in cell.outputs)
    )
    return re.sub(r"\x1b\[[\d;]*m", "", f"cell {failed.get('id', '?')} failed\n{error.traceback}")


def sources(imported: Iterable[Path], package: Path) -> set[Path]:
    """The imported files of the package, and for each of its subpackages the data files beside the code."""
    files = {file for file in imported if file.is_relative_to(package)}
    subpackages = {file.parent for file in files if file.name == "__init__.py"} - {package}
    beside = {file for folder in subpackages for file in folder.rglob("*")}
    return files | {file for file in beside if file.is_file() and file.suffix not in {".py", ".pyc"}}
