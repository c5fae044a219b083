"""Where a chapter can be run, edited and complained about, once the repository's address is set."""

from pathlib import Path
from urllib.parse import quote

from sphinx.application import Sphinx

GITHUB = "https://github.com/"


def of(app: Sphinx, name: str) -> list[tuple[str, str]]:
    """Text and address of each link of a chapter; none for other pages, and none while there is no address."""
    address = app.config.html_theme_options.get("repository_url", "").rstrip("/")
    if not address or name not in app.env.found_docs or not app.env.doc2path(name).endswith(".ipynb"):
        return []
    if not address.startswith(GITHUB):
        raise ValueError(f"_config.yml: repository.url must begin with {GITHUB}, got {address!r}")
    repository = address.removeprefix(GITHUB)
    branch = app.config.html_theme_options["repository_branch"]
    file = Path(app.env.doc2path(name)).relative_to(app.srcdir).as_posix()
    title = quote(f"Mistake in {Path(file).stem}")
    return [
        ("Open in Colab", f"https://colab.research.google.com/github/{repository}/blob/{branch}/{file}"),
        ("Open in Binder", f"https://mybinder.org/v2/gh/{repository}/{branch}?urlpath=lab/tree/{file}"),
        ("Edit this page", f"{address}/edit/{branch}/{file}"),
        ("Report a mistake", f"{address}/issues/new?title={title}"),
    ]
