"""One chapter in its own kernel: what its cells put out, and which files of the book's package they opened."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from theme.environment import environment
from theme.pictures import slim

CELL_SECONDS = 600  # a cell that takes longer hangs
NEEDED = f"{sys.executable} needs ipykernel and what else is in requirements.txt: `make book` installs them"
SHOWN = ("figure", "lab")  # tags of cells that something to look at has to come of
WATCH = Path(__file__).with_name("watch")


class OwnKernel(AsyncKernelManager):
    """A kernel of the Python that runs this, whatever else this machine calls "python3"."""

    def _kernel_spec_manager_default(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


class Client(NotebookClient):
    """What runs a chapter; a kernel that dies as it starts is started once more.

    A kernel's ports are chosen before it takes them, and another process of a busy machine may take one in between.
    """

    async def async_start_new_kernel(self, **kwargs: Any) -> None:
        await super().async_start_new_kernel(**kwargs)
        try:
            await self.async_start_new_kernel_client()
        except RuntimeError:
            self.km = self.create_kernel_manager()
            await super().async_start_new_kernel(**kwargs)


@dataclass
class Run:
    """What one execution of a chapter brought."""

    outputs: list[list[dict]]  # of each code cell
    files: list[Path]  # modules and data of the book's own package that it used


class ChapterError(Exception):
    """A cell of a chapter failed; the message names the cell and holds the traceback."""


async def run(chapter: Path, package: Path, frames: Path) -> Run:
    """Execute the chapter; its labs write their frames into the folder ``frames``."""
    notebook = nbformat.read(chapter, as_version=4)
    opened = frames.with_name("opened")
    paths = [str(WATCH), str(package.parent), os.environ.get("PYTHONPATH", "")]
    own = environment() | {
        "MMNOTES_LAB_FRAMES": str(frames),
        "MMNOTES_OPENED": str(opened),
        "MMNOTES_WATCHED": str(package),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),  # the sources beside the book, not another copy
    }
    folder = {"metadata": {"path": str(chapter.parent)}}
    client = Client(
        notebook, timeout=CELL_SECONDS, kernel_name="python3", kernel_manager_class=OwnKernel, resources=folder
    )
    try:
        # The kernel's own stderr says how its sockets are set up; what a cell writes there comes as output.
        await client.async_execute(env=own, stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raise ChapterError(explain(notebook, error)) from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise ChapterError(str(error)) from error
    except (NoSuchKernel, RuntimeError) as error:
        raise ChapterError(f"{error}; {NEEDED}") from error
    for cell in notebook.cells:
        for tag in set(SHOWN) & set(cell.metadata.get("tags", [])):
            if not any(shows(output.get("data", {}), tag) for output in cell.outputs):
                raise ChapterError(f"cell {cell.get('id', '?')} has the tag {tag}, but nothing came of it to show")
    outputs = [[slim(output) for output in cell.outputs] for cell in notebook.cells if cell.cell_type == "code"]
    files = sources(map(Path, opened.read_text("utf-8").splitlines()))
    opened.unlink()
    return Run(outputs, sorted(files))


def shows(data: dict, tag: str) -> bool:
    """Whether an output is what the tag promises: a lab's HTML, or a picture or a drawing inside the page."""
    if tag == "lab":
        return "text/html" in data
    return str(data.get("text/html", "")).startswith("<svg") or any(kind.startswith("image/") for kind in data)


def explain(notebook: nbformat.NotebookNode, error: CellExecutionError) -> str:
    """Name the cell that failed, and keep the traceback without its colours."""
    failed = next(
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and any(output.output_type == "error" for output in cell.outputs)
    )
    return re.sub(r"\x1b\[[\d;]*m", "", f"cell {failed.get('id', '?')} failed\n{error.traceback}")


def sources(opened: Iterable[Path]) -> set[Path]:
    """The opened files; for the compiled form of a module, the module."""
    compiled = "__pycache__"
    return {
        file.parents[1] / f"{file.name.split('.')[0]}.py" if file.parent.name == compiled else file for file in opened
    }
