"""Train the Q-Former of the chapter, and after it the soft prompt of stage 2, on the emoji corpus.

    python -m tools.qformer.train            three seeds; then tools.qformer.study compares

The image tokens are the frozen network's 4 x 4 cells, between the drawings of Noto and Fluent or on one of them. A
caption is a concept's label and some of its tags in any order. The language model reads the training captions only,
and is frozen before stage 2. Writes the weights in mmnotes/qformer and the language
model in mmnotes/models, and prints what is held out: 200 concepts, and the drawings of Twemoji.
"""

import copy
import math
from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor, nn

from mmnotes.data import VENDORS, Vendor, caption_ids, concepts, padded, patch_features, vocabulary
from mmnotes.models.language_model import LanguageModel
from mmnotes.qformer import QFormer, SoftPrompt, StageOne
from mmnotes.qformer.pretrained import SEEDS, untrained_stage_one
from tools.training import rate, rounded, train_, write

START, DECODER, END = (len(vocabulary()) + place for place in range(3))
WORDS, POSITIONS, SHARED = len(vocabulary()) + 3, 24, 64
SIZES = dict(dim=64, heads=4, depth=4, hidden=128, image_dim=64, words=WORDS, positions=POSITIONS)
SCALE = 3.2  # the spread of the image tokens
BATCH = 64
WARM_UP = 50
AMONG = (1, 10)  # the best so many, of the recall
CAPTIONS = [caption_ids(concept) for concept in concepts()]
TRAIN = torch.tensor([place for place, concept in enumerate(concepts()) if not concept.held_out])
HELD_OUT = torch.tensor([place for place, concept in enumerate(concepts()) if concept.held_out])
KNOWN = {word for place in TRAIN.tolist() for words in CAPTIONS[place] for word in words}


def tokens(vendor: Vendor) -> Tensor:
    """The image tokens of one vendor's drawings, of about unit spread."""
    return patch_features(vendor=vendor) / SCALE


IMAGES = {vendor: tokens(vendor) for vendor in VENDORS}


def pairs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """A batch of different concepts: disturbed image tokens, ids and what is kept of them."""
    chosen = TRAIN[torch.randperm(len(TRAIN), generator=generator)[:BATCH]]
    between = torch.rand(BATCH, 1, 1, generator=generator)
    mixed = torch.rand(BATCH, 1, 1, generator=generator) < 0.5
    between = torch.where(mixed, between, between.round())
    image = torch.lerp(IMAGES["noto"][chosen], IMAGES["fluent"][chosen], between)
    image = image + 0.5 * torch.randn(image.shape, generator=generator)
    image = image * (torch.rand(BATCH, 16, 1, generator=generator) > 0.2)
    rows = []
    for label, tags in (CAPTIONS[place] for place in chosen.tolist()):
        order = torch.randperm(len(tags), generator=generator).tolist()
        rows.append([*label, *(tags[place] for place in order if torch.rand((), generator=generator) < 0.5)])
    return image, *padded(rows, start=START, end=END)


def rate_of(highest: float, steps: int) -> Callable[[int], float]:
    """The rate of each step: it rises at first and falls to zero."""
    return partial(rate, highest=highest, steps=steps, warm_up=WARM_UP, first=1)


def optimiser(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameters, weight_decay=0.05)


def whole_captions(places: Tensor) -> tuple[Tensor, Tensor]:
    """Label and all tags of some concepts, without the words that no training caption has: those have no vector."""
    rows = [[word for words in CAPTIONS[place] for word in words if word in KNOWN] for place in places.tolist()]
    return padded(rows, start=START, end=END)


def recall(scores: Tensor, padding_mask: Tensor, most: int) -> float:
    """How often the right text is among the best ``most`` for its image, in per cent.

    A text without any known word is no candidate, and its image counts as missed.
    """
    return 100 * (better_texts(scores, padding_mask) < most).double().mean().item()


