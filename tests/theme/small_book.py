"""A small book in a folder of its own, built with the real theme; its chapters need neither torch nor a lab."""

import gc
import shutil
import signal
import subprocess
import sys
import warnings
from functools import partial
from pathlib import Path

import nbformat
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[2]
CARD = """# {title}

```{{mechanism}}
:claim: {title} is a claim of $x^2$ here.
:question: What does {title} answer?
:paper: smith2020
:before: {before}
:time: 1 s
:systems: none
```"""
BIBLIOGRAPHY = (
    "@article{smith2020, author={Ann Smith}, title={A paper}, journal={Journal}, year={2020}, eprint={2001.00001}}\n"
)
NOTATION = """# Notation

(notation-first)=
## First

| symbol | what it is |
|---|---|
| $x$ | a number |

(notation-second)=
## Second
"""
REPOSITORIES = "- repository: someone/scaling\n  at: v1.2.0\n  files: [scaling/rows.py, other/rows.py, one.md]\n"
ERRATUM = """- id: first-1
  chapter: first
  name: Odd or even
  claim: Two is odd.
  section: 3.4
  truth: Two is even, $2 = 2 \\cdot 1$.
  evidence: [Any textbook., "{cite}`smith2020`", "{source}`one.md`, line 3"]
"""
CORRECTION = """- chapter: first
  date: 2026-03-01
  said: One is *even*.
  holds: One is odd.
  shown_by: book/first.ipynb#code-0
"""
FRAME = """
import os, pathlib
from IPython.display import HTML
folder = pathlib.Path(os.environ["MMNOTES_LAB_FRAMES"], "{name}")
folder.mkdir()
(folder / "0.webp").write_bytes(b"frame of {name}")
HTML("<p>lab {name}</p>")"""


class SmallBook:
    """Two chapters, each importing a module of its own, and the pages that the theme's directives need."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("book", "mmnotes/data"):
            (root / folder).mkdir(parents=True)
        for file in ("_config.yml", "requirements.txt"):
            shutil.copy(ROOT / file, root / file)
        self.write("book/index.md", "# The book\n\n```{mechanism-map}\n```\n")
        self.write(
            "book/errata.md", "# Errata\n\n```{errata}\n```\n\n```{corrections}\n```\n\n```{bibliography}\n```\n"
        )
        self.write("book/notation.md", NOTATION)
        self.write("book/repositories.yml", REPOSITORIES)
        self.write("book/errata.yml", ERRATUM)
        self.write("book/corrections.yml", CORRECTION)
        self.write("book/references.bib", BIBLIOGRAPHY)
        self.write("mmnotes/__init__.py", "")
        self.write("mmnotes/one.py", "value = 1\n")
        self.write("mmnotes/two.py", "from mmnotes.data import word\n")
        self.write("mmnotes/data/word.txt", "two")
        data = "from pathlib import Path\nword = Path(__file__).with_name('word.txt').read_text()\n"
        self.write("mmnotes/data/__init__.py", data)
        self.chapter("first", CARD.format(title="First", before=""), "from mmnotes.one import value\nprint(value)")
        self.chapter("second", CARD.format(title="Second", before="first"), "import mmnotes.two as t\nprint(t.word)")
        self.pages("first", "second", "notation", "errata")

    def write(self, path: str, text: str) -> None:
        """Write a file of the book."""
        (self.root / path).write_text(text, "utf-8")

    def pages(self, *stems: str) -> None:
        """Set the order of the pages."""
        files = "".join(f"  - file: book/{stem}\n" for stem in stems)
        self.write("_toc.yml", f"format: jb-book\nroot: book/index\nchapters:\n{files}")

    def chapter(self, stem: str, *cells: str, **metadata: object) -> None:
        """Write a chapter: its first cell is text, the others are code with this metadata."""
        text, *code = cells
        made = [new_markdown_cell(text, id="text")]
        made += [new_code_cell(cell, id=f"code-{i}", metadata=metadata) for i, cell in enumerate(code)]
        nbformat.write(new_notebook(cells=made), self.root / "book" / f"{stem}.ipynb")

    def build(self, *options: str) -> tuple[int, str]:
        """Build with the options of ``make book``, in this process: the exit status and what was printed."""
        # sphinx_external_toc asks every object that the collector knows for its class; a weak proxy that an
        # earlier test left behind cannot answer. A build in a process of its own never meets them.
        gc.freeze()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # those of other packages; Sphinx reports the book's itself
                from jupyter_book.cli.main import main

                result = CliRunner().invoke(main, ["build", str(self.root), "-W", "--keep-going", *options])
        finally:
            gc.unfreeze()
        return result.exit_code, result.output

    def start(self) -> subprocess.Popen[str]:
        """Begin a build in a process of its own."""
        command = [sys.executable, "-m", "theme", str(self.root)]
        # A shell that starts the tests in the background lets them ignore the interrupt, and so would the build.
        listening = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        return subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=listening
        )

    def build_well(self) -> str:
        """Build without a warning: what was printed."""
        status, said = self.build()
        assert status == 0, said
        return said

    def page(self, stem: str) -> str:
        """A built page."""
        return (self.root / "_build/html/book" / f"{stem}.html").read_text("utf-8")
