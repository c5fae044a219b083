"""The margin on a large matrix of cosines, with loss and gradient, against the published sequence of operations."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from bench.timing import Row, peak_bytes, race
from mmnotes.arcface import margin_logits, straight_through_logits

BATCH, CLASSES, M2, S = 128, 100_000, 0.5, 64.0


def rows() -> Iterator[Row]:
    """Loss and gradient of a batch whose cosines are there, by both gradients; and the memory of one."""
    random = torch.Generator().manual_seed(0)
    cosine = (0.6 * torch.rand(BATCH, CLASSES, generator=random) - 0.3).requires_grad_()
    labels = torch.randint(CLASSES, (BATCH,), generator=random)

    def published() -> Tensor:
        return torch.autograd.grad(cross_entropy(published_sequence(cosine, labels), labels), cosine)[0]

    def through() -> Tensor:
        loss = cross_entropy(straight_through_logits(cosine, labels, m2=M2, s=S), labels)
        return torch.autograd.grad(loss, cosine)[0]

    def exact() -> Tensor:
        return torch.autograd.grad(cross_entropy(margin_logits(cosine, labels, m2=M2, s=S), labels), cosine)[0]

    torch.testing.assert_close(through(), published(), rtol=1e-3, atol=1e-6)
    size = f"{BATCH} x {CLASSES}"
    yield race(f"straight_through_logits, loss, gradient, {size}; published sequence", through, published, aim="1")
    yield race(f"margin_logits, loss, gradient, {size}; published sequence", exact, published, aim="1")
    ours, theirs = (peak_bytes(action) / cosine.nbytes for action in (through, published))
    yield Row("the same, memory in matrices", f"{ours:.1f}", f"{theirs:.1f}", f"{theirs / ours:.2f}", "1")


def published_sequence(cosine: Tensor, labels: Tensor) -> Tensor:
    """What is released: a clamp, then arccos and cosine of the whole matrix in place, unseen by autograd."""
    logits = cosine.clamp(-1, 1)
    place = torch.arange(len(labels))
    with torch.no_grad():
        own = logits[place, labels].arccos_() + M2
        logits.arccos_()
        logits[place, labels] = own
        logits.cos_()
    return logits * S
