"""The loss of a model that says the next word."""

from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from mmnotes.layers.checks import values_known
from mmnotes.layers.precision import promoted
from mmnotes.layers.texts import check_ids, check_padding


def next_token_loss(
    logits: Float[Tensor, "batch tokens words"],
    ids: Int[Tensor, "batch tokens"],
    padding_mask: Bool[Tensor, "batch tokens"],
    *,
    smoothing: float,
) -> Float[Tensor, ""]:
    """Cross-entropy of every word given those before it, averaged over the words that are kept.

    The logits at one place are for the word at the next. The first token is given and never predicted.

    Shapes: logits (batch, tokens, words), ids (batch, tokens), padding_mask (batch, tokens) -> ().
    Units: nats a word, in float32 or, for float64 logits, float64.
    Errors: ValueError where padding stands before a word, a text has no word, no text has a second one (the mean over
    nothing), or a word is none of those that there are logits for.
    Source: ``GPT2LMHeadModel`` of transformers, with labels of -100 where nothing is kept.
    """
    check_padding(padding_mask)
    kept = ids.masked_fill(~padding_mask, 0)
    check_ids(kept, name="ids", words=logits.shape[2], longest=ids.shape[1])
    if values_known(padding_mask) and not padding_mask[:, 1:].any():
        raise ValueError("padding_mask must hold a second word of at least one text, got none in all of them")
    (logits,) = promoted(logits)
    wanted = ids.masked_fill(~padding_mask, -100)[:, 1:]
    return cross_entropy(logits[:, :-1].flatten(0, 1), wanted.flatten(), label_smoothing=smoothing)
