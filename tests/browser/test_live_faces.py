"""The live lab that compares two pictures of the reader's, in a real browser: its numbers beside the package's."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from mmnotes.face_verification import (
    euclidean_distance,
    intersection_over_smaller,
    intersection_over_union,
    non_maximum_suppression,
    similarity,
)
from mmnotes.face_verification.chips import check_landmarks, chip_at
from mmnotes.face_verification.live import two_pictures
from mmnotes.face_verification.pretrained import portraits, pretrained_detector
from mmnotes.face_verification.verification import Face, detector, only_face
from mmnotes.face_verification.windows import cut_out, shifted, squared, window_boxes
from mmnotes.layers.areas import area_average
from tests.browser.any_live_lab import AnyLiveLab, assert_accessible
from tests.browser.live_site import gives, live_site
from tests.browser.test_live_pictures import file
from tests.browser.watched import Watched, awaiting, pixels, start

SIDE = 320
NAMES = ("First picture", "Second picture")
# A camera that shows stripes; its tracks are kept, so that a test sees whether they were stopped.
CAMERA = """() => {
    window.tracks = [];
    navigator.mediaDevices.getUserMedia = async (asked) => {
        window.asked = asked;
        const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
        const surface = canvas.getContext("2d");
        surface.fillStyle = "rgb(200, 100, 50)";
        surface.fillRect(0, 0, 64, 48);
        const stream = canvas.captureStream(30);
        setInterval(() => surface.fillRect(0, 0, 64, 48), 30);
        window.tracks.push(...stream.getTracks());
        return stream;
    };
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = torch.stack([portraits()["hopper"], portraits()["astronaut"]])
    network = two_pictures(pretrained_detector(), pictures, examples=("Hopper", "Collins"))
    return live_site(tmp_path_factory.mktemp("faces"), network)


@pytest.fixture
def running(started: Page) -> Page:
    """The running lab with both portraits."""
    started.get_by_label("Threshold").fill("0.6")
    with awaiting(started):
        for label, example in zip(NAMES, ("Hopper", "Collins"), strict=True):
            menu(started, label).select_option(example)
    return started


def menu(page: Page, label: str) -> Locator:
    return page.get_by_role("combobox", name=label, exact=True)


def section(page: Page, label: str) -> Locator:
    return page.get_by_role("region", name=label, exact=True)


def choose(page: Page, label: str, picture: np.ndarray) -> None:
    section(page, label).locator("input[type=file]").set_input_files(file(picture))


def words(page: Page) -> Locator:
    return page.locator(".mm-live-words")


def as_bytes(picture: torch.Tensor) -> np.ndarray:
    return (255 * picture).round().byte().permute(1, 2, 0).numpy()


def assert_like_the_package(page: Page, *faces: Face) -> None:
    """Boxes of every step, landmarks, chips, vectors and the distance."""

    def close(got: object, wanted: torch.Tensor, atol: float) -> None:
        torch.testing.assert_close(torch.tensor(got, dtype=torch.float32), wanted, atol=atol, rtol=0)

    result = page.evaluate("window.results.at(-1)")
    for got, face in zip(result["sides"], faces, strict=True):
        found, steps = got["found"], face.steps
        assert found["windows"] == len(steps.windows)
        for name, wanted in (("proposed", steps.proposed), ("refined", steps.refined)):
            close(found[name], wanted, 1e-2)
        (own,) = found["faces"]
        for name, wanted in zip(("box", "score", "landmarks"), steps.faces, strict=True):
            close(own[name], wanted[0], 5e-3)
        close(got["chip"], face.chip.flatten(), 1e-3)
        close(got["vector"], face.vector, 1e-3)
    wanted = float(euclidean_distance(faces[0].vector, faces[1].vector))
    assert result["distance"] == pytest.approx(wanted, abs=1e-3)


# Its numbers


def test_the_portraits_give_what_the_package_gives(running):
    faces = [only_face(portraits()[name], name=name) for name in ("hopper", "astronaut")]
    assert_like_the_package(running, *faces)
    expect(words(running)).to_have_text(
        re.compile(r"^Distance 0\.71\d, more than 0\.6: two people, says the threshold\.$")
    )
    expect(running.locator(".mm-live-form [aria-live=polite]")).to_contain_text("two people, says the threshold")
    said = section(running, "First picture").locator(".mm-face-said")
    box, score, landmarks = (each[0] for each in faces[0].steps.faces)
    width, height = (box[2:] - box[:2]).round().int().tolist()
    expect(said).to_contain_text(f"faces 1. {width} by {height} pixels, score {score:.2f}; right eye")
    expect(said).to_contain_text("right eye {}, {};".format(*landmarks[0].round().int().tolist()))


def test_the_face_and_its_landmarks_are_marked_in_the_picture(running):
    for label, side in zip(NAMES, running.evaluate("window.results.at(-1).sides"), strict=True):
        (face,) = side["found"]["faces"]
        left, top, right, bottom = face["box"]
        marked = [
            *face["landmarks"],
            [left, (top + bottom) / 2],
            [right, (top + bottom) / 2],
            [(left + right) / 2, top],
        ]
        seen = pixels(section(running, label).locator(".mm-face-seen"))
        colours = torch.stack([seen[:, int(row), int(column)] for column, row in marked])
        assert (colours - torch.tensor([0, 114, 178])).abs().max() <= 40  # a line's rim is mixed with what is behind


def test_one_picture_twice_is_one_person_and_the_threshold_decides(running):
    running.get_by_label("Threshold").fill("0.75")
    expect(words(running)).to_contain_text("one person, says the threshold")
    running.get_by_label("Threshold").fill("0.6")
    with awaiting(running):
        menu(running, "Second picture").focus()
        running.keyboard.press("ArrowUp")
    expect(words(running)).to_have_text("Distance 0.000, at most 0.6: one person, says the threshold.")


def test_a_file_of_the_readers_own_gives_what_the_package_gives(running):
    large = np.kron(as_bytes(portraits()["hopper"])[20:, :280], np.ones((2, 2, 1), np.uint8))  # 600 by 560
    with awaiting(running):
        choose(running, "Second picture", large)
    with awaiting(running):
        running.get_by_label("Zoom, Second picture").fill("1.3")
    expect(menu(running, "Second picture")).to_have_value("0")
    extent = 560 / 1.3
    box = torch.tensor([0.5 * (560 - extent), 0.5 * (600 - extent), extent, extent], dtype=torch.float64)
    pixels = torch.from_numpy(large.transpose(2, 0, 1).copy()).float() / 255
    own = only_face(area_average(pixels, box, rows=SIDE, columns=SIDE), name="own")
    assert_like_the_package(running, only_face(portraits()["hopper"], name="hopper"), own)
    expect(words(running)).to_contain_text("one person")


def test_it_runs_over_http_under_the_strict_policy_with_a_camera(served):
    served.evaluate(CAMERA)
    start(served)
    face = section(served, "First picture")
    face.get_by_role("button", name="Use the camera").click()
    with awaiting(served):
        served.wait_for_function("() => document.querySelector('video').videoWidth")
        face.get_by_role("button", name="Take the picture").click()
    expect(words(served)).to_contain_text("No face of 20 pixels or more")


def random_boxes(count: int, random: torch.Generator) -> torch.Tensor:
    corner = 50 * torch.rand(count, 2, generator=random)
    return torch.cat([corner, corner + 1 + 30 * torch.rand(count, 2, generator=random)], 1)


def test_suppression_is_that_of_the_package(browser):
    random = torch.Generator().manual_seed(0)
    for name, overlap in (
        ("intersectionOverUnion", intersection_over_union),
        ("intersectionOverSmaller", intersection_over_smaller),
    ):
        trials, overlaps, kept = [], [], []
        for _ in range(50):
            boxes = random_boxes(30, random)
            scores = (10 * torch.rand(30, generator=random)).round() / 10  # many are equal
            most = round(torch.rand((), generator=random).item(), 2)
            trials.append({"boxes": boxes.tolist(), "scores": scores.tolist(), "most": most})
            kept.append(non_maximum_suppression(boxes, scores, overlap=overlap, most=most).tolist())
            overlaps.append(overlap(boxes, boxes))
        call = f"""given.map(({{ boxes, scores, most }}) => [
            script.gives.nonMaximumSuppression(boxes, scores, script.gives.{name}, most),
            boxes.map((one) => boxes.map((other) => script.gives.{name}(one, other)))])"""
        got = gives(browser, "boxes", call, trials)
        assert [each[0] for each in got] == kept
        torch.testing.assert_close(torch.tensor([each[1] for each in got]), torch.stack(overlaps), atol=1e-5, rtol=0)


def test_boxes_move_and_are_cut_out_as_in_the_package(browser):
    random = torch.Generator().manual_seed(0)
    boxes, shifts = random_boxes(100, random), torch.randn(100, 4, generator=random) / 5
    call = "given.boxes.map((box, at) => script.gives.shifted(box, given.shifts[at]))"
    moved = gives(browser, "boxes", call, {"boxes": boxes.tolist(), "shifts": shifts.tolist()})
    torch.testing.assert_close(torch.tensor(moved), shifted(boxes, shifts), atol=1e-5, rtol=0)
    square = gives(browser, "boxes", "given.map(script.gives.squared)", boxes.tolist())
    torch.testing.assert_close(torch.tensor(square), squared(boxes), atol=1e-5, rtol=0)
    for scale in (0.6, 0.6 * 0.709, 0.05):
        rows, columns = torch.randint(0, 90, (2, 200), generator=random)
        call = f"given.map(([row, column]) => script.gives.windowBox(row, column, {scale}))"
        got = torch.tensor(gives(browser, "boxes", call, torch.stack([rows, columns], 1).tolist()))
        assert torch.equal(got.float(), window_boxes(rows, columns, scale=scale))
    picture = torch.rand(3, 40, 60, generator=random)
    places = torch.cat([boxes - 20, torch.tensor([[70.0, 0, 80, 9], [5, 5, 5.5, 5.9]])])
    given = {"picture": {"width": 60, "height": 40, "planes": picture.flatten().tolist()}, "boxes": places.tolist()}
    call = """given.boxes.map((box) => script.gives.cutOut(given.picture, box, 24))
        .map((crop) => crop && [...crop])"""
    crops = gives(browser, "boxes", call, given)
    inside, wanted = cut_out(picture, places, size=24)
    assert 10 < len(inside) < len(places) and sum(crop is not None for crop in crops) == len(inside)
    got = torch.tensor([crop for crop in crops if crop is not None])
    torch.testing.assert_close(got, wanted.flatten(1), atol=1e-5, rtol=0)


def test_alignment_is_that_of_the_package(browser):
    random = torch.Generator().manual_seed(0)
    points, targets = (torch.randn(100, 5, 2, generator=random, dtype=torch.float64) * 30 + 60 for _ in range(2))
    call = "given.map(([points, targets]) => script.gives.similarity(points, targets))"
    got = gives(browser, "chips", call, torch.stack([points, targets], 1).tolist())
    wanted = torch.stack([similarity(*pair) for pair in zip(points, targets, strict=True)])
    torch.testing.assert_close(torch.tensor(got, dtype=torch.float64), wanted, atol=1e-5, rtol=0)


def test_chips_are_those_of_the_package(browser):
    random = torch.Generator().manual_seed(0)
    picture = torch.rand(3, 61, 90, generator=random)
    transforms = torch.randn(20, 2, 3, generator=random) * torch.tensor([1.5, 1.5, 30])
    transforms = torch.cat([transforms, torch.tensor([[[0.3, -0.1, 5], [0.1, 0.3, 2]], [[5.0, 0, -60], [0, 5, -80]]])])
    given = {"picture": {"width": 90, "height": 61, "planes": picture.flatten().tolist()}, "all": transforms.tolist()}
    call = "given.all.map((transform) => [...script.gives.chipAt(given.picture, transform, 150).planes])"
    got = torch.tensor(gives(browser, "chips", call, given))
    wanted = torch.stack([chip_at(picture, transform).flatten() for transform in transforms])
    torch.testing.assert_close(got, wanted, atol=1e-4, rtol=0)  # the package's places are in single precision


def test_landmarks_on_a_line_are_those_that_the_package_refuses(browser):
    random = torch.Generator().manual_seed(0)
    points = torch.randn(200, 5, 2, generator=random) * torch.tensor([1, 0.06])
    turns = torch.linalg.qr(torch.randn(200, 2, 2, generator=random))[0]
    landmarks = points @ turns + 7
    refused = []
    for each in landmarks:
        try:
            check_landmarks(each)
        except ValueError:
            refused.append(True)
        else:
            refused.append(False)
    assert 20 < sum(refused) < 180
    assert gives(browser, "chips", "given.map(script.gives.flat)", landmarks.tolist()) == refused


# Pictures that cannot be compared


def test_no_face_is_told(running):
    with awaiting(running):
        choose(running, "First picture", np.full((50, 70, 3), 128, np.uint8))
    expect(words(running)).to_have_text(
        "Nothing to compare: first picture: No face of 20 pixels or more, upright or nearly, was found."
    )
    expect(section(running, "First picture").locator(".mm-face-said")).to_contain_text("faces 0. No face of 20 pixels")
    expect(running.get_by_role("img", name="No chip")).to_be_visible()


def test_of_several_faces_one_has_to_be_chosen(running):
    both = torch.cat([portraits()["hopper"], portraits()["astronaut"]], 2)
    around = torch.nn.functional.pad(both, (0, 0, 160, 160), value=0.5)
    assert len(detector()(area_average(around, torch.tensor([0.0, 0, 640, 640]), rows=SIDE, columns=SIDE)).boxes) == 2
    with awaiting(running):
        choose(running, "First picture", as_bytes(around))
    expect(words(running)).to_contain_text("2 faces were found. Zoom and move the square until one is left.")
    with awaiting(running):
        running.get_by_label("Zoom, First picture").fill("2")
    with awaiting(running):
        running.get_by_label("Across, First picture").fill("0")
    faces = [only_face(portraits()[name], name=name) for name in ("hopper", "astronaut")]
    expect(words(running)).to_contain_text("two people, says the threshold")
    result = running.evaluate("window.results.at(-1)")
    assert result["distance"] == pytest.approx(float(euclidean_distance(*(face.vector for face in faces))), abs=0.02)


def test_what_is_no_picture_is_told_at_its_place(running):
    given = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"words"}
    section(running, "Second picture").locator("input[type=file]").set_input_files(given)
    said = section(running, "Second picture").locator(".mm-face-said")
    expect(said).to_have_text("notes.txt is not a picture that this browser can read. The picture before it remains.")
    expect(section(running, "First picture").locator(".mm-face-said")).not_to_contain_text("notes.txt")


