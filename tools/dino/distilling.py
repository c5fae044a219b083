"""One way to learn from views of scenes, for every recipe of self-distillation: student, teacher, centre, and curves.

Everything that a run has to remember lies in one module, so that ``tools.training.train_`` keeps it and goes on.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mmnotes.data import grounds, scenes
from mmnotes.dino import (
    DINOHead,
    centred_targets,
    cross_view_loss,
    multi_crop,
    teacher_momentum,
    teacher_of,
    update_teacher_,
    updated_centre,
)
from mmnotes.dino.pretrained import DEPTH, DIM, SIZE, untrained_backbone
from mmnotes.layers.vision_transformer import VisionTransformer
from mmnotes.layers.weights import part
from tools.training import kept_state, rate

STEPS, BATCH, LOCAL_CROPS = 800, 32, 2
CUT = 0.1  # of an object that the rim may cut off: what a crop does not show of it, nothing can be learned from
SHARES, STRENGTH = ((0.6, 1.0), (0.3, 0.7)), 0.3
RATE, WARM_UP, CLIP = 1e-3, 30, 3.0
HEAD = {"hidden": 256, "bottleneck": 64, "prototypes": 256}
# A centre that follows faster than its teacher moves, or what it has not caught up with is amplified.
STUDENT_TAU, TEACHER_TAU, MOMENTUM, CENTRE_MOMENTUM = 0.1, 0.015, 0.96, 0.3
CURVES = ("loss", "entropy", "divergence", "mean entropy", "in use")
VENDORS = ("noto", "fluent")


class Views(NamedTuple):
    """Global crops (2, batch, 3, size, size) and local ones (crops, batch, 3, size / 2, size / 2)."""

    large: Tensor
    small: Tensor


class Distilled(nn.Module):
    """A student and its teacher, each a backbone and a head; the centre; the number of steps done; and the curves, with
    a row for every step that there will be.
    """

    centre: Tensor
    done: Tensor
    curves: Tensor

    def __init__(self, *, dim: int = DIM, depth: int = DEPTH, steps: int = STEPS) -> None:
        super().__init__()
        backbone, head = untrained_backbone(dim=dim, depth=depth), DINOHead(dim=dim, **HEAD)
        self.student = nn.ModuleDict({"backbone": backbone, "head": head})
        self.teacher = teacher_of(self.student)
        self.register_buffer("centre", torch.zeros(HEAD["prototypes"]))
        self.register_buffer("done", torch.tensor(0))
        self.register_buffer("curves", torch.zeros(steps, len(CURVES)))


def views(random: torch.Generator, *, exchanged: bool, size: int = SIZE) -> Views:
    """Crops of a batch of new scenes with one object each.

    Where exchanged, the global crops have two grounds, and the local ones have one of these in turn.
    """
    seed, other = torch.randint(2**62, (2,), generator=random).tolist()
    drawn = scenes(BATCH, vendors=VENDORS, held_out=False, seed=seed, most=1, cut=CUT)
    versions = [drawn.pixels()]
    if exchanged:
        versions.append(drawn.on(grounds(BATCH, held_out=False, seed=other)).pixels())
    return Views(
        *multi_crop(
            torch.stack(versions),
            global_size=size,
            local_size=size // 2,
            local_crops=LOCAL_CROPS,
            random=random,
            shares=SHARES,
            strength=STRENGTH,
        )
    )


def loss_through(
    model: Distilled, *, exchanged: bool, teacher_tau: float = TEACHER_TAU
) -> Callable[[torch.Generator], Tensor]:
    """DINO's loss of a random batch; before it the teacher follows the student, after it the centre follows both."""

    def loss_of(random: torch.Generator) -> Tensor:
        follow_(model)
        crops = views(random, exchanged=exchanged)
        with torch.no_grad():
            taught = logits(model.teacher, [crops.large])
        targets = centred_targets(taught, model.centre, tau=teacher_tau)
        said = logits(model.student, [crops.large, crops.small])
        loss = cross_view_loss(said, targets, tau=STUDENT_TAU)
        model.centre.copy_(updated_centre(model.centre, taught, momentum=CENTRE_MOMENTUM))
        note_(model, loss, targets)
        return loss

    return loss_of


def logits(networks: nn.ModuleDict, sizes: list[Tensor]) -> Tensor:
    """(crops, batch, prototypes) of crops (crops, batch, ...) of each size, one pass a size."""
    features = [networks["backbone"](crops.flatten(0, 1)).cls for crops in sizes]
    return networks["head"](torch.cat(features)).unflatten(0, (-1, sizes[0].shape[1]))


def follow_(model: Distilled) -> None:
    """The teacher's update after the step before, which nothing is before the first."""
    if step := int(model.done):
        momentum = teacher_momentum(step=step, steps=len(model.curves), start=MOMENTUM)
        update_teacher_(model.teacher, model.student, momentum=momentum)


@torch.no_grad()
def note_(model: Distilled, loss: Tensor, targets: Tensor) -> None:
    """Put what the curves show of this step in its row, and count the step."""
    rows = targets.flatten(0, -2)
    entropy, mean = entropies(rows).mean(), rows.mean(0)
    in_use = rows.argmax(-1).unique().numel()
    model.curves[model.done] = torch.stack(
        [loss.detach(), entropy, loss.detach() - entropy, entropies(mean), torch.tensor(float(in_use))]
    )
    model.done += 1


def entropies(rows: Tensor) -> Tensor:
    """-Σ p log p of each row."""
    return torch.special.entr(rows).sum(-1)


def kept_backbone(*, name: str, seed: int) -> VisionTransformer:
    """The teacher's backbone at the end of a run, frozen."""
    return frozen_backbone(part(kept_state(name=name, seed=seed), "teacher.backbone."))


def frozen_backbone(state: Mapping[str, Tensor]) -> VisionTransformer:
    """A backbone with these weights, of whatever size they are."""
    depth = len({name.split(".")[1] for name in state if name.startswith("blocks.")})
    model = untrained_backbone(dim=len(state["class_token"]), depth=depth)
    model.load_state_dict(state)
    return model.requires_grad_(False)


def optimiser_of(model: Distilled) -> torch.optim.AdamW:
    """AdamW that pulls matrices to zero and leaves vectors alone, for a student whose gradients are clipped."""
    every = [*model.student.parameters()]
    matrices, others = ([each for each in every if (each.ndim > 1) == wide] for wide in (True, False))
    groups = [{"params": matrices, "weight_decay": 0.04}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups)

    def prepare(*_: object) -> None:
        nn.utils.clip_grad_norm_(every, CLIP)

    optimiser.register_step_pre_hook(prepare)
    return optimiser


def rate_at(step: int) -> float:
    """Up, and to zero along a cosine."""
    return rate(step, highest=RATE, steps=STEPS, warm_up=WARM_UP, first=1)
