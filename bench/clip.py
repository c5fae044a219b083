"""CLIP's towers at the size of ViT-B/16 against transformers, with the same weights and attention implementation.

What remains is arithmetic: nine tenths of a forward pass are six matrix products a layer, for which both sides call the
same library, so neither can be much faster than the other.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from transformers import CLIPConfig, CLIPModel

from bench.timing import Row, on_the_page, race
from mmnotes.clip import CLIP, ClassReadout, ImageTower, TextTower
from mmnotes.clip.live import GRAIN, Search
from mmnotes.clip.pretrained import pretrained_clip
from mmnotes.clip.released import fill_clip_
from mmnotes.data import drawings
from mmnotes.page.network import Part

BATCH, TEXTS, AIM = 4, 16, "1, never slower"


def rows() -> Iterator[Row]:
    """Both towers forward, the image tower also forward and backward; a search by words and drawing, on a page."""
    theirs, ours = pair()
    pixels = torch.randn(BATCH, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    ids = torch.randint(1, 49_000, (TEXTS, 77), generator=torch.Generator().manual_seed(1))
    ids[:, -1] = 49_407

    def tower() -> Tensor:
        return theirs.get_image_features(pixels).pooler_output

    def backward(feature: Tensor) -> None:
        feature.square().mean().backward()

    with torch.no_grad():
        torch.testing.assert_close(ours.image(pixels), tower(), rtol=1e-3, atol=1e-4)
        what = f"clip, image tower B/16, {BATCH} pictures; CLIPVisionModel, sdpa"
        yield race(what, lambda: ours.image(pixels), tower, aim=AIM)
        what = f"clip, text tower of B/16, {TEXTS} texts of 77; CLIPTextModel, sdpa"
        yield race(what, lambda: ours.text(ids), lambda: theirs.get_text_features(ids), aim=AIM)
    what = f"clip, image tower B/16, {BATCH} pictures, forward and backward; the same"
    yield race(what, lambda: backward(ours.image(pixels)), lambda: backward(tower()), aim=AIM, repeats=5)
    yield search_row()


@torch.no_grad()
def search_row() -> Row:
    """A text and a drawing through both of the book's towers, and their cosines with 849 pictures and captions."""
    clip, pictures = pretrained_clip(seed=0)["clip"], drawings(vendor="noto")
    words = torch.randint(1, 2_000, (len(pictures), len(clip.text.position)))
    board = torch.rand(1, 3, *(GRAIN * clip.image.size,) * 2)
    given = {"board": board, "words": words[:1].float()}
    search = Part(Search(clip, pictures, words), given, ("told", "drawn", "named", "met", "seen"))
    return on_the_page("clip, a search by words and by a drawing", search, aim="below 3")


def pair() -> tuple[CLIPModel, CLIP]:
    """transformers' model at the size of ViT-B/16 with random weights, and ours with the same."""
    vision = {"patch_size": 16, "hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12}
    text = {"bos_token_id": 49_406, "eos_token_id": 49_407}
    theirs = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, attn_implementation="sdpa")).eval()
    readout = ClassReadout(dim=768, features=512)
    image = ImageTower(size=224, patch=16, dim=768, depth=12, heads=12, hidden=3072, readout=readout)
    words = TextTower(vocabulary=49_408, length=77, dim=512, depth=12, heads=8, hidden=2048, features=512)
    ours = CLIP(image=image, text=words).eval()
    fill_clip_(ours, theirs.state_dict())
    return theirs, ours
