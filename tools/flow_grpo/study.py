"""Measure what tuning has done: ``python -m tools.flow_grpo.study``. Takes six minutes; after ``train``.

Writes mmnotes/flow_grpo/study.npz: rewards, and what no reward asked for, of every run after so many rounds, on the
prompts that were tuned on and on others, with the untuned generator and real drawings beside them; and pictures.
Writes mmnotes/flow_grpo/weights.npz: what one run has learned. Needs the test extra, for the network that looks at
pictures.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from mmnotes.clip.pretrained import SEEDS, pretrained_clip
from mmnotes.data import VENDORS, concept_index, concepts, drawings, text_features, word_ids
from mmnotes.flow import guided_by
from mmnotes.flow_grpo import blueness, diversity, likeness
from mmnotes.flow_grpo.pretrained import untuned_unet
from mmnotes.layers.samples import Axes, Samples, packed
from mmnotes.models.generator import pretrained_unet, prompts
from tools.clip.train import token_ids
from tools.flow_grpo.train import (
    KL,
    LOOKS,
    ROUNDS,
    VARIANTS,
    judge,
    kept,
    new,
    told,
    tuned,
)
from tools.training import KEPT, pictures_along, rounded, shades, write

FILE, WEIGHTS = "flow_grpo/study.npz", "flow_grpo/weights.npz"
STEPS, SAMPLES, GUIDANCE = 10, 2, 3.0
SHOWN = ("dog", "giraffe", "whale", "palm tree", "cherries", "cheese wedge")
LEVELS = 31  # shades of a colour are stored as 0 to 31
MEASURES = ("blueness", "likeness", "recognised", "caption", "apart")
RUN = ("colour", 0)  # whose weights are shipped


@torch.no_grad()
def captioned(pictures: Tensor, places: list[int]) -> float:
    """The mean cosine of pictures with the names of their concepts, by the book's three small CLIPs."""
    words = torch.tensor([token_ids(word_ids(concepts()[place].en.label)) for place in places])
    found = []
    for seed in SEEDS:
        clip = pretrained_clip(seed=seed)["clip"]
        found.append(likeness(clip.image(pictures), clip.text(words)).mean())
    return torch.stack(found).mean().item()


@torch.no_grad()
def measured(pictures: Tensor, places: list[int]) -> list[float]:
    """The measures of pictures (samples, prompts, 3, 32, 32)."""
    every, wanted = pictures.flatten(0, 1), places * len(pictures)
    seen = judge().seen(every)
    nearest = (normalize(seen, dim=1) @ judge().aims.T).argmax(1)
    own = torch.tensor([judge().places.index(place) for place in wanted])
    return [
        blueness(every).mean().item(),
        likeness(seen, judge().wanted(wanted)).mean().item(),
        (nearest == own).float().mean().item(),
        captioned(every, wanted),
        diversity(pictures).mean().item() if len(pictures) > 1 else float("nan"),
    ]


@torch.no_grad()
def drawn(network: nn.Module, places: list[int], *, seeds: range) -> Tensor:
    """A picture of each concept from the noise of each seed."""
    velocity = told(network, prompts(text_features()[places]))
    return torch.stack([pictures_along(velocity, len(places), steps=STEPS, seed=seed) for seed in seeds])


def tuned_network(name: str, seed: int, rounds: int) -> nn.Module:
    """The generator after so many rounds of a run, or as it is shipped."""
    network = untuned_unet()
    if rounds:
        network.load_state_dict(kept(name, seed, rounds), strict=False)
    return network


def looked_at(name: str, seed: int, rounds: int) -> tuple[Tensor, Tensor]:
    """Measures (prompts, measures) and pictures of a run, kept beside its weights once they are made."""
    file = KEPT / f"flow_grpo {name}-{seed}-{rounds} measured.pt"
    if not file.exists():
        network = tuned_network(name, seed, rounds)
        old, others = drawn(network, tuned(), seeds=range(1)), drawn(network, new(), seeds=range(SAMPLES))
        found = torch.tensor([measured(old, tuned()), measured(others, new())])
        asked = [concept_index(label) for label in SHOWN]
        torch.save((found, drawn(network, asked, seeds=range(1))[0]), file)
        print(f"{name}, seed {seed}, {rounds} rounds:", found.numpy().round(2).tolist(), flush=True)
    both: tuple[Tensor, Tensor] = torch.load(file, weights_only=True)
    return both


def of_runs() -> tuple[Samples, Samples]:
    """The measures of all runs, with nothing where there is no such run, and pictures of their first seeds."""
    seeds, looks, shown = (0, 1, 2), (0, *LOOKS), [name for name in VARIANTS if name != "shuffled"]
    table = torch.full((len(VARIANTS), len(seeds), len(looks), 2, len(MEASURES)), float("nan"))
    pictures = {}
    for row, (name, variant) in enumerate(VARIANTS.items()):
        for seed in variant.seeds:
            for column, rounds in enumerate(looks):
                if variant.shuffled and rounds not in (0, ROUNDS):
                    continue
                which = (name, seed, rounds) if rounds else (next(iter(VARIANTS)), 0, 0)
                table[row, seed, column], pictures[name, seed, rounds] = looked_at(*which)
    named = {"variant": [*VARIANTS], "seed": seeds, "rounds": looks, "prompts": ("tuned", "new"), "measure": MEASURES}
    axes: Axes = {"variant": shown, "rounds": looks, "concept": SHOWN}
    drawings_of = [pictures[name, 0, rounds] for name in shown for rounds in looks]
    settings = {"steps": STEPS, "seed": 0, "kl": KL}
    return Samples(table.half(), named), shades(drawings_of, axes, levels=LEVELS, settings=settings)


@torch.no_grad()
def beside() -> Samples:
    """The same measures of what the runs are held against, on the new prompts."""
    network, places = pretrained_unet(), new()
    velocity = guided_by(network, prompts(text_features()[places]), network.nothing, scale=GUIDANCE)
    guided = torch.stack([pictures_along(velocity, len(places), steps=STEPS, seed=seed) for seed in range(SAMPLES)])
    real = torch.stack([drawings(vendor=vendor)[places] for vendor in VENDORS])
    cases = {"guided": guided, "real drawings": real, "drawings of other concepts": real.roll(1, 1)}
    rows = torch.tensor([measured(pictures, places) for pictures in cases.values()])
    return Samples(rows.half(), {"of": [*cases], "measure": MEASURES})


def main() -> None:
    """Measure and write."""
    torch.set_num_threads(1)
    runs, pictures = of_runs()
    write(FILE, packed({"runs": runs, "pictures": pictures, "beside": beside()}))
    write(WEIGHTS, rounded(kept(*RUN, ROUNDS)))


if __name__ == "__main__":
    main()
