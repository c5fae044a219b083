"""Rules for what leads out of a text: works, the code of others, a chapter's symbols."""

import re
from pathlib import Path

from tests.layout import cells, chapters
from theme.notation import LABEL
from theme.sources import TABLE, named, read
from tools.links import problem

# What an entry of the bibliography may lead to, and the form of it.
LEADS_TO = {"eprint": r"\d{4}\.\d{4,5}", "doi": r"10\.\d{4,9}/\S+", "url": r"https://\S+"}
VERSION = re.compile(r"[0-9a-f]{40}|v\d+(\.\d+)+")
FILE_OF_OTHERS = re.compile(
    r"\b[A-Za-z][\w-]+/[A-Za-z][\w.-]+(?: at \w+| v?[\d.]+)?,? `?[\w/.-]+\.(?:py|md|ya?ml|pdf)\b"
)


def works_lead_somewhere(root: Path) -> list[str]:
    """Every entry of the bibliography has an arXiv number, a DOI or an address."""
    _, *parts = re.split(
        r"^@\w+\{([^,]+),", (root / "book/references.bib").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    found = []
    for key, text in zip(parts[::2], parts[1::2], strict=True):
        place = f"book/references.bib: {key}"
        fields = dict(re.findall(r"(\w+) ?= ?\{([^{}]*)\}", text))
        given = {field: fields[field] for field in LEADS_TO if field in fields}
        if not given:
            found.append(f"{place}: no eprint (of arXiv), doi or url")
        if "eprint" in given and fields.get("archiveprefix") != "arXiv":
            found.append(f"{place}: an eprint needs archiveprefix = {{arXiv}}")
        found += [f"{place}: {field} {it!r}" for field, it in given.items() if not re.fullmatch(LEADS_TO[field], it)]
    return found


def code_of_others_is_quoted_as_read(root: Path) -> list[str]:
    """A repository is listed at a full commit or a release, and each of its files is named in the book."""
    texts = names_as_code(root)
    sources = list(read(root / TABLE))
    found = []
    for source in sources:
        place = f"{TABLE}: {source.repository}"
        if not VERSION.fullmatch(source.at):
            found.append(f"{place}: at {source.at!r}, which is no full commit and no release")
        elif amiss := problem(source.address):
            found.append(f"{place}: {source.path}: {amiss}")
        if not any(source in named(name, sources) for name in texts):
            found.append(f"{place}: nothing names {source.path}")
    return found


def evidence_leads_to_the_file(root: Path) -> list[str]:
    """A file of another repository that an erratum rests on is named by {source}."""
    file = root / "book/errata.yml"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return [
        f"book/errata.yml: {found[0]}: write {{source}}`file`, and list it in {TABLE}"
        for found in FILE_OF_OTHERS.finditer(re.sub(r"shown_by: .*|https://\S+", "", text))
    ]


def every_chapter_has_a_table_of_symbols(root: Path) -> list[str]:
    """A chapter's table in book/notation.md has the label by which the chapter's card finds it."""
    text = (root / "book/notation.md").read_text(encoding="utf-8")
    return [
        f"book/notation.md: no ({LABEL}{chapter.stem})= before the table of {chapter.stem}"
        for chapter in chapters(root)
        if not re.search(rf"^\({LABEL}{chapter.stem}\)=\n## ", text, re.MULTILINE)
    ]


def names_as_code(root: Path) -> set[str]:
    """Everything that the book sets as code in a line of text."""
    texts = [
        path.read_text(encoding="utf-8") for path in [*(root / "book").glob("*.yml"), *(root / "book").glob("*.md")]
    ]
    texts += [cell.source for chapter in chapters(root) for cell in cells(chapter) if cell.kind == "markdown"]
    return {name for text in texts for name in re.findall(r"`([^`\n]+)`", text)}


RULES = [
    works_lead_somewhere,
    code_of_others_is_quoted_as_read,
    evidence_leads_to_the_file,
    every_chapter_has_a_table_of_symbols,
]
