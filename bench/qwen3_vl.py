"""Qwen3-VL's forward pass and one decoding step with a cache, against transformers."""

from collections.abc import Iterator
from typing import Any

import torch
from transformers import DynamicCache, Qwen3VLConfig, Qwen3VLForConditionalGeneration

from bench.timing import Row, race
from mmnotes.deepstack import LevelledTower
from mmnotes.mrope import interleaved
from mmnotes.qwen3_vl import Cache, Decoder, Qwen3VL, SwiGLU, prompt_of
from mmnotes.qwen3_vl.released import fill_qwen3_vl_
from mmnotes.vision_tower import Grid, VisionTower

DIM, DEPTH, WORDS, IMAGE = 2048, 2, 1000, 900  # layers as those of the 2B model
WIDTH = 256  # of the tower
GRID, SAID = Grid(1, 32, 32), 64  # of a picture, and words behind it
SECTIONS = [24, 20, 20]


def rows() -> Iterator[Row]:
    """The whole model over a picture and words, then one word more."""
    theirs = reference()
    model = ours(theirs)
    random = torch.Generator().manual_seed(0)
    row = torch.randn(GRID.patches(), 3 * 2 * 16**2, generator=random)
    words = torch.randint(0, IMAGE, (SAID,), generator=random).tolist()
    prompt = prompt_of([[words[:8], GRID, words[8:]]], merge=2)
    inputs = {
        "input_ids": prompt.ids.masked_fill(prompt.visual, IMAGE),
        "mm_token_type_ids": prompt.visual.int(),
        "pixel_values": row,
        "image_grid_thw": torch.tensor([GRID]),
    }
    cache, kept = Cache(), DynamicCache()
    with torch.no_grad():
        expected = theirs(**inputs, past_key_values=kept).logits
        torch.testing.assert_close(model(prompt, row, [GRID], cache), expected, rtol=1e-3, atol=1e-3)
        yield race(
            f"Qwen3-VL forward, {prompt.ids.shape[1]} tokens, {GRID.patches()} patches; transformers",
            lambda: model(prompt, row, [GRID]),
            lambda: theirs(**inputs, use_cache=False),
            aim="1",
        )
        yield step_row(model, theirs, cache, kept, free=int(prompt.free))


def step_row(model: Qwen3VL, theirs: Any, cache: Cache, kept: DynamicCache, *, free: int) -> Row:
    """One word behind the others, whose keys and values are there; what it adds is taken away again."""
    word, position_ids, tokens = torch.tensor([[5]]), torch.tensor(free).expand(3, 1, 1), len(cache)
    before = list(cache.keys), list(cache.values)

    def ours() -> torch.Tensor:
        cache.keys, cache.values = list(before[0]), list(before[1])
        state = model.language(model.language.words(word), position_ids, cache=cache)
        return model.head(state)

    def other() -> torch.Tensor:
        logits: torch.Tensor = theirs(input_ids=word, position_ids=position_ids, past_key_values=kept).logits
        kept.crop(-1)
        return logits

    torch.testing.assert_close(ours(), other(), rtol=1e-3, atol=1e-3)
    return race(f"one decoding step after {tokens} tokens; transformers", ours, other, aim="1", repeats=41)


def reference() -> Any:
    """transformers' dense model, small."""
    text = {
        "vocab_size": WORDS,
        "hidden_size": DIM,
        "intermediate_size": 3 * DIM,
        "num_hidden_layers": DEPTH,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5e6, "mrope_section": SECTIONS},
    }
    vision: dict[str, Any] = {"depth": 4, "hidden_size": WIDTH, "intermediate_size": 4 * WIDTH, "num_heads": 4}
    vision |= {"out_hidden_size": DIM, "num_position_embeddings": 576, "deepstack_visual_indexes": [0, 1]}
    torch.manual_seed(0)
    config = Qwen3VLConfig(text_config=text, vision_config=vision, image_token_id=IMAGE, video_token_id=IMAGE + 1)
    return Qwen3VLForConditionalGeneration(config).eval()


def ours(theirs: Any) -> Qwen3VL:
    """The same model, filled from it."""
    tower = VisionTower(channels=3, patch=16, merge=2, side=24, dim=WIDTH, depth=4, heads=4, hidden=4 * WIDTH)
    language = Decoder(
        words=WORDS,
        dim=DIM,
        heads=16,
        key_heads=8,
        axes=interleaved(SECTIONS),
        base=5e6,
        feed_forwards=[SwiGLU(dim=DIM, hidden=3 * DIM) for _ in range(DEPTH)],
    )
    vision = LevelledTower(tower=tower, dim=WIDTH, merge=2, out=DIM, levels=[0, 1])
    model = Qwen3VL(vision=vision, language=language)
    fill_qwen3_vl_(model, theirs.state_dict())
    return model
