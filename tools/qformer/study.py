"""Measure what the chapter compares, at equal budgets and from three seeds: ``python -m tools.qformer.study``.

Writes mmnotes/qformer/study.npz: how well held-out texts are found by the contrast alone, for several numbers of
queries, for their mean, and for queries that may not choose where they look, after 200 steps and after 800; the same
after all objectives of stage 1, without matching, and without choice; what the soft prompts of several makers are
worth to the frozen language model; and how the captioning loss falls when a quarter of the mask is open that should
be shut. Starts from the weights that tools.qformer.train wrote, and takes half an hour on one core.
"""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn

from mmnotes.data import Vendor, concepts
from mmnotes.layers.samples import Samples, packed
from mmnotes.layers.weights import part
from mmnotes.models.language_model import LanguageModel, likeliest_words, pretrained_language_model
from mmnotes.qformer import QFormer, StageOne, itc_loss, itc_similarity, itg_loss, itg_mask, itm_mask
from mmnotes.qformer.pretrained import SEEDS, pretrained_stage_one, stage_two_weights, untrained_stage_one
from tools.qformer.train import (
    CAPTIONS,
    DECODER,
    END,
    HELD_OUT,
    IMAGES,
    SHARED,
    SIZES,
    START,
    TRAIN,
    WORDS,
    Prompter,
    better_texts,
    optimiser,
    padded,
    pairs,
    rate_of,
    train_prompt,
    whole_captions,
)
from tools.training import train_, write

SHORT, LONG = 200, 800  # steps
COUNTS = (0, 1, 2, 4, 8, 16)  # of queries, where none is the mean of the tokens
STAGE_ONE = ("all", "no matching")
MAKERS = (  # of a prompt; each has learned for 2,300 steps in all
    "queries",  # 800 of stage 1 and 1,500 of stage 2, as shipped
    "line of each token",
    "line of the mean",
    "queries, words learn",  # the language model is not frozen: it learns with whatever makes the prompt
    "line of each token, words learn",
)
SETS: dict[str, tuple[Vendor, Tensor]] = {
    "trained on, Noto": ("noto", TRAIN[::3]),
    "trained on, unseen style": ("twemoji", TRAIN[::3]),
    "held out, Noto": ("noto", HELD_OUT),
}
RECALLS = ("at 1", "at 10", "at 10, no near copy")
MEASURES = ("own", "same group", "own, no near copy", "same group, no near copy", "nats")
LEAKS = {  # may queries read the text, may the text look ahead
    "captioning": (False, False),
    "looks ahead": (False, True),
    "queries read": (True, False),
    "matching": (True, True),
}
LEAK_STEPS, EVERY = 600, 10


class MeanRetriever(nn.Module):
    """What the contrast would be without queries: the mean of the image tokens, projected."""

    def __init__(self) -> None:
        super().__init__()
        self.qformer = QFormer(**SIZES, queries=1)
        self.image_projection, self.text_projection = nn.Linear(64, SHARED), nn.Linear(64, SHARED)
        self.temperature = nn.Parameter(torch.tensor(0.07))

    def similarity(self, image: Tensor, ids: Tensor, padding_mask: Tensor) -> Tensor:
        texts = self.text_projection(self.qformer.read(ids, padding_mask)[:, 0])
        return itc_similarity(self.image_projection(image.mean(1, keepdim=True)), texts)


