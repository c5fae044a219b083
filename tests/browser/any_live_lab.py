"""What holds for every live lab; a test file makes a class of its own from it, for its own `running`."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect


def assert_accessible(page: Page, **settings: object) -> None:
    found = Axe().run(page, options={"preload": False}, **settings)  # it would ask for the style sheets anew
    assert found.violations_count == 0, found.generate_report()


class AnyLiveLab:
    def test_it_goes_on_saying_what_it_is_for_and_that_nothing_leaves(self, running):
        told = re.sub(r"It loads \d+ MB, once\. ", "", running.locator(".mm-live-offer").text_content())
        expect(running.locator(".mm-live-told")).to_have_text(told.removeprefix("Run it here").strip())
        assert told.endswith("Nothing that you put in leaves this page.")

    @pytest.mark.parametrize("mode", ["light", "dark"])
    def test_axe_finds_nothing(self, running, mode):
        running.evaluate("mode => { document.documentElement.dataset.theme = mode; }", mode)
        assert_accessible(running)

    def test_on_paper_the_prepared_picture_remains(self, running):
        running.emulate_media(media="print")
        expect(running.locator("picture img")).to_be_visible()
        expect(running.locator(".mm-live-form")).not_to_be_visible()
        running.emulate_media(media="screen")
        expect(running.locator("picture img")).not_to_be_visible()
        expect(running.locator(".mm-live-form")).to_be_visible()

    def test_everything_fits_a_phone(self, phone):
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360
        for field in phone.locator(".mm-live-form :is(button, input, select):visible").all():
            assert field.bounding_box()["height"] >= 24 and field.bounding_box()["width"] >= 24