# The camera


def opened_camera(page: Page) -> Locator:
    page.evaluate(CAMERA)
    face = section(page, "First picture")
    expect(face.locator("video")).not_to_be_visible()
    face.get_by_role("button", name="Use the camera").click()
    expect(face.locator("video")).to_be_visible()
    expect(face.get_by_role("button", name="Take the picture")).to_be_focused()
    page.wait_for_function("() => document.querySelector('video').videoWidth")
    assert page.evaluate("window.tracks.map(({ readyState }) => readyState)") == ["live"]
    assert page.evaluate("window.asked").get("audio") is False
    return face


def assert_stopped(page: Page, face: Locator) -> None:
    expect(face.locator("video")).not_to_be_visible()
    assert page.evaluate("window.tracks.map(({ readyState }) => readyState)") == ["ended"]
    assert page.evaluate("document.querySelector('video').srcObject") is None


def test_a_picture_is_taken_by_keyboard_and_the_camera_stops_at_once(running):
    face = opened_camera(running)
    with awaiting(running):
        running.keyboard.press("Enter")
    assert_stopped(running, face)
    expect(face.get_by_role("button", name="Use the camera")).to_be_focused()
    expect(menu(running, "First picture")).to_have_value("0")
    seen = face.locator(".mm-square-picture").evaluate(
        "(canvas) => [canvas.width, canvas.height, ...canvas.getContext('2d').getImageData(32, 24, 1, 1).data]"
    )
    assert seen[:2] == [64, 48] and np.abs(np.subtract(seen[2:5], [200, 100, 50])).max() <= 4


