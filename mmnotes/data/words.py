"""Words and their numbers: the vocabulary of the corpus' captions.

English is split into words, Chinese into characters. Special tokens are a chapter's own business and get the numbers
from ``len(vocabulary(...))`` on.
"""

import re
from functools import cache
from typing import Literal

from mmnotes.data.emoji import concepts

Language = Literal["en", "zh"]


@cache
def vocabulary(language: Language = "en") -> tuple[str, ...]:
    """Every word of the captions' labels and tags, sorted; its place is its number."""
    texts = [
        text for concept in concepts() for text in (getattr(concept, language).label, *getattr(concept, language).tags)
    ]
    return tuple(sorted({word for text in texts for word in split_words(text, language)}))


def word_ids(text: str, language: Language = "en") -> list[int]:
    """The numbers of a text's words.

    Errors: ValueError for a text with a word that no caption has, naming it.
    """
    numbers = _numbers(language)
    words = split_words(text, language)
    if unknown := [word for word in words if word not in numbers]:
        raise ValueError(f"text must be made of words of the captions, got {', '.join(unknown)}")
    return [numbers[word] for word in words]


def split_words(text: str, language: Language = "en") -> list[str]:
    """A text in lower case as words, or characters, whether a caption has them or not."""
    return re.findall(r"[^\s,]+" if language == "en" else r"\S", text.lower())


@cache
def _numbers(language: Language) -> dict[str, int]:
    return {word: place for place, word in enumerate(vocabulary(language))}
