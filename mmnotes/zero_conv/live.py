"""What a page runs when a reader draws an outline: a steered and guided step of Euler's, as a module of tensors alone.

Paper: Zhang, Rao and Agrawala, Adding conditional control to text-to-image diffusion models (2023).
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.unet import UNet
from mmnotes.models.generator import prompts, to_pictures
from mmnotes.page.network import Network
from mmnotes.zero_conv.branch import ControlBranch

SCALE = {"least": 0, "most": 2, "step": 0.1, "value": 1}
GUIDANCE = {"least": 0, "most": 5, "step": 0.25, "value": 2}


class SteeredStep(nn.Module):
    """What ``flow.euler`` does in a step with ``flow.guided_by`` and ``controlled``, scale and strength being tensors.

    Shapes: x (batch, channels, height, width), now and then (), text (batch, text_dim), hint (batch, 1, height, width),
    scale and guidance () -> three times the shape of x: the next x, that as pictures, and the pictures at time 0 if
    the path went straight on.
    Units: text of unit length, as ``prompts`` takes it; times from 1 (noise) to 0 (data); scale 1 as trained, the same
    for all taps; pictures from 0 to 1.
    """

    def __init__(self, unet: UNet, branch: ControlBranch) -> None:
        super().__init__()
        self.unet, self.branch = unet, branch

    def forward(
        self,
        x: Float[Tensor, "batch channels height width"],
        now: Float[Tensor, ""],
        then: Float[Tensor, ""],
        text: Float[Tensor, "batch text_dim"],
        hint: Float[Tensor, "batch 1 height width"],
        scale: Float[Tensor, ""],
        guidance: Float[Tensor, ""],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The next x, and two pictures of where the path is and where it leads."""
        both = torch.cat([prompts(text), self.unet.nothing.expand(len(text), -1)])
        twice, times = torch.cat([x, x]), now.expand(2 * len(x))
        encoded = self.branch.hint(hint).repeat(2, 1, 1, 1)
        residuals = self.branch(*self.unet.inputs(twice, times, both), encoded)
        found = self.unet(twice, times, both, residuals=[scale * each for each in residuals])
        conditional, unconditional = found.chunk(2)
        velocity = unconditional + guidance * (conditional - unconditional)
        after = x + (then - now) * velocity
        return after, to_pictures(after), to_pictures(x - now * velocity)


def drawn_outline(
    step: SteeredStep,
    times: Float[Tensor, "times"],
    features: Float[Tensor, "texts text_dim"],
    outlines: Bool[Tensor, "samples 1 height width"],
    *,
    texts: Sequence[tuple[str, str]],
    examples: Sequence[tuple[str, str]],
) -> Network:
    """The network of a lab whose reader draws an outline and chooses a text.

    ``texts`` are the words with the group of the menu that they are in; ``examples`` what each of the outlines shows,
    and its text. It cannot be traced: it makes what is exported.

    Shapes: times (times,), features (texts, text_dim), outlines (samples, 1, height, width).
    Units: times from 1 down to 0; features of unit length.
    Errors: ValueError where there is not a text for each feature, or an example for each outline, or where the text of
    an example is none of the texts.
    """
    words = [label for label, _ in texts]
    for name, named, tensor in (("texts", texts, features), ("examples", examples, outlines)):
        if len(named) != len(tensor):
            raise ValueError(f"{name} must be {len(tensor)}, one for each row, got {len(named)}")
    if missing := {text for _, text in examples} - {*words}:
        raise ValueError(f"examples must have texts that are among the texts, got {', '.join(sorted(missing))}")
    noise = torch.randn(1, 3, *outlines.shape[2:], generator=torch.Generator().manual_seed(0))
    place = words.index(examples[0][1])
    inputs = {"x": noise, "now": times[0], "then": times[1], "text": features[place : place + 1]}
    inputs |= {"hint": outlines[:1].float(), "scale": torch.tensor(1.0), "guidance": torch.tensor(2.0)}
    return Network(
        step,
        inputs,
        ("after", "picture", "expected"),
        offer="Draw an outline of your own, choose a text, and see what the generator makes of both.",
        form=("pixels", "announcer", "fields", "noise", "edges", "hand", "board", "sampler", "outline"),
        data={
            "times": times.tolist(),
            "texts": [{"label": label, "group": group} for label, group in texts],
            "examples": [{"label": label, "text": words.index(text)} for label, text in examples],
            "settings": {"scale": SCALE, "guidance": GUIDANCE, "seed": 0},
        },
        arrays={"texts": features.half(), "outlines": outlines.to(torch.uint8)},
    )


def hand_drawn() -> dict[str, Bool[Tensor, "1 height width"]]:
    """Outlines that were drawn with a mouse on the board of the chapter's lab, by a text that suits each.

    It cannot be traced: it reads a file.

    Shapes: each (1, height, width) = (1, 32, 32).
    """
    return stored_arrays(__package__, "drawn.npz")
