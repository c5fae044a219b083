"""The nearest neighbours of a patch across scenes: what they lie on, and which they are.

Asked about are patches of scenes by a vendor that no run has seen; neighbours are sought in scenes by the others, so
that no drawing is met again. Concepts and grounds are those of the held-out side in both.
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mmnotes.dino import object_shares
from mmnotes.layers.samples import Samples
from tools.dino.probes import GRID, Eye, drawn, features, masks

MEASURES = ("object", "concept", "ground")
NEAREST = 5
WHOLLY, NOT_AT_ALL, EVERY = 0.9, 0.05, 8  # covered by an object; of the patches of the ground one in so many is asked


def shares(name: str) -> Tensor:
    """How much of each patch (scenes, patches) is object."""
    return object_shares(masks(name), rows=GRID, columns=GRID)


def asked() -> tuple[Tensor, Tensor]:
    """The scenes and places of the patches that are asked about: on objects, and on the ground."""
    covered = shares("looked")
    return (covered > WHOLLY).nonzero(), (covered < NOT_AT_ALL).nonzero()[::EVERY]


def unit_patches(eye: Eye) -> tuple[Tensor, Tensor]:
    """What an eye makes of the patches of both sets, less the mean of the set that is searched, of unit length."""
    searched, looked = (features(eye, name).patches for name in ("others", "looked"))
    mean = searched.mean((0, 1))
    return normalize(searched - mean, dim=2).flatten(0, 1), normalize(looked - mean, dim=2)


def nearest(eye: Eye, places: Tensor) -> Tensor:
    """The numbers of the nearest patches (asked, nearest) of all that are searched."""
    searched, looked = unit_patches(eye)
    return (looked[places[:, 0], places[:, 1]] @ searched.T).topk(NEAREST, dim=1).indices


def neighbour_measures(eye: Eye) -> Tensor:
    """The measures of ``MEASURES``: of an object's patches, how many of the nearest are an object's, and one's of the
    same concept; of the ground's, how many are an object's.
    """
    on_object = shares("others").flatten() > 0.5
    within, outside = asked()
    found = nearest(eye, within)
    hit = on_object[found]
    named = hit & (concepts_of("others")[found // GRID**2] == concepts_of("looked")[within[:, :1]])
    each = [hit, named, on_object[nearest(eye, outside)]]
    return torch.stack([x.float().mean() for x in each])


def by_chance() -> dict[str, float]:
    """The first two measures of a patch that is drawn at random."""
    on_object = shares("others") > 0.5
    named = concepts_of("others") == concepts_of("looked")[asked()[0][:, :1]]
    both = (named.float() @ on_object.float().mean(1)).mean() / len(on_object)
    return {"object": on_object.float().mean().item(), "concept": both.item()}


def concepts_of(name: str) -> Tensor:
    return drawn(name).concept[:, 0]


def shown_tables(eyes: dict[str, Eye], scenes: list[int]) -> dict[str, Samples]:
    """For each scene the patch that is asked about, which is the one nearest to the middle of what is object, and the
    nearest patches by every eye.
    """
    place = torch.cartesian_prod(*[torch.arange(float(GRID))] * 2)
    covered = shares("looked")[scenes]
    middle = covered @ place / covered.sum(1, keepdim=True)
    far = torch.cdist(middle, place) + GRID**2 * (covered <= WHOLLY)
    chosen = torch.stack([torch.tensor(scenes), far.argmin(1)], 1)
    found = torch.stack([nearest(eye, chosen) for eye in eyes.values()])
    return {
        "asked": Samples(chosen[:, 1], {"scene": scenes}),
        "nearest": Samples(found, {"way": tuple(eyes), "scene": scenes}),
    }
