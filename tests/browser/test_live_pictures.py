"""The live lab that looks at a reader's own picture, in a real browser: its numbers beside the package's."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Page, expect

from mmnotes.dino import as_colours, attention_lift, principal_components
from mmnotes.dino.live import Looking, looked_at
from mmnotes.dino.pretrained import pretrained_backbone, untrained_backbone
from mmnotes.layers.areas import area_average
from tests.browser.any_live_lab import AnyLiveLab
from tests.browser.live_site import gives, live_site
from tests.browser.watched import WAIT, awaiting, latest, pixels, start, swipe

SIDE = 64
RANDOM = np.random.default_rng(0)
EXAMPLES = [("the first", "all"), ("the second", "all")]


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    smooth = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(smooth, (SIDE, SIDE), mode="bilinear")


@pytest.fixture(scope="module")
def masks() -> torch.Tensor:
    made = torch.zeros(2, SIDE, SIDE, dtype=torch.bool)
    made[0, 5:30, 20:60] = True
    return made


@pytest.fixture(scope="module")
def networks() -> dict:
    torch.manual_seed(0)
    random = untrained_backbone().half().float().eval()
    return {"two grounds": pretrained_backbone(ground="exchanged", seed=0), "random weights": random}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, pictures, masks, networks) -> Path:
    network = looked_at(pictures, masks, networks=networks, examples=EXAMPLES)
    return live_site(tmp_path_factory.mktemp("pictures"), network)


@pytest.fixture
def running(started: Page) -> Page:
    """The running lab with its first example and its first network."""
    started.get_by_label("Weights").select_option("two grounds")
    with awaiting(started):
        started.get_by_label("Picture", exact=True).select_option("the first")
    return started


def shown(page: Page) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(values, dtype=torch.float32) for name, values in latest(page).items()}


def assert_like_torch(page: Page, networks: dict, picture: torch.Tensor, *, chosen: int = 0) -> None:
    """Everything on the page is what the package makes of this picture."""
    got = shown(page)
    torch.testing.assert_close(got["seen"], picture.flatten(), atol=1e-5, rtol=0)
    with torch.no_grad():
        maps, tokens = Looking([*networks.values()])(picture[None])
    torch.testing.assert_close(got["maps"], maps.flatten(), atol=1e-4, rtol=0)
    torch.testing.assert_close(got["tokens"], tokens.flatten(), atol=1e-3, rtol=0)
    scores, shares = principal_components(got["tokens"].view(tokens.shape)[chosen].double(), count=3)
    torch.testing.assert_close(got["scores"].double(), scores.flatten(), atol=1e-4, rtol=0)
    torch.testing.assert_close(got["colours"].double(), as_colours(scores).T.flatten(), atol=1e-5, rtol=0)
    torch.testing.assert_close(got["told"].double(), shares, atol=1e-5, rtol=0)


def file(picture: np.ndarray, name: str = "own.png") -> dict:
    """A picture (height, width, 3 or 4) as a file that a reader chooses."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


def square_of(picture: np.ndarray, *, zoom: float = 1.0, across: float = 0.5, down: float = 0.5) -> torch.Tensor:
    pixels = torch.from_numpy(picture.transpose(2, 0, 1).copy()).float() / 255
    height, width = pixels.shape[1:]
    extent = min(height, width) / zoom
    box = torch.tensor([across * (width - extent), down * (height - extent), extent, extent], dtype=torch.float64)
    return area_average(pixels, box, rows=SIDE, columns=SIDE)


def choose(page: Page, *files: dict) -> None:
    page.locator(".mm-live-form input[type=file]").set_input_files(files)


def hand_over(page: Page, kind: str, given: dict | None) -> None:
    """Drop or paste a file, or something that is none."""
    content = base64.b64encode(given["buffer"]).decode() if given else ""
    page.evaluate(
        """([kind, name, type, content]) => {
            const data = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt());
            if (content) data.items.add(new File([bytes], name, { type }));
            else data.setData("text/plain", "words");
            const settings = { bubbles: true, cancelable: true };
            const event = kind === "drop"
                ? new DragEvent("drop", { dataTransfer: data, ...settings })
                : new ClipboardEvent("paste", { clipboardData: data, ...settings });
            document.querySelector(".mm-square").dispatchEvent(event);
        }""",
        [kind, given["name"] if given else "", given["mimeType"] if given else "", content],
    )


OWN = RANDOM.integers(0, 256, (90, 130, 3), dtype=np.uint8)


# Its numbers


def test_an_example_gives_what_the_package_gives(running, networks, pictures, masks):
    picture = (255 * pictures[0]).round() / 255
    assert_like_torch(running, networks, picture)
    with torch.no_grad():
        maps = torch.stack([network.cls_attention(picture[None])[0].mean(0) for network in networks.values()])
    wanted = attention_lift(maps, masks[:1].expand(2, -1, -1)).tolist()
    words = running.locator(".mm-live-words")
    expect(words).to_contain_text(f"{wanted[0]:.1f} with two grounds, {wanted[1]:.1f} with random weights")
    pixels = picture.unflatten(2, (8, 8)).unflatten(1, (8, 8)).movedim(3, 2).flatten(3)
    for what, rival in (("brightness", pixels.mean((0, 3))), ("many colours", pixels.std(3).mean(0))):
        value = torch.corrcoef(torch.stack([maps[0].flatten(), rival.flatten()]))[0, 1].item()
        expect(words).to_contain_text(f"{what} {'−' if value < 0 else '+'}{abs(value):.2f}")


