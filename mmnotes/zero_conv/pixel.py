"""The smallest network with two zeros in a row, one pixel and one channel: whose weight wakes when.

Paper: Zhang, Rao and Agrawala, Adding conditional control to text-to-image diffusion models (2023), section 3.1.
"""

import torch
from jaxtyping import Float
from torch import Tensor

PARTS = ("tap", "copy", "hint's last", "hint's first")  # the four weights, from the output back to the hint


def pixel_descent(
    start: Float[Tensor, "4"],
    *,
    x: float,
    hint: float,
    target: float,
    rate: float,
    steps: int,
) -> tuple[Float[Tensor, "times 4"], Float[Tensor, "times 4"], Float[Tensor, "times"]]:
    """Weights, slopes and output of one pixel, at the start and after each step of
    gradient descent.

    To the frozen output w2 w (x + w1 w0 c) is added, with the weights w2 (tap), w
    (copy), w1 and w0 (the hint encoder's last and first) and the hint c. The slopes are
    those of half the squared distance from the target. With w2 = w1 = 0 three of the
    four are exactly zero at the start, one after a step, none after two. With x = 0 as
    well, or with w = 0, nothing ever moves.

    >>> start = torch.tensor([0.0, 1.2, 0.0, 0.8])
    >>> inputs = dict(x=0.5, hint=1.0, target=0.3)
    >>> weights, slopes, output = pixel_descent(start, **inputs, rate=0.1, steps=2)
    >>> (slopes != 0).int()
    tensor([[1, 0, 0, 0],
            [1, 1, 1, 0],
            [1, 1, 1, 1]], dtype=torch.int32)

    Shapes: start (4,), the tap first -> (steps + 1, 4), (steps + 1, 4), (steps + 1,).
    Errors: ValueError for a negative number of steps or a rate that is not positive.
    Source: Zhang et al. 2023, section 3.1, with one channel and no bias.
    """
    if steps < 0:
        raise ValueError(f"steps must not be negative, got {steps}")
    if not rate > 0:
        raise ValueError(f"rate must be positive, got {rate}")
    weights, slopes, outputs = [start], [], []
    for step in range(steps + 1):
        tap, copy, last, first = weights[-1].unbind()
        features = first * hint
        seen = x + last * features
        copied = copy * seen
        outputs.append(tap * copied)
        delta = outputs[-1] - target
        back = tap * delta
        own = [delta * copied, back * seen]
        behind = [back * copy * features, back * copy * last * hint]
        slopes.append(torch.stack([*own, *behind]))
        if step < steps:
            weights.append(weights[-1] - rate * slopes[-1])
    return torch.stack(weights), torch.stack(slopes), torch.stack(outputs)
