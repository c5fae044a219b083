"""The workflow for GitHub Actions: valid, safe, and with every action pinned by commit."""

import re
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github/workflows/book.yml"
SCRIPTS = Path(sysconfig.get_path("scripts"))
SCHEMA = ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"]
SAFETY = ["zizmor", "--offline", "--no-config", "--no-progress"]


def lint(command: list[str], workflow: Path) -> subprocess.CompletedProcess[str]:
    """Run a linter of this environment on a workflow."""
    program, *options = command
    return subprocess.run([str(SCRIPTS / program), *options, str(workflow)], capture_output=True, text=True)


@pytest.mark.parametrize("command", [SCHEMA, SAFETY], ids=lambda command: command[0])
def test_the_linters_find_nothing(command):
    result = lint(command, WORKFLOW)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("command", "old", "new"),
    [
        (SCHEMA, "runs-on:", "runs-at:"),
        (SAFETY, "persist-credentials: false", "fetch-depth: 1"),
        (SAFETY, "@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7"),
        (SAFETY, ".ci/run", "echo ${{ github.head_ref }}"),
    ],
)
def test_the_linters_would_find_it(tmp_path, command, old, new):
    text = WORKFLOW.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / ".github/workflows/book.yml"
    broken.parent.mkdir(parents=True)
    broken.write_text(text.replace(old, new), encoding="utf-8")
    assert lint(command, broken).returncode != 0


def test_actions_are_pinned_by_commit_and_say_which_release_that_is():
    uses = re.findall(r"uses: (.+)", WORKFLOW.read_text(encoding="utf-8"))
    assert uses
    assert [use for use in uses if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


def test_the_workflow_runs_what_contributors_run():
    assert "run: .ci/run" in WORKFLOW.read_text(encoding="utf-8")