class MeanPrompt(nn.Module):
    """One linear layer from the mean of the image tokens to eight soft tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.projection = nn.Linear(64, 8 * 64)

    def forward(self, image: Tensor) -> Tensor:
        return self.projection(image.mean(1)).unflatten(1, (8, 64))


class LinePrompt(nn.Module):
    """One linear layer for each image token, as LLaVA has it: sixteen soft tokens, and nothing is condensed."""

    def __init__(self) -> None:
        super().__init__()
        self.projection = nn.Linear(64, 64)

    def forward(self, image: Tensor) -> Tensor:
        return self.projection(image)


def looking_evenly(model: StageOne) -> StageOne:
    """The same model with all cross-attention weights equal: its queries get the mean of the values, and stay there."""
    for block in model.qformer.blocks:
        if block.cross is not None:
            for parameter in block.cross.query.parameters():
                nn.init.zeros_(parameter).requires_grad_(False)
    return model


def fitted(model: nn.Module, loss_of: Callable[[torch.Generator], Tensor], *, name: str, seed: int, steps: int) -> None:
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    train_(model, optimiser(trained), loss_of, rate_of(3e-3, steps), name=name, steps=steps, seed=seed)


def train_contrast(queries: int, seed: int, *, steps: int, look: str = "free") -> nn.Module:
    """The contrast alone, for some number of queries; for none the mean of the image tokens."""
    torch.manual_seed(seed)
    model = untrained_stage_one(words=WORDS, queries=queries) if queries else MeanRetriever()
    if look == "even":
        looking_evenly(model)

    def loss_of(generator: torch.Generator) -> Tensor:
        return itc_loss(model.similarity(*pairs(generator)), tau=model.temperature)

    fitted(model, loss_of, name=f"contrast-{queries}-{look}-{steps}", seed=seed, steps=steps)
    return model


def stage_one(kind: str, seed: int, *, steps: int = 800) -> StageOne:
    """After stage 1 with all objectives, as shipped, or without matching."""
    if kind == "all":
        return pretrained_stage_one(seed=seed).requires_grad_(True)
    torch.manual_seed(seed)
    model = untrained_stage_one(words=WORDS, queries=8)

    def loss_of(generator: torch.Generator) -> Tensor:
        image, ids, padding_mask = pairs(generator)
        contrast = itc_loss(model.similarity(image, ids, padding_mask), tau=model.temperature)
        said = torch.cat([torch.full_like(ids[:, :1], DECODER), ids[:, 1:]], dim=1)
        return contrast + itg_loss(model.word_logits(image, said, padding_mask), said, padding_mask)

    fitted(model, loss_of, name="no-matching", seed=seed, steps=steps)
    return model


@cache
def near_copies(*, drawing: float = 0.9, caption: float = 0.5) -> Tensor:
    """Which held-out concepts have a training concept that is drawn, or described, almost like them.

    By Noto and Fluent: the cosine of the mean image tokens. In words: how many of both captions' words they share.
    """
    flat = {vendor: nn.functional.normalize(IMAGES[vendor].mean(1), dim=-1) for vendor in ("noto", "fluent")}
    drawn = torch.stack([flat["noto"][HELD_OUT] @ each[TRAIN].T for each in flat.values()]).amax((0, 2))
    bags = [set(words_of(place)) for place in range(len(CAPTIONS))]
    told = [max(len(own & bags[p]) / len(own | bags[p]) for p in TRAIN.tolist()) for own in _held_out(bags)]
    return (drawn > drawing) | (torch.tensor(told) >= caption)


def _held_out(rows: list[set[int]]) -> list[set[int]]:
    return [rows[place] for place in HELD_OUT.tolist()]


def recalls(scores: Tensor, padding_mask: Tensor) -> list[float]:
    """Recall at 1 and at 10 of the held-out texts, and at 10 of those without a near copy, in per cent.

    All texts stay candidates; one without any known word is none, and its image counts as missed.
    """
    place = better_texts(scores, padding_mask)
    hits = [place < 1, place < 10, (place < 10)[~near_copies()]]
    return [100 * each.double().mean().item() for each in hits]


def found(model: nn.Module) -> list[float]:
    """The recalls by the contrast."""
    texts = whole_captions(HELD_OUT)
    with torch.no_grad():
        return recalls(model.similarity(IMAGES["noto"][HELD_OUT], *texts), texts[1])


@torch.no_grad()
def matched(model: StageOne, *, most: int = 40) -> list[float]:
    """The recalls where the matching head re-orders the contrast's best."""
    ids, padding_mask = whole_captions(HELD_OUT)
    image = IMAGES["noto"][HELD_OUT]
    scores = model.similarity(image, ids, padding_mask).masked_fill(padding_mask.sum(1) == 2, -1)
    order = scores - 10_000
    for row, best in enumerate(scores.topk(most).indices):
        logits = model.match_logits(image[[row]].expand(most, -1, -1), ids[best], padding_mask[best])
        order[row, best] = logits.diff(dim=1)[:, 0]
    return recalls(order, padding_mask)


@torch.no_grad()
def wins(model: StageOne) -> Tensor:
    """How often each query is the best one for the text of its own image, in shares."""
    ids, padding_mask = whole_captions(HELD_OUT)
    texts = model.text_projection(model.qformer.read(ids, padding_mask)[:, 0])
    queries = model.image_projection(model.qformer.see(IMAGES["noto"][HELD_OUT]))
    cosines = nn.functional.normalize(queries, dim=-1) @ nn.functional.normalize(texts, dim=-1)[:, :, None]
    return cosines[..., 0].argmax(1).bincount(minlength=queries.shape[1]) / len(texts)


