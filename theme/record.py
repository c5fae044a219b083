"""The record of a chapter's execution: its outputs, and a hash of everything they depend on.

A folder holds it: ``record.json``, and beside it ``<stem>/`` with the frames of the labs. The folder is completed
elsewhere and moved to its place whole, so an interrupted run leaves no half of one.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

from theme.kernel import WATCH, Run

HERE = Path(__file__).parent


class Hashes(dict[Path, str]):
    """The content of files as short strings, each file looked at once; of a missing file, the empty string."""

    def __missing__(self, file: Path) -> str:
        self[file] = sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
        return self[file]


def read(entry: Path) -> dict:
    """The record of a kept execution; empty where there is none."""
    file = entry / "record.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def code_hash(root: Path, chapter: Path, hashes: Hashes) -> str:
    """The chapter's code and tags and the environment it runs in; prose and figures' texts are no part of it."""
    cells = [cell for cell in json.loads(chapter.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    code = [["".join(cell["source"]), cell["metadata"].get("tags", [])] for cell in cells]
    makers = [root / "requirements.txt", HERE / "kernel.py", HERE / "pictures.py", WATCH / "sitecustomize.py"]
    return sha256(json.dumps([code, [hashes[file] for file in makers], sys.version]).encode()).hexdigest()


def fresh(root: Path, chapter: Path, record: dict, hashes: Hashes) -> bool:
    """Whether everything that produced the recorded outputs is as it was."""
    return record.get("code") == code_hash(root, chapter, hashes) and all(
        hashes[root / file] == content for file, content in record["files"].items()
    )


def look_at(package: Path, hashes: Hashes) -> None:
    """Take the hashes of all that an execution may use, before it, so that an edit made meanwhile is not missed."""
    for file in package.rglob("*"):
        if file.suffix != ".pyc":
            hashes[file]


def keep(root: Path, work: Path, entry: Path, result: Run, code: str, hashes: Hashes) -> None:
    """Complete the execution in its work folder, then move it whole to where it is kept.

    A file that was not there before the execution, and now is, counts as changed.
    """
    files = {file: hashes.get(file, "new" if file.exists() else "") for file in result.files}
    named = {str(file.relative_to(root)): content for file, content in files.items()}
    record = {"code": code, "files": named, "outputs": result.outputs}
    (work / "record.json").write_text(json.dumps(record), "utf-8")
    entry.parent.mkdir(parents=True, exist_ok=True)
    if entry.exists():
        entry.rename(work.with_name(work.name + ".old"))
    work.rename(entry)


def outputs_hash(outputs: list[list[dict]]) -> str:
    """Outputs as a short string."""
    return sha256(json.dumps(outputs).encode()).hexdigest()
