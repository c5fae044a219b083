"""No page is ever stale, and no page is written again that has not changed.

Sphinx alone rewrites the root page every time, and does not rewrite a page that shows another page's new title,
label or number. A build that was interrupted or warned leaves a marker, and the next one starts from nothing.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from theme.hover import glossaries
from theme.search import Searchable
from theme.sources import TABLE

HERE = Path(__file__).parent
PICKLE = "environment.pickle"
logger = logging.getLogger(__name__)


class BookBuilder(Searchable):
    """The HTML builder, writing the outdated pages and no other."""

    def write(
        self, build_docnames: Iterable[str] | None, updated_docnames: Sequence[str], method: Any = "update"
    ) -> None:
        """Note which pages are outdated; Sphinx adds the root page and those that list an outdated one."""
        everything = build_docnames is None or list(build_docnames) == ["__all__"]
        self.outdated = self.env.found_docs if everything else {*(build_docnames or ()), *updated_docnames}
        super().write(build_docnames, updated_docnames, method)

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        """Write a page if it is outdated."""
        if docname in self.outdated:
            super().write_doc(docname, doctree)


def sources(root: Path) -> str:
    """Everything that every page depends on, as a short string."""
    theme = (file for file in HERE.rglob("*") if file.is_file() and not {"node_modules", "__pycache__"} & {*file.parts})
    names = ("_config.yml", "_toc.yml", "requirements.txt", TABLE)
    book = (root / name for name in names if (root / name).is_file())
    return sha256(b"".join(file.read_bytes() for file in sorted([*theme, *book]))).hexdigest()


def shown_elsewhere(env: BuildEnvironment) -> str:
    """What a page can show of another: titles, labels, terms and their meanings, numbers, references."""
    standard = env.get_domain("std")
    bibliography = [Path(env.srcdir, file).read_text("utf-8") for file in env.config.bibtex_bibfiles]
    meanings = [Path(env.doc2path(page)).read_text("utf-8") for page in glossaries(env)]
    citations = [(citation.key, citation.formatted_entry.label) for citation in env.get_domain("cite").citations]
    return repr(
        [
            sorted((name, title.astext()) for name, title in env.titles.items()),
            sorted(standard.labels.items()),
            sorted(standard.anonlabels.items()),
            sorted(standard.objects.items()),
            sorted(env.get_domain("math").equations.items()),
            sorted(env.toc_fignumbers.items()),
            sorted(env.toc_secnumbers.items()),
            sorted(getattr(env, "beliefs", {}).items()),
            bibliography,
            meanings,
            citations,
        ]
    )


def also_outdated(app: Sphinx, env: BuildEnvironment) -> set[str]:
    """Pages to write again because another page has changed."""
    now = shown_elsewhere(env), repr([sorted(env.mechanisms.items()), sorted(env.shown_of.items())])
    before = getattr(env, "shown_elsewhere", ("", ""))
    env.shown_elsewhere = now
    if before[0] != now[0]:
        return env.found_docs
    return env.fronts if before[1] != now[1] else set()


def marker(app: Sphinx) -> Path:
    """The file that says a build is under way, or has failed."""
    return Path(app.doctreedir).parent / "unfinished"


def begin(app: Sphinx, config: Config) -> None:
    """After a build that did not end well, forget what Sphinx remembers of it."""
    config.book_sources = sources(Path(app.srcdir))
    if marker(app).exists():
        logger.info("the last build was interrupted or had warnings: every page is made again, and executed if need be")
        Path(app.doctreedir, PICKLE).unlink(missing_ok=True)


def mark(app: Sphinx) -> None:
    """From here on the build is under way."""
    marker(app).parent.mkdir(parents=True, exist_ok=True)
    marker(app).touch()


def end(app: Sphinx, exception: Exception | None) -> None:
    """Take away the pages and pictures of what is no longer there; then the marker, if all went well."""
    if exception or app._warncount:
        return
    pictures = {name for _, name in app.env.images.values()}
    for page in Path(app.outdir, "book").rglob("*.html"):
        if page.relative_to(app.outdir).with_suffix("").as_posix() not in app.env.found_docs:
            page.unlink()
    for picture in Path(app.outdir, "_images").glob("*"):
        if picture.name not in pictures:
            picture.unlink()
    marker(app).unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the builder and the steps around it."""
    app.add_builder(BookBuilder, override=True)
    app.add_config_value("book_sources", "", "env")
    app.connect("config-inited", begin)
    app.connect("builder-inited", mark)
    app.connect("env-get-updated", also_outdated)
    app.connect("build-finished", end, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
