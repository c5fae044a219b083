"""The quick loop's tests: the layout, and the unit tests of what changed, within a time: ``make check``.

Changed is what differs from where this branch left main, committed or not. The rooms in which something changed come
first, then those that import it; when the time is up, what still runs is cut off, and says so. `make test` runs all.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
SECONDS = 45  # for the tests; the linters before them take a quarter of a minute at most
MOST_PROCESSES = 4  # each holds a torch of its own
# Which tests a change outside the package, the book and the tests concerns.
AROUND = {
    "theme": ["tests/theme"],
    "tools": ["tests/tools"],
    "bench": [],
    "book": [],
}
PROJECT = ["tests/project/test_project.py", "tests/project/test_workflow.py"]


@dataclass(frozen=True)
class Result:
    """How the tests in a place ended: pytest's exit status, or None where the time was up."""

    place: str
    status: int | None
    output: str

    @property
    def line(self) -> str:
        """What is said of it in one line."""
        last = (self.output.strip().splitlines() or [""])[-1].strip("= ")
        return f"{self.place}: {last if self.status is not None else 'cut off, without a failure so far'}"


def changed_files(root: Path) -> list[str]:
    """The files that differ from the last commit that this branch shares with main, and those not yet in git."""

    def lines_of(*command: str) -> list[str]:
        done = subprocess.run(["git", *command], cwd=root, capture_output=True, text=True)
        return done.stdout.split("\n")[:-1] if done.returncode == 0 else []

    bases = [lines_of("merge-base", "HEAD", main) for main in ("main", "origin/main")]
    base = next((found[0] for found in bases if found), "HEAD")
    new = lines_of("ls-files", "--others", "--exclude-standard")
    return sorted({*lines_of("diff", "--name-only", base), *new})


def tests_of(changed: Iterable[str], root: Path) -> list[str]:
    """The folders and files of tests that changed files concern, the nearest first; the layout is always among them."""
    near, modules = ["tests/layout"], list[str]()
    names = {path.name for path in (root / "mmnotes").iterdir() if path.is_dir()}
    for file in changed:
        top, _, rest = file.partition("/")
        room, _, inside = rest.partition("/")
        room = room if inside else Path(room).stem
        if top == "tests":
            near.append(f"tests/{room}" if inside else file)
        elif top == "mmnotes" and not inside:
            near.append(f"tests/test_{room}.py")
        elif top in ("mmnotes", *AROUND):
            near += [f"tests/{room}"] if room in names else AROUND.get(top, [])
        else:
            near += PROJECT
        if top == "mmnotes" and file.endswith(".py"):
            near.append("tests/test_examples.py")
            modules.append(file.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
    far = [f"tests/{name}" for name in importers_of(modules, root)] if modules else []
    return [
        place
        for place in dict.fromkeys([*near, *far])
        if place != "tests/browser" and (root / place).exists() and not (root / place).name.startswith("conftest")
    ]


def importers_of(modules: Iterable[str], root: Path) -> list[str]:
    """The rooms of the package that a change of these modules reaches through imports."""
    sys.path.insert(0, str(root))  # grimp finds the package where Python would
    try:
        graph = grimp.build_graph("mmnotes", cache_dir=None)
    finally:
        sys.path.remove(str(root))
    reached = {name for module in modules if module in graph.modules for name in graph.find_downstream_modules(module)}
    return sorted({name.split(".")[1] for name in reached if name.count(".") > 1})


def tested(place: str, root: Path, *, until: float) -> Result:
    """Run the tests in a place up to their first failure, or up to a moment of time.monotonic()."""
    if until <= time.monotonic():
        return Result(place, None, "")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", place]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            output, _ = process.communicate(timeout=until - time.monotonic())
            return Result(place, process.returncode, output)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # as Ctrl-C does, so that what a test started is ended too
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
            return Result(place, None, "")


def main() -> int:
    """Run what concerns the change and say how each ended; the exit status is 1 if a test failed."""
    places = tests_of(changed_files(ROOT), ROOT)
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    run = partial(tested, root=ROOT, until=time.monotonic() + SECONDS)
    failed = False
    with ThreadPoolExecutor(processes) as pool:
        for result in pool.map(run, places):
            bad = result.status not in (0, None)
            failed |= bad
            print(result.output if bad else result.line, flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
