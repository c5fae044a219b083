"""Large binary files as a page can load them wherever it lies: in pieces, each of them a script that holds text.

A page that was opened from the file system may load scripts and nothing else. Pieces, so that a reader sees how far the
loading is and can end it.
"""

import gzip
import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

PIECE = 384 * 1024  # bytes of a piece; as text it is a third more


def bundled(parts: dict[str, bytes]) -> bytes:
    """Several files as one, compressed: a line of JSON with their sizes, then what is in them."""
    sizes = json.dumps({name: len(content) for name, content in parts.items()})
    return gzip.compress(sizes.encode() + b"\n" + b"".join(parts.values()), 9, mtime=0)


def write(bundle: bytes, folder: Path) -> None:
    """Write the pieces; each hands its text to the page that made the element for it."""
    folder.mkdir(parents=True)
    for place, start in enumerate(range(0, len(bundle), PIECE)):
        text = b64encode(bundle[start : start + PIECE]).decode()
        (folder / f"{place}.js").write_text(f'document.currentScript.gives = "{text}";\n', "utf-8")


def listed(folder: Path) -> dict[str, str | int]:
    """What a page has to know of a written bundle; the folder's name is part of its address."""
    files = list(folder.glob("*.js"))
    return {"folder": folder.name, "pieces": len(files), "bytes": sum(file.stat().st_size for file in files)}


def short(content: bytes) -> str:
    """A name that another content does not have, so that a browser never takes an old file for a new one."""
    return sha256(content).hexdigest()[:16]
