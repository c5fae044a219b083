"""The Q-Former at its full size against transformers' Blip2QFormerModel, both by the same kernel for attention.

What stands in the way of more: nearly all of the time goes into products of matrices that both have to make, of which
the last row times the largest, a cross-attention's keys and values and the queries' feed-forwards, on their own.
"""

from collections.abc import Iterator

import torch
from transformers import Blip2QFormerConfig, Blip2QFormerModel

from bench.timing import Row, race
from mmnotes.qformer import QFormer

SIZES = dict(dim=768, heads=12, depth=12, hidden=3072, queries=32, image_dim=1408, words=2, positions=2)
BATCH, PATCHES = 8, 257


@torch.no_grad()
def rows() -> Iterator[Row]:
    """The queries' pass over a batch of images, as in stage 2."""
    torch.manual_seed(0)
    ours = QFormer(**SIZES)
    theirs = Blip2QFormerModel(Blip2QFormerConfig(encoder_hidden_size=SIZES["image_dim"]))
    theirs.eval().set_attn_implementation("sdpa")
    queries, image = ours.queries.expand(BATCH, -1, -1), torch.randn(BATCH, PATCHES, SIZES["image_dim"])
    name = f"Q-Former, {BATCH} images of {PATCHES} tokens"
    yield race(
        f"{name}; Blip2QFormerModel, sdpa",
        lambda: ours.see(image),
        lambda: theirs(query_embeds=queries, encoder_hidden_states=image),
        aim="1 at least",
    )
    states, hidden = torch.randn(BATCH * 32, 768), torch.randn(BATCH * 32, 3072)
    up, down, wide = torch.randn(3072, 768), torch.randn(768, 3072), torch.randn(768, SIZES["image_dim"])
    tokens = image.flatten(0, 1)

    def products() -> None:
        for layer in range(12):
            states @ up.T, hidden @ down.T
            if layer % 2 == 0:
                tokens @ wide.T, tokens @ wide.T

    yield race(f"{name}; its largest products alone", lambda: ours.see(image), products, aim="1 at best")
