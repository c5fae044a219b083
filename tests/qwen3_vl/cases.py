"""Tiny random models of transformers and ours with the same weights, and a batch of text, pictures and a film."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLMoeConfig,
    Qwen3VLMoeForConditionalGeneration,
)

from mmnotes.deepstack import LevelledTower
from mmnotes.mrope import interleaved
from mmnotes.qwen3_vl import Decoder, Experts, Prompt, Qwen3VL, SwiGLU, prompt_of
from mmnotes.qwen3_vl.released import fill_qwen3_vl_
from mmnotes.vision_tower import Grid, VisionTower

VISION = {"depth": 5, "hidden_size": 32, "intermediate_size": 56, "num_heads": 4, "patch_size": 4}
TEXT = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 5, "num_attention_heads": 4, "head_dim": 16}
EXPERTS = {"num_experts": 7, "num_experts_per_tok": 3, "moe_intermediate_size": 20}
WORDS, IMAGE, VIDEO, START, END = 61, 55, 56, 57, 58
SECTIONS, LEVELS, BASE = [4, 2, 2], [1, 2, 3], 5e6


def perturbed_(model: nn.Module, *, seed: int) -> None:
    """Weights far from what initialisation makes of them, which hides mistakes; words so unlike that some are said."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            size = 1.0 if "embed_tokens" in name else 0.2
            value.copy_(size * torch.randn(value.shape, generator=random) + float(value.ndim == 1))


def reference(*, experts: bool) -> Any:
    """transformers' model, filled with random weights."""
    text = {
        **TEXT,
        **(EXPERTS if experts else {}),
        "vocab_size": WORDS,
        "num_key_value_heads": 2,
        "rope_parameters": {"rope_type": "default", "rope_theta": BASE, "mrope_section": SECTIONS},
    }
    vision = {**VISION, "out_hidden_size": 48, "num_position_embeddings": 36, "deepstack_visual_indexes": LEVELS}
    special = {
        "image_token_id": IMAGE,
        "video_token_id": VIDEO,
        "vision_start_token_id": START,
        "vision_end_token_id": END,
    }
    config, made = (
        (Qwen3VLMoeConfig, Qwen3VLMoeForConditionalGeneration)
        if experts
        else (Qwen3VLConfig, Qwen3VLForConditionalGeneration)
    )
    model = made(config(text_config=text, vision_config=vision, **special)).eval()
    perturbed_(model, seed=1)
    return model


def ours(state: dict[str, Tensor], *, experts: bool) -> Qwen3VL:
    """Our model with these weights."""
    sizes = {"dim": 32, "depth": 5, "heads": 4, "hidden": 56}
    tower = VisionTower(channels=3, patch=4, merge=2, side=6, **sizes)
    vision = LevelledTower(tower=tower, dim=32, merge=2, out=48, levels=LEVELS)
    feed_forwards = [
        Experts(dim=48, hidden=20, experts=7, top=3) if experts else SwiGLU(dim=48, hidden=96) for _ in range(5)
    ]
    language = Decoder(
        words=WORDS, dim=48, heads=4, key_heads=2, axes=interleaved(SECTIONS), base=BASE, feed_forwards=feed_forwards
    )
    model = Qwen3VL(vision=vision, language=language)
    fill_qwen3_vl_(model, state)
    return model.requires_grad_(False)


IMAGES, FILM = [Grid(1, 4, 6), Grid(1, 8, 2)], Grid(3, 4, 4)
CONVERSATIONS = [
    [[3, 9, START], IMAGES[0], [END, 5], [2, START], IMAGES[1], [END, 7, 1]],
    [[4, 8, START], Grid(1, 4, 4), [END, 6, 6, START], Grid(1, 4, 4), [END, 2, START], Grid(1, 4, 4), [END, 11]],
    [[12, 13, 14]],
]


def batch() -> tuple[Prompt, Tensor, list[Grid], dict[str, Tensor]]:
    """A batch of text, two unlike pictures and a film: as ours, and as transformers takes it."""
    random = torch.Generator().manual_seed(7)
    pictures = torch.randn(sum(grid.patches() for grid in IMAGES), 96, generator=random)
    film = torch.randn(FILM.patches(), 96, generator=random)
    prompt = prompt_of(CONVERSATIONS, merge=2)
    kinds, ids = prompt.visual.int(), prompt.ids.clone()
    kinds[1] *= 2
    ids[kinds == 1], ids[kinds == 2] = IMAGE, VIDEO
    theirs = {
        "input_ids": ids,
        "attention_mask": prompt.kept.long(),
        "mm_token_type_ids": kinds,
        "pixel_values": pictures,
        "image_grid_thw": torch.tensor(IMAGES),
        "pixel_values_videos": film,
        "video_grid_thw": torch.tensor([FILM]),
    }
    return prompt, torch.cat([pictures, film]), [*IMAGES, FILM], theirs
