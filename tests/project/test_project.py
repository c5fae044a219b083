"""The repository as a whole: what it holds, what it asks for, what it installs."""

import ast
import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.layout import flat_modules

ROOT = Path(__file__).parents[1]
MEGABYTE = 2**20
DATA = ROOT / "mmnotes/data"
# Written in two parts, so that this file holds none of them.
MACHINE_PATHS = re.compile(r"(?<![\w.)}*-])/" + r"(work|root|tmp|home/\w+|Users/\w+|opt)/")
REGISTRIES = re.compile("|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs"]))
TORCH_INDEX = "download" + ".pytorch.org"
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


def test_files_are_small():
    large = [str(path) for path in repository_files() if path.stat().st_size > 4 * MEGABYTE]
    assert large == []
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 25 * MEGABYTE


def test_data_files_are_attributed_by_hash_and_can_be_rebuilt():
    attribution = (DATA / "ATTRIBUTION.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| *(\S+) *\| *([0-9a-f]{64}) *\|", attribution, re.MULTILINE))
    files = [path for path in DATA.rglob("*") if path.suffix not in (".py", ".pyc", ".md") and path.is_file()]
    hashes = {path.relative_to(DATA).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert rows == hashes
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tools").glob("*.py")))
    makers = re.sub(r"\{vendor\}", "VENDOR", scripts)
    vendors = r"noto|fluent|twemoji"
    assert [name for name in hashes if re.sub(vendors, "VENDOR", name) not in makers] == []


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
    assert {"make book", "make test"} <= set(re.findall(r"^make \w+", script.read_text(), re.MULTILINE))
    subprocess.run(["bash", "-n", str(script)], check=True)


def pinned() -> list[Requirement]:
    """What requirements.txt and the extra `test` ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    texts = [line.split("#")[0].strip() for line in lines] + project["optional-dependencies"]["test"]
    return [Requirement(text) for text in texts if text]


def test_every_package_is_pinned_and_that_version_runs():
    wrong = []
    for requirement in pinned():
        # "+cpu" and the like say how a version was built, not which one it is
        installed = Version(importlib.metadata.version(requirement.name)).public
        if str(requirement.specifier) != f"=={installed}":
            wrong.append(f"{requirement} is asked for, {installed} is installed")
    assert wrong == []


def test_the_package_asks_for_ranges_that_hold_the_pins():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = {requirement.name: next(iter(requirement.specifier)).version for requirement in pinned()}
    for wanted in map(Requirement, project["dependencies"]):
        assert "==" not in str(wanted.specifier), f"{wanted}: a package must not pin what others install too"
        assert wanted.specifier.contains(versions[wanted.name]), wanted


def test_the_wheel_holds_mmnotes_alone(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {re.sub(r"-.*", "", name.split("/")[0]) for name in names} == {"mmnotes"}
    wanted = {path.relative_to(ROOT).as_posix() for path in repository_files() if ROOT / "mmnotes" in path.parents}
    assert "mmnotes/py.typed" in wanted and wanted <= set(names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


@pytest.mark.parametrize("module", ["mmnotes", *(f"mmnotes.{path.stem}" for path in flat_modules(ROOT))])
def test_importing_costs_less_than_half_a_second_beyond_torch(module):
    # Processor time, and the least of three runs: what else the machine does must not count.
    probe = f"import time, torch; start = time.process_time(); import {module}; print(time.process_time() - start)"
    runs = [subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True) for _ in "123"]
    assert min(float(run.stdout) for run in runs) < 0.5
