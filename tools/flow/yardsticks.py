"""Measure what the generator's numbers are compared with: ``python -m tools.flow.yardsticks``. Takes three minutes.

Writes mmnotes/flow/yardsticks.npz: the network's loss over time beside the least that is possible; how near samples
and held-out drawings are to training drawings that may be moved by a pixel, as in training; and whether a sample is
recognised without the drawings of the vendor whom it resembles most. Needs the test extra.
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize, pad

from mmnotes.data import VENDORS, drawings, text_features
from mmnotes.layers.samples import Axes, Samples, packed
from mmnotes.layers.unet import UNet
from mmnotes.models.generator import pretrained_unet, prompts, to_network
from tools.flow.study import SCALE, SEEDS, STEPS, features, labels, nearest, samples
from tools.flow.train import SHIFT, held_out, learned
from tools.pack_features import image_network
from tools.training import write

FILE = "flow/yardsticks.npz"
TIMES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)


def moved(pictures: Tensor) -> Tensor:
    """Each picture at every place that training moves it to: (places, pictures, ...)."""
    wide, side, steps = pad(pictures, (SHIFT,) * 4, value=1), pictures.shape[-1], range(2 * SHIFT + 1)
    return torch.stack([wide[:, :, up : up + side, left : left + side] for up in steps for left in steps])


def drawn_by_all(places: list[int]) -> Tensor:
    """The drawings of all vendors, (vendors, concepts, 3, 32, 32)."""
    return torch.stack([drawings(vendor=vendor)[places] for vendor in VENDORS])


@torch.no_grad()
def losses(network: UNet, t: float) -> list[float]:
    """At time t: the least loss for the training set with its texts and without, and the network's for both sets."""
    random = torch.Generator().manual_seed(0)
    points = to_network(torch.stack([*map(moved, drawn_by_all(learned()))]).flatten(0, 2)).unflatten(0, (-1, 224))
    every, own = points.flatten(0, 1).flatten(1), torch.arange(3 * 224) % 224
    which = torch.randint(len(points), own.shape, generator=random)
    data, text = points[which, own], prompts(text_features()[learned()])[own]
    noise = torch.randn(data.shape, generator=random)
    x = (1 - t) * data + t * noise
    fits = 2 * (1 - t) * x.flatten(1) @ every.T - (1 - t) ** 2 * every.square().sum(1)
    weights = (fits / (2 * t**2)).softmax(1)
    told = (fits / (2 * t**2)).unflatten(1, (-1, 224))[torch.arange(len(own)), :, own].softmax(1)
    guesses = (torch.einsum("bk,kbd->bd", told, points[:, own].flatten(2)), weights @ every)
    least = [((guess - data.flatten(1)) / t).square().mean().item() for guess in guesses]
    unseen = to_network(drawn_by_all(held_out()).flatten(0, 1))
    new = prompts(text_features()[held_out()]).repeat(len(VENDORS), 1)
    other = torch.randn(unseen.shape, generator=random)
    nothing = network.nothing.expand_as(new)
    cases = ((data, noise, text), (unseen, other, new), (unseen, other, nothing))
    return least + [loss_of(network, *case, t=t) for case in cases]


def loss_of(network: UNet, data: Tensor, noise: Tensor, text: Tensor, *, t: float) -> float:
    """The network's flow-matching loss at one time."""
    parts = zip(*(each.split(64) for each in (data, noise, text)), strict=True)
    errors = [
        network((1 - t) * start + t * end, torch.full((len(start),), t), words) - (end - start)
        for start, end, words in parts
    ]
    return torch.cat(errors).square().mean().item()


def without_nearest_vendor(drawn: Tensor, real: Tensor, seen: Tensor, known: Tensor) -> Tensor:
    """Whether a sample's own concept is nearest by features, when its nearest vendor's drawing of it is left out."""
    own = torch.arange(len(drawn))
    closest = (drawn - real).square().mean((2, 3, 4)).argmin(0)
    cosines = (seen @ known.T).unflatten(1, (len(real), -1))
    cosines[own, closest, own] = -1
    return cosines.flatten(1).argmax(1) % len(own) == own


def main() -> None:
    """Measure and write."""
    torch.set_num_threads(1)
    network, eye, places = pretrained_unet(), image_network(), learned()
    real = drawn_by_all(places)
    everywhere = moved(real.flatten(0, 1))
    anywhere = everywhere.flatten(0, 1)
    known = features(eye, real.flatten(0, 1))
    centre = known.mean(0)
    known = normalize(known - centre, dim=1)
    hits, near = [], []
    for seed in SEEDS:
        drawn = samples(network, places, scale=SCALE, steps=STEPS, seed=seed)
        seen = normalize(features(eye, drawn) - centre, dim=1)
        hits.append(without_nearest_vendor(drawn, real, seen, known))
        near.append(nearest(drawn, anywhere))
    unseen = torch.stack([nearest(each, anywhere) for each in drawn_by_all(held_out())])
    others = torch.cat([everywhere[:4], everywhere[5:]]).flatten(0, 1)  # the fifth is where it was
    copies = nearest(others, real.flatten(0, 1)).unflatten(0, (8, -1)).median(0).values.unflatten(0, (3, -1))
    curves = ["least, text", "least, no text", "learned", "held out", "held out, no text"]
    over = torch.tensor([losses(network, t) for t in TIMES])
    named: Axes = {"seed": SEEDS, "concept": labels(places)}
    tables = {
        "losses": Samples(over, {"t": TIMES, "of": curves}),
        "recognised": Samples(torch.stack(hits), named),
        "distance": Samples(torch.stack(near).half(), named),
        "distance unseen": Samples(unseen.half(), {"vendor": VENDORS, "concept": labels(held_out())}),
        "distance moved": Samples(copies.half(), {"vendor": VENDORS, "concept": labels(places)}),
    }
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
