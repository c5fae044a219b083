"""What a study asks of features, whoever made them: neighbours, linear probes, and attention against masks.

Every set is drawn from seeds of its own. "Unseen" means another vendor on grounds that no run has seen; concepts are
held out too where none has to be named.
"""

from collections.abc import Callable, Iterator
from functools import cache
from math import isqrt
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, interpolate, normalize

from mmnotes.data import Scenes, concepts, grounds, scenes
from mmnotes.dino import attention_auc, attention_jaccard, attention_lift, neighbours_vote, object_shares
from mmnotes.layers.vision_transformer import VisionTransformer
from tools.pack_features import grid_of, image_network

GRID = 8  # patches in a row of a scene
LEARNED, UNSEEN = ("noto", "fluent"), ("twemoji",)
GROUPS = tuple(dict.fromkeys(concept.group for concept in concepts()))
ATTENTION = ("auc", "lift", "jaccard", "best head's auc", "best head's lift", "best head's jaccard")
FEATURES = ("group by neighbours", "group by a line", "concept at 1", "concept at 10", "patch iou", "patch auc")
COUNTS = {"bank": 1500, "asked": 500, "patches": 400, "looked": 300, "others": 300}
FINER = 3  # places of a mask for each pixel, so that a grid of twelve patches divides it as one of eight does


class Seen(NamedTuple):
    """What somebody makes of pictures: a vector for each (batch, dim), and one for each patch (batch, 64, dim)."""

    whole: Tensor
    patches: Tensor


Eye = Callable[[Tensor], Seen]


@cache
def drawn(name: str) -> Scenes:
    """The sets, of scenes with one object: bank and asked to be named, patches and looked to be found; and others that
    no run has seen, by the vendors that it has.
    """
    if name == "bank":
        return scenes(COUNTS[name], vendors=LEARNED, held_out=False, seed=10_001, most=1)
    if name == "asked":
        return on_unseen(scenes(COUNTS[name], vendors=UNSEEN, held_out=False, seed=10_002, most=1), seed=10_003)
    if name == "patches":
        return scenes(COUNTS[name], vendors=LEARNED, held_out=False, seed=10_004, most=1)
    if name == "others":
        return scenes(COUNTS[name], vendors=LEARNED, held_out=True, seed=10_006, most=1)
    return scenes(COUNTS[name], vendors=UNSEEN, held_out=True, seed=10_005, most=1)


@cache
def masks(name: str) -> Tensor:
    """The masks of a set, finer than its pixels."""
    return drawn(name).masks().repeat_interleave(FINER, 1).repeat_interleave(FINER, 2)


def on_unseen(given: Scenes, *, seed: int) -> Scenes:
    """The same objects on held-out grounds."""
    return given.on(grounds(len(given.ground), held_out=True, seed=seed))


def groups_of(given: Scenes) -> Tensor:
    """The number of the group of each scene's first object."""
    return torch.tensor([GROUPS.index(concepts()[place].group) for place in given.concept[:, 0].tolist()])


def batches(pixels: Tensor) -> Iterator[Tensor]:
    yield from pixels.split(100)


@torch.no_grad()
def features(eye: Eye, name: str) -> Seen:
    """What an eye makes of a set."""
    made = [eye(pixels) for pixels in batches(drawn(name).pixels())]
    return Seen(*(torch.cat([each[place] for each in made]) for place in range(2)))


def by_backbone(backbone: VisionTransformer) -> Eye:
    """[CLS] and the patches of a vision transformer."""
    return lambda pixels: Seen(*backbone(pixels))


def at_size(eye: Eye, size: int) -> Eye:
    """An eye before which pictures are enlarged."""
    return lambda pixels: eye(enlarged(pixels, size))


def enlarged(pixels: Tensor, size: int) -> Tensor:
    larger: Tensor = interpolate(pixels, (size, size), mode="bilinear")
    return larger


def by_pixels(pixels: Tensor) -> Seen:
    """The picture at 16 x 16, and the pixels of each patch."""
    small = interpolate(pixels, (16, 16), mode="area").flatten(1)
    patches = pixels.unflatten(3, (GRID, -1)).unflatten(2, (GRID, -1))
    return Seen(small - small.mean(1, keepdim=True), patches.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2))


def by_colours(pixels: Tensor) -> Seen:
    """Histograms of 4 x 4 x 4 colours, of the picture and of each patch, as square roots."""
    place = (pixels.clamp(0, 0.999) * 4).long()
    bins = torch.nn.functional.one_hot(place[:, 0] * 16 + place[:, 1] * 4 + place[:, 2], 64).float()
    patches = bins.unflatten(2, (GRID, -1)).unflatten(1, (GRID, -1)).mean((2, 4)).flatten(1, 2)
    return Seen(bins.mean((1, 2)).sqrt(), patches.sqrt())