def contrasts() -> dict[str, Samples]:
    """Recalls by the contrast after many steps: the mean of the tokens, one query, eight, and eight looking evenly."""
    kinds = {"mean": (0, "free"), "1 query": (1, "free"), "8 queries": (8, "free"), "8 looking evenly": (8, "even")}
    table = torch.zeros(len(kinds), len(SEEDS), len(RECALLS))
    for row, (kind, (queries, look)) in enumerate(kinds.items()):
        for column, seed in enumerate(SEEDS):
            table[row, column] = torch.tensor(found(train_contrast(queries, seed, steps=LONG, look=look)))
            print(f"{kind}, seed {seed}: {table[row, column].tolist()}", flush=True)
    return {"contrasts": Samples(table.half(), {"reader": tuple(kinds), "seed": SEEDS, "recall": RECALLS})}


def counts() -> dict[str, Samples]:
    """Recall after a few steps, and who wins, for each number of queries and each seed."""
    table = torch.zeros(len(SEEDS), len(COUNTS), 2)
    won = torch.zeros(len(SEEDS), len(COUNTS), max(COUNTS))
    for row, seed in enumerate(SEEDS):
        for column, queries in enumerate(COUNTS):
            model = train_contrast(queries, seed, steps=SHORT)
            table[row, column] = torch.tensor(found(model)[:2])
            if queries:
                won[row, column, :queries] = wins(model)
            print(f"{queries} queries, seed {seed}: {table[row, column].tolist()}", flush=True)
    axes = {"seed": SEEDS, "queries": COUNTS[1:], "query": range(1, 1 + max(COUNTS))}
    return {
        "recall": Samples(table.half(), {"seed": SEEDS, "queries": COUNTS, "recall": RECALLS[:2]}),
        "wins": Samples(won[:, 1:].half(), axes),
    }


def words_of(place: int) -> list[int]:
    """Label and tags of a concept."""
    label, tags = CAPTIONS[place]
    return label + tags


def right_words(rows: list[list[int]], wanted: list[list[int]]) -> Tensor:
    """How many of the words said are in the caption, in per cent, for each caption."""
    pairs = zip(rows, wanted, strict=True)
    return torch.tensor([100 * len({*row} & {*own}) / max(1, len({*row})) for row, own in pairs])


def next_of_group(places: Tensor) -> list[int]:
    """For each concept of a set the next one of its own group, the first after the last."""
    groups = [concepts()[place].group for place in places.tolist()]
    order = sorted(range(len(groups)), key=groups.__getitem__)
    after = {}
    for group in set(groups):
        members = [row for row in order if groups[row] == group]
        after |= dict(zip(members, members[1:] + members[:1], strict=True))
    return [after[row] for row in range(len(groups))]


@torch.no_grad()
def worth(speaker: "Speaker", vendor: Vendor, places: Tensor) -> list[float]:
    """What MEASURES names: words of the own caption and of another of its group, and nats a word."""
    prompt, writer = speaker.maker(IMAGES[vendor][places]), speaker.writer
    start = torch.full((len(places), 1), START)
    rows = likeliest_words(lambda ids: writer(ids, prompt), start, end=END, most=6)
    captions, other = [words_of(place) for place in places.tolist()], next_of_group(places)
    ids, padding_mask = whole_captions(places)
    kept = padding_mask.sum(1) > 2
    nats = writer.loss(ids[kept], padding_mask[kept], prompt[kept]).item()
    ours, theirs = right_words(rows, captions), right_words(rows, [captions[row] for row in other])
    far = ~near_copies() if places is HELD_OUT else torch.ones(len(places), dtype=torch.bool)
    words = [each.mean().item() for each in (ours, theirs, ours[far], theirs[far])]
    return [*words, nats]


class Speaker(nn.Module):
    """What makes a prompt and the language model that reads it, for where both learn."""

    def __init__(self, maker: nn.Module, writer: LanguageModel) -> None:
        super().__init__()
        self.maker, self.writer = maker, writer

    def forward(self, image: Tensor, ids: Tensor, padding_mask: Tensor) -> Tensor:
        return self.writer.loss(ids, padding_mask, self.maker(image))


def speaker_of(kind: str, seed: int) -> Speaker:
    """Whatever makes the prompt and the language model, after 2,300 steps."""
    writer = pretrained_language_model()
    torch.manual_seed(seed)
    if kind == "queries":
        maker = Prompter(untrained_stage_one(words=WORDS, queries=8).qformer)
        maker.load_state_dict(part(stage_two_weights(), f"qformer.{seed}."), strict=False)
        return Speaker(maker, writer)
    name = f"worth-{kind.replace(' ', '-').replace(',', '')}"
    if kind.startswith("queries"):
        speaker, steps = Speaker(Prompter(pretrained_stage_one(seed=seed).qformer), writer), 1500
    else:
        speaker, steps = Speaker(LinePrompt() if "each" in kind else MeanPrompt(), writer), 2300
    if kind.endswith("words learn"):
        writer.requires_grad_(True)
        fitted(speaker, lambda generator: speaker(*pairs(generator)), name=name, seed=seed, steps=steps)
    else:
        train_prompt(speaker.maker, writer, name=name, seed=seed, steps=steps)
    return speaker