@pytest.mark.parametrize(
    "way",
    [
        "turned off",
        "() => dispatchEvent(new Event('pagehide'))",
        """() => {
            Object.defineProperty(document, "hidden", { value: true, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
            delete document.hidden;
        }""",
        "example",
    ],
)
def test_the_camera_stops_when_nobody_looks(running, way):
    face = opened_camera(running)
    if way == "turned off":
        face.get_by_role("button", name="Turn it off").click()
    elif way == "example":
        menu(running, "First picture").select_option("Collins")
    else:
        running.evaluate(way)
    assert_stopped(running, face)


def test_the_camera_stops_with_the_form_even_while_the_reader_is_asked(browser, site):
    watched = Watched(browser, site.as_uri())
    page = watched.page
    start(page)
    opened_camera(page)
    page.get_by_role("button", name="Back to the prepared pictures").click()
    assert page.evaluate("window.tracks.map(({ readyState }) => readyState)") == ["ended"]
    start(page)
    page.evaluate(CAMERA)
    page.evaluate(
        """() => {
            const given = navigator.mediaDevices.getUserMedia;
            navigator.mediaDevices.getUserMedia = async (asked) => {
                await new Promise((done) => { window.allow = done; });
                return given(asked);
            };
        }"""
    )
    section(page, "First picture").get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Back to the prepared pictures").click()
    page.evaluate("window.allow()")
    page.wait_for_function(
        "() => window.tracks.length && window.tracks.every(({ readyState }) => readyState === 'ended')"
    )
    watched.close()


@pytest.mark.parametrize(
    ("stub", "said"),
    [
        ("undefined", "This browser gives no camera to this page."),
        ("async () => { throw new DOMException('', 'NotAllowedError'); }", "The browser did not allow it."),
        ("async () => { throw new DOMException('', 'NotFoundError'); }", "No camera was found."),
        ("async () => { throw new Error('odd'); }", "The camera could not be started: odd."),
    ],
)
def test_why_there_is_no_camera_is_told(running, stub, said):
    running.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = {stub}; }}")
    face = section(running, "Second picture")
    face.get_by_role("button", name="Use the camera").click()
    expect(face.locator(".mm-face-said")).to_contain_text(f"{said}")
    expect(face.locator(".mm-face-said")).to_contain_text("The picture before it remains.")


# What surrounds it


class TestAnyLiveLab(AnyLiveLab):
    pass


def test_a_finger_zooms_on_a_phone(phone):
    with awaiting(phone):
        phone.get_by_label("Zoom, First picture").tap()


def test_axe_finds_nothing_with_the_camera_on(running):
    face = opened_camera(running)
    assert_accessible(running)
    face.get_by_role("button", name="Turn it off").click()
