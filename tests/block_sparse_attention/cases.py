"""Films made by a formula, the attention again as loops, and what the released functions printed for one film."""

import math

import torch

GRID, BLOCK = (4, 4, 6), (2, 2, 3)  # 96 tokens in 8 blocks of 12

# meituan-longcat/LongCat-Video, longcat_video/block_sparse_attention/bsa_interface.py at commit 6b3f4b8, its torch
# functions on a processor in float64 with ``film()`` as query, key and value: rearrange_THW_to_3d_block,
# mean_pooling_compression, cal_score, get_select_indices with sparsity 0.625 (three of eight blocks, sorted here),
# make_block_indices_varlen_cp_list for two processes, and dense attention under
# create_mask_from_indices_varlen.
ORDER = [
    0, 1, 2, 6, 7, 8, 24, 25, 26, 30, 31, 32, 3, 4, 5, 9, 10, 11, 27, 28, 29, 33, 34, 35, 12, 13, 14, 18, 19,
    20, 36, 37, 38, 42, 43, 44, 15, 16, 17, 21, 22, 23, 39, 40, 41, 45, 46, 47, 48, 49, 50, 54, 55, 56, 72, 73,
    74, 78, 79, 80, 51, 52, 53, 57, 58, 59, 75, 76, 77, 81, 82, 83, 60, 61, 62, 66, 67, 68, 84, 85, 86, 90, 91,
    92, 63, 64, 65, 69, 70, 71, 87, 88, 89, 93, 94, 95,
]  # fmt: skip
MEANS = [
    [0.06203407168645997, 0.12171166012514974, -0.020244817404979503],
    [0.02079879742566414, 0.17667245549907099, -0.01299497991470767],
]  # of the first two blocks of queries in the first head, three entries
SCORES = [
    0.019573467967859935, -0.04506601472066113, -0.00450780177768686, 0.03362833616668814, -0.01824498383266803,
    0.07727476986467009, 0.08605420007585877, -0.02072387746254947,
]  # second head, fourth block of queries; not divided by the root of the dimension  # fmt: skip
CHOSEN = [
    [[0, 1, 7], [2, 4, 6], [2, 5, 6], [1, 3, 7], [4, 5, 6], [4, 5, 6], [1, 5, 6], [0, 3, 7]],
    [[0, 2, 6], [0, 4, 5], [0, 2, 7], [3, 5, 6], [1, 4, 5], [4, 5, 6], [4, 5, 6], [0, 2, 6]],
]
THERE = [[2, 1, 2, 1, 1, 0, 0, 2], [1, 2, 1, 2, 2, 3, 3, 1]]  # of them on the first process and on the second, head 2
READ = [-0.24679809156280283, -0.19343632753319287, 0.06271704421050295, -0.11268602057174412]  # head 2, token 37
READ_SUM = 4.569552557099839
MERGED = {
    "logarithm": [1.8132616875182228, 0.3, 2.0],
    "read": [
        [0.40833519366002335, 0.5892827615646673, 0.4518388150606669],
        [0.02968941471816998, -0.002056308785601933, 0.2081922406216918],
        [-0.11116388729769912, -0.5824439343309401, -0.896299072648808],
    ],
}  # flash_attn_fwd_softmax_lse_correction and flash_attn_fwd_out_correction; a fourth row, of nothing, was NaN


def formula(*shape, shift):
    """Numbers without a pattern, float64."""
    i = torch.arange(math.prod(shape), dtype=torch.float64)
    return (torch.sin(0.7 * i + shift) * torch.cos(0.11 * i**1.3 + shift)).view(shape)


def film():
    """Query, key and value (1, 2, 96, 16)."""
    return [formula(1, 2, 96, 16, shift=shift) for shift in (0.3, 1.1, 2.0)]


def members(grid, block):
    """The tokens of each block, by three loops over blocks and three over what is inside."""
    found = []
    for frame in range(0, grid[0], block[0]):
        for row in range(0, grid[1], block[1]):
            for column in range(0, grid[2], block[2]):
                own = []
                for a in range(frame, frame + block[0]):
                    for b in range(row, row + block[1]):
                        for c in range(column, column + block[2]):
                            own.append((a * grid[1] + b) * grid[2] + c)
                found.append(own)
    return found


def attention_by_loops(query, key, value, *, grid, block, count):
    """What every token reads, symbol by symbol: three lists of vectors in, one out."""
    blocks, dim = members(grid, block), len(query[0])
    mean = [[[sum(x[i][c] for i in own) / len(own) for c in range(dim)] for own in blocks] for x in (query, key)]
    out = [None] * len(query)
    for number, own in enumerate(blocks):
        score = [sum(a * b for a, b in zip(mean[0][number], other, strict=True)) for other in mean[1]]
        chosen = sorted(range(len(blocks)), key=lambda j: -score[j])[:count]
        for i in own:
            top, bottom = [0.0] * dim, 0.0
            for j in (token for block_ in chosen for token in blocks[block_]):
                weight = math.exp(sum(a * b for a, b in zip(query[i], key[j], strict=True)) / math.sqrt(dim))
                bottom += weight
                top = [t + weight * v for t, v in zip(top, value[j], strict=True)]
            out[i] = [t / bottom for t in top]
    return out
