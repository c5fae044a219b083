"""The code of others: a file that a text names leads to the file as it was read, at one commit or release.

``book/repositories.yml`` lists the files. A file named as code needs no mark-up; the role ``{source}`` writes the
repository and its commit out as well.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

TABLE = "book/repositories.yml"
COMMIT = re.compile(r"[0-9a-f]{40}")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A file of a repository, as it was at a commit or a release."""

    repository: str
    at: str
    path: str

    @property
    def address(self) -> str:
        """Where a browser shows it."""
        return f"https://github.com/{self.repository}/blob/{self.at}/{self.path}"

    @property
    def origin(self) -> str:
        """The repository and its commit, short."""
        return f"{self.repository} at {self.at[:7] if COMMIT.fullmatch(self.at) else self.at}"

    def link(self, *content: nodes.Node) -> nodes.reference:
        """A link to the file; its title says what the text may not."""
        return nodes.reference("", "", *content, refuri=self.address, reftitle=f"{self.path} of {self.origin}")


def read(file: Path) -> Iterator[Source]:
    """The files in a table of repositories; none where there is no table."""
    for entry in yaml.safe_load(file.read_text("utf-8")) if file.is_file() else []:
        for path in entry["files"]:
            yield Source(entry["repository"], entry["at"], path)


def named(name: str, sources: list[Source]) -> list[Source]:
    """The files that a name fits: a path, or the last parts of one."""
    return [source for source in sources if f"/{source.path}".endswith(f"/{name}")]


def table(env: BuildEnvironment) -> Path:
    """The file that lists the repositories."""
    return Path(env.srcdir, TABLE)


class SourceRole(SphinxRole):
    """``{source}`cldm/cldm.py```: repository, commit and file, linked; the name must fit one file of the table."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The link, or a warning."""
        found = named(self.text, list(read(table(self.env))))
        if len(found) != 1:
            fits = ", ".join(f"{source.repository} {source.path}" for source in found) or "none"
            logger.warning("%s: %r fits %s", TABLE, self.text, fits, location=self.get_location(), type="source")
            return [nodes.literal("", self.text)], []
        (source,) = found
        return [source.link(nodes.Text(f"{source.origin}, "), nodes.literal("", source.path))], []


class LinkFiles(SphinxPostTransform):
    """Find the files of the table where a text names them as code."""

    default_priority = 160

    def run(self) -> None:
        """Turn each into a link that looks as before."""
        sources = list(read(table(self.env)))
        for literal in list(self.document.findall(nodes.literal)):
            found = named(literal.astext(), sources)
            if len(found) == 1 and not isinstance(literal.parent, (nodes.reference, nodes.title)):
                literal.replace_self(found[0].link(literal.deepcopy()))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the role and the search for files."""
    app.add_role("source", SourceRole())
    app.add_post_transform(LinkFiles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
