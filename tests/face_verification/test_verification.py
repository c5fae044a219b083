"""From two files to an answer, and what is said of files that have none."""

import pytest
import torch
from PIL import Image

from mmnotes.face_verification import verification as under_test
from mmnotes.face_verification import verify
from mmnotes.face_verification.files import LONGEST, opened, png, recompressed
from mmnotes.face_verification.pretrained import PORTRAITS, portraits
from mmnotes.face_verification.variants import VARIANTS
from mmnotes.face_verification.verification import marked, only_face
from tests.face_verification.cases import faces


def saved(path, picture):
    path.write_bytes(png(picture))
    return path


@pytest.fixture
def files(tmp_path):
    return {name: saved(tmp_path / f"{name}.png", picture) for name, picture in portraits().items()}


def test_a_person_is_herself_and_nobody_else(files, tmp_path):
    dim = saved(tmp_path / "dim.png", portraits()["hopper"] * 0.4)
    same, other = verify(files["hopper"], str(dim)), verify(files["hopper"], files["astronaut"])
    assert same.same and same.distance < 0.3 and not other.same and 0.65 < other.distance < 0.75
    assert repr(other) == f"distance {other.distance:.3f} > 0.6: two people, says the threshold"
    assert repr(same).endswith("<= 0.6: one person, says the threshold")


def test_every_picture_on_the_way_is_there(files):
    answer = verify(files["astronaut"], files["hopper"])
    for name, face in zip(PORTRAITS, (answer.first, answer.second), strict=True):
        torch.testing.assert_close(face.picture, portraits()[name], rtol=0, atol=1e-6)
        assert (
            len(face.steps.windows) > len(face.steps.proposed) > len(face.steps.refined) > len(face.steps.faces.boxes)
        )
        torch.testing.assert_close(face.vector, faces()[name].vector, rtol=0, atol=1e-3)
    shown = answer._repr_html_()
    assert shown.count("<img") == 4 and shown.count("data:image/png;base64,") == 4 and "http" not in shown


def test_a_threshold_of_zero_is_a_threshold(files):
    assert not verify(files["hopper"], files["astronaut"], threshold=0).same
    assert verify(files["hopper"], files["hopper"], threshold=0).same
    assert verify(files["hopper"], files["astronaut"], threshold=0.9).same
    for threshold in (-0.1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="threshold must be finite and not negative"):
            verify(files["hopper"], files["hopper"], threshold=threshold)


def test_no_face_and_several(files, tmp_path):
    empty = saved(tmp_path / "wall.png", torch.full((3, 60, 80), 0.5))
    with pytest.raises(ValueError, match=r"wall.png must show a face of 20 pixels or more.*none was found"):
        verify(files["hopper"], empty)
    both = saved(tmp_path / "both.png", torch.cat([*portraits().values()], 2))
    with pytest.raises(
        ValueError, match=r"both.png must show one face, 2 were found: cut one out.\nLeft.*: \d+, \d+, \d+, \d+; "
    ):
        verify(both, files["hopper"])


def test_files_that_are_no_pictures(files, tmp_path):
    text, broken = tmp_path / "text.jpg", tmp_path / "broken.png"
    text.write_text("no picture")
    broken.write_bytes(files["hopper"].read_bytes()[:2000])
    for path in (text, broken, tmp_path):
        with pytest.raises(ValueError, match="must be a picture in a format that Pillow reads"):
            verify(path, files["hopper"])
    with pytest.raises(FileNotFoundError, match=r"nobody\.png is not there"):
        verify(tmp_path / "nobody.png", files["hopper"])
    for wrong in (3, portraits()["hopper"], None):
        with pytest.raises(TypeError, match="first"):
            verify(wrong, files["hopper"])


def test_an_enormous_file_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    def never(self):
        raise AssertionError("it was decoded")

    for side, said in ((7100, "it has 7,100 x 7,100"), (14_000, "50,000,000 pixels"), (19_000, "it has many more")):
        Image.new("1", (side, side)).save(tmp_path / f"{side}.png")
        with monkeypatch.context() as patched:
            patched.setattr(Image.Image, "load", never)
            with pytest.raises(ValueError, match=f"must have at most 50,000,000 pixels.*|{said}"):
                opened(tmp_path / f"{side}.png")


def test_a_file_is_turned_upright_made_rgb_and_reduced(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera on its side
    Image.new("L", (3000, 2000), 51).save(tmp_path / "grey.jpg", exif=exif)
    found = opened(tmp_path / "grey.jpg")
    assert found.shape == (3, LONGEST, 683) and found.mean().item() == pytest.approx(0.2, abs=0.01)


def test_a_jpeg_loses_more_at_a_lower_quality():
    picture = portraits()["hopper"]
    off = [(recompressed(picture, quality=quality) - picture).abs().mean() for quality in (95, 30, 1)]
    assert 0 < off[0] < off[1] < off[2] < 0.2
    with pytest.raises(ValueError, match="quality must be from 1 to 95, got 100"):
        recompressed(picture, quality=100)


def test_marks_are_drawn_on_a_copy():
    face = faces()["hopper"]
    before = face.picture.clone()
    drawn = marked(face.picture, face.steps)
    assert torch.equal(face.picture, before)
    left, top, right, bottom = face.steps.faces.boxes[0].round().int().tolist()
    colour = torch.tensor(under_test._FRAME)
    for row, column in ((top, left), (bottom - 1, right - 1)):
        assert torch.equal(drawn[:, row, column], colour)
    column, row = face.steps.faces.landmarks[0, 2].round().int().tolist()
    assert torch.equal(drawn[:, row, column], colour)
    assert (drawn != before).any(0).float().mean() < 0.08


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_begins_with_the_picture_and_leaves_it(name):
    picture, box = portraits()["astronaut"], faces()["astronaut"].steps.faces.boxes[0]
    before = picture.clone()
    some = VARIANTS[name](picture, box, strength=0.0)
    torch.testing.assert_close(some, picture, rtol=0, atol=1e-5)
    weak, strong = (VARIANTS[name](picture, box, strength=strength) for strength in (0.1, 0.9))
    for each in (weak, strong):
        assert each.shape[:2] == (3, 320) and each.min() >= 0 and each.max() <= 1
    if name == "crop":
        assert strong.shape[2] < weak.shape[2] < 320
    else:
        assert (strong - picture).abs().mean() > (weak - picture).abs().mean() > 0
    assert torch.equal(picture, before)


@pytest.mark.parametrize(
    ("name", "strength"), [("blur", 0.2), ("light", 0.4), ("rotation", 0.4), ("JPEG", 0.7), ("occlusion", 0.2)]
)
@pytest.mark.parametrize("person", PORTRAITS)
def test_a_harmless_variant_is_the_same_person(person, name, strength):
    other = next(each for each in PORTRAITS if each != person)
    changed = VARIANTS[name](portraits()[person], faces()[person].steps.faces.boxes[0], strength=strength)
    vector = only_face(changed, name=name).vector
    assert (vector - faces()[person].vector).norm() < 0.5 < 0.6 < (vector - faces()[other].vector).norm()
