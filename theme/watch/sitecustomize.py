"""Notes which files of the book's package a process opens: Python imports this by itself where it is on the path.

It is on the path of a chapter's kernel and, with the environment, of every process that the kernel starts. Files that
are opened past Python, by a library's own C code, are not seen.
"""

import os
import sys

PACKAGE = os.environ["MMNOTES_WATCHED"] + os.sep
LOG = os.open(os.environ["MMNOTES_OPENED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
noted: set[str] = set()


def note(event: str, arguments: tuple) -> None:
    """Write down the path of a file when it is opened for the first time."""
    if event == "open" and isinstance(arguments[0], str | bytes):
        path = os.path.abspath(os.fsdecode(arguments[0]))
        if path.startswith(PACKAGE) and path not in noted:
            noted.add(path)
            os.write(LOG, os.fsencode(path) + b"\n")


sys.addaudithook(note)
