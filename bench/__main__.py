"""One table: every mechanism against what a reader would otherwise use, then the built book."""

import os

# Before torch and numpy read it: one thread, as in the chapters.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["KINETO_LOG_LEVEL"] = "6"  # the profiler that counts memory says when it starts and stops

from pathlib import Path

import torch

from bench import clip, decoupled_attention, flow, infonce, mrope, page, qformer, rope, sinkhorn, zero_conv
from bench.timing import Row

HEADINGS = Row("what", "ours", "the other", "other / ours", "aim")
BOOK = Path(__file__).parents[1] / "_build/html"


def main() -> None:
    """Measure everything, printing each row as it is known."""
    torch.set_num_threads(1)
    show(HEADINGS)
    for mechanism in (clip, infonce, qformer, rope, mrope, flow, zero_conv, decoupled_attention, sinkhorn):
        for row in mechanism.rows():
            show(row)
    if BOOK.is_dir():
        for what, figure in page.rows():
            print(f"{what:<72} {figure}", flush=True)
    else:
        print("The page: nothing built to measure; run `make book` first.")


def show(row: Row) -> None:
    print("{:<72} {:<28} {:<30} {:>12}  {}".format(*row), flush=True)


if __name__ == "__main__":
    main()
