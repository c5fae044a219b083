"""The embedder: dlib's own vectors, its blocks as loops say, what it may be given, and what is stored."""

import pytest
import torch
from torch.nn.functional import conv2d

from mmnotes.face_verification import Embedder, euclidean_distance, similarity
from mmnotes.face_verification.chips import DLIB_FIVE, chip_at, template
from mmnotes.face_verification.eight_bits import folded, widened
from mmnotes.face_verification.embedder import Reduction, Residual
from mmnotes.face_verification.pretrained import portraits, untrained_embedder
from mmnotes.face_verification.variants import VARIANTS
from mmnotes.face_verification.verification import embedder, only_face
from mmnotes.layers.stored import stored_arrays
from tests.face_verification import golden
from tests.face_verification.cases import faces


def chip_of(name, variant, strength):
    if variant == "none":
        return faces()[name].chip
    box = faces()[name].steps.faces.boxes[0]
    return only_face(VARIANTS[variant](portraits()[name], box, strength=strength), name=variant).chip


@pytest.mark.parametrize(("name", "variant", "strength"), golden.DESCRIPTORS)
def test_vectors_are_dlibs(name, variant, strength):
    chip = chip_of(name, variant, strength)
    theirs = torch.tensor(golden.DESCRIPTORS[name, variant, strength]) / 1e4
    ours = embedder()(chip[None])[0]
    assert torch.cosine_similarity(ours, theirs, dim=0) > 0.9995
    assert euclidean_distance(ours, theirs) < 0.06
    exchanged = embedder()(chip.flip(0)[None])[0]
    assert torch.cosine_similarity(exchanged, theirs, dim=0) < 0.999, "blue in the place of red must be seen"


def test_the_whole_of_dlib_with_its_landmarks():
    """Its chip from its five landmarks, cut by us, gives its distance of the two people."""
    vectors = []
    for name, landmarks in golden.DLIB_LANDMARKS.items():
        transform = similarity(template(face=DLIB_FIVE), torch.tensor(landmarks).float())
        vectors.append(embedder()(chip_at(portraits()[name], transform)[None])[0])
    assert euclidean_distance(*vectors).item() == pytest.approx(golden.DLIB_DISTANCE, abs=0.02)


def test_a_block_is_two_convolutions_and_a_way_around():
    torch.manual_seed(0)
    block, x = Residual(5), torch.randn(2, 5, 7, 11)
    inner = conv2d(x, block.first.weight, block.first.bias, padding=1).clamp(min=0)
    wanted = (x + conv2d(inner, block.second.weight, block.second.bias, padding=1)).clamp(min=0)
    torch.testing.assert_close(block(x), wanted)


@pytest.mark.parametrize("size", [(7, 11), (8, 8), (6, 9)])
def test_a_reduction_fills_up_with_zeros(size):
    torch.manual_seed(0)
    block, x = Reduction(3, 5), torch.randn(2, 3, *size)
    through = conv2d(conv2d(x, block.first.weight, block.first.bias, stride=2).clamp(min=0), block.second.weight,
                     block.second.bias, padding=1)  # fmt: skip
    wanted = torch.zeros(2, 5, *(side // 2 for side in size))
    wanted[:, :, : through.shape[2], : through.shape[3]] += through
    for row in range(size[0] // 2):
        for column in range(size[1] // 2):
            square = x[:, :, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            wanted[:, :3, row, column] += square.mean((2, 3))
    torch.testing.assert_close(block(x), wanted.clamp(min=0))


def test_it_has_29_convolutions_and_a_projection():
    convolutions = [each for each in Embedder().modules() if isinstance(each, torch.nn.Conv2d)]
    assert len(convolutions) == 29 and sum(each.numel() for each in Embedder().parameters()) == 5_607_488


def test_bytes_are_widened_in_the_order_of_the_file():
    stored = {"a": torch.tensor([0, 255]).byte(), "b": torch.tensor([0.5]), "lowest": torch.tensor([-1.0, 2]),
              "c": torch.tensor([3]).byte(), "step": torch.tensor([0.1, 0.5])}  # fmt: skip
    wide = widened(stored)
    assert {name: each.tolist() for name, each in wide.items()} == {
        "a": pytest.approx([-1, 24.5]), "b": [0.5], "c": pytest.approx([3.5]),
    }  # fmt: skip


def test_on_disk_it_stays_in_eight_bits():
    stored = stored_arrays("mmnotes.face_verification", "embedder.npz")
    assert sum(each.numel() for each in stored.values() if each.dtype == torch.uint8) > 5_000_000


def test_a_folded_layer_is_a_convolution_and_a_gain():
    torch.manual_seed(0)
    layer = {"conv/filters": torch.randn(3, 3, 2, 5), "conv/bias": torch.randn(5), "scale/weights": torch.randn(5),
             "scale/biases": torch.randn(5)}  # fmt: skip
    x = torch.randn(1, 2, 7, 7)
    plain = conv2d(x, layer["conv/filters"].permute(3, 2, 0, 1), layer["conv/bias"])
    wanted = plain * layer["scale/weights"][:, None, None] + layer["scale/biases"][:, None, None]
    found = folded(layer)
    torch.testing.assert_close(conv2d(x, found["weight"], found["bias"]), wanted, rtol=1e-4, atol=1e-4)


def test_a_batch_is_its_chips_one_by_one():
    chips = torch.stack([face.chip for face in faces().values()])
    torch.testing.assert_close(
        embedder()(chips), torch.cat([embedder()(each[None]) for each in chips]), rtol=0, atol=1e-4
    )
    assert embedder()(chips[:0]).shape == (0, 128)


def test_random_weights_have_a_seed_and_finite_answers():
    chip = faces()["hopper"].chip[None]
    first, same, other = (untrained_embedder(seed=seed)(chip) for seed in (0, 0, 1))
    assert torch.equal(first, same) and not torch.equal(first, other) and first.isfinite().all()
    assert not any(each.requires_grad for each in embedder().parameters())


def test_bad_inputs():
    with pytest.raises(TypeError, match="chips"):
        embedder()(torch.zeros(2, 3, 112, 112))
    with pytest.raises(TypeError, match="chips"):
        embedder()(torch.zeros(2, 3, 150, 150, dtype=torch.uint8))
    with pytest.raises(ValueError, match="chips must be from 0 to 1, got 0 to 200"):
        embedder()(torch.tensor([0.0, 200]).repeat(1, 3, 150, 75))
    with pytest.raises(ValueError, match="chips must be from 0 to 1"):
        embedder()(torch.full((1, 3, 150, 150), torch.nan))
