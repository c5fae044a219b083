"""Detector and embedder against the same weights run as the libraries run them.

facenet-pytorch and dlib cannot be test dependencies: the one pins an old torch and imports torchvision, the other is a
wheel without the weights, which lie in an archive of 100 MB. So suppression runs against one NumPy step a box, as
facenet-pytorch has it, alone and within the cascade, and the embedder against the network as
face-api writes it: convolution, bias, gain and offset one after the other.
"""

from collections.abc import Callable, Iterator
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, max_pool2d, pad

from bench.timing import Row, race
from mmnotes.face_verification import Embedder, face_chip, intersection_over_union, non_maximum_suppression
from mmnotes.face_verification.embedder import MEAN, Reduction
from mmnotes.face_verification.pretrained import portraits, pretrained_detector, pretrained_embedder, widened
from mmnotes.layers.stored import stored_arrays


def rows() -> Iterator[Row]:
    """Every comparison, in the order it is made."""
    yield from suppression_rows()
    yield detector_row()
    yield from embedder_rows()


def suppression_rows() -> Iterator[Row]:
    """`non_maximum_suppression` against a Python step a box, few boxes and many."""
    for count in (200, 3000):
        random = torch.Generator().manual_seed(0)
        corner = torch.rand(count, 2, generator=random) * 300
        boxes = torch.cat([corner, corner + 20 + 60 * torch.rand(count, 2, generator=random)], 1)
        scores = torch.rand(count, generator=random)
        arrays = boxes.numpy(), scores.numpy()

        def ours(boxes: Tensor = boxes, scores: Tensor = scores) -> Tensor:
            return non_maximum_suppression(boxes, scores, overlap=intersection_over_union, most=0.5)

        def theirs(arrays: tuple[np.ndarray, np.ndarray] = arrays) -> list[int]:
            return step_by_step(*arrays, most=0.5)

        assert ours().tolist() == theirs()
        yield race(
            f"non_maximum_suppression, {count} boxes; a NumPy step a box", ours, theirs, aim="1; 0.5 for thousands"
        )


def detector_row() -> Row:
    """The whole cascade, against itself with facenet-pytorch's suppression."""
    picture, detector = portraits()["hopper"], pretrained_detector()

    def suppressed(boxes: Tensor, scores: Tensor, *, overlap: object, most: float) -> Tensor:
        """The overlap is that of the first two steps; the last one has a box or two."""
        return torch.tensor(step_by_step(boxes.numpy(), scores.numpy(), most=most), dtype=torch.int64)

    def theirs() -> object:
        with patch("mmnotes.face_verification.detector.non_maximum_suppression", suppressed):
            return detector(picture)

    return race("detector, 320 x 320; suppression by a NumPy step a box", lambda: detector(picture), theirs, aim="1")


def embedder_rows() -> Iterator[Row]:
    """The embedder on one chip and on sixteen."""
    embedder, plain = pretrained_embedder(), as_written()
    found = pretrained_detector()(portraits()["hopper"])
    chip = face_chip(portraits()["hopper"], found.landmarks[0])[None]
    torch.testing.assert_close(embedder(chip), plain(chip), rtol=0, atol=1e-3)
    for count in (1, 16):
        chips = chip.repeat(count, 1, 1, 1)
        yield race(
            f"embedder, {count} chips; each layer as face-api writes it",
            lambda chips=chips: embedder(chips),
            lambda chips=chips: plain(chips),
            aim="1",
        )


def step_by_step(boxes: np.ndarray, scores: np.ndarray, *, most: float) -> list[int]:
    """Suppression as nms_numpy of facenet-pytorch does it, for boxes between pixels."""
    left, top, right, bottom = boxes.T
    area, waiting, kept = (right - left) * (bottom - top), np.argsort(scores), []
    while waiting.size:
        best, waiting = waiting[-1], waiting[:-1]
        kept.append(int(best))
        width = np.minimum(right[best], right[waiting]) - np.maximum(left[best], left[waiting])
        height = np.minimum(bottom[best], bottom[waiting]) - np.maximum(top[best], top[waiting])
        shared = np.maximum(0, width) * np.maximum(0, height)
        waiting = waiting[shared / (area[best] + area[waiting] - shared) <= most]
    return kept


def as_written() -> Callable[[Tensor], Tensor]:
    """The embedder as a function, one operation after the other."""
    stored = widened(stored_arrays("mmnotes.face_verification", "embedder.npz"))
    names = [name.removesuffix("/conv/filters") for name in stored if name.endswith("/conv/filters")]
    filters = {name: stored[f"{name}/conv/filters"].permute(3, 2, 0, 1).contiguous() for name in names}
    shape, mean = (1, -1, 1, 1), torch.tensor(MEAN)[:, None, None]
    reductions = [isinstance(block, Reduction) for block in Embedder().blocks]

    def layer(x: Tensor, name: str, **how: int) -> Tensor:
        x = conv2d(x, filters[name], **how) + stored[f"{name}/conv/bias"].view(shape)
        return x * stored[f"{name}/scale/weights"].view(shape) + stored[f"{name}/scale/biases"].view(shape)

    def run(chips: Tensor) -> Tensor:
        x = max_pool2d(layer((255 * chips - mean) / 256, names[0], stride=2).relu(), 3, 2)
        for first, second, reduces in zip(names[1::2], names[2::2], reductions, strict=True):
            if reduces:
                through = layer(layer(x, first, stride=2).relu(), second, padding=1)
                x = avg_pool2d(x, 2)
                rows, columns = (x.shape[axis] - through.shape[axis] for axis in (2, 3))
                x = pad(x, (0, 0, 0, 0, 0, through.shape[1] - x.shape[1]))
                x = (x + pad(through, (0, columns, 0, rows))).relu()
            else:
                x = (x + layer(layer(x, first, padding=1).relu(), second, padding=1)).relu()
        return x.mean((2, 3)) @ stored["fc"]

    return run
