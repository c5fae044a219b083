"""DINO's loss against the sequence of operations that was published, with its gradient and 65,536 prototypes."""

from collections.abc import Iterator

import torch
from torch import Tensor

from bench.timing import Row, on_the_page, race
from mmnotes.dino import dino_loss
from mmnotes.dino.live import Looking
from mmnotes.dino.pretrained import pretrained_backbone
from mmnotes.page.network import Part

CROPS, VIEWS, BATCH, PROTOTYPES = 10, 2, 8, 65_536
STUDENT_TAU, TEACHER_TAU = 0.1, 0.04


def rows() -> Iterator[Row]:
    """Loss and gradient of two global and eight local crops; what three networks see of a picture, on a page."""
    random = torch.Generator().manual_seed(0)
    student = (2 * torch.rand(CROPS, BATCH, PROTOTYPES, generator=random) - 1).requires_grad_()
    teacher = 2 * torch.rand(VIEWS, BATCH, PROTOTYPES, generator=random) - 1
    centre = torch.rand(PROTOTYPES, generator=random) / 10

    def ours() -> Tensor:
        return torch.autograd.grad(dino_loss(student, teacher, centre), student)[0]

    def published() -> Tensor:
        return torch.autograd.grad(published_sequence(student, teacher, centre), student)[0]

    torch.testing.assert_close(ours(), published(), rtol=1e-4, atol=1e-8)
    what = f"dino_loss and gradient, {CROPS} crops x {BATCH} x {PROTOTYPES}; published sequence"
    yield race(what, ours, published, aim="1")
    networks = [pretrained_backbone(ground="exchanged", seed=seed) for seed in range(3)]
    looking = Part(Looking(networks), {"picture": torch.rand(1, 3, 64, 64, generator=random)}, ("maps", "tokens"))
    with torch.no_grad():
        yield on_the_page("dino, maps and tokens of three networks for one picture", looking, aim="below 3")


def published_sequence(student: Tensor, teacher: Tensor, centre: Tensor) -> Tensor:
    """What the released loss computes: the log-softmax of every crop again for every view."""
    said = student.flatten(0, 1).div(STUDENT_TAU).chunk(CROPS)
    targets = ((teacher.flatten(0, 1) - centre) / TEACHER_TAU).softmax(-1).detach().chunk(VIEWS)
    terms = [
        torch.sum(-target * crop.log_softmax(-1), dim=-1).mean()
        for view, target in enumerate(targets)
        for place, crop in enumerate(said)
        if view != place
    ]
    return torch.stack(terms).sum() / len(terms)
