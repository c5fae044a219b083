"""Measure what the chapter says of the trained model: ``python -m tools.deepstack.study``, after that model's training.

Writes mmnotes/deepstack/study.npz: the share of right answers by kind of question with levels as trained and changed;
how far states move by each choice of levels, in one conversation; and what can be read of the detail, layer by layer.
"""

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from mmnotes.data.arrangements import pictures_of_boards
from mmnotes.data.questions import ASSISTANT, conversation, numbers, question_about
from mmnotes.deepstack import explained, linear_reading
from mmnotes.deepstack.pretrained import MERGE, PATCH
from mmnotes.layers.samples import Samples, packed
from mmnotes.qwen3_vl import Qwen3VL, prompt_of
from mmnotes.qwen3_vl.pretrained import pretrained_qwen3_vl
from mmnotes.vision_tower import patchify
from tools.qwen3_vl.study import CHANGES, KINDS, SEEDS, by_seed, shuffled
from tools.training import write

FILE = "deepstack/study.npz"
BOARDS, FITTED, SEED, SHOWN = 120, 90, 5, 117  # as in the chapter, and the board of its lab
PLANS = ("one after each layer", "all after layer 0", "no level", "swapped")
SWITCHED = [*product((False, True), repeat=3)]


def planned(levels: Sequence[Tensor]) -> dict[str, list[Tensor]]:
    """The levels of each of ``PLANS``."""
    made = [[*levels], [torch.stack([*levels]).sum(0)], [], [*levels][::-1]]
    return dict(zip(PLANS, made, strict=True))


@torch.no_grad()
def read(model: Qwen3VL, *, boards: int = BOARDS, fitted: int = FITTED) -> Tensor:
    """Explained of the detail, from all states so far and from one (plans, 2, layers + 1)."""
    pictures, _ = pictures_of_boards(boards, vendors=("noto", "fluent"), seed=SEED)
    cut = [patchify(2 * picture - 1, patch=PATCH, merge=MERGE) for picture in pictures]
    row, grids = torch.cat([each for each, _ in cut]), [grid for _, grid in cut]
    values = row.unflatten(1, (3, 2, -1))[:, :, 0].unflatten(0, (-1, MERGE**2))
    detail = (values - values.mean((1, 3), keepdim=True)).flatten(1)
    squares = fitted * len(detail) // boards
    prompt = prompt_of([conversation([grid]) for grid in grids], merge=MERGE)
    x, position_ids, mask, visual, levels = model.inputs(prompt, row, grids)

    def told(features: Tensor) -> Tensor:
        reading = linear_reading(features[:squares], detail[:squares])
        return explained(detail[squares:], reading.of(features[squares:]))

    found = []
    for plan in planned(levels).values():
        states = [each[visual] for each in model.language.states(x, position_ids, mask, visual, plan)]
        so_far = [told(torch.cat(states[: index + 1], 1)) for index in range(len(states))]
        found.append(torch.stack([torch.stack(so_far), torch.stack([*map(told, states)])]))
    return torch.stack(found)


@torch.no_grad()
def moved(model: Qwen3VL) -> tuple[Tensor, list[str]]:
    """How far states move for each of ``SWITCHED`` (2, 2, 2, layers + 1, positions); the words behind the picture."""
    pictures, boards = pictures_of_boards(BOARDS, vendors=("noto", "fluent"), seed=SEED)
    asked = question_about(boards[SHOWN], "side", seed=0)
    row, grid = patchify(2 * pictures[SHOWN] - 1, patch=PATCH, merge=MERGE)
    words = [*asked.words, ASSISTANT]
    prompt = prompt_of([[*conversation([grid]), numbers(words)]], merge=MERGE)
    x, position_ids, mask, visual, levels = model.inputs(prompt, row, [grid])

    def states(on: Sequence[bool]) -> Tensor:
        switched = [each * use for each, use in zip(levels, on, strict=True)]
        return torch.stack(model.language.states(x, position_ids, mask, visual, switched))[:, 0]

    without = states((False,) * 3)
    distances = torch.stack([(states(on) - without).norm(dim=-1) for on in SWITCHED])
    return distances.view(2, 2, 2, *distances.shape[1:]), words


def main() -> None:
    """Measure and write the file."""
    torch.set_num_threads(1)
    model = pretrained_qwen3_vl()
    conditions = {name: by_seed(model, change=change) for name, change in CHANGES.items()}
    conditions["another picture"] = by_seed(model, prepared=shuffled)
    for name, shares in conditions.items():
        print(name, *(f"{share:.3f}" for share in shares.mean(1).tolist()))
    distances, words = moved(model)
    layers = tuple(range(distances.shape[3]))
    off_on = {f"level {number}": (0, 1) for number in (1, 2, 3)}
    answers = Samples(
        torch.stack([*conditions.values()]), {"condition": tuple(conditions), "kind": KINDS, "seed": SEEDS}
    )
    settings = {"words": " ".join(words)}
    tables = {
        "answers": answers,
        "moved": Samples(distances.half(), {**off_on, "layers": layers}, settings=settings),
        "read": Samples(read(model), {"plan": PLANS, "from": ("all so far", "one"), "layers": layers}),
    }
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
