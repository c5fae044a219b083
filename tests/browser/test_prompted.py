"""The live lab of the decoupled attention in a real browser: two pictures, a text, an outline, numbers as by torch."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from mmnotes.data import drawings, image_features, text_features
from mmnotes.decoupled_attention import decoupled_
from mmnotes.decoupled_attention.live import PromptedStep, two_pictures
from mmnotes.decoupled_attention.pretrained import pretrained_image_prompt
from mmnotes.flow import euler, guided_by, time_grid
from mmnotes.models.generator import pretrained_unet, prompts, to_pictures
from mmnotes.zero_conv import edge_f1, edge_map
from mmnotes.zero_conv.pretrained import pretrained_branch
from tests.browser.any_live_lab import AnyLiveLab
from tests.browser.live_site import live_site
from tests.browser.test_live import cells, middle_of, sample, stroke
from tests.browser.watched import awaiting, start, swipe

SIDE, STEPS = 32, 6
TEXTS = torch.tensor([3, 100])  # of the corpus
SHOWN = torch.tensor([5, 300, 70, 500])
WORDS, NAMES = ("one", "two"), ("tiger", "apple", "whale", "house")


@pytest.fixture(scope="module")
def step() -> PromptedStep:
    unet = pretrained_unet()
    prompt = pretrained_image_prompt(decoupled_(unet), kind="pooled")
    return PromptedStep(unet, prompt, pretrained_branch(unet))


@pytest.fixture(scope="module")
def outline() -> torch.Tensor:
    return edge_map(drawings(vendor="noto")[[8]])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, step: PromptedStep, outline: torch.Tensor) -> Path:
    network = two_pictures(
        step,
        time_grid(steps=STEPS),
        text_features()[TEXTS],
        image_features(vendor="fluent")[SHOWN],
        drawings(vendor="fluent")[SHOWN],
        outline,
        texts=[(word, "all") for word in WORDS],
        pictures=NAMES,
        examples=["owl"],
    )
    return live_site(tmp_path_factory.mktemp("prompted"), network)


@pytest.fixture
def running(started: Page) -> Page:
    """The running lab with all settings as at the beginning."""
    with awaiting(started):
        for label, value in (("Scale of the first", "1"), ("Scale of the second", "1"), ("Scale of the outline", "1")):
            started.get_by_label(label).fill(value)
        for label, value in (("Guidance", "3"), ("Seed", "0")):
            started.get_by_label(label).fill(value)
        picture(started, "First", "tiger").check()
        picture(started, "Second", "apple").check()
        started.get_by_label("One softmax for both pictures").check()
        started.get_by_role("combobox", name="Text").select_option("none")
        started.get_by_role("button", name="Clear").click()
    return started


def picture(page: Page, which: str, name: str) -> Locator:
    return page.get_by_role("group", name=re.compile(f"^{which} picture")).get_by_role("radio", name=name)


def assert_like_torch(
    page: Page,
    step: PromptedStep,
    *,
    text: int | None = None,
    shown: tuple[int, int] = (0, 1),
    scales: tuple[float, float] = (1.0, 1.0),
    shared: float = 1.0,
    steering: float = 1.0,
    guidance: float = 3.0,
    seed: int = 0,
) -> None:
    words = torch.zeros(1, 384) if text is None else text_features()[TEXTS[[text]]]
    seen = [image_features(vendor="fluent")[SHOWN[[place]]] for place in shown]
    hint = cells(page)[None, None].float()
    numbers = torch.tensor(scales), torch.tensor(shared), hint, torch.tensor(steering), torch.tensor(guidance)
    x = torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    for now, then in pairwise(time_grid(steps=STEPS)):
        x, wanted, _ = step(x, now, then, words, *seen, *numbers)
    torch.testing.assert_close(sample(page), wanted[0], atol=1e-3, rtol=0)


# Its numbers


def test_it_runs_from_the_file_system_and_gives_what_torch_gives(running, step):
    assert_like_torch(running, step)
    expect(running.locator(".mm-live-words")).to_contain_text("Text: none. Pictures: tiger at 1 and apple at 1;")


def test_it_runs_over_http_under_the_strict_policy(served, step):
    start(served)
    assert_like_torch(served, step)


def test_at_scale_0_and_without_an_outline_it_is_the_plain_generator(running):
    with awaiting(running):
        running.get_by_label("Scale of the first").fill("0")
        running.get_by_label("Scale of the second").fill("0")
        running.get_by_role("combobox", name="Text").select_option("two")
    unet = pretrained_unet()
    velocity = guided_by(unet, prompts(text_features()[TEXTS[[1]]]), unet.nothing, scale=3.0)
    noise = torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    wanted = to_pictures(euler(velocity, noise, time_grid(steps=STEPS)))[0]
    torch.testing.assert_close(sample(running), wanted, atol=1e-3, rtol=0)
    expect(running.locator(".mm-live-words")).to_contain_text("Text: two. Pictures: none; mean colour")


def test_every_setting_gives_what_torch_gives(running, step, outline):
    with awaiting(running):
        for label, value in (("Scale of the first", "0.7"), ("Scale of the second", "1.4"), ("Guidance", "1.5")):
            running.get_by_label(label).fill(value)
        picture(running, "First", "whale").check()
        picture(running, "Second", "house").check()
        running.get_by_label("One softmax for both pictures").uncheck()
        running.get_by_role("combobox", name="Text").select_option("one")
        running.get_by_label("Scale of the outline").fill("0.6")
        running.get_by_label("Outline of").select_option("owl")
        running.get_by_role("button", name="Other noise").click()
    assert torch.equal(cells(running), outline[0, 0])
    settings = {"text": 0, "shown": (2, 3), "scales": (0.7, 1.4), "shared": 0.0}
    assert_like_torch(running, step, **settings, steering=0.6, guidance=1.5, seed=1)
    f1 = edge_f1(edge_map(sample(running)[None]), cells(running)[None, None]).item()
    expect(running.locator(".mm-live-words")).to_contain_text(f"Agreement with your outline {f1:.2f}")


# Choosing and drawing


def test_arrows_choose_a_picture_and_its_name_is_told(running, step):
    picture(running, "Second", "apple").focus()
    with awaiting(running):
        running.keyboard.press("ArrowRight")
    expect(picture(running, "Second", "whale")).to_be_checked()
    expect(running.get_by_role("group", name="Second picture: whale")).to_be_visible()
    assert_like_torch(running, step, shown=(0, 2))


def test_a_stroke_of_the_mouse_steers(running, step):
    with awaiting(running):
        stroke(running, (5, 5), (5, 20))
    assert cells(running)[5, 5:21].all() and cells(running).sum() == 16
    assert_like_torch(running, step)


def test_the_keyboard_draws_an_outline(running, step):
    running.get_by_role("application", name=re.compile("Your outline")).focus()
    with awaiting(running):
        for key in ("Space", "Shift+ArrowDown", "Shift+ArrowDown"):
            running.keyboard.press(key)
    assert cells(running).sum() == 3
    assert_like_torch(running, step)


def test_fingers_choose_and_draw_on_a_phone(phone, step):
    with awaiting(phone):
        picture(phone, "First", "house").tap()
    with awaiting(phone):
        swipe(phone, middle_of(phone, 2, 2), middle_of(phone, 2, 8))
    assert cells(phone)[2, 2:9].all()
    assert_like_torch(phone, step, shown=(3, 1))


# What surrounds it


class TestAnyLiveLab(AnyLiveLab):
    pass