def prompts() -> dict[str, Samples]:
    """What each maker's prompt is worth, on each set of pictures, from each seed."""
    table = torch.zeros(len(MAKERS), len(SEEDS), len(SETS), len(MEASURES))
    for row, kind in enumerate(MAKERS):
        for column, seed in enumerate(SEEDS):
            speaker = speaker_of(kind, seed)
            for at, (vendor, places) in enumerate(SETS.values()):
                table[row, column, at] = torch.tensor(worth(speaker, vendor, places))
            print(kind, seed, [[round(x, 2) for x in each] for each in table[row, column].tolist()], flush=True)
    axes = {"maker": MAKERS, "seed": SEEDS, "pictures": tuple(SETS), "measure": MEASURES}
    return {"prompts": Samples(table.half(), axes)}


def stages() -> dict[str, Samples]:
    """The recalls after each stage 1, by contrast and by matching."""
    table = torch.zeros(len(STAGE_ONE), len(SEEDS), 2, len(RECALLS))
    for row, kind in enumerate(STAGE_ONE):
        for column, seed in enumerate(SEEDS):
            model = stage_one(kind, seed)
            table[row, column] = torch.tensor([found(model), matched(model)])
            print(kind, seed, table[row, column].tolist(), flush=True)
    axes = {"objectives": STAGE_ONE, "seed": SEEDS, "by": ("contrast", "matching"), "recall": RECALLS}
    return {"stages": Samples(table.half(), axes)}


def leaking_mask(padding_mask: Tensor, *, queries: int, read: bool, ahead: bool) -> Tensor:
    """The captioning mask, and of the matching mask's two further quarters those that are asked for."""
    mask = itg_mask(queries=queries, padding_mask=padding_mask)
    every = itm_mask(queries=queries, padding_mask=padding_mask)
    if read:
        mask[:, :queries] = every[:, :queries]
    if ahead:
        mask[:, queries:] = every[:, queries:]
    return mask


def learn_to_caption(leak: str, seed: int, *, steps: int = LEAK_STEPS) -> Tensor:
    """Nats a word at each step of a small Q-Former: by the mask it learns with, and by the captioning mask."""
    read, ahead = LEAKS[leak]
    torch.manual_seed(seed)
    sizes = SIZES | dict(dim=32, heads=2, depth=2, hidden=64)
    model, generator = StageOne(QFormer(**sizes, queries=4), shared_dim=32), torch.Generator().manual_seed(seed)
    learner, curve = torch.optim.AdamW(model.parameters(), lr=1e-2), []
    rows = [words_of(place)[:6] for place in range(len(CAPTIONS))]
    for _ in range(steps):
        here = TRAIN[torch.randperm(len(TRAIN), generator=generator)[:32]]
        ids, kept = padded([rows[place] for place in here.tolist()], start=DECODER, end=END)
        losses = []
        for mask in (
            leaking_mask(kept, queries=4, read=read, ahead=ahead),
            itg_mask(queries=4, padding_mask=kept),
        ):
            text = model.qformer(IMAGES["noto"][here], ids, mask)[1]
            logits = model.word_head(text, model.qformer.text.words.weight)
            losses.append(itg_loss(logits, ids, kept, smoothing=0))
        learner.zero_grad()
        losses[0].backward()
        learner.step()
        curve.append([loss.item() for loss in losses])
    return torch.tensor(curve)


def leaks() -> dict[str, Samples]:
    """The curves of every mask and seed, each value the mean over ten steps."""
    table = torch.zeros(len(LEAKS), len(SEEDS), LEAK_STEPS // EVERY, 2)
    for row, leak in enumerate(LEAKS):
        for column, seed in enumerate(SEEDS):
            table[row, column] = learn_to_caption(leak, seed).unflatten(0, (-1, EVERY)).mean(1)
            print(leak, seed, table[row, column, 11].tolist(), table[row, column, -1].tolist(), flush=True)
    steps = tuple(range(EVERY, LEAK_STEPS + 1, EVERY))
    axes = {"mask": tuple(LEAKS), "seed": SEEDS, "step": steps, "by": ("its own mask", "captioning mask")}
    return {"leaks": Samples(table.half(), axes)}


def main() -> None:
    torch.set_num_threads(1)
    near = {"near": Samples(near_copies().byte(), {"concept": HELD_OUT.tolist()})}
    write("qformer/study.npz", packed(contrasts() | counts() | leaks() | prompts() | stages() | near))


if __name__ == "__main__":
    main()
