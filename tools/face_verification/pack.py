"""Rebuild portraits and weights from the packages that ship them: ``python -m tools.face_verification.pack``.

Nothing is trained here. The three nets of the cascade go into half precision; the embedder stays in the eight bits in
which its package has it, with the step and the lowest value of each array.
"""

import io
import json

import numpy as np
import torch
from PIL import Image

from tools.pack_data import PHOTOS, from_npm, from_wheel
from tools.training import write

# Of a portrait, left and top of the square that is kept.
SIDE = 320  # pixels
HOPPER = (
    "matplotlib==3.11.2",
    "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
    "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
)
PORTRAITS = {"astronaut": (PHOTOS["astronaut"], (64, 0)), "hopper": (HOPPER, (96, 80))}
CASCADE = {
    "pnet": "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f",
    "rnet": "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86",
    "onet": "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d",
}
EMBEDDER = ("@vladmandic/face-api@1.7.15", "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031")


def portraits() -> None:
    """A square of each portrait, at the resolution of its source."""
    squares = {}
    for name, (source, (left, top)) in PORTRAITS.items():
        image = Image.open(io.BytesIO(from_wheel(*source))).convert("RGB")
        squares[name] = np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))
    write("face_verification/portraits.npz", squares)


def detector() -> None:
    """P-Net, R-Net and O-Net of MTCNN, in half precision."""
    entries = {}
    for net, sha256 in CASCADE.items():
        file = from_wheel("facenet-pytorch==2.6.0", f"facenet_pytorch/data/{net}.pt", sha256)
        state = torch.load(io.BytesIO(file), weights_only=True)
        entries |= {f"{net}.{name}": value.half().numpy() for name, value in state.items()}
    write("face_verification/detector.npz", entries)


def embedder() -> None:
    """The arrays of the embedder as bytes, with the value of byte 0 and of one step; eight are in half precision."""
    files = from_npm(*EMBEDDER)
    listed = json.loads(files["package/model/face_recognition_model-weights_manifest.json"])[0]["weights"]
    content = np.frombuffer(files["package/model/face_recognition_model.bin"], np.uint8)
    entries, lowest, step, start = {}, [], [], 0
    for each in listed:
        quantised = each.get("quantization")
        kind = np.dtype(np.uint8 if quantised else np.float32)
        end = start + kind.itemsize * int(np.prod(each["shape"]))
        values = content[start:end].view(kind).reshape(each["shape"])
        entries[each["name"]] = values if quantised else values.astype(np.float16)
        if quantised:
            lowest.append(quantised["min"])
            step.append(quantised["scale"])
        start = end
    if start != len(content):
        raise ValueError(f"the manifest should cover {len(content)} bytes, got {start}")
    write("face_verification/embedder.npz", entries | {"lowest": np.array(lowest), "step": np.array(step)})


if __name__ == "__main__":
    for build in (portraits, detector, embedder):
        build()
