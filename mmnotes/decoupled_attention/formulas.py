"""The numbers of the lab that the page computes, by the package's own function."""

import math
from pathlib import Path
from string import ascii_letters, digits
from typing import Any

from torch import Tensor

from mmnotes.decoupled_attention.attention import image_share
from mmnotes.page.formula import Formula

ALPHABET = ascii_letters + digits  # a score is written as one letter, the middle one for zero
STEP = 0.15  # between the scores of two letters


def letters_of(scores: Tensor) -> Tensor:
    """The nearest scores that have a letter."""
    most = len(ALPHABET) // 2 - 1
    return (scores / STEP).round().clamp(-most, most) * STEP


def dilution(text: Tensor, image: Tensor) -> Formula:
    """What one softmax gives the image, for scores (queries, tokens) that ``letters_of`` has rounded."""

    def numbers(image_tokens: int, text_tokens: int, raised: float, scale: float) -> dict[str, Any]:
        share = image_share(text[:, :text_tokens].double(), image[:, :image_tokens].double() + raised)
        odds = math.exp(raised) * image_tokens / text_tokens
        return {"share": share, "mean": share.mean(), "expected": odds / (1 + odds), "scale": scale}

    given = {"alphabet": ALPHABET, "step": STEP, "text": _written(text), "image": _written(image)}
    return Formula(Path(__file__).with_name("dilution.js"), numbers, given)


def _written(scores: Tensor) -> list[str]:
    places = (scores / STEP).round().int() + len(ALPHABET) // 2
    return ["".join(ALPHABET[place] for place in row) for row in places.tolist()]
