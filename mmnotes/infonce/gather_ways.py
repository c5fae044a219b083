"""Four ways to gather a batch that is spread over processes, run side by side on real processes.

Every way gives the same loss. What differs is the gradient, after the mean over processes that
DistributedDataParallel takes. Torchrun runs this module, and the first process prints a table as JSON:

    python -m torch.distributed.run --standalone --nproc-per-node 2 -m mmnotes.infonce.gather_ways FILE

The options are ``local_loss`` and ``gather_with_grad`` of mlfoundations/open_clip, src/open_clip/loss.py.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch import distributed as dist
from torch.nn.functional import cosine_similarity, normalize

from mmnotes.infonce.sharded import gathered, gathered_values, matching_loss, rank

Gather = Callable[[Tensor], Tensor]
Part = Callable[[Tensor, Tensor, Tensor, Gather], Tensor]


def own_rows(image: Tensor, text: Tensor, scale: Tensor, gather: Gather) -> Tensor:
    """The process' own images and texts, each against everything gathered; n · N logits each.

    Shapes: image (batch, dim), text (batch, dim), scale () -> ().
    Source: local_loss=True.
    """
    return matching_loss(image, text, gather(image), gather(text), scale=scale, start=rank() * len(image))


def all_rows(image: Tensor, text: Tensor, scale: Tensor, gather: Gather) -> Tensor:
    """The whole batch, which every process works out anew; N · N logits.

    Shapes: image (batch, dim), text (batch, dim), scale () -> ().
    Source: local_loss=False.
    """
    image, text = gather(image), gather(text)
    return matching_loss(image, text, image, text, scale=scale, start=0)


def gathered_around_own(rows: Tensor) -> Tensor:
    """The rows of all processes, with a gradient to the process' own alone.

    Shapes: rows (batch, dim) -> (batches, dim).
    Source: gather_with_grad=False where the loss is not local.
    """
    others, start = gathered_values(rows), rank() * len(rows)
    return torch.cat([others[:start], rows, others[start + len(rows) :]])


WAYS: dict[str, tuple[Part, Gather]] = {
    "all rows, own gradient": (all_rows, gathered_around_own),
    "all rows, every gradient": (all_rows, gathered),
    "own rows, every gradient": (own_rows, gathered),
    "own rows, no gradient": (own_rows, gathered_values),
}


def compare(file: Path) -> dict[str, dict[str, float]]:
    """Loss and gradients of each way, averaged over the processes, as multiples of those of a single process.

    ``file`` holds tensors by name: ``image`` and ``text``, features of pairs; ``to_image`` and ``to_text``, what
    projects them; ``log_scale``. Every process takes its share of the pairs.

    Shapes: image and text (pairs, any width), matrices (dim, width), log_scale () -> for each way the ratios ``loss``,
    ``norm`` (length of the gradient of both matrices), ``scale`` (gradient of log_scale), and ``cosine`` (of the
    gradient of both matrices with the true one).
    Source: the four combinations of open_clip's two options.
    """
    state = torch.load(file, weights_only=True)
    features = [state["image"], state["text"]]
    weights = [state[name].requires_grad_() for name in ("to_image", "to_text", "log_scale")]

    def measure(part: Part, gather: Gather, rows: list[Tensor]) -> list[Tensor]:
        image, text = (normalize(each @ matrix.T) for each, matrix in zip(rows, weights, strict=False))
        loss = part(image, text, weights[2].exp(), gather)
        to_image, to_text, scale = torch.autograd.grad(loss, weights)
        return [loss.detach(), torch.cat([to_image.flatten(), to_text.flatten()]), scale]

    true_loss, true_slope, true_scale = measure(all_rows, lambda rows: rows, features)
    share, found = [each.chunk(dist.get_world_size())[rank()] for each in features], {}
    for name, way in WAYS.items():
        for mean in (means := measure(*way, share)):
            dist.all_reduce(mean)
            mean /= dist.get_world_size()
        loss, slope, scale = means
        found[name] = {
            "loss": (loss / true_loss).item(),
            "norm": (slope.norm() / true_slope.norm()).item(),
            "cosine": cosine_similarity(slope, true_slope, dim=0).item(),
            "scale": (scale / true_scale).item(),
        }
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    ways = compare(Path(sys.argv[1]))
    if rank() == 0:
        print(json.dumps(ways))
    dist.destroy_process_group()