def better_texts(scores: Tensor, padding_mask: Tensor) -> Tensor:
    """For each image how many texts have a higher score than its own; one without any known word is no candidate."""
    scores = scores.masked_fill(padding_mask.sum(1) == 2, -math.inf)
    return (scores > scores.diag()[:, None]).sum(1)


def train_stage_one(seed: int, *, steps: int = 800) -> StageOne:
    """All three objectives, summed."""
    torch.manual_seed(seed)
    model = untrained_stage_one(words=WORDS, queries=8)

    def loss_of(generator: torch.Generator) -> Tensor:
        losses = model(*pairs(generator), decoder=DECODER, generator=generator)
        return losses.contrast + losses.match + losses.caption

    train_(model, optimiser(model.parameters()), loss_of, rate_of(3e-3, steps), name="qformer", steps=steps, seed=seed)
    return model


def train_language_model(*, steps: int = 800) -> LanguageModel:
    """Reads the training captions and nothing else."""
    torch.manual_seed(0)
    model = LanguageModel(dim=64, heads=4, depth=2, hidden=128, words=WORDS, positions=POSITIONS)

    def loss_of(generator: torch.Generator) -> Tensor:
        return model.loss(*pairs(generator)[1:])

    train_(model, optimiser(model.parameters()), loss_of, rate_of(5e-3, steps), name="words", steps=steps, seed=0)
    return model.requires_grad_(False)


def train_prompt(model: nn.Module, language_model: LanguageModel, *, name: str, seed: int, steps: int = 1500) -> None:
    """Stage 2: whatever makes the prompt learns, the language model does not."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def loss_of(generator: torch.Generator) -> Tensor:
        image, ids, padding_mask = pairs(generator)
        return language_model.loss(ids, padding_mask, model(image))

    train_(model, optimiser(trained), loss_of, rate_of(3e-3, steps), name=name, steps=steps, seed=seed)


class Prompter(nn.Module):
    """The image half of a Q-Former and the projection after it."""

    def __init__(self, qformer: QFormer) -> None:
        super().__init__()
        self.qformer, self.prompt = qformer, SoftPrompt(dim=64, word_dim=64)
        for name, parameter in self.qformer.named_parameters():
            parameter.requires_grad_("text" not in name)

    def forward(self, image: Tensor) -> Tensor:
        return self.prompt(self.qformer.see(image))


@torch.no_grad()
def match_matrix(model: StageOne, images: Tensor, ids: Tensor, padding_mask: Tensor) -> Tensor:
    """How much more likely than not each image and each text belong together, by the matching head."""
    rows = [model.match_logits(image.expand(len(ids), -1, -1), ids, padding_mask).diff(dim=1)[:, 0] for image in images]
    return torch.stack(rows)


def main() -> None:
    torch.set_num_threads(1)
    language_model = train_language_model()
    first, second = {}, {}
    for seed in SEEDS:
        model = train_stage_one(seed)
        first |= {f"{seed}.{name}": value for name, value in model.state_dict().items()}
        for vendor in ("noto", "twemoji"):
            image, texts = IMAGES[vendor][HELD_OUT], whole_captions(HELD_OUT)
            with torch.no_grad():
                found = {"contrast": model.similarity(image, *texts), "match": match_matrix(model, image, *texts)}
            for name, scores in found.items():
                first_ten = " and ".join(f"{recall(scores, texts[1], most):.1f}" for most in AMONG)
                print(f"seed {seed}, {vendor}, {name}: recall at 1 and at 10: {first_ten}")
        maker = Prompter(copy.deepcopy(model.qformer))
        train_prompt(maker, language_model, name="prompt-qformer", seed=seed)
        kept = {name: value for name, value in maker.state_dict().items() if ".text" not in name}
        second |= {f"qformer.{seed}.{name}": value for name, value in kept.items()}
    write("qformer/weights.npz", rounded(first))
    write("models/language_model.npz", rounded(language_model.state_dict()))
    write("qformer/stage_two.npz", rounded(second))


if __name__ == "__main__":
    main()
