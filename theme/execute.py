"""Chapters are executed side by side, and only when something that produced their outputs has changed.

An execution is made in a folder of ``_build/executing`` and kept in ``_build/executed/<chapter>/``: theme/record.py.
"""

import asyncio
import json
import os
import shutil
import time
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from theme.environment import warm
from theme.formulas import hold_all
from theme.kernel import ChapterError, run
from theme.record import Hashes, code_hash, fresh, keep, look_at, outputs_hash, read

logger = logging.getLogger(__name__)


def chapters(env: BuildEnvironment) -> dict[str, Path]:
    """The notebooks of the book, by the name of their page."""
    files = {name: Path(env.doc2path(name)) for name in sorted(env.found_docs)}
    return {name: file for name, file in files.items() if file.suffix == ".ipynb"}


def entry(app: Sphinx, name: str) -> Path:
    """Where the execution of a chapter is kept."""
    return Path(app.doctreedir).parent / "executed" / name


@cache
def hashes(app: Sphinx) -> Hashes:
    """What this build has seen of the files."""
    return Hashes()


def executing(app: Sphinx) -> Path:
    """Where executions are made."""
    return Path(app.doctreedir).parent / "executing"


class Loop(asyncio.SelectorEventLoop):
    """A loop that an interrupt ends with all its tasks.

    nbclient would have it end the kernel of one chapter, and the others go on.
    """

    def add_signal_handler(self, *arguments: object) -> None:
        """Nobody else listens to signals."""
        raise RuntimeError("signals are not for tasks")


async def execute(app: Sphinx, name: str, chapter: Path, free: asyncio.Semaphore) -> None:
    """Execute one chapter as soon as a core is free. A failing cell is a warning, and nothing is kept."""
    root = Path(app.srcdir)
    work = Path(mkdtemp(dir=executing(app)))  # of this run alone: a kernel may outlive a build that was killed
    frames = work / chapter.stem
    async with free:
        start = time.perf_counter()
        logger.info("executing %s ...", name)
        frames.mkdir()
        code = code_hash(root, chapter, hashes(app))
        try:
            result = await run(chapter, root / "mmnotes", frames)
            await asyncio.to_thread(hold_all, work)
        except ChapterError as error:
            task = asyncio.current_task()
            if task and task.cancelling():  # the kernel died of the interrupt, and that has been said
                raise asyncio.CancelledError from error
            logger.warning("%s", error, location=name, type="execute")
        else:
            keep(root, work, entry(app, name), result, code, hashes(app))
            logger.info("executed %s in %.1f s", name, time.perf_counter() - start)


async def execute_all(app: Sphinx, stale: dict[str, Path]) -> None:
    """Execute the chapters, as many at once as there are cores."""
    free = asyncio.Semaphore(os.cpu_count() or 1)
    look_at(Path(app.srcdir, "mmnotes"), hashes(app))
    await asyncio.gather(*(execute(app, name, chapter, free) for name, chapter in stale.items()))


def outdated(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Execute what is stale, and tell Sphinx which pages show other outputs than the recorded ones."""
    shutil.rmtree(executing(app), ignore_errors=True)
    executing(app).mkdir(parents=True, exist_ok=True)
    found = chapters(env)
    seen, root = hashes(app), Path(app.srcdir)
    stale = {name: file for name, file in found.items() if not fresh(root, file, read(entry(app, name)), seen)}
    if stale:
        warm()
        try:
            with asyncio.Runner(loop_factory=Loop) as runner:
                runner.run(execute_all(app, stale))
        except KeyboardInterrupt:
            logger.info("\ninterrupted; chapters executed so far are kept, and the next build goes on from there")
            raise
    shown = getattr(env, "shown_outputs", {})
    return [name for name, file in found.items() if shown.get(name) != outputs_hash(outputs_of(app, name, file))]


def outputs_of(app: Sphinx, name: str, chapter: Path) -> list[list[dict]]:
    """The outputs of each code cell; none where the execution failed."""
    record = read(entry(app, name))
    return record["outputs"] if fresh(Path(app.srcdir), chapter, record, hashes(app)) else []


def insert_outputs(app: Sphinx, name: str, source: list[str]) -> None:
    """Give the code cells of a chapter the recorded outputs, just before the page is made from it."""
    chapter = chapters(app.env).get(name)
    if chapter is None:
        return
    outputs = outputs_of(app, name, chapter)
    notebook = json.loads(source[0])
    code = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    for cell, shown in zip(code, outputs, strict=False):
        cell["outputs"] = shown
    notebook["metadata"]["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    source[0] = json.dumps(notebook)
    app.env.shown_outputs = getattr(app.env, "shown_outputs", {}) | {name: outputs_hash(outputs)}


def forget(app: Sphinx, exception: Exception | None) -> None:
    """The next build looks at the files anew."""
    hashes.cache_clear()


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the steps."""
    app.connect("env-get-outdated", outdated)
    app.connect("source-read", insert_outputs)
    app.connect("build-finished", forget, priority=900)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
