"""Train the mini-CLIPs of the chapter `clip` and write mmnotes/clip/weights.npz: three seeds, five minutes each.

Trained are the 649 concepts that are not held out, in the two styles Noto and Fluent. Each step draws a batch of
concepts, a style, a random placement and colouring of each drawing, and a random part of each caption. The image tower
has three readouts, which learn together: the loss is the mean of their three symmetric InfoNCE losses.
"""

import math
import sys
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample, normalize

from mmnotes.clip.pretrained import LENGTH, SEEDS, untrained_clip
from mmnotes.data import VENDORS, Vendor, concepts, drawings, vocabulary, word_ids
from mmnotes.infonce import info_nce, similarity
from tools.training import rate, rounded, train_, write

FILE = "clip/weights.npz"
STYLES: tuple[Vendor, ...] = ("noto", "fluent")
STEPS, BATCH, RATE = 700, 160, 1e-3
WARM_UP, PERIOD, COOLING = 50, 1800, 300  # steps
START = len(vocabulary())
END = START + 1  # the highest number, as in the released tokeniser
MANTISSA = 5  # one bit less than of other weights; the largest file still


def readouts(model: nn.ModuleDict) -> Iterator[tuple[str, nn.Module]]:
    """Each way to read the image tower, by name."""
    yield from (("[CLS]", model["clip"].image.readout), ("mean", model["mean"]), ("attention", model["attention"]))


def token_ids(words: list[int]) -> list[int]:
    """Start, words, end, and zeros up to the length of the tower."""
    ids = [START, *words[: LENGTH - 2], END]
    return ids + [0] * (LENGTH - len(ids))


def caption(label: str, tags: tuple[str, ...], generator: torch.Generator) -> list[int]:
    """The label, nearly always, then a random part of the tags in random order."""
    count = int(torch.randint(len(tags) + 1, (1,), generator=generator))
    chosen = [tags[place] for place in torch.randperm(len(tags), generator=generator)[:count].tolist()]
    with_label = not chosen or bool(torch.rand(1, generator=generator) < 0.85)
    return [word for text in ([label] if with_label else []) + chosen for word in word_ids(text)]


def moved(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Each picture flipped or not, scaled, turned, shifted and coloured a little at random, on white."""
    count = len(pixels)

    def draw(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    flip = torch.where(draw(0, 1) < 0.5, -1.0, 1.0)
    angle, scale = draw(-0.2, 0.2), draw(0.9, 1.2)
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    rows = [flip * cosine, -sine, draw(-0.15, 0.15), flip * sine, cosine, draw(-0.15, 0.15)]
    grid = affine_grid(torch.stack(rows, 1).reshape(-1, 2, 3), list(pixels.shape), align_corners=False)
    ink = grid_sample(1 - pixels, grid, align_corners=False)
    mixing = torch.eye(3) + draw(-0.15, 0.15, 3, 3)
    coloured = torch.einsum("nij,njhw->nihw", mixing, ink) * draw(0.8, 1.2, 1, 1, 1)
    return (1 - coloured).clamp(0, 1)


def train_one(seed: int) -> nn.ModuleDict:
    """A model of this seed, trained, with all three readouts."""
    torch.manual_seed(seed)
    model = untrained_clip(vocabulary=END + 1)

    def rate_at(step: int) -> float:
        """Up, down a slow cosine that ends far behind the last step, and straight to zero at the end."""
        slow = rate(step, highest=RATE, steps=PERIOD, warm_up=WARM_UP, first=1)
        return slow * min(1.0, (STEPS - step) / COOLING)

    loss_of = loss_through(model, list(dict(readouts(model))))
    train_(model, optimiser_of(model), loss_of, rate_at, name="clip", steps=STEPS, seed=seed)
    return model


def optimiser_of(model: nn.Module) -> torch.optim.AdamW:
    """AdamW that pulls matrices to zero and leaves vectors alone."""
    matrices = [each for each in model.parameters() if each.ndim > 1]
    others = [each for each in model.parameters() if each.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))


def loss_through(model: nn.ModuleDict, rules: Sequence[str]) -> Callable[[torch.Generator], Tensor]:
    """The loss of a random batch, the mean over the readouts that are named."""
    kept = [place for place, concept in enumerate(concepts()) if not concept.held_out]
    captions = [concepts()[place].en for place in kept]
    styles = torch.stack([drawings(vendor=vendor)[kept] for vendor in STYLES])
    chosen = [readout for name, readout in readouts(model) if name in rules]

    def loss_of(generator: torch.Generator) -> Tensor:
        batch = torch.randperm(len(kept), generator=generator)[:BATCH]
        style = torch.randint(len(STYLES), (BATCH,), generator=generator)
        pixels = moved(styles[style, batch], generator)
        ids = [token_ids(caption(*captions[place], generator)) for place in batch.tolist()]
        tokens, text = model["clip"].image.states(pixels), model["clip"].text(torch.tensor(ids))
        scale = model["clip"].logit_scale.clamp(max=math.log(100)).exp()
        losses = [info_nce(similarity(readout(tokens), text), scale=scale) for readout in chosen]
        return torch.stack(losses).mean()

    return loss_of


@torch.no_grad()
def report(model: nn.ModuleDict) -> None:
    """Recall at 1, 5, 10: the caption among those of the same split, label and all tags, for each picture."""
    held_out = torch.tensor([concept.held_out for concept in concepts()])
    words = [[word for text in (c.en.label, *c.en.tags) for word in word_ids(text)] for c in concepts()]
    text = normalize(model["clip"].text(torch.tensor([token_ids(each) for each in words])), dim=1)
    for vendor in VENDORS:
        tokens = model["clip"].image.states(drawings(vendor=vendor))
        for name, readout in readouts(model):
            cosines = normalize(readout(tokens), dim=1) @ text.T
            for split, where in (("trained", ~held_out), ("held out", held_out)):
                own = cosines[where][:, where]
                rank = (own > own.diag()[:, None]).sum(1)
                recalls = " ".join(f"{100 * (rank < k).float().mean():5.1f}" for k in (1, 5, 10))
                print(f"{vendor:>8} {name:>10} {split:>8} concepts: {recalls} %", flush=True)


def main() -> None:
    """Train the seeds that the command line names, or all; then write the file if all are trained."""
    torch.set_num_threads(1)
    chosen = [int(each) for each in sys.argv[1:]] or SEEDS
    entries = {}
    for seed in chosen:
        model = train_one(seed)
        state = rounded(model.state_dict(), bits=MANTISSA)
        model.load_state_dict({name: torch.from_numpy(value).float() for name, value in state.items()})
        print(f"seed {seed}, as stored:")
        report(model)
        entries |= {f"{seed}.{name}": value for name, value in state.items()}
    if tuple(chosen) == SEEDS:
        write(FILE, entries)


if __name__ == "__main__":
    main()
