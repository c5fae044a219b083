"""One table: every mechanism against what a reader would otherwise use, then the built book."""

import os

# Before torch and numpy read it: one thread, as in the chapters.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["KINETO_LOG_LEVEL"] = "6"  # the profiler that counts memory says when it starts and stops

from importlib import import_module
from pathlib import Path

import torch
import yaml

from bench import page
from bench.timing import Row

HEADINGS = Row("what", "ours", "the other", "other / ours", "aim")
ROOT = Path(__file__).parents[1]
BOOK = ROOT / "_build/html"


def main() -> None:
    """Measure everything, printing each row as it is known."""
    torch.set_num_threads(1)
    show(HEADINGS)
    for stem in measured(ROOT):
        for row in import_module(f"bench.{stem}").rows():
            show(row)
    if BOOK.is_dir():
        for what, figure in page.rows():
            print(f"{what:<72} {figure}", flush=True)
    else:
        print("The page: nothing built to measure; run `make book` first.")


def measured(root: Path) -> list[str]:
    """The chapters that have a file here, in the order of the table of contents."""
    contents = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    stems = [Path(page["file"]).name for part in contents["parts"] for page in part["chapters"]]
    return [stem for stem in stems if (root / "bench" / f"{stem}.py").is_file()]


def show(row: Row) -> None:
    print("{:<72} {:<28} {:<30} {:>12}  {}".format(*row), flush=True)


if __name__ == "__main__":
    main()
