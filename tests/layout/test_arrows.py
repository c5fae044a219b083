"""import-linter and deptry: this repository passes, and a copy of it with one wrong import does not."""

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))
ARROWS = ["lint-imports", "--no-logo", "--no-cache"]
PACKAGE = ["deptry", "mmnotes"]
AROUND = ["deptry", "theme", "tools", "bench", "tests", "--ignore", "DEP002,DEP004"]
ISLANDS, BELOW = "No room imports another", "Layers lie below models, data and page"
PROTECTED, DRAW = "Nothing imports plots and diagrams", "Only page and plots draw"


def said(command: list[str], root: Path) -> tuple[int, str]:
    """The exit status of a linter of this environment, run in a folder, and what it said."""
    program, *options = command
    done = subprocess.run([SCRIPTS / program, *options], cwd=root, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of this repository, without its data."""
    root = tmp_path_factory.mktemp("arrows")
    for folder in ("mmnotes", "theme", "tools", "bench", "tests"):
        no_code = shutil.ignore_patterns("*.npz", "*.json", "__pycache__", "node_modules")
        shutil.copytree(ROOT / folder, root / folder, ignore=no_code)
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


@pytest.mark.parametrize("command", [ARROWS, PACKAGE, AROUND], ids=["arrows", "package", "around"])
def test_this_repository_passes(command):
    status, text = said(command, ROOT)
    assert status == 0, text


@pytest.mark.parametrize(
    ("file", "line", "command", "named"),
    [
        ("mmnotes/rope/encoding.py", "from mmnotes.sinkhorn import sinkhorn", ARROWS, ISLANDS),
        ("mmnotes/rope/encoding.py", "from mmnotes.data import digits", ARROWS, ISLANDS),
        ("mmnotes/rope/encoding.py", "from mmnotes.page import Lab", ARROWS, ISLANDS),
        ("mmnotes/page/plots.py", "from mmnotes import rope", ARROWS, ISLANDS),
        ("mmnotes/models/generator.py", "import mmnotes.flow.path", ARROWS, ISLANDS),
        ("mmnotes/layers/unet.py", "from mmnotes.clip.model import CLIP", ARROWS, ISLANDS),
        ("mmnotes/clip/exercises.py", "from mmnotes.page.lab import Lab", ARROWS, ISLANDS),
        ("mmnotes/layers/unet.py", "from mmnotes.models import generator", ARROWS, BELOW),
        ("mmnotes/data/emoji.py", "from mmnotes.models import generator", ARROWS, BELOW),
        ("mmnotes/page/plots.py", "from mmnotes.layers.unet import UNet", ARROWS, "Page imports page"),
        ("mmnotes/clip/model.py", "from mmnotes.clip import plots", ARROWS, PROTECTED),
        ("mmnotes/clip/model.py", "from mmnotes.clip.exercises import EXERCISES", ARROWS, PROTECTED),
        ("mmnotes/clip/model.py", "import matplotlib.pyplot", ARROWS, DRAW),
        ("mmnotes/clip/plots.py", "import ipywidgets", ARROWS, DRAW),
        ("mmnotes/clip/model.py", "from tools.training import train_", ARROWS, "knows nothing of the repository"),
        ("theme/page.py", "from mmnotes.rope import angles", ARROWS, "Theme knows no chapter"),
        ("mmnotes/clip/model.py", "import scipy", PACKAGE, "DEP003 'scipy'"),
        ("mmnotes/clip/model.py", "import lightly", PACKAGE, "DEP001 'lightly'"),
        ("mmnotes/clip/model.py", "import transformers", PACKAGE, "DEP004 'transformers'"),
        ("tests/clip/cases.py", "import lightly", AROUND, "DEP001 'lightly'"),
    ],
)
def test_one_wrong_import_is_named(source, file, line, command, named):
    path = source / file
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")
    status, text = said([*command, "--no-ansi"] if command[0] == "deptry" else command, source)
    path.write_text(before, encoding="utf-8")
    assert status == 1
    broken = [each for each in text.splitlines() if named in each and ("BROKEN" in each or file in each)]
    assert broken, text


def test_one_chapter_may_build_on_another_when_pyproject_lists_the_arrow(source):
    module, settings = source / "mmnotes/rope/encoding.py", source / "pyproject.toml"
    code, arrows = module.read_text(encoding="utf-8"), settings.read_text(encoding="utf-8")
    module.write_text(f"{code}\nfrom mmnotes.sinkhorn import sinkhorn\n", encoding="utf-8")
    settings.write_text(
        arrows.replace("\nignore_imports = [", '\nignore_imports = [\n"mmnotes.rope.** -> mmnotes.sinkhorn",', 1),
        encoding="utf-8",
    )
    status, text = said(ARROWS, source)
    module.write_text(code, encoding="utf-8")
    settings.write_text(arrows, encoding="utf-8")
    assert status == 0, text
