"""Measure the shipped image prompts and draw the samples of their lab: ``python -m tools.decoupled_attention.study``.

Takes five minutes. Writes mmnotes/decoupled_attention/samples.npz: for each kind of prompt, way of prompting, scale and
sampling seed, and for each held-out animal, plant, food and drink, how many others are nearer to what was drawn than
the one that was asked for; and samples for each pair of text and picture, scale and group of layers of the lab. Needs
the test extra, for the network that looks at pictures.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, normalize

from mmnotes.data import VENDORS, Vendor, concept_index, drawings, text_features
from mmnotes.decoupled_attention import decoupled_, with_image
from mmnotes.decoupled_attention.pretrained import Kind, pretrained_image_prompt
from mmnotes.flow import guided_by
from mmnotes.layers.samples import Axes, Samples, packed
from mmnotes.models.generator import pretrained_unet, prompts
from tools.decoupled_attention.train import FEATURES_OF, Prompted
from tools.flow.study import LEVELS, features, labels
from tools.flow.train import held_out, learned
from tools.pack_features import image_network
from tools.training import pictures_along, shades, write

FILE = "decoupled_attention/samples.npz"
SEEDS, GUIDANCE, STEPS = (0, 1, 2), 3.0, 15
SCALES, LAB_SCALES = (0.0, 0.5, 1.0, 2.0), (0.0, 0.5, 1.0, 1.5, 2.0)
WAYS = ("image alone", "with its text", "with another text")
SAMPLES = 4
LAYERS = {"all": range(7), "encoder and middle": range(3), "decoder": range(3, 7)}
PAIRS = {
    "horse, picture of a tiger": {"text": "horse", "picture": "tiger", "vendor": "noto"},
    "red apple, picture of a tangerine": {"text": "red apple", "picture": "tangerine", "vendor": "fluent"},
    "bear, picture of a polar bear": {"text": "bear", "picture": "polar bear", "vendor": "fluent"},
    "strawberry, picture of grapes": {"text": "strawberry", "picture": "grapes", "vendor": "fluent"},
}


def shipped(kind: Kind) -> Prompted:
    """The generator with one kind of image prompt, trained."""
    network = pretrained_unet()
    layers = decoupled_(network)
    return Prompted(network, layers, pretrained_image_prompt(layers, kind=kind))


@torch.no_grad()
def samples(made: Prompted, shown: Tensor, text: Tensor, *, scales: Sequence[float], seed: int) -> Tensor:
    """One picture for each row of features ``shown`` and texts; ``scales`` has one for each layer."""
    for layer, scale in zip(made.layers, scales, strict=True):
        layer.scale = scale
    guided = with_image(made.network, made.prompt(shown), made.prompt(torch.zeros_like(shown[:1])))
    velocity = guided_by(guided, text, made.network.nothing, scale=GUIDANCE)
    return pictures_along(velocity, len(text), steps=STEPS, seed=seed)


def nearer(found: Tensor, candidates: Tensor) -> Tensor:
    """How many other candidates are nearer to each row than its own: row i's own is candidate i."""
    distances = torch.cdist(found, candidates)
    return (distances < distances.diagonal()[:, None]).sum(1)


def described(vectors: Tensor, centre: Tensor) -> Tensor:
    """Directions from a centre."""
    return normalize(vectors - centre, dim=1)


def colours(pictures: Tensor) -> Tensor:
    """The mean colours of 4 x 4 parts of each picture."""
    return avg_pool2d(pictures, 8).flatten(1)


