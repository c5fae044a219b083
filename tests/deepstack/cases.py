"""A tiny random tower of transformers and ours with the same weights, and grids that are unlike."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.models.qwen3_vl.configuration_qwen3_vl import Qwen3VLVisionConfig
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLVisionModel

from mmnotes.deepstack import LevelledTower
from mmnotes.vision_tower import Grid, VisionTower
from mmnotes.vision_tower.released import fill_tower_

DIM, OUT, SIZES = 32, 48, {"depth": 5, "heads": 4, "hidden": 56}
GRIDS = [Grid(1, 4, 6), Grid(1, 8, 2), Grid(3, 4, 4)]
NAMES = {"norm": "norm", "linear_fc1": "up", "linear_fc2": "down"}  # of a merger's parts


def perturbed_(model: nn.Module, *, seed: int) -> None:
    """Weights far from what initialisation makes of them, which hides mistakes."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in model.parameters():
            value.copy_(0.2 * torch.randn(value.shape, generator=random) + (value.ndim == 1) * 0.5)


def reference(*, levels: list[int]) -> Any:
    """transformers' tower, filled with random weights."""
    config = Qwen3VLVisionConfig(
        depth=5,
        hidden_size=DIM,
        intermediate_size=56,
        num_heads=4,
        patch_size=4,
        out_hidden_size=OUT,
        num_position_embeddings=36,
        deepstack_visual_indexes=levels,
    )
    model = Qwen3VLVisionModel(config).eval()
    perturbed_(model, seed=1)
    return model


def ours(state: dict[str, Tensor], *, levels: list[int]) -> LevelledTower:
    """Our tower with these weights."""
    tower = VisionTower(channels=3, patch=4, merge=2, side=6, dim=DIM, **SIZES)
    model = LevelledTower(tower=tower, dim=DIM, merge=2, out=OUT, levels=levels)
    fill_tower_(tower, state)
    for theirs, merger in (
        ("merger", model.merger),
        *((f"deepstack_merger_list.{place}", each) for place, each in enumerate(model.level_mergers)),
    ):
        for part, name in NAMES.items():
            weights = {"weight": state[f"{theirs}.{part}.weight"], "bias": state[f"{theirs}.{part}.bias"]}
            getattr(merger, name).load_state_dict(weights)
    return model.requires_grad_(False)


def row() -> Tensor:
    """Random patches of all grids."""
    patches = sum(grid.patches() for grid in GRIDS)
    return torch.randn(patches, 96, generator=torch.Generator().manual_seed(7))
