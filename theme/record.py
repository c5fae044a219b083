"""The record of a chapter's execution: its outputs, and a hash of everything they depend on.

A folder holds it: ``record.json``, and beside it ``<stem>/`` with the frames of the labs. The folder is completed
elsewhere and moved to its place whole, so an interrupted run leaves no half of one.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

from theme.kernel import Run


def read(entry: Path) -> dict:
    """The record of a kept execution; empty where there is none."""
    file = entry / "record.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def file_hash(file: Path) -> str:
    """A file's content as a short string; of a missing file, the empty one."""
    return sha256(file.read_bytes()).hexdigest() if file.exists() else ""


def code_hash(root: Path, chapter: Path) -> str:
    """The chapter's code and tags and the environment it runs in; prose and figures' texts are no part of it."""
    cells = [cell for cell in json.loads(chapter.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    code = [["".join(cell["source"]), cell["metadata"].get("tags", [])] for cell in cells]
    makers = [root / "requirements.txt", *(Path(__file__).with_name(name) for name in ("kernel.py", "pictures.py"))]
    return sha256(json.dumps([code, [*map(file_hash, makers)], sys.version]).encode()).hexdigest()


def fresh(root: Path, chapter: Path, record: dict) -> bool:
    """Whether everything that produced the recorded outputs is as it was."""
    return record.get("code") == code_hash(root, chapter) and all(
        file_hash(root / file) == content for file, content in record["files"].items()
    )


def inputs(root: Path, chapter: Path) -> tuple[str, dict[Path, str]]:
    """What an execution may depend on, taken before it, so that an edit made meanwhile is not missed."""
    files = (file for file in (root / "mmnotes").rglob("*") if file.is_file() and file.suffix != ".pyc")
    return code_hash(root, chapter), {file: file_hash(file) for file in files}


def keep(root: Path, work: Path, entry: Path, result: Run, before: tuple[str, dict[Path, str]]) -> None:
    """Complete the execution in its work folder, then move it whole to where it is kept."""
    code, hashes = before
    files = {str(file.relative_to(root)): hashes.get(file, "new") for file in result.files}
    record = {"code": code, "files": files, "outputs": result.outputs}
    (work / "record.json").write_text(json.dumps(record), "utf-8")
    entry.parent.mkdir(parents=True, exist_ok=True)
    if entry.exists():
        entry.rename(work.with_name(work.name + ".old"))
    work.rename(entry)


def outputs_hash(outputs: list[list[dict]]) -> str:
    """Outputs as a short string."""
    return sha256(json.dumps(outputs).encode()).hexdigest()
