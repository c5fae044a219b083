"""The emoji corpus: 849 concrete concepts, each drawn by three vendors and named in English and Chinese.

Noto and Fluent are the styles to train on, Twemoji is one that a model has never seen. 200 concepts are held out: train
on those whose ``held_out`` is False. Near-synonyms sit on both sides of that line, so read the figures as a comparison
and not as a benchmark.
"""

import json
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.stored import stored_array

Vendor = Literal["noto", "fluent", "twemoji"]
VENDORS: tuple[Vendor, ...] = get_args(Vendor)


class Caption(NamedTuple):
    """The name of a concept in one language, and further words for it."""

    label: str
    tags: tuple[str, ...]


class Concept(NamedTuple):
    """One concept: its code points, the group the standard puts it in, whether it is held out, and its captions."""

    code: str
    group: str
    held_out: bool
    en: Caption
    zh: Caption


@cache
def concept_index(label: str) -> int:
    """The place of the concept with this English label in every array of the corpus.

    Errors: ValueError for a label that no concept has, naming the nearest.
    """
    labels = [concept.en.label for concept in concepts()]
    if label not in labels:
        raise ValueError(f"label must be that of a concept, got {label!r}; near it: {get_close_matches(label, labels)}")
    return labels.index(label)


@cache
def concepts() -> tuple[Concept, ...]:
    """All concepts, in the order of every array of the corpus.

    Source: emojibase-data 17.0.0, names and tags of Unicode's locale data.
    """
    rows = json.loads((files(__package__) / "captions.json").read_text(encoding="utf-8"))
    return tuple(
        Concept(row["code"], row["group"], row["held_out"], *(_caption(row[language]) for language in ("en", "zh")))
        for row in rows
    )


def drawings(*, vendor: Vendor) -> Float[Tensor, "concepts channels height width"]:
    """Every concept as one vendor draws it, on white.

    Shapes: (concepts, channels, height, width) = (849, 3, 32, 32).
    Units: red, green and blue from 0 to 1.
    """
    pixels = cutouts(vendor=vendor)
    return pixels[:, :3] + 1 - pixels[:, 3:]


def cutouts(*, vendor: Vendor) -> Float[Tensor, "concepts channels height width"]:
    """Every concept as one vendor draws it, on nothing: to be laid on a ground as cutout + (1 - opacity) ground.

    Shapes: (concepts, channels, height, width) = (849, 4, 32, 32).
    Units: red, green and blue from 0 to 1, times opacity; then opacity, from 0 to 1.
    """
    pixels = stored_array(__package__, f"emoji_{vendor}.npz", "drawings").permute(0, 3, 1, 2) / 255
    return torch.cat([pixels[:, :3] * pixels[:, 3:], pixels[:, 3:]], dim=1)


def image_features(*, vendor: Vendor) -> Float[Tensor, "concepts dim"]:
    """What EfficientNet-Lite0, trained on ImageNet, makes of each drawing: 256 leading principal coordinates.

    Shapes: (concepts, dim) = (849, 256).
    Units: those of the network's averaged last layer, centred on the training concepts by Noto and Fluent.
    """
    return stored_array(__package__, f"features_{vendor}.npz", "image")


def patch_features(*, vendor: Vendor) -> Float[Tensor, "concepts tokens dim"]:
    """The same network's last grid of 4 x 4 cells, row by row: 64 leading principal coordinates each.

    Shapes: (concepts, tokens, dim) = (849, 16, 64).
    Units: those of the network's last layer, centred on the training concepts by Noto and Fluent.
    """
    return stored_array(__package__, f"features_{vendor}.npz", "patches")


def text_features() -> Float[Tensor, "concepts dim"]:
    """What all-MiniLM-L6-v2 makes of each English label.

    Shapes: (concepts, dim) = (849, 384).
    Units: vectors of length one.
    """
    return stored_array(__package__, "features_text.npz", "label")


def tagged_features() -> Float[Tensor, "concepts dim"]:
    """What all-MiniLM-L6-v2 makes of each English label followed by its tags.

    Shapes: (concepts, dim) = (849, 384).
    Units: vectors of length one.
    """
    return stored_array(__package__, "features_text.npz", "tagged")


def _caption(row: dict[str, Any]) -> Caption:
    return Caption(row["label"], tuple(row["tags"]))
