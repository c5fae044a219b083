"""CLIP against transformers' CLIPModel with its weights copied by name, and against numbers of the authors' code."""

import json
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoProcessor, CLIPConfig, CLIPModel

from mmnotes.clip import CLIP, AttentionReadout, ClassReadout, ImageTower, TextTower
from mmnotes.clip.released import clip_of, fill_clip_

# Picture, patch, width, depth, heads, hidden; the same of the text, its vocabulary and length; features.
SETTINGS = {
    "unlike primes": ((15, 5, 14, 2, 7, 23), (6, 3, 2, 17, 29, 11), 13),
    "one head, one layer": ((14, 7, 10, 1, 1, 40), (22, 1, 1, 88, 97, 7), 5),
    "small patches, deep": ((12, 2, 24, 5, 3, 96), (20, 4, 5, 80, 53, 19), 31),
    "wider than its features": ((21, 7, 33, 3, 11, 47), (26, 2, 13, 31, 101, 5), 3),
}
every_setting = pytest.mark.parametrize("name", SETTINGS)


def theirs(name, *, end):
    """A transformers model of random weights, and norms and biases moved from where they start."""
    (
        (size, patch, dim, depth, heads, hidden),
        (text_dim, text_depth, text_heads, text_hidden, words, length),
        features,
    ) = SETTINGS[name]
    text = {
        "hidden_size": text_dim,
        "num_hidden_layers": text_depth,
        "num_attention_heads": text_heads,
        "intermediate_size": text_hidden,
        "vocab_size": words,
        "max_position_embeddings": length,
        "bos_token_id": words - 2,
        "eos_token_id": end,
        "pad_token_id": 0,
        "hidden_act": "quick_gelu",
    }
    vision = {
        "hidden_size": dim,
        "num_hidden_layers": depth,
        "num_attention_heads": heads,
        "intermediate_size": hidden,
        "image_size": size,
        "patch_size": patch,
        "hidden_act": "quick_gelu",
    }
    torch.manual_seed(len(name))
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=features)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim:
                parameter.mul_(parameter.ndim == 1).add_(0.2 * torch.randn_like(parameter))
        model.logit_scale.fill_(1.7)
    return model


def ours(name):
    (
        (size, patch, dim, depth, heads, hidden),
        (text_dim, text_depth, text_heads, text_hidden, words, length),
        features,
    ) = SETTINGS[name]
    readout = ClassReadout(dim=dim, features=features)
    image = ImageTower(size=size, patch=patch, dim=dim, depth=depth, heads=heads, hidden=hidden, readout=readout)
    sizes = {"dim": text_dim, "depth": text_depth, "heads": text_heads, "hidden": text_hidden}
    return CLIP(image=image, text=TextTower(vocabulary=words, length=length, **sizes, features=features)).eval()


def pair(name, *, end, tokens):
    """As many pictures as texts; the texts end at different places, and behind the end there is anything."""
    words, size = SETTINGS[name][1][4], SETTINGS[name][0][0]
    generator = torch.Generator().manual_seed(7)
    ids = torch.randint(0, words - 2, (5, tokens), generator=generator)
    ids[ids == end] = 1
    ids[torch.arange(5), torch.randint(1, tokens, (5,), generator=generator)] = end
    return torch.randn(5, 3, size, size, generator=generator), ids


