"""How face-api ships dlib's network: arrays of bytes, each with the value of byte 0 and that of a step.

Source: face-api 1.7.15, after Vincent Mühler's quantised copy.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from mmnotes.face_verification.embedder import WIDTHS, Embedder
from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.weights import part


class PackedEmbedder(nn.Module):
    """The released embedder with its weights in the bytes that are stored, widened whenever it is used.

    Shapes: chips (batch, 3, 150, 150) -> (batch, 128).
    Units: as ``Embedder``; what is outside of 0 to 1 counts as 0 or 1.
    Source: ``pretrained.pretrained_embedder``, whose weights are widened once.
    """

    def __init__(self) -> None:
        super().__init__()
        stored = stored_arrays(__package__, "embedder.npz")
        self.scales = scales_of(stored)
        self.places = {name: f"array{place}" for place, name in enumerate(stored) if name not in ("lowest", "step")}
        for name, place in self.places.items():
            self.register_buffer(place, stored[name])
        self.embedder = Embedder().requires_grad_(False)

    def forward(self, chips: Float[Tensor, "batch 3 150 150"]) -> Tensor:
        """The vector of each chip."""
        wide = {}
        for name, place in self.places.items():
            least, size = self.scales.get(name, (0.0, 1.0))
            wide[name] = self.get_buffer(place).float() * size + least
        vectors: Tensor = functional_call(self.embedder, embedder_state(wide), (chips.clamp(0, 1),))
        return vectors


def embedder_state(wide: dict[str, Tensor]) -> dict[str, Tensor]:
    """The embedder's weights, of face-api's arrays after they were widened."""
    state = {"out.weight": wide["fc"].T}
    for ours, theirs in ({"stem": "conv32_down"} | _blocks()).items():
        state |= {f"{ours}.{name}": value for name, value in folded(part(wide, f"{theirs}/")).items()}
    return state


def widened(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """Arrays of bytes as numbers: each has a value for byte 0 and one for a step, which stand in the order of the file.

    Arrays of other types are left as they are.

    Shapes: each array as it was; ``lowest`` and ``step`` (arrays,) are used up.
    """
    scales, wide = scales_of(stored), {}
    for name, values in stored.items():
        if name in scales:
            least, size = scales[name]
            wide[name] = (values.double() * size + least).float()
        elif name not in ("lowest", "step"):
            wide[name] = values
    return wide


def scales_of(stored: dict[str, Tensor]) -> dict[str, tuple[float, float]]:
    """For each array of bytes the value of byte 0 and that of a step."""
    pairs = zip(stored["lowest"].tolist(), stored["step"].tolist(), strict=True)
    return dict(zip((name for name, values in stored.items() if values.dtype == torch.uint8), pairs, strict=True))


def folded(layer: dict[str, Tensor]) -> dict[str, Tensor]:
    """A convolution and the affine layer behind it, g (W x + b) + c, as one convolution: (g W) x + (g b + c).

    Shapes: filters (rows, columns, channels, out), the others (out,) -> weight (out, channels, rows, columns), bias
    (out,).
    """
    gain = layer["scale/weights"]
    weight = layer["conv/filters"].permute(3, 2, 0, 1) * gain[:, None, None, None]
    return {"weight": weight.contiguous(), "bias": layer["conv/bias"] * gain + layer["scale/biases"]}


def _blocks() -> dict[str, str]:
    """What face-api calls the convolutions of our blocks."""
    names = []
    for stage, (width, count) in enumerate(WIDTHS):
        down = f"conv{width}_down" + "_out" * (count == 0)
        names += [down] * bool(stage) + [f"conv{width}_{number}" for number in range(1, count + 1)]
    convolutions = (("first", "conv1"), ("second", "conv2"))
    return {
        f"blocks.{place}.{ours}": f"{name}/{theirs}"
        for place, name in enumerate(names)
        for ours, theirs in convolutions
    }