def test_another_network_looks_at_the_same_picture(running, networks, pictures):
    with awaiting(running):
        running.get_by_label("Weights").select_option("random weights")
    assert_like_torch(running, networks, (255 * pictures[0]).round() / 255, chosen=1)
    expect(running.locator(".mm-live-words")).to_contain_text("Weights: random weights.")


def test_a_map_is_white_where_nothing_is_read_and_blue_where_the_most(running, networks):
    maps = shown(running)["maps"].view(len(networks), -1, (SIDE // 8) ** 2)
    pale, full = torch.tensor([[255.0], [255.0], [255.0]]), torch.tensor([[0.0], [65.0], [125.0]])
    for name, wanted in (("Mean of the heads", maps[0].mean(0)), ("Head 2", maps[0, 1])):
        colours = pixels(running.get_by_role("img", name=re.compile(f"^{name}: "))).flatten(1).float()
        torch.testing.assert_close(colours, pale + (full - pale) * wanted / wanted.max(), atol=1, rtol=0)


def test_an_object_is_spoken_of_only_where_it_is_known(running):
    expect(running.locator(".mm-live-words")).to_contain_text("The object gets")
    with awaiting(running):
        running.get_by_label("Picture", exact=True).select_option("the second")
    expect(running.locator(".mm-live-words")).not_to_contain_text("The object gets")
    with awaiting(running):
        running.get_by_label("Picture", exact=True).select_option("the first")
    with awaiting(running):
        running.get_by_label("Zoom").fill("2")
    expect(running.locator(".mm-live-words")).not_to_contain_text("The object gets")


def test_it_runs_over_http_under_the_strict_policy(served, networks):
    start(served)
    with awaiting(served):
        choose(served, file(OWN))
    assert_like_torch(served, networks, square_of(OWN))


def test_the_resampling_is_that_of_the_package(browser):
    random = torch.Generator().manual_seed(0)
    call = """given.map(({ picture, box, rows, columns }) =>
        [...script.gives.areaAverage(picture, box, rows, columns).planes])"""
    trials, wanted = [], []
    for _ in range(100):
        height, width, rows, columns = torch.randint(1, 40, (4,), generator=random).tolist()
        pixels = torch.rand(3, height, width, generator=random)
        left, top, across, down = (torch.rand(4, generator=random) * 0.5 + 1e-3).tolist()
        box = [left * width, top * height, across * width * 0.99, down * height * 0.99]
        trials.append({"picture": {"width": width, "height": height, "planes": pixels.flatten().tolist()}})
        trials[-1] |= {"box": dict(zip(("left", "top", "across", "down"), box, strict=True))}
        trials[-1] |= {"rows": rows, "columns": columns}
        sides = torch.tensor(box, dtype=torch.float64)
        wanted.append(area_average(pixels, sides, rows=rows, columns=columns).flatten())
    for got, want in zip(gives(browser, "square", call, trials), wanted, strict=True):
        torch.testing.assert_close(torch.tensor(got), want, atol=1e-5, rtol=0)


def test_the_components_are_those_of_the_package(browser):
    random = torch.Generator().manual_seed(0)
    trials = []
    for place in range(100):
        dim, patches = torch.randint(3, 17, (2,), generator=random).tolist()
        trials.append(torch.randn(patches + 3, dim, generator=random, dtype=torch.float64) * (1 + place % 5))
    call = """given.map(({ tokens, dim }) => {
        const { scores, shares } = script.gives.principalComponents(tokens, dim, 3);
        return { scores: [...scores], shares, colours: [...script.gives.asColours(scores)] };
    })"""
    given = [{"tokens": each.flatten().tolist(), "dim": each.shape[1]} for each in trials]
    for tokens, got in zip(trials, gives(browser, "components", call, given), strict=True):
        scores, shares = principal_components(tokens, count=3)
        for name, wanted in (("scores", scores.flatten()), ("shares", shares)):
            torch.testing.assert_close(torch.tensor(got[name], dtype=torch.float64), wanted, atol=1e-5, rtol=0)
        torch.testing.assert_close(
            torch.tensor(got["colours"]), as_colours(scores).T.flatten().float(), atol=1e-5, rtol=0
        )


# A picture of the reader's own


def test_a_file_a_drop_and_a_paste_bring_a_picture(running, networks):
    for place, bring in enumerate(
        (choose, lambda p, f: hand_over(p, "drop", f), lambda p, f: hand_over(p, "paste", f))
    ):
        picture = np.roll(OWN, 7 * place, 1)
        with awaiting(running):
            bring(running, file(picture))
        expect(running.get_by_label("Picture", exact=True)).to_have_value("0")
        assert_like_torch(running, networks, square_of(picture))


def test_what_is_clear_is_seen_on_white(running, networks):
    clear = np.concatenate([OWN, np.zeros((90, 130, 1), np.uint8)], 2)
    with awaiting(running):
        choose(running, file(clear))
    assert_like_torch(running, networks, torch.ones(3, SIDE, SIDE))


def test_a_large_picture_is_reduced_by_the_same_sums(running, networks):
    large = np.kron(OWN, np.ones((10, 10, 1), np.uint8))
    with awaiting(running):
        choose(running, file(large))
    small = area_average(
        torch.from_numpy(large.transpose(2, 0, 1).copy()).float() / 255,
        torch.tensor([0.0, 0, 1300, 900]), rows=443, columns=640,
    )  # fmt: skip
    wanted = area_average(small, torch.tensor([98.5, 0, 443, 443]), rows=SIDE, columns=SIDE)
    assert_like_torch(running, networks, wanted)


def test_sliders_and_mouse_move_the_square(running, networks):
    with awaiting(running):
        choose(running, file(OWN))
    for label, value in (("Zoom", "1.8"), ("Across", "10"), ("Down", "80")):
        with awaiting(running):
            running.get_by_label(label).fill(value)
    assert_like_torch(running, networks, square_of(OWN, zoom=1.8, across=0.1, down=0.8))
    box = running.locator(".mm-square-picture").bounding_box()
    with awaiting(running):
        running.mouse.move(box["x"] + 40, box["y"] + 60)
        running.mouse.down()
        running.mouse.move(box["x"] + 40 + box["width"], box["y"] + 60 - box["height"], steps=5)
        running.mouse.up()
    expect(running.get_by_label("Across")).to_have_value("100")
    expect(running.get_by_label("Down")).to_have_value("0")
    assert_like_torch(running, networks, square_of(OWN, zoom=1.8, across=1, down=0))
    with awaiting(running):  # the pointer is up: nothing follows it, and a key moves on from there
        running.mouse.move(box["x"], box["y"])
        running.get_by_label("Across").focus()
        running.keyboard.press("ArrowLeft")
    assert_like_torch(running, networks, square_of(OWN, zoom=1.8, across=0.99, down=0))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"words"}, "notes.txt is not a picture"),
        (
            {"name": "torn.png", "mimeType": "image/png", "buffer": file(OWN)["buffer"][:40]},
            "torn.png is not a picture",
        ),
        ({"name": "huge.png", "mimeType": "image/png", "buffer": b"0" * 26_000_000}, "26 million bytes, at most 25"),
    ],
)
def test_what_is_no_picture_or_too_large_is_told(running, networks, pictures, given, said):
    choose(running, given)
    words = running.locator(".mm-live-words")
    expect(words).to_contain_text(said)
    expect(words).to_contain_text("The picture before it remains.")
    expect(running.locator(".mm-live-form [aria-live=polite]")).to_contain_text(said)
    assert_like_torch(running, networks, (255 * pictures[0]).round() / 255)


