"""A branch's own parts at Stable Diffusion's sizes against diffusers', and what steering costs our generator."""

from collections.abc import Iterator

import torch
from diffusers.models.controlnets.controlnet import ControlNetConditioningEmbedding
from torch import Tensor, nn

from bench.timing import Row, on_the_page, race
from mmnotes.data import text_features
from mmnotes.flow import euler, guided_by, time_grid
from mmnotes.models.generator import pretrained_unet, prompts
from mmnotes.page.network import Part
from mmnotes.zero_conv import HintEncoder, controlled
from mmnotes.zero_conv.live import SteeredStep
from mmnotes.zero_conv.pretrained import pretrained_branch

PICTURES, STEPS, SCALE = 16, 5, 2.0
WIDTHS, OUT = (16, 32, 96, 256), 320


@torch.no_grad()
def rows() -> Iterator[Row]:
    """The hint encoder; sampling with the hint encoded once and at each step, and without control; a step on a page."""
    ours, theirs = HintEncoder(channels=3, widths=WIDTHS, out=OUT), ControlNetConditioningEmbedding(OUT, 3, WIDTHS)
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    picture = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(ours(picture), theirs(picture))
    yield race(
        "zero_conv, hint encoder at SD 1.5's size, 256 x 256; diffusers",
        lambda: ours(picture),
        lambda: theirs(picture),
        aim="1",
    )
    unet = pretrained_unet()
    branch = pretrained_branch(unet)
    noise = torch.randn(PICTURES, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    hint, text = (noise[:, :1] > 1).float(), prompts(text_features()[:PICTURES])

    def sampled(network: nn.Module) -> Tensor:
        return euler(guided_by(network, text, unet.nothing, scale=SCALE), noise, time_grid(steps=STEPS))

    def each_step(x: Tensor, t: Tensor, given: Tensor) -> Tensor:
        """As diffusers' pipelines: the hint passes the encoder again at every step, for both halves."""
        return controlled(unet, branch, hint.repeat(2, 1, 1, 1), scales=[1.0] * 7)(x, t, given)

    def steered() -> Tensor:
        return sampled(controlled(unet, branch, hint, scales=[1.0] * 7))

    torch.testing.assert_close(steered(), sampled(each_step), rtol=1e-3, atol=1e-3)
    name = f"zero_conv, 4 x 4 pictures, {STEPS} guided, steered steps"
    yield race(f"{name}; hint encoded at each", steered, lambda: sampled(each_step), aim="1", repeats=5)
    yield race(f"{name}; no control", steered, lambda: sampled(unet), aim="below 1", repeats=5)
    inputs = {"x": noise[:1], "now": torch.tensor(1.0), "then": torch.tensor(0.8), "text": text_features()[:1]}
    inputs |= {"hint": hint[:1], "scale": torch.tensor(1.0), "guidance": torch.tensor(SCALE)}
    step = Part(SteeredStep(unet, branch), inputs, ("after", "picture", "expected"))
    yield on_the_page("zero_conv, a guided, steered step of one picture", step, aim="below 3")
