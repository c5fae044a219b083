"""The links of the built book that lead elsewhere: in what form they must be, and whether they still lead there.

``make links`` asks each address once, so it needs a network; it ends red if one of them is gone. Publishers
turn programs away: what is neither there nor gone is listed as not known.
"""

import re
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
HOST = re.compile(r"([a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
PLACES = {  # of some hosts it is known what an address looks like
    "arxiv.org": re.compile(r"/abs/\d{4}\.\d{4,5}"),
    "doi.org": re.compile(r"/10\.\d{4,9}/\S+"),
    # A file of code is quoted as it was read: at a commit or a release, never on a branch, which moves.
    "github.com": re.compile(
        r"/[\w.-]+/[\w.-]+(?:/(?:blob|tree)/(?:[0-9a-f]{40}|v\d+(?:\.\d+)+)(?:/\S+)?|/(?:issues|pull)/\d+)?"
    ),
}
GONE = {404, 410}
SECONDS = 20
AT_ONCE = 4
ASKS = {"User-Agent": "mmnotes-links (checks once a week that a book's links lead somewhere)"}


def external(html: Path) -> dict[str, list[str]]:
    """The addresses elsewhere that the pages in a folder lead to, each with the pages that name it."""
    found: dict[str, list[str]] = {}
    for page in sorted(html.glob("book/*.html")):
        for link in BeautifulSoup(page.read_text("utf-8"), "html.parser").select("article a[href]"):
            address = str(link["href"])
            if urlsplit(address).scheme or address.startswith("//"):
                found.setdefault(address, []).append(page.stem)
    return found


def problem(address: str) -> str:
    """What is wrong with the form of an address; empty if nothing is."""
    if re.search(r"\s", address):
        return "a space"
    parts = urlsplit(address)
    if parts.scheme != "https":
        return "not https"
    if not HOST.fullmatch(parts.netloc):
        return f"no host {parts.netloc!r}"
    if parts.netloc in PLACES and not PLACES[parts.netloc].fullmatch(parts.path.removesuffix("/")):
        return f"no place of {parts.netloc}"
    return ""


def answer(address: str) -> int:
    """The status with which a host answers, redirections not followed; 0 if there is no answer."""
    parts = urlsplit(address)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connect(parts.netloc, timeout=SECONDS)
    try:
        connection.request("GET", quote(parts.path or "/", safe="/%()"), headers=ASKS)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def judged(status: int) -> str:
    """What a status says of a page."""
    if status in GONE:
        return "gone"
    return "there" if 200 <= status < 400 else f"not known ({status or 'no answer'})"


def report(found: dict[str, list[str]], statuses: Iterable[int]) -> tuple[str, bool]:
    """A line for each address that is not there, with its pages; and whether none is gone."""
    pairs = zip(found.items(), statuses, strict=True)
    rows = [(judged(status), address, ", ".join(pages)) for (address, pages), status in pairs]
    lines = [f"{verdict}: {address} (in {pages})" for verdict, address, pages in sorted(rows) if verdict != "there"]
    there = len(rows) - len(lines)
    return "\n".join([*lines, f"{there} of {len(rows)} links are there"]), all(row[0] != "gone" for row in rows)


def main() -> None:
    """Ask every address of the built book."""
    found = external(HTML)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        text, well = report(found, pool.map(answer, found))
    print(text)
    sys.exit(not well)


if __name__ == "__main__":
    main()
