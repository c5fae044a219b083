"""What a page runs on two pictures of the reader's own: the cascade's networks and the embedder, for fixed sizes.

How many boxes there are depends on the entries, so what lies between the networks is written once more in
theme/assets/live: which windows pass, how boxes move, which are suppressed, and how a face is cut out.

Papers: Zhang et al., Joint face detection and alignment using multitask cascaded convolutional networks (2016); King,
dlib's face recognition model (2017).
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mmnotes.face_verification.chips import template
from mmnotes.face_verification.detector import LEAST, Detector
from mmnotes.face_verification.eight_bits import PackedEmbedder
from mmnotes.face_verification.embedder import SIDE
from mmnotes.face_verification.nets import ONet, PNet, RNet
from mmnotes.face_verification.released import DLIB
from mmnotes.face_verification.windows import pyramid_scales, whitened
from mmnotes.page.network import Network, Part

SMALLEST = 20  # pixels of the smallest face that is looked for
REFINED, FOUND = 16, 4  # boxes that R-Net and O-Net are given at once
THRESHOLD = {"least": 0, "most": 1.2, "step": 0.01, "value": DLIB}


class Windows(nn.Module):
    """P-Net's answers for every window of a square picture, at every size of the pyramid.

    Shapes: picture (3, height, width) -> scores (windows,) and shifts (windows, 4), size by size and row by row.
    Units: pixels from 0 to 1.
    Source: ``Detector``, whose reduced pictures are here products with matrices.
    """

    def __init__(self, pnet: PNet, *, side: int) -> None:
        super().__init__()
        self.pnet = pnet
        self.scales = pyramid_scales(side=side, smallest=SMALLEST)
        for number, scale in enumerate(self.scales):
            each = interpolate(torch.eye(side)[None], size=int(side * scale + 1), mode="area")[0]
            self.register_buffer(f"means{number}", each.T.contiguous(), persistent=False)

    def forward(self, picture: Float[Tensor, "3 height width"]) -> tuple[Tensor, Tensor]:
        """Scores and shifts of all windows."""
        answers = self.answers(picture)
        shifts = [moves[0].flatten(1).T for _, moves in answers]
        return torch.cat([found.flatten() for found, _ in answers]), torch.cat(shifts)

    def answers(self, picture: Float[Tensor, "3 height width"]) -> list[tuple[Tensor, Tensor]]:
        """The answers at each size, as P-Net gives them."""
        means = [self.get_buffer(f"means{number}") for number in range(len(self.scales))]
        return [self.pnet(whitened(each @ picture @ each.T)[None]) for each in means]


class Refined(nn.Module):
    """R-Net or O-Net for crops as they are cut out.

    Shapes: crops (batch, 3, size, size) -> as ``RNet`` and ``ONet``.
    Units: pixels from 0 to 1.
    """

    def __init__(self, net: RNet | ONet) -> None:
        super().__init__()
        self.net = net

    def forward(self, crops: Float[Tensor, "batch 3 size size"]) -> tuple[Tensor, ...]:
        """Scores, shifts and, from O-Net, landmarks."""
        found: tuple[Tensor, ...] = self.net(whitened(crops))
        return found


def two_pictures(
    detector: Detector, pictures: Float[Tensor, "samples 3 height width"], *, examples: Sequence[str]
) -> Network:
    """The network of a lab whose reader brings two pictures, or takes two of these; ``examples`` say what they show.

    It cannot be traced: it makes what is exported.

    Shapes: pictures (samples, 3, height, width).
    Units: pixels from 0 to 1, of which 256 values are kept.
    Errors: ValueError where there is not an example for each picture, where there are fewer than two, or where pictures
    are no squares from 0 to 1.
    """
    side = pictures.shape[-1]
    if len(examples) != len(pictures) or len(examples) < 2:
        raise ValueError(f"examples must be two or more, one for each picture, got {len(examples)}")
    if pictures.shape[-2] != side or not ((pictures >= 0) & (pictures <= 1)).all():
        found = f"{tuple(pictures.shape)} from {pictures.min():g} to {pictures.max():g}"
        raise ValueError(f"pictures must be squares from 0 to 1, got {found}")
    kept = (255 * pictures).round().to(torch.uint8)
    windows = Windows(detector.pnet, side=side)
    with torch.no_grad():
        rows = [found.shape[1] for found, _ in windows.answers(kept[0] / 255)]

    def crop(count: int, size: int) -> Tensor:
        return interpolate(kept[:1] / 255, (size, size), mode="area").expand(count, -1, -1, -1)

    return Network(
        windows,
        {"picture": kept[0] / 255},
        ("scores", "shifts"),
        offer="Compare two pictures of your own, from files or from a camera, and see every step.",
        form=("pixels", "announcer", "fields", "square", "boxes", "chips", "cascade", "camera", "faces"),
        data={
            "examples": [{"label": label} for label in examples],
            "side": side,
            "levels": [{"scale": scale, "rows": each} for scale, each in zip(windows.scales, rows, strict=True)],
            "least": LEAST,
            "smallest": SMALLEST,
            "batches": {"refine": REFINED, "find": FOUND},
            "template": template().tolist(),
            "chip": SIDE,
            "threshold": THRESHOLD,
        },
        arrays={"pictures": kept},
        beside={
            "refine": Part(Refined(detector.rnet), {"crops": crop(REFINED, 24)}, ("scores", "shifts")),
            "find": Part(Refined(detector.onet), {"crops": crop(FOUND, 48)}, ("scores", "shifts", "landmarks")),
            "embed": Part(PackedEmbedder(), {"chips": crop(1, SIDE)}, ("vectors",)),
        },
    )
