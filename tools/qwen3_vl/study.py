"""Measure what the chapters say of the small model: ``python -m tools.qwen3_vl.study``, after ``.train``.

Writes mmnotes/qwen3_vl/study.npz: the share of right answers by kind of question, for three seeds of boards and
questions, under the conditions named below; takes minutes on one core.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmnotes.data.arrangements import films_of_boards, pictures_of_boards
from mmnotes.data.questions import FILM_KINDS, PICTURE_KINDS, SIDES, Question
from mmnotes.layers.samples import Samples, packed
from mmnotes.qwen3_vl import Qwen3VL
from mmnotes.qwen3_vl.pretrained import pretrained_qwen3_vl
from tools.qwen3_vl.asking import Asked, Change, answer_to, as_trained, asked, logits, questions_about
from tools.qwen3_vl.stages import VENDORS, Prepared, as_it_is
from tools.qwen3_vl.train import BLIND, COMPARED_RUNS, compared, name_of, prepared_for, trained
from tools.training import write

FILE = "qwen3_vl/study.npz"
KINDS = (*PICTURE_KINDS, *FILM_KINDS)
SEEDS, BOARDS, EACH = (0, 1, 2), 100, 4
DRAWINGS = (2, 3, 4, 5, 6)  # on a board


def accuracy(
    model: Qwen3VL, *, prepared: Prepared = as_it_is, change: Change = as_trained, seed: int, **drawn: Any
) -> Tensor:
    """The share of right answers for each of ``KINDS``, to as many questions about each of so many new boards.

    ``drawn`` says how boards differ from those of the training.
    """
    random, shares = torch.Generator().manual_seed(10**9 + seed), []
    for kinds, draw in ((PICTURE_KINDS, pictures_of_boards), (FILM_KINDS, films_of_boards)):
        films, shown = draw(BOARDS, seed=10**9 + seed, **({"vendors": VENDORS} | drawn))
        shares += [
            right(model, films, questions_about(shown, (kind,), each=EACH, random=random), prepared, change)
            for kind in kinds
        ]
    return torch.stack(shares)


def small_accuracy(model: Qwen3VL, *, prepared: Prepared, seed: int) -> Tensor:
    """The same for ``PICTURE_KINDS`` on boards of two by two."""
    random = torch.Generator().manual_seed(10**9 + seed)
    pictures, shown = pictures_of_boards(BOARDS, cells=2, vendors=VENDORS, seed=10**9 + seed)
    return torch.stack(
        [
            right(model, pictures, questions_about(shown, (kind,), each=EACH, random=random), prepared)
            for kind in PICTURE_KINDS
        ]
    )


def beside(model: Qwen3VL, *, seed: int) -> Tensor:
    """The share of right answers to what lies beside a drawing, by how many lie there and by side (``DRAWINGS``,
    ``SIDES``).
    """
    random = torch.Generator().manual_seed(10**9 + seed)
    pictures, shown = pictures_of_boards(4 * BOARDS, vendors=VENDORS, seed=10**9 + seed)
    questions = questions_about(shown, ("side",), each=EACH, random=random)
    is_right = rights(model, pictures, questions).view(len(shown), EACH)
    count = torch.zeros(2, len(DRAWINGS), len(SIDES))
    for board, row, found in zip(shown, questions, is_right.float(), strict=True):
        for question, it in zip(row, found, strict=True):
            place = DRAWINGS.index(len(board.names)), [*SIDES].index(" ".join(question.words[2:-3]))
            count[:, *place] += torch.tensor([it, 1.0])
    return count[0] / count[1]


def right(
    model: Qwen3VL,
    films: Tensor,
    questions: Sequence[Sequence[Question]],
    prepared: Prepared = as_it_is,
    change: Change = as_trained,
) -> Tensor:
    """The share of right answers to questions about films or pictures."""
    return rights(model, films, questions, prepared, change).float().mean()


def rights(
    model: Qwen3VL,
    films: Tensor,
    questions: Sequence[Sequence[Question]],
    prepared: Prepared = as_it_is,
    change: Change = as_trained,
) -> Tensor:
    """Which answers to questions about films or pictures are right, those about the first film first."""
    given = prepared(asked(films, [[*map(answer_to, row)] for row in questions]))
    return said(model, given, change) == given.answers()


@torch.no_grad()
def said(model: Qwen3VL, given: Asked, change: Change = as_trained) -> Tensor:
    """The number of the likeliest word for each answer."""
    return logits(model, given, change).argmax(-1)


def shuffled(given: Asked) -> Asked:
    """The same questions about the picture that came before."""
    each = len(given.row) // len(given.grids)
    return given._replace(row=given.row.roll(each, dims=0))


def without(*left_out: int) -> Change:
    """Some levels, counted from 0, set to zero."""

    def change(visual: Tensor, levels: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        return visual, [0 * level if place in left_out else level for place, level in enumerate(levels)]

    return change


def at_once(visual: Tensor, levels: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """All levels added after the first layer."""
    return visual, [torch.stack(levels).sum(0)]


def swapped(visual: Tensor, levels: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """The levels in the opposite order."""
    return visual, levels[::-1]


def everywhere(visual: Tensor, levels: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Each level also at the words: there the mean of what the picture's tokens get."""
    spread = []
    for level in levels:
        rows = level.view(len(visual), -1, level.shape[1])
        each = rows.mean(1, keepdim=True).repeat(1, visual.shape[1], 1)
        spread.append(each.masked_scatter(visual[..., None].expand_as(each), level).flatten(0, 1))
    return torch.ones_like(visual), spread


