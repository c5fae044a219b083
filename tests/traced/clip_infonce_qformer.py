"""CLIP, the contrastive losses, the Q-Former, the language model, and the layers that these share."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from mmnotes.clip import (
    CLIP,
    AttentionReadout,
    ClassReadout,
    ImageTower,
    MeanReadout,
    TextTower,
    end_position,
    quick_gelu,
)
from mmnotes.infonce import info_nce, matching_loss, sigmoid_loss, similarity
from mmnotes.layers.attention import Attention, attend, attention_weights, causal_mask, split_heads
from mmnotes.layers.losses import next_token_loss
from mmnotes.layers.precision import promoted
from mmnotes.layers.scales import check_finite, check_positive
from mmnotes.layers.texts import check_ids, check_padding
from mmnotes.layers.transformer import PreNormBlock
from mmnotes.models.language_model import LanguageModel
from mmnotes.qformer import (
    Block,
    FeedForward,
    QFormer,
    SoftPrompt,
    StageOne,
    WordEmbedding,
    WordHead,
    itc_loss,
    itc_mask,
    itc_similarity,
    itg_loss,
    itg_mask,
    itm_loss,
    itm_mask,
    queries_past,
    text_after,
    text_mask,
)
from tests.traced import Traced, filled, rand

IDS = torch.tensor([[9, 3, 4, 10, 0], [9, 7, 10, 0, 0], [9, 1, 2, 6, 10]])  # from 9, the start, to 10, the end
KEPT = torch.arange(5) <= IDS.argmax(1, keepdim=True)
WHOLE = ("vmap",)  # whole numbers, masks and ids have no slope
SIZES = {"dim": 6, "depth": 2, "heads": 3, "hidden": 7}


def image_tower() -> nn.Module:
    return filled(ImageTower(size=4, patch=2, readout=ClassReadout(dim=6, features=5), **SIZES))


def text_tower() -> nn.Module:
    return filled(TextTower(vocabulary=11, length=7, features=5, **SIZES))


def clip() -> nn.Module:
    return filled(CLIP(image=image_tower(), text=text_tower()))


def attention_readout() -> nn.Module:
    return filled(AttentionReadout(dim=6, features=5, patches=4, heads=2))


def qformer() -> nn.Module:
    return filled(QFormer(queries=2, image_dim=5, words=11, positions=7, **SIZES))


def stage_one() -> StageOne:
    return filled(StageOne(qformer(), shared_dim=5))


def captioned() -> Callable[[Tensor], Tensor]:
    """The two passes with one model: the keys and values of the first are a list, which only the second reads."""
    model = qformer()
    return lambda image: text_after(queries_past(image, qformer=model), IDS, KEPT, qformer=model)


def language_model() -> LanguageModel:
    return filled(LanguageModel(words=11, positions=7, **SIZES))


def block() -> nn.Module:
    return filled(PreNormBlock(dim=6, heads=3, hidden=7, activation=quick_gelu))


def lower_triangle() -> Tensor:
    return causal_mask(num_tokens=4, device=torch.device("cpu"))


def checked(check, *tensors: Tensor, **named) -> Tensor:
    """A check returns nothing; what it let pass is returned instead."""
    check(*tensors, **named)
    return tensors[0]


CLIP_ENTRIES = [
    Traced("clip.CLIP", lambda: (clip(), (rand(2, 3, 4, 4), IDS))),
    Traced("clip.ImageTower", lambda: (image_tower(), (rand(2, 3, 4, 4),))),
    Traced("clip.ImageTower.states", lambda: (image_tower().states, (rand(2, 3, 4, 4),))),
    Traced("clip.ImageTower.embed", lambda: (image_tower().embed, (rand(2, 3, 4, 4),))),
    Traced("clip.TextTower", lambda: (text_tower(), (IDS,)), WHOLE),
    Traced("clip.TextTower.states", lambda: (text_tower().states, (IDS,)), WHOLE),
    Traced("clip.end_position", lambda: (end_position, (IDS,)), WHOLE),
    Traced("clip.quick_gelu", lambda: (quick_gelu, (rand(3, 5),))),
    Traced("clip.ClassReadout", lambda: (filled(ClassReadout(dim=6, features=5)), (rand(2, 5, 6),))),
    Traced("clip.MeanReadout", lambda: (filled(MeanReadout(dim=6, features=5)), (rand(2, 5, 6),))),
    Traced("clip.AttentionReadout", lambda: (attention_readout(), (rand(2, 5, 6),))),
    Traced("clip.AttentionReadout.weights", lambda: (attention_readout().weights, (rand(2, 5, 6),))),
]
INFONCE_ENTRIES = [
    Traced("infonce.similarity", lambda: (similarity, (rand(3, 7), rand(5, 7)))),
    Traced("infonce.info_nce", lambda: (lambda s, scale: info_nce(s, scale=scale), (rand(5, 5), rand().exp()))),
    Traced(
        "infonce.sigmoid_loss",
        lambda: (
            lambda s, scale, bias: sigmoid_loss(s, scale=scale, bias=bias),
            (rand(5, 5), rand().exp(), rand()),
        ),
    ),
    Traced(
        "infonce.matching_loss",
        lambda: (
            lambda *features: matching_loss(*features[:4], scale=features[4], start=2),
            (rand(2, 7), rand(2, 7), rand(5, 7), rand(5, 7), rand().exp()),
        ),
    ),
]
QFORMER_ENTRIES = [
    Traced(
        "qformer.Block",
        lambda: (
            filled(Block(dim=6, heads=2, hidden=7, image_dim=5)),
            (rand(3, 2, 6), rand(3, 5, 6), rand(3, 4, 5), itg_mask(queries=2, padding_mask=KEPT)),
        ),
    ),
    Traced("qformer.FeedForward", lambda: (filled(FeedForward(dim=6, hidden=7)), (rand(2, 5, 6),))),
    Traced("qformer.QFormer", lambda: (qformer(), (rand(3, 4, 5), IDS, itm_mask(queries=2, padding_mask=KEPT)))),
    Traced("qformer.QFormer.see", lambda: (qformer().see, (rand(3, 4, 5),))),
    Traced("qformer.QFormer.read", lambda: (qformer().read, (IDS, KEPT)), WHOLE),
    Traced("qformer.Retriever.similarity", lambda: (stage_one().similarity, (rand(3, 4, 5), IDS, KEPT))),
    Traced("qformer.Retriever.match_logits", lambda: (stage_one().match_logits, (rand(3, 4, 5), IDS, KEPT))),
    Traced("qformer.queries_past", lambda: (partial(queries_past, qformer=qformer()), (rand(3, 4, 5),))),
    Traced("qformer.text_after", lambda: (captioned(), (rand(3, 4, 5),))),
    Traced("qformer.StageOne.word_logits", lambda: (stage_one().word_logits, (rand(3, 4, 5), IDS, KEPT))),
    Traced("qformer.WordEmbedding", lambda: (filled(WordEmbedding(dim=6, words=11, positions=7)), (IDS,)), WHOLE),
    Traced("qformer.WordHead", lambda: (filled(WordHead(dim=6, words=11)), (rand(3, 5, 6), rand(11, 6)))),
    Traced("qformer.SoftPrompt", lambda: (filled(SoftPrompt(dim=6, word_dim=7)), (rand(3, 2, 6),))),
    Traced("qformer.itc_similarity", lambda: (itc_similarity, (rand(3, 2, 6), rand(5, 6)))),
    Traced("qformer.itc_loss", lambda: (lambda s, tau: itc_loss(s, tau=tau), (rand(5, 5), rand().exp()))),
    Traced("qformer.itm_loss", lambda: (partial(itm_loss, positives=2), (rand(6, 2),))),
    Traced("qformer.itg_loss", lambda: (itg_loss, (rand(3, 5, 11), IDS, KEPT))),
    *(
        Traced(f"qformer.{name}", lambda mask=mask: (lambda kept: mask(queries=2, padding_mask=kept), (KEPT,)), WHOLE)
        for name, mask in (("itc_mask", itc_mask), ("itm_mask", itm_mask), ("itg_mask", itg_mask))
    ),
    Traced("qformer.text_mask", lambda: (lambda kept: text_mask(padding_mask=kept), (KEPT,)), WHOLE),
]
LANGUAGE_MODEL_ENTRIES = [
    Traced("models.language_model.LanguageModel", lambda: (language_model(), (IDS, rand(3, 2, 6)))),
    Traced("models.language_model.LanguageModel.loss", lambda: (language_model().loss, (IDS, KEPT, rand(3, 2, 6)))),
]
LAYER_ENTRIES = [
    Traced(
        "layers.attention.Attention",
        lambda: (filled(Attention(dim=6, heads=3, context_dim=5)), (rand(2, 4, 6), rand(2, 7, 5))),
    ),
    Traced(
        "layers.attention.Attention.weights",
        lambda: (filled(Attention(dim=6, heads=3, context_dim=5)).weights, (rand(2, 4, 6), rand(2, 7, 5))),
    ),
    Traced(
        "layers.attention.attend",
        lambda: (partial(attend, heads=3), (rand(2, 4, 6), rand(2, 4, 6), rand(2, 4, 6), lower_triangle())),
    ),
    Traced(
        "layers.attention.attention_weights",
        lambda: (partial(attention_weights, heads=3), (rand(2, 4, 6), rand(2, 4, 6), lower_triangle())),
    ),
    Traced("layers.attention.split_heads", lambda: (partial(split_heads, heads=3), (rand(2, 4, 6),))),
    # A mask is made from a number alone: there is no tensor to transform.
    Traced("layers.attention.causal_mask", lambda: (lower_triangle, ()), ()),
    Traced("layers.transformer.PreNormBlock", lambda: (block(), (rand(2, 4, 6), lower_triangle()))),
    Traced(
        "layers.transformer.PreNormBlock.attention_weights",
        lambda: (block().attention_weights, (rand(2, 4, 6), lower_triangle())),
    ),
    Traced(
        "layers.losses.next_token_loss", lambda: (partial(next_token_loss, smoothing=0.1), (rand(3, 5, 11), IDS, KEPT))
    ),
    Traced("layers.precision.promoted", lambda: (promoted, (rand(3).float(), rand(5)))),
    Traced("layers.scales.check_positive", lambda: (partial(checked, check_positive, name="tau"), (rand().exp(),))),
    Traced("layers.scales.check_finite", lambda: (partial(checked, check_finite, name="bias"), (rand(),))),
    Traced(
        "layers.texts.check_ids", lambda: (partial(checked, check_ids, name="ids", words=11, longest=5), (IDS,)), WHOLE
    ),
    Traced("layers.texts.check_padding", lambda: (partial(checked, check_padding), (KEPT,)), WHOLE),
]
TRACED = [*CLIP_ENTRIES, *INFONCE_ENTRIES, *QFORMER_ENTRIES, *LANGUAGE_MODEL_ENTRIES, *LAYER_ENTRIES]

COLLECTIVE = "A collective of the process group cannot be traced."
UNTRACED = {
    "infonce.gathered": COLLECTIVE,
    "infonce.gathered_values": COLLECTIVE,
    "infonce.sharded_info_nce": COLLECTIVE,
    "infonce.rank": "there is nothing to trace",
    "qformer.hard_negatives": "A draw from a generator cannot be traced.",
    "qformer.StageOne": "draws its negatives from a generator, which cannot be traced",
    "layers.blocks.block_rows": "there is nothing to trace",
    "layers.checks.transformed": "there is nothing to trace",
    "layers.checks.values_known": "there is nothing to trace",
    "layers.precision.without_autocast": "there is nothing to trace",
    "layers.stored.stored_arrays": "A file is read, which cannot be traced.",
    "layers.stored.stored_array": "A file is read, which cannot be traced.",
    "layers.samples.stored_samples": "A file is read, which cannot be traced.",
    "layers.samples.packed": "They are arrays of NumPy, which cannot be traced.",
    "layers.samples.unpacked": "They are arrays of NumPy, which cannot be traced.",
    "layers.weights.fill_": "there is nothing to trace",
    "layers.weights.part": "there is nothing to trace",
    "models.language_model.pretrained_language_model": "A file is read, which cannot be traced.",
    "models.language_model.likeliest_words": "Lists cannot be traced.",
}
