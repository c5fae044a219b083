"""DINOv2's economies: a packed pass against one a size, stochastic depth against a mask of zeros, and KoLeo against
the sequence of operations that was published.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import normalize, pairwise_distance

from bench.timing import Row, race
from mmnotes.dinov2 import kept_rows, koleo_loss, packed_tokens, stochastic_depth
from mmnotes.layers.vision_transformer import VisionTransformer

SIZES, CROPS, BATCH = (224, 98), (2, 8), 2
RATE = 0.4


def rows() -> Iterator[Row]:
    """Every comparison, in the order it is made."""
    yield packing_row()
    yield depth_row()
    yield from koleo_rows()


def packing_row() -> Row:
    """Forward and backward of the student's crops. The packed mask is a dense one: no block of scores is left out."""
    torch.manual_seed(0)
    model = VisionTransformer(size=224, patch=14, dim=192, depth=4, heads=3, hidden=768, scale=1.0, registers=0)
    crops = [torch.randn(count * BATCH, 3, size, size) for count, size in zip(CROPS, SIZES, strict=True)]

    def packed() -> None:
        sum(each.cls.sum() for each in packed_tokens(model, crops, [None, None])).backward()

    def separate() -> None:
        sum(model(each).cls.sum() for each in crops).backward()

    return race("multi-crop step in one packed row; a pass for each size", packed, separate, aim="below 1", repeats=5)


def depth_row() -> Row:
    """One block, forward and backward, of which a share of the pictures is left out."""
    torch.manual_seed(0)
    branch = torch.nn.Sequential(torch.nn.Linear(384, 1536), torch.nn.GELU(), torch.nn.Linear(1536, 384))
    x, random = torch.randn(20, 257, 384), torch.Generator().manual_seed(0)

    def ours() -> None:
        stochastic_depth(x, branch, kept_rows(batch=len(x), rate=RATE, random=random)).sum().backward()

    def multiplied() -> None:
        keep = (torch.rand(len(x), 1, 1, generator=random) >= RATE).float() / (1 - RATE)
        (x + keep * branch(x)).sum().backward()

    aim = f"{1 / (1 - RATE):.2f} at best"
    return race(f"stochastic depth at {RATE}; a branch times zeros and ones", ours, multiplied, aim=aim)


def koleo_rows() -> Iterator[Row]:
    """Loss and gradient, of a batch of one process and of a large one."""
    for batch in (64, 2048):
        features = torch.randn(batch, 1024, generator=torch.Generator().manual_seed(0)).requires_grad_()

        def ours(features: Tensor = features) -> Tensor:
            return torch.autograd.grad(koleo_loss(features), features)[0]

        def published(features: Tensor = features) -> Tensor:
            return torch.autograd.grad(published_koleo(features), features)[0]

        torch.testing.assert_close(ours(), published(), rtol=1e-3, atol=1e-6)
        yield race(f"koleo_loss and gradient, {batch} x 1024; published sequence", ours, published, aim="1")


def published_koleo(features: Tensor) -> Tensor:
    """What the released loss computes: the diagonal filled in place, then the distances of the pairs."""
    unit = normalize(features, eps=1e-8, p=2, dim=-1)
    dots = unit @ unit.T
    dots.view(-1)[:: len(unit) + 1].fill_(-1)
    distances = pairwise_distance(unit, unit[dots.max(dim=1).indices], 2, eps=1e-8)
    return -torch.log(distances + 1e-8).mean()
