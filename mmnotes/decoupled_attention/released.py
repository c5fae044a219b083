"""Fill an image prompt from the released IP-Adapter checkpoints, entry by entry, by name."""

import re
from collections.abc import Mapping

from torch import Tensor, nn

from mmnotes.layers.weights import fill_


def fill_image_prompt_(prompt: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Copy a released IP-Adapter into an ``ImagePrompt``, whose projection is a ``Resampler`` for the "plus" models.

    The names are those of the .safetensors files, ``image_proj.proj.weight``, ``ip_adapter.1.to_k_ip.weight``; a .bin
    file nests the same names in two dicts. The numbers count the processors of diffusers' U-Net, which lists down
    blocks, up blocks and *then* the middle block: the prompt's layers have to be given in this order.

    Shapes: every entry as the prompt's parameter of that name.
    Errors: as ``fill_``.
    Source: tencent-ailab/IP-Adapter, ip_adapter/ip_adapter.py, load_ip_adapter; ip_adapter/resampler.py.
    """
    numbers = sorted({int(found[1]) for name in state if (found := re.fullmatch(r"ip_adapter\.(\d+)\..*", name))})
    names = [
        (rf"ip_adapter\.{number}\.to_{theirs}_ip\.weight", f"layers.{place}.{ours}.weight")
        for place, number in enumerate(numbers)
        for theirs, ours in (("k", "key"), ("v", "value"))
    ]
    fill_(prompt, state, names=names + _IMAGE_PROMPT_NAMES)


_PERCEIVER = r"image_proj\.layers\.(\d+)\."
_IMAGE_PROMPT_NAMES = [
    (r"image_proj\.proj\.(\w+)", r"projection.linear.\1"),
    (r"image_proj\.norm\.(\w+)", r"projection.norm.\1"),
    (r"image_proj\.latents", "projection.queries"),
    (r"image_proj\.proj_in\.(\w+)", r"projection.enter.\1"),
    (r"image_proj\.proj_out\.(\w+)", r"projection.leave.\1"),
    (r"image_proj\.norm_out\.(\w+)", r"projection.norm.\1"),
    (_PERCEIVER + r"0\.norm1\.(\w+)", r"projection.blocks.\1.norm_image.\2"),
    (_PERCEIVER + r"0\.norm2\.(\w+)", r"projection.blocks.\1.norm_queries.\2"),
    (_PERCEIVER + r"0\.to_q\.weight", r"projection.blocks.\1.query.weight"),
    (_PERCEIVER + r"0\.to_kv\.weight", r"projection.blocks.\1.key_value.weight"),
    (_PERCEIVER + r"0\.to_out\.weight", r"projection.blocks.\1.output.weight"),
    (_PERCEIVER + r"1\.0\.(\w+)", r"projection.blocks.\1.norm_mlp.\2"),
    (_PERCEIVER + r"1\.1\.weight", r"projection.blocks.\1.up.weight"),
    (_PERCEIVER + r"1\.3\.weight", r"projection.blocks.\1.down.weight"),
]
