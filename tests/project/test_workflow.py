"""What GitHub reads: the workflow is valid, safe and pins actions by commit; issue forms and citation are valid."""

import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml

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
    text = WORKFLOW.read_text(encoding="utf-8")
    assert {".ci/run", "make test-lowest", "make links"} <= set(re.findall(r"- run: (.+)", text))
    assert 'python: ["3.11", "3.13"]' in text and "schedule:" in text


FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"))
OTHERS = [
    *(("github-issue-forms", form) for form in FORMS),
    ("github-issue-config", ROOT / ".github/ISSUE_TEMPLATE/config.yml"),
    ("citation-file-format", ROOT / "CITATION.cff"),
]


@pytest.mark.parametrize(("schema", "file"), OTHERS, ids=lambda value: getattr(value, "name", ""))
def test_other_files_keep_their_schema_and_the_schema_would_find_it(tmp_path, schema, file):
    command = ["check-jsonschema", "--builtin-schema", f"vendor.{schema}"]
    assert lint(command, file).returncode == 0, lint(command, file).stdout
    broken = tmp_path / file.name
    broken.write_text(
        re.sub(r"^(\w+):", r"\1s:", file.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8"
    )
    assert lint(command, broken).returncode != 0


def test_mistake_lab_and_idea_have_a_form():
    assert [form.stem for form in FORMS] == ["idea", "lab", "mistake"]


def test_the_citation_names_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == version
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)", changes, re.MULTILINE)[0] == version


def test_pre_commit_runs_a_command_of_the_makefile():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    assert [hook["entry"] for repo in hooks for hook in repo["hooks"]] == ["make check"]
