"""The small networks that learned identities by a loss of this chapter."""

from typing import Literal, get_args

import torch

from mmnotes.arcface.net import DIM, DrawingNet
from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.weights import part

Kept = Literal["normalised", "ArcFace"]
KEPT: tuple[Kept, ...] = get_args(Kept)


def untrained_net(*, seed: int) -> DrawingNet:
    """The network with the random weights of a seed, as it is used and not as it is trained.

    Shapes: as ``DrawingNet``.
    """
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        return DrawingNet(dim=DIM).eval().requires_grad_(False)


def pretrained_net(*, way: Kept) -> DrawingNet:
    """The network that learned 529 identities by normalised softmax, or by ArcFace, of the first seed; frozen.

    Shapes: as ``DrawingNet``.
    Source: trained by tools/arcface/train.py.
    """
    net = untrained_net(seed=0)
    # How many batches there were is an integer, which is not stored and which nothing reads.
    net.load_state_dict(net.state_dict() | part(stored_arrays(__package__, "weights.npz"), f"{way}."))
    return net
