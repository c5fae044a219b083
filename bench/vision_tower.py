"""The vision towers, their positions and their patches against transformers."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from transformers.models.qwen2_5_vl.configuration_qwen2_5_vl import Qwen2_5_VLVisionConfig
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VisionTransformerPretrainedModel
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.qwen3_vl.configuration_qwen3_vl import Qwen3VLVisionConfig
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLVisionModel, Qwen3VLVisionRotaryEmbedding
from transformers.vision_utils import get_vision_interpolation_indices_and_weights, get_vision_position_ids

from bench.timing import Row, race
from mmnotes.vision_tower import Grid, Merger, VisionTower, WindowTower, patchify, resampled_table, rotary_of
from mmnotes.vision_tower.released import fill_tower_, fill_window_tower_

GRIDS = [Grid(1, 16, 24), Grid(2, 12, 16), Grid(1, 32, 8)]
SIZES = {"channels": 3, "patch": 16, "merge": 2, "dim": 256, "depth": 4, "heads": 4, "hidden": 1024}


def rows() -> Iterator[Row]:
    """Every comparison, in the order it is made."""
    yield from tower_rows()
    yield window_row()
    yield rotary_row()
    yield table_row()
    yield patch_row()


def patches() -> torch.Tensor:
    """A row of all grids."""
    count = sum(grid.patches() for grid in GRIDS)
    return torch.randn(count, 1536, generator=torch.Generator().manual_seed(0))


def tower_rows() -> Iterator[Row]:
    """Forward, then forward and backward; the merger is within both."""
    config = Qwen3VLVisionConfig(
        depth=4, hidden_size=256, intermediate_size=1024, num_heads=4, out_hidden_size=512, deepstack_visual_indexes=[]
    )
    theirs: Any = Qwen3VLVisionModel(config)
    tower, merger = VisionTower(side=48, **SIZES), Merger(dim=256, merge=2, out=512)
    fill_tower_(tower, theirs.state_dict())
    state = {name.replace("linear_fc1", "up").replace("linear_fc2", "down"): value
             for name, value in theirs.merger.state_dict().items()}  # fmt: skip
    merger.load_state_dict(state)
    row, grids = patches(), torch.tensor(GRIDS)

    def ours() -> torch.Tensor:
        return merger(tower(row, GRIDS))

    def other() -> torch.Tensor:
        return theirs(row, grid_thw=grids).pooler_output

    torch.testing.assert_close(ours(), other(), atol=1e-4, rtol=1e-4)
    what = f"VisionTower and Merger, depth 4, width 256, {len(row)} patches; transformers"
    with torch.no_grad():
        yield race(what, ours, other, aim="1 (products)", repeats=11)
    backward = "forward and backward of the same"
    yield race(backward, lambda: ours().sum().backward(), lambda: other().sum().backward(), aim="1 (products)")


def window_row() -> Row:
    """Qwen2.5-VL's tower: three layers in windows, one whole."""
    config = Qwen2_5_VLVisionConfig(
        depth=4, hidden_size=256, intermediate_size=1024, num_heads=4, patch_size=16, window_size=128,
        fullatt_block_indexes=[3], out_hidden_size=512,
    )  # fmt: skip
    theirs: Any = Qwen2_5_VisionTransformerPretrainedModel(config)
    tower = WindowTower(side=8, out=512, whole=[3], **SIZES)
    fill_window_tower_(tower, theirs.state_dict())
    row, grids = patches(), torch.tensor(GRIDS)
    with torch.no_grad():
        torch.testing.assert_close(tower(row, GRIDS), theirs(row, grid_thw=grids).pooler_output, atol=1e-4, rtol=1e-4)
        what = f"WindowTower, depth 4, width 256, {len(row)} patches; transformers"
        return race(
            what, lambda: tower(row, GRIDS), lambda: theirs(row, grid_thw=grids), aim="1 (products)", repeats=11
        )


def rotary_row() -> Row:
    """Ids and tables, widened as transformers returns them."""
    grids = [Grid(1, 64, 64)]
    theirs = Qwen3VLVisionRotaryEmbedding(Qwen3VLVisionConfig(hidden_size=1152, num_heads=16))
    x = torch.zeros(1)

    def ours() -> list[torch.Tensor]:
        return [torch.cat([table, table], -1) for table in rotary_of(grids, planes=36, merge=2)]

    def other() -> Any:
        return theirs(x, get_vision_position_ids(torch.tensor(grids), 2))

    return race("rotary_of, 64 x 64 patches, 36 planes; transformers", ours, other, aim="1", repeats=41)


def table_row() -> Row:
    """The table read for 64 x 64 patches."""
    table, grid = torch.randn(48, 48, 1152, generator=torch.Generator().manual_seed(0)), Grid(1, 64, 64)

    def other() -> torch.Tensor:
        places, weights = get_vision_interpolation_indices_and_weights(
            torch.tensor([grid]), 48, mode="bilinear", align_corners=True, spatial_merge_size=2
        )
        return (table.flatten(0, 1)[places] * weights[:, :, None]).sum(1)  # as Qwen3VLVisionModel does

    torch.testing.assert_close(resampled_table(table, grid, merge=2), other(), atol=1e-4, rtol=0)
    what = "resampled_table, 48 x 48 to 64 x 64, width 1152; transformers"
    return race(what, lambda: resampled_table(table, grid, merge=2), other, aim="1", repeats=21)


def patch_row() -> Row:
    """A picture of 1,024 pixels as patches."""
    pixels = torch.rand(3, 1024, 1024, generator=torch.Generator().manual_seed(0))
    array, processor = np.asarray(pixels), Qwen2VLImageProcessorPil(patch_size=16)
    return race(
        "patchify, 1024 x 1024; transformers' patchify",
        lambda: patchify(pixels[None], patch=16, merge=2),
        lambda: processor.patchify(array, 16, 2, 2),
        aim="1",
        repeats=21,
    )
