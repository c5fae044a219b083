"""What ``make book`` runs: Jupyter Book, begun sooner and interrupted without a trace: ``python -m theme .``."""

import sys

INTERRUPTED = "interrupted; what is finished is kept, and the next `make book` goes on from there"


def main() -> None:
    """Build the book in a folder; every warning is an error, and all of them are shown."""
    # Without this, jsonschema parses a grammar of addresses for a second, for a format that no setting here has.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    try:
        from jupyter_book.cli.main import build

        build(["-W", "--keep-going", *sys.argv[1:]], prog_name="make book")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except SystemExit as end:
        # Jupyter Book ends with the interrupt itself as its status.
        sys.exit(INTERRUPTED if isinstance(end.code, KeyboardInterrupt) else end.code)


if __name__ == "__main__":
    main()