def test_too_many_pixels_are_told(running):
    choose(running, file(np.zeros((5001, 10_000), np.uint8), "wide.png"))
    expect(running.locator(".mm-live-words")).to_contain_text("51 million pixels, at most 50", timeout=WAIT)


@pytest.mark.parametrize(
    ("kind", "said"), [("drop", "What was dropped is not a file."), ("paste", "What was pasted is")]
)
def test_words_that_are_dropped_or_pasted_are_no_picture(running, kind, said):
    hand_over(running, kind, None)
    expect(running.locator(".mm-live-words")).to_contain_text(said)


def test_of_two_files_the_later_is_shown(running, networks):
    slow = np.kron(OWN, np.ones((20, 20, 1), np.uint8))
    with awaiting(running):
        choose(running, file(slow))
        choose(running, file(OWN))
    running.wait_for_timeout(1500)
    assert_like_torch(running, networks, square_of(OWN))


# What surrounds it


class TestAnyLiveLab(AnyLiveLab):
    pass


def test_a_finger_moves_the_square_on_a_phone(phone, networks):
    with awaiting(phone):
        choose(phone, file(OWN))
    phone.locator(".mm-square-picture").scroll_into_view_if_needed()
    box = phone.locator(".mm-square-picture").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    with awaiting(phone):
        swipe(phone, (x, y), (x + box["width"], y))
    expect(phone.get_by_label("Across")).to_have_value("100")
    assert_like_torch(phone, networks, square_of(OWN, across=1))


def test_what_is_shown_has_words(running):
    expect(running.get_by_role("img", name="What it sees: your square in 64 by 64 pixels")).to_be_visible()
    for head in range(1, 5):
        expect(running.get_by_role("img", name=f"Head {head}: most in row ")).to_be_visible()
    expect(running.locator(".mm-live-form [aria-live=polite]")).to_contain_text("Weights: two grounds.")
