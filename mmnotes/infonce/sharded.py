"""CLIP's loss over a batch that is spread over processes.

Papers: Radford et al., CLIP (2021), section 2.5; the way of gathering is mlfoundations/open_clip's with ``local_loss``
and ``gather_with_grad``. ``mmnotes.infonce.gather_ways`` compares it with the three others.

Differs:
- the backward pass of the gather sums over all processes everywhere (all-reduce) and keeps a part; released code on
  GPUs sends each process its part alone (reduce-scatter);
- one group of processes, with equally many pairs in each.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch import distributed as dist
from torch.nn.functional import cross_entropy, normalize

from mmnotes.layers.precision import promoted, without_autocast
from mmnotes.layers.scales import check_positive


def sharded_info_nce(
    image: Float[Tensor, "batch dim"],
    text: Float[Tensor, "batch dim"],
    *,
    scale: Float[Tensor, ""] | float,
) -> Float[Tensor, ""]:
    """This process' part of ``info_nce`` over the pairs of all processes.

    Each process has n of the N = nW pairs and compares its own n images with all N
    texts, and its own n texts with all N images. The mean of the parts over the W
    processes is the loss of the whole batch, and the mean of their gradients is its
    gradient, for features and scale alike: the mean that DistributedDataParallel
    takes anyway. Each direction makes n · N logits. Without a process group there
    is one process, and its part is the whole.

    A collective of the process group cannot be traced.

    Shapes: image (batch, dim), text (batch, dim), the features of this process'
    pairs, of any length -> ().
    Units: nats, in float32 or, for float64 features, float64.
    Errors: ValueError for a scale that is not positive and finite, an empty batch,
    or batches of different sizes.
    Source: mlfoundations/open_clip, src/open_clip/loss.py, ClipLoss with local_loss
    and gather_with_grad.
    """
    check_positive(scale, name="scale")
    counted = gathered_values(torch.tensor([[float(len(image))]], device=image.device))
    sizes = [int(size) for size in counted.flatten()]
    if not len(image) or len(set(sizes)) > 1:
        must = "have equally many rows on every process, at least one"
        raise ValueError(f"image must {must}, got {sizes}")
    image, text = (normalize(each, dim=1) for each in promoted(image, text))
    everything, start = (gathered(image), gathered(text)), rank() * len(image)
    return matching_loss(image, text, *everything, scale=scale, start=start)


def matching_loss(
    image: Float[Tensor, "batch dim"],
    text: Float[Tensor, "batch dim"],
    images: Float[Tensor, "batches dim"],
    texts: Float[Tensor, "batches dim"],
    *,
    scale: Float[Tensor, ""] | float,
    start: int,
) -> Float[Tensor, ""]:
    """Two cross-entropies: find each image's text among all ``texts``, and each
    text's image among all ``images``.

    Shapes: image and text (batch, dim), rows of length one; images and texts
    (batches, dim), where row i of the former is row start + i -> ().
    Units: nats, in float32 or, for float64 features, float64; under autocast too.
    Source: mlfoundations/open_clip, src/open_clip/loss.py, ClipLoss.get_logits.
    """
    pairs = start + torch.arange(len(image), device=image.device)
    image, text, images, texts = promoted(image, text, images, texts)
    with without_autocast(image.device):
        to_text, to_image = scale * image @ texts.T, scale * text @ images.T
    return (cross_entropy(to_text, pairs) + cross_entropy(to_image, pairs)) / 2


def gathered(rows: Float[Tensor, "batch dim"]) -> Float[Tensor, "batches dim"]:
    """The rows of all processes, one process after the other, with a gradient that
    finds its way back.

    Backward, every process has what its own loss makes of all the rows, and the
    owner of a row adds these up. A collective of the process group cannot be traced.

    Shapes: rows (batch, dim) -> (batches, dim), where batches is batch times the
    number of processes.
    Source: torch.distributed.nn.functional.all_gather; LAVIS,
    lavis/models/base_model.py, GatherLayer.
    """
    every: Tensor = _Gather.apply(rows)
    return every


def gathered_values(rows: Float[Tensor, "batch dim"]) -> Float[Tensor, "batches dim"]:
    """The rows of all processes without any gradient, not even to the process' own.

    A collective of the process group cannot be traced.

    Shapes: as ``gathered``.
    Source: torch.distributed.all_gather; LAVIS, lavis/models/base_model.py,
    concat_all_gather.
    """
    if not dist.is_initialized():
        return rows.detach().clone()
    every = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(dist.get_world_size())]
    dist.all_gather(every, rows.detach().contiguous())
    return torch.cat(every)


def rank() -> int:
    """Which of the processes this one is, from 0.

    The answer is no tensor, and there is nothing to trace.

    Source: the rank that torchrun gives; 0 without a process group.
    """
    return dist.get_rank() if dist.is_initialized() else 0


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.own = slice(rank() * len(rows), (rank() + 1) * len(rows))
        return gathered_values(rows)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        total = slope.clone(memory_format=torch.contiguous_format)
        if dist.is_initialized():
            dist.all_reduce(total)
        return total[ctx.own]
