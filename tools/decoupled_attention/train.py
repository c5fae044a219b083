"""Train image prompts for the shipped generator: ``python -m tools.decoupled_attention.train``.

Takes 20 minutes on one core.

The generator stays as it is. What learns is the projection of stored ImageNet features to tokens and a second pair of
key and value matrices in each cross-attention, once from the pooled features, once from the grid of patches through a
resampler.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mmnotes.data import VENDORS, drawings, image_features, patch_features, text_features
from mmnotes.decoupled_attention import DecoupledAttention, ImagePrompt, decoupled_
from mmnotes.decoupled_attention.appended import appended_
from mmnotes.decoupled_attention.pretrained import Kind, untrained_image_prompt
from mmnotes.flow import flow_loss, on_path
from mmnotes.layers.unet import UNet
from mmnotes.models.generator import pretrained_unet, prompts, to_network
from tools.flow.train import held_out, learned
from tools.training import rate, rounded, train_, write

FILE = "decoupled_attention/weights.npz"
BATCH, STEPS, RATE, WARM_UP = 32, 2400, 4e-3, 100
OWN, TEXT_DROPPED, IMAGE_DROPPED = 1.0, 0.7, 0.1

FEATURES_OF: dict[Kind, Callable[..., Tensor]] = {"pooled": image_features, "patches": patch_features}

WAYS: dict[str, Callable[[UNet], Sequence[DecoupledAttention]]] = {"decoupled": decoupled_, "appended": appended_}


class Prompted(NamedTuple):
    """The frozen generator, its decoupled layers, and what is trained."""

    network: UNet
    layers: Sequence[DecoupledAttention]
    prompt: ImagePrompt


def prompted(kind: Kind, way: str = "decoupled") -> Prompted:
    """The shipped generator with an untrained image prompt in it, and one softmax or two."""
    network = pretrained_unet()
    layers = WAYS[way](network)
    return Prompted(network, layers, untrained_image_prompt(layers, kind=kind))


def rate_at(step: int) -> float:
    """It rises at first and falls to zero."""
    return rate(step, highest=RATE, steps=STEPS, warm_up=WARM_UP)


@torch.no_grad()
def losses(made: Prompted, kind: Kind) -> dict[str, float]:
    """Of unseen drawings without a text, in much noise: their own picture as the prompt, none, another."""
    places = held_out()
    data = torch.cat([to_network(drawings(vendor=vendor)[places]) for vendor in VENDORS])
    own = torch.cat([FEATURES_OF[kind](vendor=vendor)[places] for vendor in VENDORS])
    noise = torch.randn(data.shape, generator=torch.Generator().manual_seed(1))
    t, text = torch.full((len(data),), 0.8), made.network.nothing.expand(len(data), -1)
    found = {}
    for name, scale, shown in (("own", 1.0, own), ("none", 0.0, own), ("another", 1.0, own.roll(7, 0))):
        for layer in made.layers:
            layer.scale = scale
        velocity = made.network(on_path(data, noise, t), t, text, made.prompt(shown))
        found[name] = flow_loss(velocity, data, noise).item()
    for layer in made.layers:
        layer.scale = 1.0
    return found


def train(kind: Kind, way: str = "decoupled", *, seed: int = 0) -> Prompted:
    """One kind of image prompt, and a seed for its start and its batches."""
    seen = learned()
    pictures = torch.stack([to_network(drawings(vendor=vendor)[seen]) for vendor in VENDORS])
    features = torch.stack([FEATURES_OF[kind](vendor=vendor)[seen] for vendor in VENDORS])
    texts = prompts(text_features()[seen])
    torch.manual_seed(seed)
    made = prompted(kind, way)
    network, _, prompt = made
    optimiser = torch.optim.AdamW(prompt.parameters(), lr=RATE, weight_decay=0.01, betas=(0.9, 0.99))

    def loss_of(random: torch.Generator) -> Tensor:
        which = torch.randint(len(seen), (BATCH,), generator=random)
        vendor, other = torch.randint(len(VENDORS), (2, BATCH), generator=random)
        other = torch.where(torch.rand(BATCH, generator=random) < OWN, vendor, other)
        data, shown = pictures[vendor, which], features[other, which]
        off = torch.rand(BATCH, generator=random) < IMAGE_DROPPED
        shown = shown.masked_fill(off.reshape(-1, *[1] * (shown.ndim - 1)), 0)
        text = torch.where(torch.rand(BATCH, 1, generator=random) < TEXT_DROPPED, network.nothing, texts[which])
        t = torch.randn(BATCH, generator=random).sigmoid()
        noise = torch.randn(data.shape, generator=random)
        return flow_loss(network(on_path(data, noise, t), t, text, prompt(shown)), data, noise)

    name = f"image_prompt_{kind}" + ("" if way == "decoupled" else f"_{way}")
    train_(prompt, optimiser, loss_of, rate_at, name=name, steps=STEPS, seed=seed)
    shown = ", ".join(f"{name} {loss:.4f}" for name, loss in losses(made, kind).items())
    print(f"{kind}, {way}, seed {seed}: loss of held-out drawings by the picture that was shown: {shown}", flush=True)
    return made


def main() -> None:
    """Train both kinds."""
    torch.set_num_threads(1)
    states = {kind: train(kind).state_dict() for kind in FEATURES_OF}
    write(FILE, rounded({f"{kind}.{name}": value for kind, state in states.items() for name, value in state.items()}))


if __name__ == "__main__":
    main()
