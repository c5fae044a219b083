"""Measure the shipped generator, and draw what guidance does: ``python -m tools.flow.study``. Takes two minutes.

Writes mmnotes/flow/samples.npz: for each of three sampling seeds, which training drawings are nearest to a sample
of each concept, by the features of EfficientNet-Lite0 and in pixels, and how near; the same for each real drawing among
those of the other vendors; and samples of some concepts, from the same noise, at each strength of guidance.
Needs the test extra, for the network that looks at pictures.
"""

import itertools

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize

from mmnotes.data import VENDORS, concept_index, concepts, drawings, text_features
from mmnotes.flow import guided_by
from mmnotes.layers.samples import Axes, Samples, packed
from mmnotes.layers.unet import UNet
from mmnotes.models.generator import pretrained_unet, prompts
from tools.flow.train import held_out, learned
from tools.pack_features import grid_of, image_network
from tools.training import pictures_along, shades, write

FILE = "flow/samples.npz"
SEEDS, SCALE, STEPS, NEAREST = (0, 1, 2), 3.0, 20, 10
LABELS = ("panda", "frog", "strawberry", "pizza", "cactus", "butterfly", "croissant", "penguin")
SCALES, SAMPLES = (0.0, 1.0, 3.0, 6.0), 4
LEVELS = 63  # shades of a colour are stored as 0 to 63


@torch.no_grad()
def samples(network: UNet, places: list[int], *, scale: float, steps: int, seed: int) -> Tensor:
    """One picture for each place in the corpus, values from 0 to 1."""
    velocity = guided_by(network, prompts(text_features()[places]), network.nothing, scale=scale)
    return pictures_along(velocity, len(places), steps=steps, seed=seed)


@torch.no_grad()
def features(network: nn.Module, pictures: Tensor) -> Tensor:
    """Unit vectors: the mean of the image network's last grid, at four times the size."""
    large = interpolate(255 * pictures, scale_factor=4.0, mode="bicubic", antialias=True)
    return torch.cat([normalize(grid_of(network, part).mean(1), dim=1) for part in large.split(64)])


def nearest(samples: Tensor, drawings: Tensor) -> Tensor:
    """Root mean square distance to the nearest drawing."""
    return torch.cdist(samples.flatten(1), drawings.flatten(1)).amin(1) / samples[0].numel() ** 0.5


def apart(pictures: Tensor) -> Tensor:
    """Mean root mean square distance between two of the pictures (several, concepts, ...) of each concept."""
    pairs = list(itertools.combinations(pictures, 2))
    return torch.stack([(one - other).square().mean((1, 2, 3)).sqrt() for one, other in pairs]).mean(0)


def labels(places: list[int]) -> list[str]:
    """The names of concepts."""
    return [concepts()[place].en.label for place in places]


def measures(network: UNet) -> dict[str, Samples]:
    """What is nearest to a sample of each concept, how near it is, and how far apart the samples of a concept are.

    What is nearest is a concept's number in the corpus, whoever drew it.
    """
    eye, places = image_network(), learned()
    real = torch.stack([drawings(vendor=vendor)[places] for vendor in VENDORS])
    known = features(eye, real.flatten(0, 1))
    centre = known.mean(0)
    known = normalize(known - centre, dim=1)
    number = torch.tensor(places, dtype=torch.int16)
    drawn, by_features, distances = [], [], []
    for seed in SEEDS:
        drawn.append(samples(network, places, scale=SCALE, steps=STEPS, seed=seed))
        seen = normalize(features(eye, drawn[-1]) - centre, dim=1)
        by_features.append((seen @ known.T).topk(NEAREST).indices)
        distances.append(nearest(drawn[-1], real.flatten(0, 1)))
        right = by_features[-1] % len(places) == torch.arange(len(places))[:, None]
        shares = f"{right[:, 0].float().mean():.3f}, {right.any(1).float().mean():.3f}"
        print(f"seed {seed}: own concept nearest, among the {NEAREST} nearest: {shares}", flush=True)
    among_others = (known @ known.T).unflatten(0, (len(VENDORS), -1)).unflatten(2, (len(VENDORS), -1))
    for vendor in range(len(VENDORS)):
        among_others[vendor, :, vendor] = -1
    unseen = [nearest(drawings(vendor=vendor)[held_out()], real.flatten(0, 1)) for vendor in VENDORS]
    between = {
        "samples of one concept": torch.stack(drawn),
        "the vendors' drawings of one concept": real,
        "samples of different concepts": torch.stack([drawn[0], drawn[1].roll(1, 0)]),
    }
    known_as, ranks = {"concept": labels(places)}, {"rank": range(1, NEAREST + 1)}
    others = among_others.flatten(2).topk(NEAREST).indices
    return {
        "nearest": Samples(number[torch.stack(by_features) % len(places)], {"seed": SEEDS, **known_as, **ranks}),
        "nearest real": Samples(number[others % len(places)], {"vendor": VENDORS, **known_as, **ranks}),
        "distance": Samples(torch.stack(distances).half(), {"seed": SEEDS, **known_as}),
        "distance unseen": Samples(torch.stack(unseen).half(), {"vendor": VENDORS, "concept": labels(held_out())}),
        "apart": Samples(torch.stack([*map(apart, between.values())]).half(), {"between": [*between], **known_as}),
    }


def guided(network: UNet) -> Samples:
    """Samples of a few concepts, from the same noise, at each strength of guidance."""
    drawn = []
    for label, scale in itertools.product(LABELS, SCALES):
        drawn.append(samples(network, [concept_index(label)] * SAMPLES, scale=scale, steps=STEPS, seed=SEEDS[0]))
        print(f"samples of {label}, guidance {scale}", flush=True)
    axes: Axes = {"concept": LABELS, "guidance": SCALES, "sample": range(SAMPLES)}
    return shades(drawn, axes, levels=LEVELS, settings={"steps": STEPS, "seed": SEEDS[0]})


def main() -> None:
    """Measure, draw and write."""
    torch.set_num_threads(1)
    network = pretrained_unet()
    write(FILE, packed(measures(network) | {"guided": guided(network)}))


if __name__ == "__main__":
    main()
