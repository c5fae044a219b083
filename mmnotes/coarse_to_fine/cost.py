"""What a film costs: multiplications of one pass of a transformer over its tokens, and of a whole sampling.

Papers: Meituan LongCat team, LongCat-Video technical report (2025).

Differs: norms, the text and the embeddings are left out; they are less than a hundredth for real sizes.
"""


def film_tokens(*, frames: int, height: int, width: int, patch: int, patch_frames: int = 1) -> int:
    """How many tokens a film has. There is nothing to trace.

    Shapes: -> a whole number.
    Units: frames, pixels (or latents) and patches of the same grid.
    Errors: ValueError for a size that is not positive or that the patch does not divide.
    Source: LongCat-Video, longcat_video/modules/longcat_video_dit.py.
    """
    for name, size, by in (("frames", frames, patch_frames), ("height", height, patch), ("width", width, patch)):
        if size < 1 or by < 1 or size % by:
            raise ValueError(f"{name} must be a positive multiple of the patch's {by}, got {size}")
    return (frames // patch_frames) * (height // patch) * (width // patch)


def pass_cost(*, tokens: int, dim: int, hidden: int, depth: int, density: float = 1.0) -> float:
    """Multiplications of one pass: depth ((4 dim² + 3 dim hidden) tokens + 2 dim density tokens²).

    Four square matrices for attention, three for the gated network, and each query with each key it reads, twice.
    There is nothing to trace.

    Shapes: -> a number.
    Errors: ValueError for tokens below 1 or a density outside 0 to 1, 0 excluded.
    Source: counted from longcat_video/modules/blocks.py and attention.py.
    """
    if tokens < 1:
        raise ValueError(f"tokens must be at least 1, got {tokens}")
    if not 0 < density <= 1:
        raise ValueError(f"density must be above 0 and at most 1, got {density}")
    linear = (4 * dim**2 + 3 * dim * hidden) * tokens
    return depth * (linear + 2 * dim * density * tokens**2)
