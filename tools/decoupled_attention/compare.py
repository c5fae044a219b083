"""One softmax against two, and what the pictures are worth: ``python -m tools.decoupled_attention.compare``.

Takes an hour and a half on one core where image prompts have to be trained, ten minutes where they lie in
``_build/training``. Writes mmnotes/decoupled_attention/compared.npz. Each entry holds ranks as in samples.npz, with one
question more, the silhouette, or the pictures of the frozen generator with noise among its tokens.
"""

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, normalize

from mmnotes.data import VENDORS, Vendor, concept_index, drawings, image_features, text_features
from mmnotes.flow import guided_by
from mmnotes.layers.samples import Axes, Samples, packed
from mmnotes.models.generator import pretrained_unet, prompts
from tools.decoupled_attention import study
from tools.decoupled_attention.train import WAYS, Prompted, losses, train
from tools.flow.study import LEVELS, labels
from tools.flow.train import held_out, learned
from tools.pack_features import image_network
from tools.training import pictures_along, shades, write

FILE = "decoupled_attention/compared.npz"
PROMPTED = ("image alone", "with another text")
STRENGTHS = {"decoupled": (0.5, 1.0, 2.0), "appended": (1.0, 4.0, 16.0)}
TRAININGS = (0, 1)
KNOWN = ("red apple", "sunflower", "frog", "pizza", "cactus", "strawberry", "panda", "hamburger")
COUNTS, NOISES = (4, 16, 64), (3, 4, 5)
LAYERS = ("none", *map(str, range(1, 8)))
QUESTIONS = ("picture", "colours", "shape", "text")

Ranks = Callable[[Tensor, Vendor], dict[str, Tensor]]


def silhouettes(pictures: Tensor) -> Tensor:
    """How much of each square of 2 x 2 pixels is not white."""
    return avg_pool2d((pictures.mean(1, keepdim=True) < 0.93).float(), 2).flatten(1)


def judge(eye: nn.Module) -> Ranks:
    """The study's judge, and one that sees the silhouette alone."""
    by = study.judge(eye)
    shapes = {vendor: silhouettes(drawings(vendor=vendor)[held_out()]) for vendor in VENDORS}

    def ranks(drawn: Tensor, vendor: Vendor) -> dict[str, Tensor]:
        return {**by(drawn, vendor), "shape": study.nearer(silhouettes(drawn), shapes[vendor])}

    return ranks


def table(found: Sequence[dict[str, Tensor]], axes: Axes) -> Samples:
    """Ranks of all settings, the question first, each setting's concepts last."""
    every: Axes = {"question": QUESTIONS, **axes, "concept": labels(held_out())}
    ranked = torch.stack([each[question] for question in QUESTIONS for each in found]).to(torch.uint8)
    return Samples(ranked.reshape([len(places) for places in every.values()]), every)


def made_by(way: str, seed: int) -> Prompted:
    """A trained image prompt: seed 0 with two softmaxes is the shipped one."""
    return study.shipped("pooled") if (way, seed) == ("decoupled", 0) else train("pooled", way, seed=seed)


def asked(made: Prompted, ranks: Ranks, way: str, scales: Sequence[float], seed: int) -> dict[str, Tensor]:
    """The ranks of one setting; the seed also chooses whose drawings are the prompts."""
    shown = image_features(vendor=VENDORS[seed])[held_out()]
    return ranks(study.samples(made, shown, study.texts(made, way), scales=scales, seed=seed), VENDORS[seed])


def trained(ranks: Ranks) -> dict[str, Samples]:
    """Both ways, two training runs each, over the strength of the picture; and the losses of each run."""
    tables, lost = {}, []
    for way in WAYS:
        runs = [made_by(way, run) for run in TRAININGS]
        lost.append(torch.tensor([[*losses(made, "pooled").values()] for made in runs]))
        axes: Axes = {"training": TRAININGS, "way": PROMPTED, "scale": STRENGTHS[way], "seed": study.SEEDS}
        found = []
        for made, told, scale, seed in itertools.product(runs, PROMPTED, STRENGTHS[way], study.SEEDS):
            found.append(asked(made, ranks, told, [scale] * 7, seed))
            print(
                way, told, scale, seed, {q: f"{(r < 5).float().mean():.2f}" for q, r in found[-1].items()}, flush=True
            )
        tables[way] = table(found, axes)
    axes = {"softmax": [*WAYS], "training": TRAININGS, "shown": ("own", "none", "another")}
    return {**tables, "losses": Samples(torch.stack(lost), axes)}


def instead(ranks: Ranks) -> Samples:
    """Real drawings in the place of samples: the other vendors', and the learned ones nearest to the prompt."""
    unseen, seen, found = held_out(), learned(), []
    known = torch.cat([drawings(vendor=each)[seen] for each in VENDORS])
    of_known = normalize(torch.cat([image_features(vendor=each)[seen] for each in VENDORS]), dim=1)
    others = {vendor: [each for each in VENDORS if each != vendor] for vendor in VENDORS}
    for vendor in VENDORS:
        found += [ranks(drawings(vendor=each)[unseen], vendor) for each in others[vendor]]
        nearest = (normalize(image_features(vendor=vendor)[unseen], dim=1) @ of_known.T).argmax(1)
        pixels = torch.cdist(drawings(vendor=vendor)[unseen].flatten(1), known.flatten(1)).argmin(1)
        found += [ranks(known[nearest], vendor), ranks(known[pixels], vendor)]
    which = ("one other vendor", "the other one", "nearest learned, features", "nearest learned, pixels")
    return table(found, {"seed": study.SEEDS, "drawing": which})


