"""How well attention finds objects whose masks are known, and how well features name what is new.

Papers: Caron et al., DINO (2021), section 4.2.2, for the Jaccard index of attention, and appendix E, after Wu et al.,
Unsupervised feature learning via non-parametric instance discrimination (2018), for the vote of neighbours.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import normalize


def object_shares(
    masks: Bool[Tensor, "batch height width"], *, rows: int, columns: int
) -> Float[Tensor, "batch patches"]:
    """The share of each patch that objects cover, row by row.

    Shapes: masks (batch, height, width) -> (batch, rows * columns).
    Errors: ValueError where rows and columns do not divide height and width.
    """
    (height, width) = masks.shape[1:]
    if height % rows or width % columns:
        raise ValueError(f"rows and columns must divide {height} and {width}, got {rows} and {columns}")
    cells = masks.float().unflatten(2, (columns, -1)).unflatten(1, (rows, -1))
    shares: Tensor = cells.mean((2, 4)).flatten(1)
    return shares


def attention_auc(
    maps: Float[Tensor, "batch rows columns"], masks: Bool[Tensor, "batch height width"]
) -> Float[Tensor, "batch"]:
    """How often a pixel of an object gets more attention than one of the ground; ties count half.

    Each pixel has the attention of its patch. 0.5 is chance; a map that knows nothing but the middle has more than
    that where objects are rarely at the rim.

    Shapes: maps (batch, rows, columns), masks (batch, height, width) -> (batch,).
    Units: a probability, NaN for a picture that is all object or all ground.
    Errors: as ``object_shares``.
    Source: Mann and Whitney's statistic.
    """
    _, rows, columns = maps.shape
    share, given = object_shares(masks, rows=rows, columns=columns), maps.flatten(1)
    above, below = (given[:, :, None] - given[:, None]).sign().clamp(min=0), share[:, :, None] * (1 - share[:, None])
    ties = (given[:, :, None] == given[:, None]).float() / 2
    return ((above + ties) * below).sum((1, 2)) / below.sum((1, 2))


def attention_lift(
    maps: Float[Tensor, "batch rows columns"], masks: Bool[Tensor, "batch height width"]
) -> Float[Tensor, "batch"]:
    """How many times more attention objects get than if it were spread evenly.

    Shapes: maps (batch, rows, columns), masks (batch, height, width) -> (batch,).
    Units: a ratio; 1 is chance.
    Errors: as ``object_shares``.
    """
    _, rows, columns = maps.shape
    share, given = object_shares(masks, rows=rows, columns=columns), maps.flatten(1)
    return (given * share).sum(1) / given.sum(1) / share.mean(1)


def attention_mask(
    maps: Float[Tensor, "batch rows columns"], *, mass: float = 0.6
) -> Bool[Tensor, "batch rows columns"]:
    """The fewest patches that hold so much of the attention.

    Shapes: maps (batch, rows, columns) -> (batch, rows, columns).
    Errors: ValueError where mass is not within 0 and 1.
    Source: facebookresearch/dino, visualize_attention.py; 0.6 is the mass of section 4.2.2.
    """
    if not 0 <= mass <= 1:
        raise ValueError(f"mass must be within 0 and 1, got {mass}")
    given = maps.flatten(1)
    ordered, places = given.sort(1, descending=True)
    before = ordered.cumsum(1) - ordered
    kept = before < mass * given.sum(1, keepdim=True)
    return torch.zeros_like(kept).scatter(1, places, kept).view(maps.shape)


def attention_jaccard(
    maps: Float[Tensor, "batch rows columns"], masks: Bool[Tensor, "batch height width"], *, mass: float = 0.6
) -> Float[Tensor, "batch"]:
    """What the thresholded attention and the objects have in common, as a share of what either covers, in pixels.

    Shapes: maps (batch, rows, columns), masks (batch, height, width) -> (batch,).
    Errors: as ``object_shares`` and ``attention_mask``.
    Source: Caron et al. 2021, section 4.2.2.
    """
    _, rows, columns = maps.shape
    share, kept = object_shares(masks, rows=rows, columns=columns), attention_mask(maps, mass=mass).flatten(1)
    return (share * kept).sum(1) / (kept + share * ~kept).sum(1)


def neighbours_vote(
    features: Float[Tensor, "batch dim"],
    bank: Float[Tensor, "samples dim"],
    labels: Int[Tensor, "samples"],
    *,
    neighbours: int = 20,
    tau: float = 0.07,
) -> Int[Tensor, "batch"]:
    """The label for which the nearest samples vote, each with the weight exp(cosine / τ).

    Shapes: features (batch, dim), bank (samples, dim), labels (samples,) -> (batch,).
    Errors: ValueError where there are fewer samples than neighbours.
    Source: facebookresearch/dino, eval_knn.py, knn_classifier; 20 and 0.07 are its defaults for small ViTs.
    """
    if not 1 <= neighbours <= len(bank):
        raise ValueError(f"neighbours must be within 1 and {len(bank)}, got {neighbours}")
    cosine, nearest = (normalize(features, dim=1) @ normalize(bank, dim=1).T).topk(neighbours, dim=1)
    votes = features.new_zeros(len(features), int(labels.max()) + 1)
    return votes.scatter_add(1, labels[nearest], (cosine / tau).exp()).argmax(1)
