"""The numbers of the lab that the page computes, against the definition and against its JavaScript."""

import math

import torch

from mmnotes.decoupled_attention import formulas
from mmnotes.page import Numeric
from tests.held import agrees

SCORES = formulas.letters_of(2 * torch.randn(7, 50, generator=torch.Generator().manual_seed(1)))
DILUTION = formulas.dilution(SCORES[:, :20], SCORES[:, 20:])


def test_the_page_does_the_same(tmp_path):
    controls = {
        "image_tokens": Numeric("M", (1, 4), 4, (1, 30)),
        "text_tokens": Numeric("L", (1, 4), 4, (1, 20)),
        "raised": Numeric("b", (0.0, 1.0), 0.0, (-2.0, 5.0)),
        "scale": Numeric("λ", (0.0, 1.0), 1.0, (0.0, 2.0)),
    }
    agrees(DILUTION, controls, tmp_path)


def test_the_share_is_a_sum_of_exponentials():
    found = DILUTION.numbers(image_tokens=3, text_tokens=5, raised=0.7, scale=1.0)
    for query, share in enumerate(found["share"].tolist()):
        text = sum(math.exp(score) for score in SCORES[query, :5].tolist())
        image = sum(math.exp(score + 0.7) for score in SCORES[query, 20:23].tolist())
        assert math.isclose(share, image / (text + image), rel_tol=1e-5)
    odds = math.exp(0.7) * 3 / 5
    assert math.isclose(found["expected"], odds / (1 + odds))


def test_scores_with_a_letter_are_near_and_large_ones_are_cut():
    assert torch.allclose(formulas.letters_of(torch.tensor([0.0, 0.31, -0.16])), torch.tensor([0.0, 0.3, -0.15]))
    assert formulas.letters_of(torch.tensor([99.0, -99.0])).tolist() == [4.5, -4.5]
