"""Identities, their photographs, and how a network learns from them by each of the losses that the chapter compares.

A concept of the corpus is an identity, and its drawings by the three vendors are its photographs. 529 identities are
learned, 120 choose each loss's learning rate, and the corpus's 200 held out are what is asked in the end.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from mmnotes.arcface import cosines, margin_logits, straight_through_logits
from mmnotes.arcface.net import DIM, DrawingNet
from mmnotes.data import VENDORS, concepts, drawings
from mmnotes.infonce import info_nce, similarity
from tools.training import kept_state, rate, shifted, steps_done, train_

Part = Literal["learned", "chosen by", "unseen"]
Way = Literal[
    "softmax",
    "normalised",
    "SphereFace",
    "CosFace",
    "ArcFace",
    "straight-through",
    "small margin",
    "InfoNCE",
]
WAYS: tuple[Way, ...] = get_args(Way)
MARGINS: Mapping[Way, dict[str, float]] = {
    "normalised": {},
    "SphereFace": {"m1": 1.35},
    "CosFace": {"m3": 0.35},
    "ArcFace": {"m2": 0.5},
    "straight-through": {"m2": 0.5},
    "small margin": {"m2": 0.2},
}
STEPS, PEOPLE, CHOOSING, SEEDS = 500, 32, 120, (0, 1, 2)
RATES, SCALE = (1e-2, 3e-2), 16.0
WARM_UP, DECAY, SHIFT, LIGHT = 50, 0.05, 3, 0.2
CURVES = ("loss", "own angle")


@cache
def identities() -> Mapping[Part, Tensor]:
    """The concepts of each part, by their places in the corpus."""
    held_out = torch.tensor([concept.held_out for concept in concepts()])
    seen = (~held_out).nonzero()[:, 0]
    seen = seen[torch.randperm(len(seen), generator=torch.Generator().manual_seed(0))]
    return {"learned": seen[CHOOSING:], "chosen by": seen[:CHOOSING], "unseen": held_out.nonzero()[:, 0]}


@cache
def photographs(part: Part) -> Tensor:
    """The drawings of a part (identities, vendors, 3, 32, 32)."""
    return torch.stack([drawings(vendor=vendor)[identities()[part]] for vendor in VENDORS], dim=1)


class Learner(nn.Module):
    """The network, a row and a bias for every learned identity, and the curves, with a row for every step."""

    curves: Tensor
    done: Tensor

    def __init__(self) -> None:
        super().__init__()
        people = len(identities()["learned"])
        self.net = DrawingNet(dim=DIM)
        self.rows = nn.Parameter(torch.randn(people, DIM) / DIM**0.5)
        self.bias = nn.Parameter(torch.zeros(people))
        self.register_buffer("curves", torch.zeros(STEPS, len(CURVES)))
        self.register_buffer("done", torch.tensor(0))


def batch(random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two photographs of each of some learned people, by different vendors, moved and lit at random; and who it is.

    Shapes: pixels (2 people, 3, 32, 32), labels (2 people,), the two of a person one after the other.
    """
    drawn = photographs("learned")
    who = torch.randperm(len(drawn), generator=random)[:PEOPLE]
    two = torch.rand(PEOPLE, len(VENDORS), generator=random).argsort(1)[:, :2]
    pixels = shifted(drawn[who[:, None], two].flatten(0, 1), most=SHIFT, random=random)
    light = 1 + LIGHT * torch.randn(len(pixels), 3, 1, 1, generator=random)
    return (pixels * light).clamp(0, 1), who.repeat_interleave(2)


def loss_through(model: Learner, way: Way) -> Callable[[torch.Generator], Tensor]:
    """The loss of a random batch, which notes itself and the mean angle to the own row."""

    def loss_of(random: torch.Generator) -> Tensor:
        pixels, labels = batch(random)
        features = model.net(pixels)
        cosine = cosines(features, model.rows)
        if way == "softmax":
            loss = cross_entropy(features @ model.rows.T + model.bias, labels)
        elif way == "InfoNCE":
            loss = info_nce(similarity(features[::2], features[1::2]), scale=SCALE)
        else:
            logits_of = straight_through_logits if way == "straight-through" else margin_logits
            loss = cross_entropy(logits_of(cosine, labels, s=SCALE, **MARGINS[way]), labels)
        own = cosine.detach().gather(1, labels[:, None]).clamp(-1, 1).arccos().mean()
        model.curves[model.done] = torch.stack([loss.detach(), own])
        model.done += 1
        return loss

    return loss_of


def learner(way: Way, highest: float, *, seed: int) -> Learner:
    """A run of this way at this learning rate, whole: trained, where that is still to be done."""
    torch.manual_seed(seed)
    model, name = Learner(), f"arcface-{way.replace(' ', '-')}-{highest:g}"
    if steps_done(name=name, seed=seed) < STEPS:
        train_(
            model,
            torch.optim.AdamW(model.parameters(), weight_decay=DECAY, fused=True),
            loss_through(model, way),
            lambda step: rate(step, highest=highest, steps=STEPS, warm_up=WARM_UP, first=1),
            name=name,
            steps=STEPS,
            seed=seed,
        )
    model.load_state_dict(kept_state(name=name, seed=seed))
    return model.eval().requires_grad_(False)


def features_of(model: Learner, part: Part) -> Tensor:
    """The feature of every photograph of a part (identities, vendors, dim)."""
    pixels = photographs(part)
    features: Tensor = model.net(pixels.flatten(0, 1)).unflatten(0, pixels.shape[:2])
    return features