CHANGES: dict[str, Change] = {
    "as trained": as_trained,
    "without level 1": without(0),
    "without level 2": without(1),
    "without level 3": without(2),
    "without levels": without(0, 1, 2),
    "at once": at_once,
    "swapped": swapped,
    "everywhere": everywhere,
}
SETS = {
    "new boards": {},
    "pairs that never met": {"apart": True},
    "another vendor": {"vendors": ("twemoji",)},
}


def by_seed(model: Qwen3VL, **conditions: Any) -> Tensor:
    """Shares of right answers (kinds, seeds)."""
    return torch.stack([accuracy(model, seed=seed, **conditions) for seed in SEEDS], dim=1)


def compared_shares(variant: str, run: int) -> Tensor:
    """Shares of right answers of a run on small boards (kinds, seeds)."""
    model, prepared = compared(variant, run), prepared_for(variant)
    return torch.stack([small_accuracy(model, prepared=prepared, seed=seed) for seed in SEEDS], dim=1)


def main() -> None:
    """Measure and write the file."""
    torch.set_num_threads(1)
    model = pretrained_qwen3_vl()
    blind = trained(BLIND, name=name_of(BLIND), seed=0)
    conditions = {
        BLIND: by_seed(blind, prepared=prepared_for(BLIND)),
        "another picture": by_seed(model, prepared=shuffled),
    }
    sets = {name: by_seed(model, **changed) for name, changed in SETS.items()}
    variants = {f"{variant}, {seed}": compared_shares(variant, seed) for variant, seed in COMPARED_RUNS}
    tables = {}
    for name, rows, axis, kinds in (
        ("conditions", conditions, "condition", KINDS),
        ("sets", sets, "set", KINDS),
        ("variants", variants, "run", PICTURE_KINDS),
    ):
        for row, shares in rows.items():
            print(row, *(f"{share:.3f}" for share in shares.mean(1).tolist()))
        tables[name] = Samples(torch.stack([*rows.values()]).half(), {axis: tuple(rows), "kind": kinds, "seed": SEEDS})
    by_side = torch.stack([beside(model, seed=seed) for seed in SEEDS], dim=2)
    tables["beside"] = Samples(by_side.half(), {"drawings": DRAWINGS, "side": tuple(SIDES), "seed": SEEDS})
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