def by_efficientnet(pixels: Tensor) -> Seen:
    """The last grid of EfficientNet-Lite0, trained to name ImageNet's classes, of the picture at twice its size."""
    large = interpolate(pixels, scale_factor=2, mode="bilinear")
    grid = grid_of(network(), 255 * large)
    spread = interpolate(grid.mT.unflatten(2, (4, 4)), (GRID, GRID), mode="bilinear").flatten(2).mT
    return Seen(grid.mean(1), spread)


@cache
def network() -> torch.nn.Module:
    return image_network().requires_grad_(False)


def feature_measures(eye: Eye) -> Tensor:
    """The measures of ``FEATURES``, in this order."""
    bank, asked = features(eye, "bank").whole, features(eye, "asked").whole
    own, wanted = groups_of(drawn("bank")), groups_of(drawn("asked"))
    voted = (neighbours_vote(asked, bank, own) == wanted).float().mean()
    lined = (line(bank, own)(asked).argmax(1) == wanted).float().mean()
    nearest = (normalize(asked, dim=1) @ normalize(bank, dim=1).T).argsort(1, descending=True)
    found = drawn("bank").concept[:, 0][nearest[:, :10]] == drawn("asked").concept[:, :1]
    there = (drawn("asked").concept[:, :1] == drawn("bank").concept[:, 0]).any(1)
    at = [found[there, :most].any(1).float().mean() for most in (1, 10)]
    return torch.stack([voted, lined, *at, *patch_measures(eye)])


def patch_measures(eye: Eye) -> list[Tensor]:
    """Of a line that says whether a patch is mostly object: intersection over union, and the area under its curve."""
    learned, asked = features(eye, "patches").patches, features(eye, "looked").patches
    grid = isqrt(asked.shape[1])
    share, wanted = (object_shares(masks(name), rows=grid, columns=grid) for name in ("patches", "looked"))
    says = line(learned.flatten(0, 1), (share > 0.5).flatten().long())(asked.flatten(0, 1))
    odds = (says[:, 1] - says[:, 0]).view(wanted.shape)
    found, there = odds > 0, wanted > 0.5
    iou = (found & there).sum() / (found | there).sum()
    return [iou, attention_auc(odds.unflatten(1, (grid, grid)), masks("looked")).mean()]


def line(inputs: Tensor, labels: Tensor, *, decay: float = 1e-3) -> Callable[[Tensor], Tensor]:
    """Logistic regression on standardised inputs, as the function from inputs to logits."""
    mean, spread = inputs.mean(0), inputs.std(0).clamp(min=1e-6)
    weight = torch.zeros(inputs.shape[1] + 1, int(labels.max()) + 1, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight], max_iter=100, line_search_fn="strong_wolfe")
    scaled = (inputs - mean) / spread

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = cross_entropy(scaled @ weight[:-1] + weight[-1], labels) + decay * weight[:-1].square().sum()
        value.backward()
        return value

    with torch.enable_grad():
        optimiser.step(loss)
    fitted = weight.detach()
    return lambda asked: (asked - mean) / spread @ fitted[:-1] + fitted[-1]


@torch.no_grad()
def heads_of(backbone: VisionTransformer, pixels: Tensor) -> Tensor:
    """[CLS]'s attention in the last layer, head by head."""
    return torch.cat([backbone.cls_attention(each) for each in batches(pixels)])


def attention_measures(maps: Tensor) -> Tensor:
    """The measures of ``ATTENTION`` of maps (batch, heads, rows, columns) of the set to look at.

    First of the mean over heads; then of the head whose area under the curve is largest over the whole set.
    """

    def measured(each: Tensor) -> Tensor:
        return torch.stack(
            [f(each, masks("looked")).mean() for f in (attention_auc, attention_lift, attention_jaccard)]
        )

    heads = torch.stack([measured(maps[:, head]) for head in range(maps.shape[1])])
    return torch.cat([measured(maps.mean(1)), heads[heads[:, 0].argmax()]])


def middle_map() -> Tensor:
    """What knows only that objects are rarely at the rim: a bell about the middle, the same for every picture."""
    line_of = (torch.arange(GRID) - (GRID - 1) / 2) / GRID
    bell = torch.exp(-4 * (line_of[:, None].square() + line_of.square()))
    return bell.expand(COUNTS["looked"], 1, -1, -1)


def busy_map() -> Tensor:
    """What looks where a patch is of many colours: its standard deviation."""
    patches = by_pixels(drawn("looked").pixels()).patches.unflatten(2, (3, -1))
    return patches.std(3).mean(2).view(-1, 1, GRID, GRID)


def bright_map() -> Tensor:
    """What looks where a patch is bright: a softmax of ten times its mean."""
    means = by_pixels(drawn("looked").pixels()).patches.mean(2)
    return (10 * means).softmax(1).view(-1, 1, GRID, GRID)
