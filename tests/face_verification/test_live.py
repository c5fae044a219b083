"""What a page runs on a reader's pictures is the chapter's cascade and its embedder."""

import pytest
import torch

from mmnotes.face_verification.eight_bits import PackedEmbedder
from mmnotes.face_verification.live import Refined, Windows, two_pictures
from mmnotes.face_verification.pretrained import portraits
from mmnotes.face_verification.verification import detector, embedder
from mmnotes.face_verification.windows import pyramid_scales, resized, whitened
from tests.face_verification.cases import faces

PICTURES = torch.stack([*portraits().values()])
EXAMPLES = ("one", "other")


def test_windows_are_those_of_the_pyramid():
    with torch.no_grad():
        scores, shifts = Windows(detector().pnet, side=320)(PICTURES[0])
        wanted = [
            detector().pnet(whitened(resized(PICTURES[0], scale=scale))[None])
            for scale in pyramid_scales(side=320, smallest=20)
        ]
    torch.testing.assert_close(scores, torch.cat([each.flatten() for each, _ in wanted]), atol=1e-5, rtol=0)
    torch.testing.assert_close(shifts, torch.cat([each[0].flatten(1).T for _, each in wanted]), atol=1e-5, rtol=0)


def test_candidates_are_whitened():
    crops = torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    for got, wanted in zip(Refined(detector().rnet)(crops), detector().rnet(whitened(crops)), strict=True):
        torch.testing.assert_close(got, wanted)


def test_the_packed_embedder_is_the_embedder():
    chips = torch.stack([face.chip for face in faces().values()])
    packed = PackedEmbedder()
    torch.testing.assert_close(packed(chips), embedder()(chips), atol=1e-5, rtol=0)
    torch.testing.assert_close(packed(2 * chips), embedder()((2 * chips).clamp(max=1)), atol=1e-5, rtol=0)


def test_a_lab_gets_real_inputs_and_what_its_form_needs():
    network = two_pictures(detector(), PICTURES, examples=EXAMPLES)
    torch.testing.assert_close(network.inputs["picture"], PICTURES[0], atol=0.5 / 255, rtol=0)
    levels = network.data["levels"]
    assert [each["scale"] for each in levels] == pyramid_scales(side=320, smallest=20)
    with torch.no_grad():
        scores, shifts = network.module(PICTURES[0])
    assert len(scores) == len(shifts) == sum(each["rows"] ** 2 for each in levels)
    assert [each["label"] for each in network.data["examples"]] == [*EXAMPLES]
    assert {name: part.shapes for name, part in network.beside.items()} == {
        "refine": {"crops": [16, 3, 24, 24]}, "find": {"crops": [4, 3, 48, 48]}, "embed": {"chips": [1, 3, 150, 150]},
    }  # fmt: skip
    assert torch.equal(network.arrays["pictures"], (255 * PICTURES).round().byte())


@pytest.mark.parametrize(
    ("pictures", "examples", "said"),
    [
        (PICTURES, EXAMPLES[:1], r"^examples must be two or more, one for each picture, got 1$"),
        (PICTURES[:1], EXAMPLES[:1], r"^examples must be two or more, one for each picture, got 1$"),
        (PICTURES[:, :, :100], EXAMPLES, r"^pictures must be squares from 0 to 1, got \(2, 3, 100, 320\) from "),
        (255 * PICTURES, EXAMPLES, r"^pictures must be squares from 0 to 1, got .* to 255$"),
    ],
)
def test_what_does_not_fit_is_refused(pictures, examples, said):
    with pytest.raises(ValueError, match=said):
        two_pictures(detector(), pictures, examples=examples)
