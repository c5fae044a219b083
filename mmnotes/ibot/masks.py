"""Which patches are hidden from the student: in half of the crops none, elsewhere blocks.

Papers: Zhou et al., iBOT (2022), section 3.2 and appendices B and E; Bao et al., BEiT (2022), algorithm 1, for blocks.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

NONE, LOW, HIGH = 0.5, 0.1, 0.5
ASPECT = 0.3  # of a block's sides, and its reciprocal
TRIES = 10


def mask_ratios(
    *, count: int, random: torch.Generator, none: float = NONE, low: float = LOW, high: float = HIGH
) -> Float[Tensor, "crops"]:
    """The share of patches to hide in each crop: 0 with the probability `none`, else uniform between low and high.
    A draw from a generator cannot be traced.

    Shapes: (count,).
    Errors: ValueError where a share is not within 0 and 1, or low is above high.
    Source: bytedance/ibot, loader.py, ImageFolderMask.get_pred_ratio, with the released ratios (0, 0.3) and variations
    (0, 0.2).
    """
    for name, share in (("none", none), ("low", low), ("high", high)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name} must be within 0 and 1, got {share}")
    if low > high:
        raise ValueError(f"low must not be above high = {high}, got {low}")
    hidden = torch.rand(count, generator=random) >= none
    return hidden * (low + (high - low) * torch.rand(count, generator=random))


def block_mask(
    *,
    rows: int,
    columns: int,
    ratio: float,
    random: torch.Generator,
) -> Bool[Tensor, "rows columns"]:
    """Blocks that hide nearly the share `ratio` of the patches, and never more.

    A block has a uniform area, from a ninth of the shorter side's square to all that is
    still to hide, and sides whose ratio is log-uniform; where ten blocks in a row do not
    fit or hide nothing new, the mask is done. So it may stay below the share. A draw from
    a generator cannot be traced.

    Shapes: (rows, columns), True where a patch is hidden.
    Errors: ValueError where rows or columns is not positive, or ratio is not within 0 and 1.
    Source: bytedance/ibot, loader.py, ImageFolderMask.__getitem__, with pred_shape "block".
    """
    _check(rows, columns, ratio)
    mask, wanted = torch.zeros(rows, columns, dtype=torch.bool), ratio * rows * columns
    fits = True
    while fits and (left := wanted - int(mask.sum())) > 0:
        fits = any(_hide(mask, left, random) for _ in range(TRIES))
    return mask


def _hide(mask: Tensor, most: float, random: torch.Generator) -> bool:
    """Hide one more block, if it hides something and not more than `most`; whether it did."""
    rows, columns = mask.shape
    low = (min(rows, columns) // 3) ** 2
    first, second = torch.rand(2, generator=random).tolist()
    area, aspect = low + (most - low) * first, ASPECT ** (2 * second - 1)
    height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
    if height >= rows or width >= columns:
        return False
    room = rows - height + 1, columns - width + 1
    top, left = (int(torch.randint(each, (), generator=random)) for each in room)
    block = mask[top : top + height, left : left + width]
    if not 0 < height * width - int(block.sum()) <= most:
        return False
    block.fill_(True)
    return True


def random_mask(*, rows: int, columns: int, ratio: float, random: torch.Generator) -> Bool[Tensor, "rows columns"]:
    """Single patches, the share `ratio` of all, rounded down. A draw from a generator cannot be traced.

    Shapes: (rows, columns), True where a patch is hidden.
    Errors: as ``block_mask``.
    Source: bytedance/ibot, loader.py, ImageFolderMask.__getitem__, with pred_shape "rand".
    """
    _check(rows, columns, ratio)
    order = torch.randperm(rows * columns, generator=random)
    return (order < int(ratio * rows * columns)).view(rows, columns)


def crop_masks(*, count: int, rows: int, columns: int, random: torch.Generator) -> Bool[Tensor, "crops patches"]:
    """Blocks for each of so many global crops, row by row; about half of the crops have none.

    A draw from a generator cannot be traced.

    Shapes: (count, rows * columns), True where a patch is hidden.
    Errors: as ``block_mask``.
    Source: bytedance/ibot, loader.py, ImageFolderMask.
    """
    shares = mask_ratios(count=count, random=random).tolist()
    masks = [block_mask(rows=rows, columns=columns, ratio=share, random=random).flatten() for share in shares]
    return torch.stack(masks) if masks else torch.zeros(0, rows * columns, dtype=torch.bool)


def _check(rows: int, columns: int, ratio: float) -> None:
    if rows < 1 or columns < 1:
        raise ValueError(f"rows and columns must be positive, got {rows} and {columns}")
    if not 0 <= ratio <= 1:
        raise ValueError(f"ratio must be within 0 and 1, got {ratio}")
