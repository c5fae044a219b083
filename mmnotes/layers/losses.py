"""The loss of a model that says the next word."""

from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy


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
    Units: nats a word.
    Source: ``GPT2LMHeadModel`` of transformers, with labels of -100 where nothing is kept.
    """
    wanted = ids.masked_fill(~padding_mask, -100)[:, 1:]
    return cross_entropy(logits[:, :-1].flatten(0, 1), wanted.flatten(), label_smoothing=smoothing)
