"""A green run means that everything ran: whatever is skipped, expected to fail or empty makes it red."""

import os
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from theme.environment import LEFT_OUT, SETTINGS, warm

# Frames are made by `make book` alone. With this set, labs under test would show the page's form instead. And what
# somebody has set for figures of their own is no part of a test.
for name in (*LEFT_OUT, "MMNOTES_LAB_FRAMES"):
    os.environ.pop(name, None)
os.environ.update(SETTINGS)


@pytest.fixture
def axes():
    """Of a figure that is closed after the test."""
    import matplotlib.pyplot as plt  # here, since a run that draws nothing should not wait for it

    figure, made = plt.subplots()
    yield made
    plt.close(figure)


# What takes long starts first, so that the end is not one long file on one processor.
LONG = (
    "tests/browser/test_jupyterlab.py",
    "tests/browser/test_pages.py",
    "tests/models/test_generator.py",
    "tests/qformer/test_study.py",
    "tests/browser/test_labs.py",
    "tests/browser/test_reading.py",
    "tests/test_traced.py",
)


def file_of(nodeid: str) -> str:
    """The file of a test, or of a cell."""
    return nodeid.split("::")[0]


class Balanced(LoadScopeScheduling):
    """Whole files to whichever process is free, cells of a notebook in their order; long files test by test."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if file_of(nodeid) in LONG else file_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return Balanced(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, then notebooks, then all others, each in the order in which it was found."""
    ranks = {file: rank for rank, file in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(file_of(item.nodeid), len(LONG) + (".ipynb" not in item.nodeid)))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the workers of pytest-xdist report to the process that has none
        warm()
        config.pluginmanager.register(EverythingRan(config))


class EverythingRan:
    """Watches the reports and turns a run red that left something out."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.seen: set[Path] = set()
        self.left_out: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seen.add(self.config.rootpath / report.nodeid.split("::")[0])
        if report.skipped or hasattr(report, "wasxfail"):
            self.left_out.append(f"skipped or expected to fail: {report.nodeid}")

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK and not self.is_selection():
            self.left_out += [f"no test ran: {path}" for path in sorted(self.expected() - self.seen)]
        if self.left_out and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.left_out:
            terminalreporter.section("The run fails: not everything ran", red=True)
            terminalreporter.write_line("\n".join(dict.fromkeys(self.left_out)))

    def is_selection(self) -> bool:
        """Whether the command line asked for some tests of a file only."""
        option = self.config.option
        return bool(
            option.keyword or option.markexpr or getattr(option, "lf", False) or option.collectonly or option.deselect
        ) or any("::" in argument for argument in self.config.args)

    def expected(self) -> set[Path]:
        """What must run: test files and, under nbval, chapters; a place without any stands for itself."""
        patterns = ["test_*.py", *(["*.ipynb"] if self.config.option.nbval else [])]
        files: set[Path] = set()
        for place in (self.config.rootpath / argument for argument in self.config.args):
            found = {path for pattern in patterns for path in place.rglob(pattern)}
            files |= {path for path in found if ".ipynb_checkpoints" not in path.parts} or {place}
        return files
