"""The numbers of the lab that the page computes, against the definition and against its JavaScript."""

import pytest
import torch

from mmnotes.mrope import formulas
from mmnotes.page import Choice, Numeric
from tests.held import agrees

IDS = formulas.ids()
GENERATIONS = ["Qwen2-VL", "Qwen2.5-VL", "Qwen3-VL"]


def test_the_page_does_the_same(tmp_path):
    rate, rows = Numeric("rate", (1, 2), 2, (1, 16)), Numeric("rows", (2, 6), 2, (2, 12))
    agrees(IDS, {"generation": Choice("generation", GENERATIONS), "rate": rate, "rows": rows}, tmp_path)


@pytest.mark.parametrize(
    ("generation", "tokens", "free"),
    [
        # 10 of text, an image that takes 6 ids for 24 tokens, 6 of text, a film of 6 groups of 2 x 3, 8 of text
        ("Qwen2-VL", 10 + 24 + 6 + 36 + 8, 10 + 6 + 6 + 6 + 8),
        ("Qwen2.5-VL", 10 + 24 + 6 + 36 + 8, 10 + 6 + 6 + 11 + 8),
        ("Qwen3-VL", 10 + 24 + 6 + 6 * 9 + 36 + 8, 10 + 6 + 6 + 6 * (9 + 3) + 8),
    ],
)
def test_tokens_and_ids_are_counted(generation, tokens, free):
    found = IDS.numbers(generation=generation, rate=2, rows=2, texts=[10.0, 6.0])
    assert (found["tokens"], found["free"]) == (tokens, free)
    longer = IDS.numbers(generation=generation, rate=2, rows=2, texts=[17.4, 13.0])
    assert longer["tokens"] == tokens + 14 and longer["free"] == free + 14
    assert torch.equal(longer["sampled"][:, -1], found["sampled"][:, -1] + 14)
