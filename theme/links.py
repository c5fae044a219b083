"""Where a chapter can be run, edited and complained about, once the repository's address is set."""

import re
from pathlib import Path
from urllib.parse import quote

from sphinx.application import Sphinx

GITHUB = "https://github.com/"


def repository(address: str) -> str:
    """Owner and name in a repository's address."""
    if not address.startswith(GITHUB):
        raise ValueError(f"_config.yml: repository.url must begin with {GITHUB}, got {address!r}")
    return address.removeprefix(GITHUB).rstrip("/")


def pages(address: str) -> str:
    """Where GitHub Pages shows the book of the repository at this address."""
    owner, name = repository(address).split("/")
    return f"https://{owner}.github.io/{name}/"


def pdf_name(title: str) -> str:
    """What the file of the whole book is called; it lies at the root of the pages."""
    return f"{re.sub(r'[^a-z0-9]+', '-', title.lower()).strip('-')}.pdf"


def of(app: Sphinx, name: str) -> list[tuple[str, str]]:
    """Text and address of each link: of a chapter, to its notebook; of the first page, to the PDF, which is printed
    where the pages are published. None for other pages, and none while there is no address.
    """
    address = app.config.html_theme_options.get("repository_url", "").rstrip("/")
    if address and name == app.config.root_doc:
        up = "../" * name.count("/")
        return [("The whole book as a PDF", up + pdf_name(app.config.html_title))]
    if not address or name not in app.env.found_docs or not app.env.doc2path(name).endswith(".ipynb"):
        return []
    where = repository(address)
    branch = app.config.html_theme_options["repository_branch"]
    file = Path(app.env.doc2path(name)).relative_to(app.srcdir).as_posix()
    title = quote(f"Mistake in {Path(file).stem}")
    return [
        ("Open in Colab", f"https://colab.research.google.com/github/{where}/blob/{branch}/{file}"),
        ("Open in Binder", f"https://mybinder.org/v2/gh/{where}/{branch}?urlpath=lab/tree/{file}"),
        ("Edit this page", f"{address}/edit/{branch}/{file}"),
        ("Report a mistake", f"{address}/issues/new?title={title}"),
    ]
