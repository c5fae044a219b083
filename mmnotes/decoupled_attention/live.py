"""What a page runs when a reader shows the generator two pictures: a step of Euler's, as a module of tensors alone.

Paper: Ye et al., IP-Adapter (2023).
"""

from collections.abc import Sequence
from copy import deepcopy

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from mmnotes.decoupled_attention.attention import DecoupledAttention
from mmnotes.decoupled_attention.mixed import MixedAttention
from mmnotes.decoupled_attention.prompt import ImagePrompt
from mmnotes.layers.unet import UNet
from mmnotes.layers.unet_blocks import TextBlock
from mmnotes.models.generator import prompts, to_pictures
from mmnotes.page.network import Network

LEVELS = 63  # of red, green and blue in small pictures: fewer bytes, and no eye sees it
SCALE = {"least": 0, "most": 2, "step": 0.1, "value": 1}
GUIDANCE = {"least": 0, "most": 5, "step": 0.25, "value": 3}
OFFER = "Choose two pictures and a scale for each, a text, draw an outline if you like, and see what comes of all."


class PromptedStep(nn.Module):
    """What ``flow.euler`` does in a step with ``flow.guided_by``, ``with_image`` and ``controlled``, for two pictures.

    A text of zeros stands for no text. Without an outline the branch is silent. It takes a U-Net with decoupled layers,
    and has ``MixedAttention`` in their places in a copy.

    Shapes: x (batch, channels, height, width), now and then (), text (batch, text_dim), first and second (batch,
    image_dim), scales (2,), shared (), hint (batch, 1, height, width), steering and guidance () -> three times the
    shape of x: the next x, that as pictures, and the pictures at time 0 if the path went straight on.
    Units: text of unit length, as ``prompts`` takes it; times from 1 (noise) to 0 (data); scales and steering 1 as
    trained; shared 1 for one softmax over the tokens of both pictures, 0 for one each; pictures from 0 to 1.
    """

    def __init__(self, unet: UNet, prompt: ImagePrompt, branch: nn.Module) -> None:
        super().__init__()
        self.unet, self.branch, self.projection = deepcopy(unet), branch, prompt.projection
        for block in self.unet.modules():
            if isinstance(block, TextBlock) and isinstance(block.cross_attention, DecoupledAttention):
                block.cross_attention = MixedAttention(block.cross_attention)

    def forward(
        self,
        x: Float[Tensor, "batch channels height width"],
        now: Float[Tensor, ""],
        then: Float[Tensor, ""],
        text: Float[Tensor, "batch text_dim"],
        first: Float[Tensor, "batch image_dim"],
        second: Float[Tensor, "batch image_dim"],
        scales: Float[Tensor, "2"],
        shared: Float[Tensor, ""],
        hint: Float[Tensor, "batch 1 height width"],
        steering: Float[Tensor, ""],
        guidance: Float[Tensor, ""],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The next x, and two pictures of where the path is and where it leads."""
        nothing = self.unet.nothing.expand(len(text), -1)
        both = torch.cat([torch.where(text.any(1, keepdim=True), prompts(text), nothing), nothing])
        twice, times = torch.cat([x, x]), now.expand(2 * len(x))
        drawn = steering * (hint.amax((1, 2, 3), keepdim=True) > 0).repeat(2, 1, 1, 1)
        encoded = self.branch.get_submodule("hint")(hint).repeat(2, 1, 1, 1)
        residuals = self.branch(*self.unet.inputs(twice, times, both), encoded)
        image = self._image(first, second, scales, shared)
        found = self.unet(twice, times, both, image, residuals=[drawn * each for each in residuals])
        conditional, unconditional = found.chunk(2)
        velocity = unconditional + guidance * (conditional - unconditional)
        after = x + (then - now) * velocity
        return after, to_pictures(after), to_pictures(x - now * velocity)

    def _image(self, first: Tensor, second: Tensor, scales: Tensor, shared: Tensor) -> Tensor:
        """The tokens of both pictures, then those of nothing twice; behind them what is to be made of them."""
        seen = [torch.cat([each, torch.zeros_like(each)]) for each in (first, second)]
        tokens = torch.cat([self.projection(each) for each in seen], dim=1)
        last = torch.cat([scales, shared[None], scales.new_zeros(tokens.shape[2] - 3)])
        return torch.cat([tokens, last.expand(len(tokens), 1, -1)], dim=1)


def two_pictures(
    step: PromptedStep,
    times: Float[Tensor, "times"],
    words: Float[Tensor, "texts text_dim"],
    features: Float[Tensor, "concepts image_dim"],
    drawings: Float[Tensor, "concepts 3 height width"],
    outlines: Bool[Tensor, "samples 1 height width"],
    *,
    texts: Sequence[tuple[str, str]],
    pictures: Sequence[str],
    examples: Sequence[str],
) -> Network:
    """The network of a lab whose reader chooses two pictures, a text and an outline.

    ``texts`` are words with the group of the menu that they are in, after no text, which comes first; ``pictures`` and
    ``examples`` say what the drawings and the outlines show. At first the first two pictures are chosen, and no text.
    It cannot be traced: it makes what is exported.

    Shapes: times (times,), words (texts, text_dim), features (concepts, image_dim), drawings (concepts, 3, height,
    width), outlines (samples, 1, height, width).
    Units: times from 1 down to 0; words of unit length; drawings from 0 to 1.
    Errors: ValueError where there is not a text, a picture or an example for each row.
    """
    rows = (("texts", texts, words), ("pictures", pictures, drawings), ("examples", examples, outlines))
    for name, named, tensor in rows:
        if len(named) != len(tensor):
            raise ValueError(f"{name} must be {len(tensor)}, one for each row, got {len(named)}")
    noise = torch.randn(1, 3, *outlines.shape[2:], generator=torch.Generator().manual_seed(0))
    inputs = {"x": noise, "now": times[0], "then": times[1], "text": words[:1]}
    inputs |= {"first": features[:1], "second": features[1:2], "scales": torch.ones(2), "shared": torch.tensor(1.0)}
    inputs |= {"hint": outlines[:1].float(), "steering": torch.tensor(1.0), "guidance": torch.tensor(3.0)}
    menu = [("none", ""), *texts]
    return Network(
        step,
        inputs,
        ("after", "picture", "expected"),
        offer=OFFER,
        form=("pixels", "announcer", "fields", "noise", "edges", "hand", "board", "sampler", "prompted"),
        data={
            "times": times.tolist(),
            "texts": [{"label": label, "group": group} for label, group in menu],
            "pictures": list(pictures),
            "examples": list(examples),
            "settings": {"scale": SCALE, "steering": SCALE, "guidance": GUIDANCE, "seed": 0, "pictures": [0, 1]},
        },
        arrays={
            "texts": torch.cat([torch.zeros_like(words[:1]), words]).half(),
            "features": features.half(),
            "pictures": (LEVELS * drawings.permute(0, 2, 3, 1)).round().byte().contiguous(),
            "outlines": outlines.to(torch.uint8),
        },
    )
