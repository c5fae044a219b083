"""InfoNCE, forward and backward, against two textbook cross-entropies."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from bench.timing import Row, peak_bytes, race
from mmnotes.infonce import info_nce, similarity

PAIRS, DIM, SCALE = 4096, 512, 1 / 0.07


def rows() -> Iterator[Row]:
    """From the cosines, from the features, then the memory."""
    generator = torch.Generator().manual_seed(0)
    features = [torch.randn(PAIRS, DIM, generator=generator).requires_grad_() for _ in range(2)]
    scale = torch.tensor(SCALE, requires_grad=True)
    cosines = similarity(*features).detach().requires_grad_()

    def from_cosines() -> list[Tensor]:
        return slopes(info_nce(cosines, scale=scale), cosines, scale)

    def textbook_from_cosines() -> list[Tensor]:
        return slopes(textbook(cosines, scale), cosines, scale)

    def from_features() -> list[Tensor]:
        return slopes(info_nce(similarity(*features), scale=scale), *features, scale)

    def textbook_from_features() -> list[Tensor]:
        image, text = (normalize(each, dim=1) for each in features)
        return slopes(textbook(image @ text.T, scale), *features, scale)

    def products() -> list[Tensor]:
        """The three matrix products that no way around saves: the cosines, and the gradient for either side."""
        gradient = features[0].detach() @ features[1].detach().T
        return [gradient @ features[1].detach(), gradient.T @ features[0].detach()]

    for mine, theirs in ((from_cosines, textbook_from_cosines), (from_features, textbook_from_features)):
        torch.testing.assert_close(mine(), theirs(), rtol=1e-3, atol=1e-6)
    name = f"info_nce, N = {PAIRS}, forward and backward"
    yield race(f"{name}; two cross-entropies", from_cosines, textbook_from_cosines, aim="1")
    yield race(f"{name}, from features; the same", from_features, textbook_from_features, aim="1", repeats=5)
    yield race(f"{name}, from features; its products", from_features, products, aim="1 at best", repeats=5)
    ours, other = (peak_bytes(each) / cosines.nbytes for each in (from_cosines, textbook_from_cosines))
    yield Row("info_nce, memory in matrices of cosines", f"{ours:.1f}", f"{other:.1f}", f"{other / ours:.2f}", "1")


def textbook(cosines: Tensor, scale: Tensor) -> Tensor:
    """The loss as it stands in most code."""
    logits, pairs = scale * cosines, torch.arange(len(cosines))
    return (cross_entropy(logits, pairs) + cross_entropy(logits.T, pairs)) / 2


def slopes(loss: Tensor, *inputs: Tensor) -> list[Tensor]:
    """The gradients, after a whole backward pass."""
    return list(torch.autograd.grad(loss, inputs))
