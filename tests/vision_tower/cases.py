"""Tiny towers of transformers, filled with weights far from initialisation, and rows of three unlike grids."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.models.qwen2_5_vl.configuration_qwen2_5_vl import Qwen2_5_VLVisionConfig
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VisionTransformerPretrainedModel
from transformers.models.qwen3_vl.configuration_qwen3_vl import Qwen3VLVisionConfig
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLVisionModel

from mmnotes.vision_tower import Grid, VisionTower, WindowTower
from mmnotes.vision_tower.released import fill_tower_, fill_window_tower_

GRIDS = [Grid(1, 4, 6), Grid(2, 4, 4), Grid(1, 10, 6)]
VALUES = 96  # of a patch: 3 · 2 · 4²
TOLERANCE = 5e-5
SIZES: dict[str, Any] = {"channels": 3, "patch": 4, "merge": 2, "dim": 32, "heads": 4, "hidden": 56}


def perturbed_(model: nn.Module, *, seed: int) -> None:
    """Weights far from what initialisation makes of them, which hides mistakes."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in model.parameters():
            value.copy_(0.2 * torch.randn(value.shape, generator=random) + (value.ndim == 1) * 0.5)


def row(grids: list[Grid] = GRIDS, *, seed: int = 7) -> Tensor:
    """Random patches of the grids."""
    count = sum(grid.patches() for grid in grids)
    return torch.randn(count, VALUES, generator=torch.Generator().manual_seed(seed))


def towers() -> tuple[Any, VisionTower]:
    """Qwen3-VL's tower by transformers, and ours with its weights."""
    config = Qwen3VLVisionConfig(
        depth=5, hidden_size=32, intermediate_size=56, num_heads=4, patch_size=4, out_hidden_size=48,
        num_position_embeddings=36, deepstack_visual_indexes=[1, 2, 3],
    )  # fmt: skip
    theirs = Qwen3VLVisionModel(config).eval()
    perturbed_(theirs, seed=1)
    tower = VisionTower(side=6, depth=5, **SIZES)
    fill_tower_(tower, theirs.state_dict())
    return theirs, tower.requires_grad_(False)


def window_towers() -> tuple[Any, WindowTower]:
    """Qwen2.5-VL's tower by transformers, with windows of 4 by 4 patches, and ours with its weights."""
    config = Qwen2_5_VLVisionConfig(
        depth=4, hidden_size=32, intermediate_size=56, num_heads=4, patch_size=4, window_size=16,
        fullatt_block_indexes=[1, 3], out_hidden_size=24,
    )  # fmt: skip
    theirs = Qwen2_5_VisionTransformerPretrainedModel(config).eval()
    perturbed_(theirs, seed=2)
    tower = WindowTower(side=4, depth=4, out=24, whole=[1, 3], **SIZES)
    fill_window_tower_(tower, theirs.state_dict())
    return theirs, tower.requires_grad_(False)
