"""The released weights of the cascade and of the embedder, and the two portraits of this chapter."""

from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.face_verification.detector import Detector
from mmnotes.face_verification.eight_bits import embedder_state, widened
from mmnotes.face_verification.embedder import Embedder
from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.weights import fill_, part

PORTRAITS = ("astronaut", "hopper")
# Ours are numbered as they follow each other; theirs, by their kind. Each net ends in its heads.
_CASCADE = {
    "pnet": (("conv1", "prelu1", "", "conv2", "prelu2", "conv3", "prelu3"), ("conv4_1", "conv4_2")),
    "rnet": (
        ("conv1", "prelu1", "", "conv2", "prelu2", "", "conv3", "prelu3", "", "dense4", "prelu4"),
        ("dense5_1", "dense5_2"),
    ),
    "onet": (
        (
            "conv1",
            "prelu1",
            "",
            "conv2",
            "prelu2",
            "",
            "conv3",
            "prelu3",
            "",
            "conv4",
            "prelu4",
            "",
            "dense5",
            "prelu5",
        ),
        ("dense6_1", "dense6_2", "dense6_3"),
    ),
}
_HEADS = ("face", "shift", "landmarks")
Module = TypeVar("Module", bound=nn.Module)


def portraits() -> dict[str, Float[Tensor, "3 320 320"]]:
    """Two public-domain portraits by name: the astronaut Eileen Collins and Rear Admiral Grace Hopper.

    Shapes: each (3, 320, 320), a square of the source at its own resolution.
    Units: red, green and blue from 0 to 1.
    Source: NASA, as shipped in scikit-image; United States Navy, as shipped in matplotlib. See ATTRIBUTION.md.
    """
    return {name: pixels.permute(2, 0, 1) / 255 for name, pixels in stored_arrays(__package__, "portraits.npz").items()}


def pretrained_detector() -> Detector:
    """The cascade as released, frozen.

    Source: facenet-pytorch 2.6.0, kept in half precision.
    """
    detector, stored = Detector(), stored_arrays(__package__, "detector.npz")
    for net, (layers, heads) in _CASCADE.items():
        names = [(rf"{name}\.(.*)", rf"features.{place}.\1") for place, name in enumerate(layers) if name]
        names += [(rf"{theirs}\.(.*)", rf"{ours}.\1") for theirs, ours in zip(heads, _HEADS, strict=False)]
        fill_(getattr(detector, net), part(stored, f"{net}."), names=names)
    return _frozen(detector)


def pretrained_embedder() -> Embedder:
    """dlib's network as face-api ships it, in eight bits, widened and frozen.

    The affine layer behind each convolution is multiplied into its weights.

    Source: face-api 1.7.15.
    """
    embedder = Embedder()
    embedder.load_state_dict(embedder_state(widened(stored_arrays(__package__, "embedder.npz"))))
    return _frozen(embedder)


def untrained_embedder(*, seed: int) -> Embedder:
    """The same network with random weights of the size that keeps signals alive, frozen: a baseline.

    Source: He et al. 2015 for the size.
    """
    embedder, random = Embedder(), torch.Generator().manual_seed(seed)
    for name, weights in embedder.named_parameters():
        if name.endswith("weight"):
            nn.init.kaiming_normal_(weights, nonlinearity="relu", generator=random)
        else:
            nn.init.zeros_(weights)
    return _frozen(embedder)


def _frozen(module: Module) -> Module:
    return module.requires_grad_(False).eval()
