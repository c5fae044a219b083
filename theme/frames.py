"""The frames of the labs lie in the built book as they lie beside the record of the execution that drew them."""

import shutil
from pathlib import Path

from sphinx.application import Sphinx

from theme.execute import chapters, entry


def show_frames(app: Sphinx, exception: Exception | None) -> None:
    """Put the frames of the labs into the built book, and take those of deleted labs out of it.

    Frames that are there already are not touched, since somebody may be reading the book.
    """
    if exception or app.builder.format != "html":
        return
    labs = Path(app.outdir, "_static", "labs")
    wanted: dict[Path, Path] = {}
    for name, chapter in chapters(app.env).items():
        wanted |= {labs / chapter.stem / lab.name: lab for lab in (entry(app, name) / chapter.stem).glob("*")}
    for shown in labs.glob("*/*"):
        if shown not in wanted:
            shutil.rmtree(shown)
    for shown, lab in wanted.items():
        if contents(shown) != contents(lab):
            shutil.rmtree(shown, ignore_errors=True)
            shutil.copytree(lab, shown)


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """The files of a folder, how large they are and when they were written; none where there is no folder."""
    stats = {file.name: file.stat() for file in folder.glob("*")}
    return {name: (each.st_size, each.st_mtime_ns) for name, each in stats.items()}


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the last step."""
    app.connect("build-finished", show_frames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
