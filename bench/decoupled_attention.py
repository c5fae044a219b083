"""Decoupled attention at the sizes of Stable Diffusion 1.5, and the resampler at its released size, against diffusers.

What stands in the way of more: both sides call the same kernel for attention and the same library for their products
of matrices; the last row times those of the resampler on their own.
"""

from collections.abc import Iterator

import torch
from diffusers.models.attention_processor import Attention as TheirAttention
from diffusers.models.attention_processor import IPAdapterAttnProcessor2_0
from diffusers.models.embeddings import IPAdapterPlusImageProjection

from bench.timing import Row, on_the_page, race
from mmnotes.data import text_features
from mmnotes.decoupled_attention import DecoupledAttention, Resampler, decoupled_
from mmnotes.decoupled_attention.live import PromptedStep
from mmnotes.decoupled_attention.pretrained import pretrained_image_prompt
from mmnotes.layers.attention import Attention
from mmnotes.models.generator import pretrained_unet
from mmnotes.page.network import Part
from mmnotes.zero_conv.pretrained import pretrained_branch

BATCH, TEXT, TOKENS, CONTEXT, AIM = 2, 77, 4, 768, "1, never slower"
LEVELS = ((320, 64**2), (640, 32**2), (1280, 16**2))  # widths, and pixels at that width
SIZES = dict(image_dim=1280, dim=768, heads=12, head_dim=64, depth=4, queries=16, out=768)
PATCHES = 257


@torch.no_grad()
def rows() -> Iterator[Row]:
    """One layer of each width, then the resampler, then a step with two pictures on a page."""
    torch.manual_seed(0)
    text, image = torch.randn(BATCH, TEXT, CONTEXT), torch.randn(BATCH, TOKENS, CONTEXT)
    for width, pixels in LEVELS:
        ours = DecoupledAttention(Attention(dim=width, heads=8, context_dim=CONTEXT))
        theirs = TheirAttention(query_dim=width, cross_attention_dim=CONTEXT, heads=8, dim_head=width // 8)
        theirs.set_processor(IPAdapterAttnProcessor2_0(width, CONTEXT, num_tokens=(TOKENS,)))
        x = torch.randn(BATCH, pixels, width)
        yield race(
            f"decoupled attention, {pixels} pixels of {width}; IPAdapterAttnProcessor2_0",
            lambda ours=ours, x=x: ours(x, text, image),
            lambda theirs=theirs, x=x: theirs(x, encoder_hidden_states=(text, [image])),
            aim=AIM,
        )
    yield from resampler_rows()
    yield step_row()


def step_row() -> Row:
    """A guided and steered step of one picture with two picture prompts."""
    unet = pretrained_unet()
    prompt = pretrained_image_prompt(decoupled_(unet), kind="pooled")
    one = torch.tensor(1.0)
    image = torch.randn(2, 256)
    given = {"x": torch.randn(1, 3, 32, 32), "now": one, "then": one / 2, "text": text_features()[:1]}
    given |= {"first": image[:1], "second": image[1:], "scales": torch.ones(2), "shared": one}
    given |= {"hint": torch.ones(1, 1, 32, 32), "steering": one, "guidance": 3 * one}
    step = Part(PromptedStep(unet, prompt, pretrained_branch(unet)), given, ("after", "picture", "expected"))
    return on_the_page("decoupled attention, a guided step with two pictures", step, aim="below 3")


def resampler_rows() -> Iterator[Row]:
    """Sixteen tokens of 257 patches."""
    ours, features = Resampler(**SIZES), torch.randn(BATCH, PATCHES, 1280)
    theirs = IPAdapterPlusImageProjection(1280, 768, 768, depth=4, dim_head=64, heads=12, num_queries=16)
    what = f"resampler, {BATCH} images of {PATCHES} patches"
    yield race(f"{what}; IPAdapterPlusImageProjection", lambda: ours(features), lambda: theirs(features), aim=AIM)
    seen, queries = torch.randn(BATCH * (PATCHES + 16), 768), torch.randn(BATCH * 16, 768)
    flat, wide, enter = features.flatten(0, 1), torch.randn(BATCH * 16, 3072), torch.randn(1280, 768)
    both, square, up, down = (
        torch.randn(768, 1536),
        torch.randn(768, 768),
        torch.randn(768, 3072),
        torch.randn(3072, 768),
    )

    def products() -> None:
        flat @ enter
        for _ in range(4):
            seen @ both, queries @ square, queries @ square, queries @ up, wide @ down

    yield race(f"{what}; its products alone", lambda: ours(features), products, aim="1 at best")