@every_setting
@pytest.mark.parametrize("shorter", [0, 2])
def test_logits_and_loss_are_theirs(name, shorter):
    end = SETTINGS[name][1][4] - 1
    model, clip = theirs(name, end=end), ours(name)
    fill_clip_(clip, model.state_dict())
    pixels, ids = pair(name, end=end, tokens=SETTINGS[name][1][5] - shorter)
    expected = model(input_ids=ids, pixel_values=pixels, return_loss=True)
    logits = clip(pixels, ids)
    torch.testing.assert_close(logits, expected.logits_per_image, rtol=0, atol=1e-5)
    torch.testing.assert_close(logits.T, expected.logits_per_text, rtol=0, atol=1e-5)
    own = torch.arange(5)
    loss = (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2
    torch.testing.assert_close(loss, expected.loss, rtol=0, atol=1e-5)


@every_setting
def test_tokens_and_states_are_theirs(name):
    end = SETTINGS[name][1][4] - 1
    model, clip = theirs(name, end=end), ours(name)
    fill_clip_(clip, model.state_dict())
    pixels, ids = pair(name, end=end, tokens=SETTINGS[name][1][5])
    image, text = model.vision_model(pixels), model.text_model(ids)
    torch.testing.assert_close(clip.image.states(pixels), image.last_hidden_state, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(clip.text.states(ids), text.last_hidden_state, rtol=1e-5, atol=1e-5)


def test_attention_weights_are_theirs():
    model, clip = theirs("unlike primes", end=28), ours("unlike primes")
    model.set_attn_implementation("eager")
    fill_clip_(clip, model.state_dict())
    pixels, _ = pair("unlike primes", end=28, tokens=11)
    maps = model.vision_model(pixels, output_attentions=True).attentions
    x = clip.image.embed(pixels)
    for block, expected in zip(clip.image.blocks, maps, strict=True):
        torch.testing.assert_close(block.attention_weights(x), expected, rtol=0, atol=1e-5)
        x = block(x)


@pytest.mark.parametrize(("end", "agrees"), [(2, True), (28, True), (12, False)])
def test_the_end_in_their_three_cases(end, agrees):
    """Their number 2 is the old configuration and means argmax; another number is looked for, which argmax is not."""
    model, clip = theirs("unlike primes", end=end), ours("unlike primes")
    fill_clip_(clip, model.state_dict())
    _, ids = pair("unlike primes", end=28, tokens=11)
    ids[:, 0] = 12
    expected = model.get_text_features(ids).pooler_output
    assert torch.allclose(clip.text(ids), expected, rtol=0, atol=1e-5) == agrees


def test_gradients_are_theirs():
    model, clip = theirs("wider than its features", end=100), ours("wider than its features")
    fill_clip_(clip, model.state_dict())
    pixels, ids = pair("wider than its features", end=100, tokens=5)
    model(input_ids=ids, pixel_values=pixels, return_loss=True).loss.backward()
    logits, own = clip(pixels, ids), torch.arange(5)
    ((cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2).backward()
    torch.testing.assert_close(clip.logit_scale.grad, model.logit_scale.grad, rtol=0, atol=1e-5)
    for mine, other in (
        (clip.image.class_token, model.vision_model.embeddings.class_embedding),
        (clip.image.patch.weight, model.vision_model.embeddings.patch_embedding.weight),
        (clip.text.words.weight, model.text_model.embeddings.token_embedding.weight),
    ):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-3, atol=1e-5)


def wave(*shape, phase):
    places = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return (0.2 * torch.cos(0.37 * places**2 + phase)).float().reshape(shape)


def filled_with_waves(module):
    own = list(module.named_parameters())
    with torch.no_grad():
        # The authors' weights were filled in the order that these names give.
        place = {name: name.replace(".down.", ".contract.").replace(".up.", ".expand.") for name, _ in own}
        for phase, (name, parameter) in enumerate(sorted(own, key=lambda each: place[each[0]])):
            parameter.copy_(wave(*parameter.shape, phase=phase) + (1 if "norm.weight" in name else 0))
    return module


# github.com/openai/CLIP at d05afc436d, clip/model.py, float32, torch 2.13.0: CLIP(7, 9, 2, 64, 3, 6, 23, 12, 2, 3) and
# AttentionPool2d(3, 8, 2, 5), with the weights of `filled_with_waves`.
RELEASED_IMAGE = [
    [-0.597804, 0.142874, -0.860655, -1.740049, 2.473427, -0.369033, -0.935623],
    [-1.007005, -0.447269, 1.013921, -1.099817, 1.347730, 1.329369, -0.883626],
]
RELEASED_TEXT = [
    [-0.835248, 0.458860, -0.045374, 0.931904, -0.036696, -0.223949, -0.097198],
    [-0.765744, 0.538275, -0.091668, 0.518183, -0.183702, -0.273711, -0.243667],
    [-1.308339, 0.713800, 0.385873, 0.402611, -0.724434, 0.627602, -0.031893],
]
RELEASED_LOGITS = [[-0.179620, -0.093756, -0.300480], [-0.160706, -0.143968, 0.140316]]
RELEASED_POOL = [
    [-0.238367, -0.068639, -0.214238, 0.126297, 0.023212],
    [-0.229957, -0.050164, -0.179011, 0.107608, 0.025940],
]


def test_numbers_of_the_authors_towers():
    readout = ClassReadout(dim=64, features=7)
    image = ImageTower(size=9, patch=3, dim=64, depth=2, heads=1, hidden=256, readout=readout)
    text = TextTower(vocabulary=23, length=6, dim=12, depth=3, heads=2, hidden=48, features=7)
    clip = filled_with_waves(CLIP(image=image, text=text))
    pixels = 5 * wave(2, 3, 9, 9, phase=30)
    ids = torch.tensor([[20, 3, 7, 22, 0, 0], [20, 5, 22, 0, 0, 0], [20, 22, 22, 1, 2, 3]])
    torch.testing.assert_close(clip.image(pixels), torch.tensor(RELEASED_IMAGE), rtol=0, atol=1e-5)
    torch.testing.assert_close(clip.text(ids), torch.tensor(RELEASED_TEXT), rtol=0, atol=1e-5)
    torch.testing.assert_close(clip(pixels, ids), torch.tensor(RELEASED_LOGITS), rtol=0, atol=1e-5)


def test_numbers_of_the_authors_attention_pooling():
    pool = filled_with_waves(AttentionReadout(dim=8, features=5, patches=9, heads=2))
    grid = 5 * wave(2, 8, 3, 3, phase=20)
    tokens = torch.cat([torch.full((2, 1, 8), 9.0), grid.flatten(2).transpose(1, 2)], dim=1)
    torch.testing.assert_close(pool(tokens), torch.tensor(RELEASED_POOL), rtol=0, atol=1e-5)


# Of the released models, from their configurations: size, patch, widths, depths, features -> parameters of each tower.
@pytest.mark.parametrize(
    ("patch", "dim", "depth", "text_dim", "text_heads", "features", "counts"),
    [
        (32, 768, 12, 512, 8, 512, (87_849_216, 63_428_096)),
        (16, 768, 12, 512, 8, 512, (86_192_640, 63_428_096)),
        (14, 1024, 24, 768, 12, 768, (303_966_208, 123_650_304)),
    ],
)
def test_parameter_counts_at_full_size(patch, dim, depth, text_dim, text_heads, features, counts):
    with torch.device("meta"):
        readout = ClassReadout(dim=dim, features=features)
        image = ImageTower(
            size=224, patch=patch, dim=dim, depth=depth, heads=dim // 64, hidden=4 * dim, readout=readout
        )
        sizes = {"dim": text_dim, "depth": 12, "heads": text_heads, "hidden": 4 * text_dim}
        text = TextTower(vocabulary=49_408, length=77, **sizes, features=features)
    found = tuple(sum(each.numel() for each in tower.parameters()) for tower in (image, text))
    assert found == counts


@every_setting
def test_a_clip_is_made_of_a_released_model(name):
    model = theirs(name, end=2)
    made = clip_of(model)
    size, words = SETTINGS[name][0][0], SETTINGS[name][1][4]
    pixels, ids = (
        torch.randn(3, 3, size, size),
        torch.tensor([[1, words - 1], [words - 1, 0]])[:, : SETTINGS[name][1][5]],
    )
    with torch.no_grad():
        wanted = model(pixel_values=pixels, input_ids=ids).logits_per_image
        assert torch.allclose(made(pixels, ids), wanted, atol=1e-4)
    assert not any(parameter.requires_grad for parameter in made.parameters())


def test_another_activation_is_refused():
    model = theirs("one head, one layer", end=2)
    model.config.text_config.hidden_act = "gelu"
    with pytest.raises(ValueError, match=r"released must run with quick_gelu, got 'gelu' in its text tower"):
        clip_of(model)


def test_the_lines_of_the_chapter_run_with_a_small_model(monkeypatch, capsys):
    """The snippet that downloads, with a model and a processor of the test's own in place of the hub's."""
    text = next(
        "".join(cell["source"])
        for cell in json.loads(Path("book/clip.ipynb").read_text(encoding="utf-8"))["cells"]
        if "AutoProcessor" in "".join(cell["source"])
    )
    code = text.split("```python\n")[1].split("```")[0]

    def processed(*, text, images, padding, return_tensors):
        assert all(each.max() > 1 for each in images) and padding and return_tensors == "pt"
        ids = torch.tensor([[27, 3, 28, 28], [27, 3, 4, 28]])[: len(text)]
        return {"pixel_values": torch.rand(len(images), 3, 15, 15), "input_ids": ids}

    monkeypatch.setattr(CLIPModel, "from_pretrained", lambda _: theirs("unlike primes", end=2))
    monkeypatch.setattr(AutoProcessor, "from_pretrained", lambda _: processed)
    exec(compile(code, "the chapter", "exec"), {})
    assert capsys.readouterr().out.count("tensor") == 2
