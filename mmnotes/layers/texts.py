"""What every model of texts asks of its ids, and of the mask that says which of them are words."""

from jaxtyping import Bool, Int
from torch import Tensor

from mmnotes.layers.checks import values_known


def check_ids(ids: Int[Tensor, "batch tokens"], *, name: str, words: int, longest: int) -> None:
    """Refuse ids that a table of so many words, and one of so many positions, does not have.

    Shapes: ids (batch, tokens) -> nothing.
    Errors: ValueError that names the argument, for no id at all, too many tokens, and an id out of range.
    """
    if not ids.numel():
        raise ValueError(f"{name} must hold at least one text of one token, got the shape {tuple(ids.shape)}")
    if ids.shape[1] > longest:
        raise ValueError(f"{name} must have at most {longest} tokens, got {ids.shape[1]}")
    if not values_known(ids):
        return
    lowest, highest = (int(x) for x in ids.aminmax())
    if lowest < 0 or highest >= words:
        raise ValueError(f"{name} must be between 0 and {words - 1}, got {lowest} to {highest}")


def check_padding(padding_mask: Bool[Tensor, "batch tokens"]) -> None:
    """Refuse padding before a word: a mask hides it from the others, and the word still gets a position too late.

    Shapes: padding_mask (batch, tokens), True where there is a word -> nothing.
    Errors: ValueError that names the texts that hold no word, or in which padding stands before one.
    """
    if not values_known(padding_mask):
        return
    if not (some := padding_mask.any(1)).all():
        raise ValueError(f"padding_mask must hold a word of every text, got none in {_places(~some)}")
    if (late := (padding_mask[:, 1:] & ~padding_mask[:, :-1]).any(1)).any():
        raise ValueError(f"padding_mask must be False only behind the words of a text, got others in {_places(late)}")


def _places(rows: Tensor) -> list[int]:
    return [int(place) for place in rows.nonzero()[:, 0]]
