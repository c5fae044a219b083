"""The resampler: a fixed number of tokens, queries that see each other, the authors' module, and its size."""

import math

import pytest
import torch
from diffusers.models.embeddings import IPAdapterPlusImageProjection
from torch import nn

from mmnotes.decoupled_attention import Resampler, ResamplerBlock


def resampler(*, seed: int = 0, **changed: int) -> Resampler:
    sizes = dict(image_dim=11, dim=10, heads=3, head_dim=7, depth=2, queries=5, out=13, expansion=2) | changed
    torch.manual_seed(seed)
    made = Resampler(**sizes)
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.2)
    return made


@pytest.mark.parametrize("patches", [1, 17, 29])
def test_any_number_of_patches_gives_the_same_number_of_tokens(patches):
    assert resampler()(torch.randn(2, patches, 11)).shape == (2, 5, 13)


def test_a_block_is_the_equation_in_loops():
    torch.manual_seed(0)
    block = ResamplerBlock(dim=6, heads=2, head_dim=3, expansion=2).double()
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.4)
    queries, x = torch.randn(1, 2, 6).double(), torch.randn(1, 4, 6).double()
    normed = block.norm_queries(queries)[0]
    seen = torch.cat([block.norm_image(x)[0], normed])
    key, value = seen @ block.key_value.weight[:6].T, seen @ block.key_value.weight[6:].T
    query, read = block.query(normed), torch.zeros(2, 6).double()
    for head in (slice(0, 3), slice(3, 6)):
        for row in range(2):
            scores = [math.exp((query[row, head] @ key[j, head]).item() / math.sqrt(3)) for j in range(6)]
            for j in range(6):
                read[row, head] += scores[j] / sum(scores) * value[j, head]
    half = queries[0] + block.output(read)
    wide = block.up(block.norm_mlp(half))
    expected = half + block.down(wide * 0.5 * (1 + torch.erf(wide / math.sqrt(2))))
    torch.testing.assert_close(block(queries, x)[0], expected, rtol=0, atol=1e-12)


def test_the_order_of_the_patches_does_not_matter():
    made, features = resampler(), torch.randn(2, 17, 11)
    torch.testing.assert_close(made(features), made(features.flip(1)), rtol=0, atol=1e-5)


def test_queries_read_each_other():
    """Move one query: after one block the others have seen it."""
    made, features = resampler(depth=1), torch.randn(1, 17, 11)
    before = made(features)
    with torch.no_grad():
        made.queries[:, 0] *= -1
    assert (made(features)[:, 1:] - before[:, 1:]).abs().amax(2).min() > 1e-4


def test_everything_learns():
    made = resampler()
    made(torch.randn(3, 7, 11)).square().mul(torch.randn(5, 13)).sum().backward()
    assert [name for name, each in made.named_parameters() if each.grad is None or not each.grad.abs().sum() > 0] == []


@pytest.mark.parametrize("sizes", [{}, dict(dim=12, heads=4, head_dim=5, depth=3, queries=2, expansion=4)])
def test_agrees_with_diffusers(sizes):
    ours = resampler(seed=1, **sizes).double()
    block = ours.blocks[0]
    theirs = IPAdapterPlusImageProjection(
        embed_dims=11,
        output_dims=13,
        hidden_dims=ours.queries.shape[2],
        depth=len(ours.blocks),
        dim_head=block.query.out_features // block.heads,
        heads=block.heads,
        num_queries=ours.queries.shape[1],
        ffn_ratio=block.up.out_features // block.up.in_features,
    ).double()
    state = {"latents": ours.queries}
    for their, our in (("proj_in", ours.enter), ("proj_out", ours.leave), ("norm_out", ours.norm)):
        state |= {f"{their}.{name}": value for name, value in our.state_dict().items()}
    for number, block in enumerate(ours.blocks):
        parts = {"ln0": block.norm_image, "ln1": block.norm_queries, "ff.0": block.norm_mlp}
        parts |= {"attn.to_q": block.query, "attn.to_out.0": block.output}
        parts |= {"ff.1.net.0.proj": block.up, "ff.1.net.2": block.down}
        for name, part in parts.items():
            state |= {f"layers.{number}.{name}.{key}": value for key, value in part.state_dict().items()}
        key, value = block.key_value.weight.chunk(2)
        state |= {f"layers.{number}.attn.to_k.weight": key, f"layers.{number}.attn.to_v.weight": value}
    theirs.load_state_dict(state)
    features = torch.randn(3, 17, 11).double()
    torch.testing.assert_close(ours(features), theirs(features), rtol=0, atol=1e-12)


def test_the_released_size():
    with torch.device("meta"):
        made = Resampler(image_dim=1280, dim=768, heads=12, head_dim=64, depth=4, queries=16, out=768)
    assert sum(parameter.numel() for parameter in made.parameters()) == 29_918_208


@pytest.mark.parametrize("name", ["heads", "head_dim", "expansion", "depth", "queries"])
def test_sizes_are_at_least_one(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        resampler(**{name: 0})


def test_a_picture_without_patches_is_none():
    with pytest.raises(ValueError, match="features must have at least one patch, got 0"):
        resampler()(torch.zeros(2, 0, 11))
