"""How a tower with a small vocabulary reads a text of any words: what it knows, in the order in which it stands."""

from collections.abc import Sequence


def reading(
    words: Sequence[str], *, vocabulary: Sequence[str], unseen: Sequence[int], length: int
) -> tuple[list[int], list[tuple[str, str]]]:
    """The ids of a text, from the start to the end, then zeros; and what became of each of its words.

    That is "read"; "unseen" for one whose vector never learned; "unknown" for one that is not in the vocabulary and
    "beyond" for one that has no room, which are left out. It cannot be traced: it takes no tensor.

    Errors: ValueError for a length that has no room for a word between start and end.
    """
    if length < 3:
        raise ValueError(f"length must be at least 3, for a start, a word and an end, got {length}")
    numbers = {word: number for number, word in enumerate(vocabulary)}
    ids, fates = [len(vocabulary)], []
    for word in words:
        if word not in numbers:
            fates.append((word, "unknown"))
        elif len(ids) == length - 1:
            fates.append((word, "beyond"))
        else:
            ids.append(numbers[word])
            fates.append((word, "unseen" if numbers[word] in unseen else "read"))
    ids.append(len(vocabulary) + 1)
    return ids + [0] * (length - len(ids)), fates
