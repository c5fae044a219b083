"""The repository as a whole: what it holds, what it asks for, what it installs."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.layout import dotted_name, mechanism_modules, room_of, stems

ROOT = Path(__file__).parents[2]
MEGABYTE = 2**20
# Written in two parts, so that this file holds none of them.
MACHINE_PATHS = re.compile(r"(?<![\w.)}*-])/" + r"(work|root|tmp|home/\w+|Users/\w+|opt)/")
REGISTRIES = re.compile("|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs"]))
TORCH_INDEX = "download" + ".pytorch.org"
NOT_PINNED = re.compile(r"(nvidia-.*|cuda-.*|triton|pip)$")  # see tools/pins.py
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")
NOT_RUN = {"skip", "skipif", "xfail", "importorskip", "skipTest", "SkipTest"}


def repository_files() -> list[Path]:
    """The files that are or would be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def lines_with(pattern: re.Pattern[str], *, but: tuple[str, ...] = ()) -> list[str]:
    """Where a pattern is found in the repository's text, as file:line, outside the files that may hold it."""
    found = []
    for path in repository_files():
        name = path.relative_to(ROOT).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # not text
        if not name.startswith(but or ("\0",)):
            lines = text.splitlines()
            found += [f"{name}:{n}: {line.strip()[:80]}" for n, line in enumerate(lines, 1) if pattern.search(line)]
    return found


def test_no_path_of_one_machine():
    assert lines_with(MACHINE_PATHS) == []


def test_no_registry_is_named_but_the_small_torch_in_readme_and_workflow():
    assert lines_with(REGISTRIES) == []
    assert lines_with(re.compile(re.escape(TORCH_INDEX)), but=("README.md", ".github/workflows/")) == []


def test_nothing_is_left_unfinished():
    assert lines_with(UNFINISHED) == []


def test_no_test_is_marked_as_skipped_or_expected_to_fail():
    found = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        marks = [node for node in nodes if isinstance(node, ast.Attribute) and node.attr in NOT_RUN]
        found += [f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}" for node in marks]
    assert found == []


def data_files() -> list[Path]:
    """The data, weights and samples that travel with the package."""
    package = [path for path in repository_files() if ROOT / "mmnotes" in path.parents]
    return [path for path in package if path.suffix not in (".py", ".md", ".typed")]


def test_files_are_small():
    large = [str(path) for path in repository_files() if path.stat().st_size > 4 * MEGABYTE]
    assert large == []
    assert sum(path.stat().st_size for path in data_files()) < 45 * MEGABYTE


def test_the_commands_that_the_texts_name_exist():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`|^    [^\n]+", text, re.DOTALL | re.MULTILINE))
        named = set(re.findall(r"\bmake ([a-z]+)", code))
        assert named, f"{name} names no command"
        assert named <= targets, f"{name} names {sorted(named - targets)}, which the Makefile does not have"


def test_contributing_fits_in_120_lines():
    assert len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_ci_calls_the_commands_of_the_readme():
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    made = " ".join(re.findall(r"^make ([^<\n]+)", script.read_text(), re.MULTILINE)).split()
    assert {"book", "pdf", "test"} <= set(made)
    subprocess.run(["bash", "-n", str(script)], check=True)


def pins(name: str) -> dict[str, str]:
    """The versions that a requirements file pins, by normalised name."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    wanted = [Requirement(line) for line in lines if line]
    assert [str(each) for each in wanted if not str(each.specifier).startswith("==")] == []
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in wanted}


def needs(name: str, extras: set[str]) -> Iterator[Requirement]:
    """What an installed package asks for on this machine, its extras included."""
    for text in importlib.metadata.requires(name) or []:
        wanted = Requirement(text)
        if not wanted.marker or any(wanted.marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            yield wanted


@pytest.mark.parametrize(
    ("name", "extras"), [("requirements.txt", {"book"}), ("requirements-test.txt", {"book", "test"})]
)
def test_everything_that_is_needed_is_pinned_and_that_version_runs(name, extras):
    versions, wrong = pins(name), []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = [*project["dependencies"], *(text for extra in extras for text in project["optional-dependencies"][extra])]
    waiting, seen = [Requirement(text) for text in direct], set()
    while waiting:
        wanted = waiting.pop()
        package = canonicalize_name(wanted.name)
        if (package, frozenset(wanted.extras)) in seen or NOT_PINNED.match(package):
            continue
        seen.add((package, frozenset(wanted.extras)))
        # "+cpu" and the like say how a version was built, not which one it is
        installed = Version(importlib.metadata.version(package)).public
        if versions.get(package) != installed:
            wrong.append(f"{package}: {versions.get(package)} is pinned, {installed} is installed")
        waiting += needs(package, wanted.extras)
    assert wrong == []
    assert set(versions) == {package for package, _ in seen}, "run `make pins`"


def test_the_tests_run_what_the_reader_runs():
    assert pins("requirements.txt").items() <= pins("requirements-test.txt").items()


def test_the_package_asks_for_ranges_that_hold_the_pins():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = pins("requirements.txt")
    for wanted in map(Requirement, project["dependencies"]):
        assert "==" not in str(wanted.specifier), f"{wanted}: a package must not pin what others install too"
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), wanted


def test_the_wheel_holds_mmnotes_alone(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {re.sub(r"-.*", "", name.split("/")[0]) for name in names} == {"mmnotes"}
    wanted = {path.relative_to(ROOT).as_posix() for path in repository_files() if ROOT / "mmnotes" in path.parents}
    assert "mmnotes/py.typed" in wanted and wanted <= set(names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


IMPORTS = """
import os, sys, time
import torch

def seconds(module):
    # A process of its own, which finds nothing imported but torch. Processor time: what else runs must not count.
    there, back = os.pipe()
    if child := os.fork():
        os.waitpid(child, 0)
        return float(os.read(there, 100))
    start = time.process_time()
    __import__(module)
    os.write(back, str(time.process_time() - start).encode())
    os._exit(0)

for module in sys.argv[1:]:
    least = seconds(module)
    for _ in range(2):
        least = least if least < LIMIT else min(least, seconds(module))
    print(module, least)
"""


def test_importing_costs_less_than_half_a_second_beyond_torch():
    shared = [path for path in mechanism_modules(ROOT) if room_of(path, ROOT) not in stems(ROOT)]
    names = ["mmnotes", *(f"mmnotes.{stem}" for stem in stems(ROOT)), *(dotted_name(path, ROOT) for path in shared)]
    command = [sys.executable, "-c", IMPORTS.replace("LIMIT", "0.5"), *names]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split()[0] for line in lines] == names
    assert [line for line in lines if float(line.split()[1]) >= 0.5] == []