def without_time(ranks: Ranks) -> Samples:
    """The text in the tokens alone: its vector is that of no text where it would be added to the time's."""
    made, ways, scales = study.shipped("pooled"), ("both ways", "tokens alone"), (0.0, 1.0)
    of_none, found = made.network.of_text(made.network.nothing).detach(), list[dict[str, Tensor]]()
    for heard in ways:
        if heard == "tokens alone":
            made.network.of_text.register_forward_hook(lambda *given: of_none.expand_as(given[-1]))
        settings = itertools.product(scales, study.SEEDS)
        found += [asked(made, ranks, "with another text", [scale] * 7, seed) for scale, seed in settings]
        print(heard, [f"{(each['text'] < 5).float().mean():.2f}" for each in found[-6:]], flush=True)
    return table(found, {"heard": ways, "scale": scales, "seed": study.SEEDS})


def by_layer(ranks: Ranks) -> Samples:
    """The picture in no layer, and in one layer only; no text."""
    made = study.shipped("pooled")
    only = [[float(layer == str(place)) for place in range(1, 8)] for layer in LAYERS]
    found = [asked(made, ranks, "image alone", scales, seed) for scales, seed in itertools.product(only, study.SEEDS)]
    print("layers", [f"{(each['colours'] < 5).float().mean():.2f}" for each in found], flush=True)
    return table(found, {"layer": LAYERS, "seed": study.SEEDS})


@torch.no_grad()
def together(ranks: Ranks) -> Samples:
    """Two pictures in one prompt, ranked for each; and a picture in the half of guidance that had none."""
    made, found = study.shipped("pooled"), list[dict[str, Tensor]]()
    silent, turn = study.texts(made, "image alone"), 20
    for seed, vendor in zip(study.SEEDS, VENDORS, strict=True):
        one = made.prompt(image_features(vendor=vendor)[held_out()])
        none, other = made.prompt(torch.zeros(1, 256)).expand_as(one), one.roll(turn, 0)
        settings = ((one, none), (torch.cat([one, other], 1), torch.cat([none, none], 1)), (one, other))
        for image, instead_of in settings:
            both = torch.cat([image, instead_of])
            velocity = guided_by(
                lambda x, t, text, both=both: made.network(x, t, text, both),
                silent,
                made.network.nothing,
                scale=study.GUIDANCE,
            )
            pictures = pictures_along(velocity, len(one), steps=study.STEPS, seed=seed)
            found += [ranks(pictures, vendor), ranks(pictures.roll(-turn, 0), vendor)]
    which = ("alone", "both pictures", "the other as negative")
    return table(found, {"seed": study.SEEDS, "prompt": which, "of": ("the picture", "the other")})


@torch.no_grad()
def with_noise(way: str, count: int, seed: int) -> Tensor:
    """What the frozen generator draws for eight texts that it knows, with noise among its tokens; untrained layers."""
    network, random = pretrained_unet(), torch.Generator().manual_seed(seed)
    WAYS[way](network)
    words = prompts(text_features()[[concept_index(label) for label in KNOWN]])
    noise = network.text_projection(words).std() * torch.randn(1, count, 96, generator=random) if count else None
    image = None if noise is None else noise.expand(2 * len(words), -1, -1)
    velocity = guided_by(lambda x, t, text: network(x, t, text, image), words, network.nothing, scale=study.GUIDANCE)
    return pictures_along(velocity, len(words), steps=20, seed=5)


def noisy() -> dict[str, Samples]:
    """The distance from the clean pictures for each number of tokens, and the pictures of one seed."""
    clean = with_noise("decoupled", 0, 0)
    settings = [*itertools.product(WAYS, COUNTS)]
    drawn = {(way, count): [with_noise(way, count, seed) for seed in NOISES] for way, count in settings}
    away = torch.stack([(each - clean).square().mean((1, 2, 3)).sqrt() for every in drawn.values() for each in every])
    axes: Axes = {"softmax": [*WAYS], "tokens": COUNTS}
    seeds: Axes = {**axes, "seed": NOISES, "concept": KNOWN}
    rows = [each for way in WAYS for each in (clean, *(drawn[way, count][0] for count in COUNTS))]
    shown: Axes = {"softmax": [*WAYS], "tokens": (0, *COUNTS), "concept": KNOWN}
    return {
        "noise": Samples(away.reshape(len(WAYS), len(COUNTS), len(NOISES), len(KNOWN)).half(), seeds),
        "noise pictures": shades(rows, shown, levels=LEVELS, settings={"seed": NOISES[0]}),
    }


def main() -> None:
    """Measure all and write."""
    torch.set_num_threads(1)
    ranks = judge(image_network())
    tables = {
        **trained(ranks),
        "instead": instead(ranks),
        "without time": without_time(ranks),
        "by layer": by_layer(ranks),
        "together": together(ranks),
        **noisy(),
    }
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
