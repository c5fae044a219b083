"""What a page runs on a picture of the reader's own: what [CLS] reads of it, and tokens of its patches.

Paper: Caron et al., Emerging properties in self-supervised vision transformers (2021).
"""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from mmnotes.dino.measures import object_shares
from mmnotes.layers.vision_transformer import VisionTransformer
from mmnotes.page.network import Network


class Looking(nn.Module):
    """Several vision transformers of one size look at one picture.

    Shapes: picture (batch, 3, height, width) = (1, 3, 64, 64) -> maps (networks, heads, rows, columns), as
    ``cls_attention``, and tokens (networks, patches, dim) after the norm.
    Units: pixels from 0 to 1.
    """

    def __init__(self, networks: Sequence[VisionTransformer]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, picture: Float[Tensor, "batch 3 height width"]) -> tuple[Tensor, Tensor]:
        """Maps of attention and patch tokens, network by network."""
        networks = [cast("VisionTransformer", network) for network in self.networks]
        maps = [network.cls_attention(picture)[0] for network in networks]
        return torch.stack(maps), torch.stack([network(picture).patches[0] for network in networks])


def looked_at(
    pictures: Float[Tensor, "samples 3 height width"],
    masks: Bool[Tensor, "samples height width"],
    *,
    networks: Mapping[str, VisionTransformer],
    examples: Sequence[tuple[str, str]],
) -> Network:
    """The network of a lab whose reader brings a picture, or takes one of these.

    ``networks`` are looked through under their names, the first one first; ``examples`` are what the pictures show,
    each with the group of the menu that it is in. A mask without a pixel stands for an object that nobody has marked.
    It cannot be traced: it makes what is exported.

    Shapes: pictures (samples, 3, height, width), masks (samples, height, width).
    Units: pixels from 0 to 1, of which 256 values are kept.
    Errors: ValueError without a network, where there is not an example for each picture, or where pictures are no
    squares from 0 to 1.
    """
    side = pictures.shape[-1]
    if not networks:
        raise ValueError("networks must hold at least one, got none")
    if len(examples) != len(pictures):
        raise ValueError(f"examples must be {len(pictures)}, one for each picture, got {len(examples)}")
    if pictures.shape[-2] != side or not ((pictures >= 0) & (pictures <= 1)).all():
        found = f"{tuple(pictures.shape)} from {pictures.min():g} to {pictures.max():g}"
        raise ValueError(f"pictures must be squares from 0 to 1, got {found}")
    bytes_of = (255 * pictures).round().to(torch.uint8)
    looking = Looking([*networks.values()])
    with torch.no_grad():
        maps, tokens = looking(bytes_of[:1] / 255)
    grid = maps.shape[-1]
    return Network(
        looking,
        {"picture": bytes_of[:1] / 255},
        ("maps", "tokens"),
        offer="Choose a picture of your own, and see what [CLS] reads of it and how its patches differ.",
        form=("pixels", "announcer", "fields", "square", "components", "attention"),
        data={
            "networks": [*networks],
            "examples": [
                {"label": label, "group": group, "known": bool(mask.any())}
                for (label, group), mask in zip(examples, masks, strict=True)
            ],
            "side": side,
            "patch": side // grid,
            "heads": maps.shape[1],
            "dim": tokens.shape[-1],
        },
        arrays={"pictures": bytes_of, "shares": object_shares(masks, rows=grid, columns=grid).half()},
    )