def judge(eye: nn.Module) -> Callable[[Tensor, Vendor], dict[str, Tensor]]:
    """What ranks samples among the prompts' pictures, by features and by colours, and among the texts' concepts."""
    pictures = {vendor: drawings(vendor=vendor)[held_out()] for vendor in VENDORS}
    known = {vendor: features(eye, each) for vendor, each in pictures.items()}
    centre = torch.cat(list(known.values())).mean(0)
    named = sum(features(eye, drawings(vendor=vendor)[others()]) for vendor in VENDORS) / len(VENDORS)

    def ranks(drawn: Tensor, vendor: Vendor) -> dict[str, Tensor]:
        seen = described(features(eye, drawn), centre)
        return {
            "picture": nearer(seen, described(known[vendor], centre)),
            "colours": nearer(colours(drawn), colours(pictures[vendor])),
            "text": nearer(seen, described(named, centre)),
        }

    return ranks


def others() -> list[int]:
    """As many concepts that the generator knows, spread evenly and turned, so that none is next to its picture's."""
    known, count = learned(), len(held_out())
    chosen = [known[place * len(known) // count] for place in range(count)]
    return chosen[count // 2 :] + chosen[: count // 2]


def texts(made: Prompted, way: str) -> Tensor:
    """The text that goes with each held-out picture."""
    if way == "image alone":
        return made.network.nothing.expand(len(held_out()), -1)
    return prompts(text_features()[held_out() if way == "with its text" else others()])


def measures(kind: Kind, eye: nn.Module, *, ways: Sequence[str]) -> Samples:
    """Ranks of every concept by each question, way, scale and seed; the seed also chooses who drew the prompts."""
    made, ranks, found = shipped(kind), judge(eye), list[dict[str, Tensor]]()
    for way, scale, seed in itertools.product(ways, SCALES, SEEDS):
        shown = FEATURES_OF[kind](vendor=VENDORS[seed])[held_out()]
        drawn = samples(made, shown, texts(made, way), scales=[scale] * len(made.layers), seed=seed)
        found.append(ranks(drawn, VENDORS[seed]))
        shares = ", ".join(f"{name} {(each < 5).float().mean():.2f}" for name, each in found[-1].items())
        print(f"{kind}, {way}, scale {scale}, seed {seed}: among the five nearest: {shares}", flush=True)
    axes: Axes = {"question": [*found[0]], "way": ways, "scale": SCALES, "seed": SEEDS, "concept": labels(held_out())}
    ranked = torch.stack([each[question] for question in found[0] for each in found]).to(torch.uint8)
    return Samples(ranked.reshape([len(places) for places in axes.values()]), axes)


def lab(made: Prompted) -> Samples:
    """The pictures of the lab."""
    drawn = []
    for (name, pair), scale, layers in itertools.product(PAIRS.items(), LAB_SCALES, LAYERS):
        drawn.append(lab_row(made, pair, scale=scale, layers=layers))
        print(f"samples of {name}, scale {scale}, layers {layers}", flush=True)
    on = {layers: {"on": [*numbers]} for layers, numbers in LAYERS.items()}
    axes: Axes = {"pair": PAIRS, "scale": LAB_SCALES, "layers": on, "sample": range(SAMPLES)}
    return shades(drawn, axes, levels=LEVELS, settings={"guidance": GUIDANCE, "steps": STEPS, "seed": SEEDS[0]})


def lab_row(made: Prompted, pair: Mapping[str, str], *, scale: float, layers: str) -> Tensor:
    """The lab's samples of one setting."""
    shown = FEATURES_OF["pooled"](vendor=pair["vendor"])[[concept_index(pair["picture"])] * SAMPLES]
    wanted = prompts(text_features()[[concept_index(pair["text"])] * SAMPLES])
    scales = [scale if place in LAYERS[layers] else 0.0 for place in range(len(made.layers))]
    return samples(made, shown, wanted, scales=scales, seed=SEEDS[0])


def main() -> None:
    """Measure, draw and write."""
    torch.set_num_threads(1)
    eye = image_network()
    tables = {
        "pooled": measures("pooled", eye, ways=WAYS),
        "patches": measures("patches", eye, ways=WAYS[:1]),
        "pictures": lab(shipped("pooled")),
    }
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
