"""A lab: what it refuses, and its three forms."""

import base64
import io
import re
import subprocess
import sys
from functools import partial
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from mmnotes.page import Choice, Lab, Numeric, Switch, frames, lab, lab_forms

COUNT = Numeric("Count", grid=[1, 2, 3], default=2, live=(1, 50))
STEP = Numeric("Step", grid=range(5), default=0, live=(0, 50), play=True)
TAU = Numeric("Temperature", grid=[0.1, 0.5], default=0.1, live=(0.01, 1.0), log=True, unit="K")
MASS = Choice("Mass", options=["uniform", "Zipf"])
SHARP = Switch("Sharp")


def draw(figure, **values):
    axes = figure.subplots()
    axes.set_title(", ".join(f"{key} {value}" for key, value in values.items()))


def describe(**values):
    return "Shown is " + " and ".join(f"{key} {value}" for key, value in values.items()) + "."


def small(
    drawing=draw, describing=describe, *, name="small", title="Small & plain", size=(2, 1), narrow=None, **controls
):
    sizes = {"size": size, "narrow": narrow}
    return Lab(drawing, describing, name=name, title=title, **sizes, **(controls or {"count": COUNT}))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where a build of the book lets the chapter `chapter` write its pictures."""
    monkeypatch.setenv("MMNOTES_LAB_FRAMES", str(tmp_path / "chapter"))
    return tmp_path / "chapter"


# What a lab refuses


@pytest.mark.parametrize("name", ["", "Two words", "upper-Case", "-x", "../escape", "1st"])
def test_a_name_that_is_no_folder_is_refused(name):
    with pytest.raises(ValueError, match=r"^name: "):
        small(name=name)


def test_draw_and_describe_must_take_the_controls():
    with pytest.raises(ValueError, match=r"^draw: called with the controls count: .*'count'"):
        small(lambda figure: None)
    with pytest.raises(ValueError, match=r"^draw: .*'other'"):
        small(lambda figure, count, other: None)
    with pytest.raises(ValueError, match=r"^describe: .*'count'"):
        small(draw, lambda: "")


def test_a_lab_without_controls_is_refused():
    with pytest.raises(ValueError, match=r"^controls: "):
        Lab(draw, describe, name="none", title="None")


def test_too_many_pictures_name_the_control_to_thin_in_every_form():
    long = Numeric("Long", grid=range(33), default=0, live=(0, 33))
    with pytest.raises(ValueError, match=r"^long: thin its grid; 66 pictures, at most 64 fit"):
        small(mass=MASS, long=long)
    with pytest.raises(ValueError, match=r"^words: "):
        small(words=Choice("Words", options=[str(i) for i in range(65)]))
    with pytest.raises(ValueError, match=r"^count: "):  # a number, though the choice is longer
        small(words=Choice("Words", options=[str(i) for i in range(30)]), count=COUNT)


def test_64_pictures_fit():
    small(mass=MASS, long=Numeric("Long", grid=range(32), default=0, live=(0, 33)))


def test_one_byte_too_many_names_the_control_to_thin_and_leaves_nothing(folder, monkeypatch):
    small()
    total = sum(path.stat().st_size for path in (folder / "small").iterdir())
    monkeypatch.setattr(lab, "MOST_BYTES", total)
    small(name="fits")
    monkeypatch.setattr(lab, "MOST_BYTES", total - 1)
    message = f"^count: thin its grid; 3 pictures of {total} bytes, at most {total - 1} bytes fit"
    with pytest.raises(ValueError, match=message):
        small(name="heavy")
    assert sorted(path.name for path in folder.iterdir()) == ["fits", "small"]


def test_a_control_that_changes_nothing_is_refused(folder):
    def frozen(figure, count, sharp):
        draw(figure, count=count)

    with pytest.raises(ValueError, match=r"^sharp: this control never changes the picture"):
        small(frozen, count=COUNT, sharp=SHARP)
    with pytest.raises(ValueError, match=r"^sharp: this control never changes the description"):
        small(draw, lambda count, sharp: f"Count {count}.", count=COUNT, sharp=SHARP)
    assert not folder.exists()


def test_an_error_of_draw_fails_the_cell_that_makes_the_lab():
    def broken(figure, count):
        raise ArithmeticError("no picture")

    with pytest.raises(ArithmeticError, match="no picture"):
        small(broken)


# The book's form


def test_the_book_gets_one_picture_a_setting_drawn_once(folder):
    drawn, described = [], []

    def counted(figure, **values):
        drawn.append(tuple(values.values()))
        draw(figure, **values)

    def told(**values):
        described.append(tuple(values.values()))
        return describe(**values)

    shown = small(counted, told, count=COUNT, mass=MASS, sharp=SHARP)
    shown._repr_mimebundle_()
    expected = [(count, mass, sharp) for count in (1, 2, 3) for mass in ("uniform", "Zipf") for sharp in (False, True)]
    assert drawn == described == expected
    written = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert written == sorted(f"small/{index}.webp" for index in range(12))


def test_the_pictures_are_what_draw_draws_in_order(folder):
    small(count=COUNT, sharp=SHARP)
    for index, (count, sharp) in enumerate((count, sharp) for count in (1, 2, 3) for sharp in (False, True)):
        with Image.open(folder / "small" / f"{index}.webp") as image:
            stored = np.asarray(image.convert("RGB"), dtype=int)
        exact = np.asarray(frames.picture(draw, {"count": count, "sharp": sharp}, size=(2, 1)), dtype=int)
        assert stored.shape == exact.shape == (frames.DPI, 2 * frames.DPI, 3)
        assert np.abs(stored - exact).max() <= 16


def test_the_same_input_gives_the_same_bytes(folder):
    small()
    first = {path.name: path.read_bytes() for path in (folder / "small").iterdir()}
    small()
    assert first == {path.name: path.read_bytes() for path in (folder / "small").iterdir()}
    assert len(first) == 3


def test_pictures_of_a_longer_grid_do_not_stay(folder):
    small()
    small(count=Numeric("Count", grid=[1, 2], default=2, live=(1, 50)))
    assert len(list((folder / "small").iterdir())) == 2
    assert [path.name for path in folder.iterdir()] == ["small"]


def test_the_page_shows_the_default_and_carries_all_it_needs(folder):
    bundle = small(count=COUNT, tau=TAU, mass=MASS, sharp=SHARP)._repr_mimebundle_()
    assert sorted(bundle) == ["text/html", "text/plain"]
    html = bundle["text/html"]
    text = "Shown is count 2 and tau 0.1 and mass uniform and sharp False."
    assert f'src="../_static/labs/chapter/small/8.webp" alt="{text}"' in html
    assert f">{text}</p>" in html
    assert "Small &amp; plain" in html
    assert len(re.findall("Shown is", unescape(re.search(r'data-texts="([^"]*)', html)[1]))) == 24
    assert re.findall(r'data-stride="(\d+)"', html) == ["8", "4", "2", "1"]
    assert html.count("<label for=") == 4
    assert "<noscript>" in html


def test_five_stops_are_a_slider_and_fewer_a_menu(folder):
    html = small(step=STEP, tau=TAU)._repr_mimebundle_()["text/html"]
    assert 'max="4" step="1" value="0" aria-valuetext="0"' in html and html.count('class="mm-lab-play"') == 1
    assert "<option selected>0.1 K</option><option>0.5 K</option>" in html


def test_a_phone_gets_pictures_of_its_own_where_the_lab_has_a_narrow_size(folder):
    def turned(figure, count):
        draw(figure, count=count)
        figure.set_facecolor("white" if figure.get_figwidth() > figure.get_figheight() else "red")

    html = small(turned, size=(3, 1), narrow=(1, 2))._repr_mimebundle_()["text/html"]
    address = "../_static/labs/chapter/small/1"
    assert f'<source media="(max-width: 30rem)" srcset="{address}-narrow.webp" width="120" height="240">' in html
    assert f'src="{address}.webp"' in html and 'width="360" height="120"' in html
    assert len(list((folder / "small").iterdir())) == 6
    for file, shape, corner in [("1", (3, 1), (255, 255, 255)), ("1-narrow", (1, 2), (255, 0, 0))]:
        with Image.open(folder / "small" / f"{file}.webp") as image:
            assert (image.size, image.getpixel((0, 0))) == (tuple(frames.DPI * side for side in shape), corner)


def lettered(figure, count, *, size=10, hidden=2):
    axes = figure.subplots()
    axes.text(0, 0, f"letters {count}", size=size)
    axes.text(0, 0, "not drawn", size=hidden).set_visible(False)
    axes.tick_params(labelsize=hidden)
    axes.set_axis_off()


def test_letters_too_small_for_a_phone_are_refused(folder):
    small(lettered, size=(4.4, 1))
    small(partial(lettered, size=16), size=(7, 1))
    with pytest.raises(ValueError, match=r"^draw: on a phone the letters of 'letters 1' are 7.8 pixels high, not 10"):
        small(lettered, size=(5.6, 1))
    with pytest.raises(ValueError, match=r"of 'letters 1' are 9\.0"):
        small(partial(lettered, size=9), size=(5.6, 1), narrow=(4.4, 2))
    small(lettered, size=(5.6, 1), narrow=(4.4, 2))


def test_the_page_has_no_script_style_or_handler_of_its_own(folder):
    html = small(draw, lambda **values: f'<script>"{values}"</script>', count=COUNT, mass=MASS)._repr_mimebundle_()
    assert not re.search(r"<script|style=|\son\w+=|https?:|javascript:", html["text/html"])
    assert "\n\n" not in html["text/html"]


def test_chinese_options_are_marked_as_chinese(folder):
    def drawing(figure, word):  # the figures' letters have no Chinese
        figure.subplots().set_title("frog" if word == "frog" else "the same, in Chinese")

    html = small(drawing, word=Choice("Caption", options=["frog", "青蛙"]))._repr_mimebundle_()["text/html"]
    assert "<option selected>frog</option>" in html and '<option lang="zh">青蛙</option>' in html


def test_labels_and_options_are_escaped(folder):
    html = small(a=Choice("<b>", options=['"x"', "<i>"]))._repr_mimebundle_()["text/html"]
    assert "&lt;b&gt;" in html
    assert "<i>" not in html


# The other two forms


def test_without_a_kernel_a_lab_is_a_png_of_its_defaults():
    bundle = small()._repr_mimebundle_()
    assert bundle["text/plain"] == "Small & plain: Shown is count 2."
    assert sorted(bundle) == ["image/png", "text/plain"]
    with Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))) as image:
        shown = np.asarray(image)
    assert np.array_equal(shown, np.asarray(frames.picture(draw, {"count": 2}, size=(2, 1))))


def test_before_it_is_moved_a_lab_draws_once_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    drawn = []

    def counted(figure, count):
        drawn.append(count)

    small(counted)._repr_mimebundle_()
    assert drawn == [2]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def view(monkeypatch):
    """A function that shows a lab as in a live kernel, and returns its sliders and the HTML below them."""
    shown = []
    built = lab_forms.live_view

    def noted(*some, **others):
        shown.append(built(*some, **others))
        return shown[-1]

    monkeypatch.setattr(lab_forms, "get_ipython", lambda: SimpleNamespace(kernel="a kernel"))
    monkeypatch.setattr(
        lab_forms, "live_view", lambda *some, **others: shown.append(built(*some, **others)) or shown[-1]
    )

    def show(shown_lab):
        bundle = shown_lab._repr_mimebundle_()
        assert {"application/vnd.jupyter.widget-view+json", "image/png"} <= set(bundle)
        title, row, below = shown[-1].children
        assert title.value == "<b>Small &amp; plain</b>"
        return row.children, below

    return show


def png_of(**values):
    return base64.b64encode(frames.png(frames.picture(draw, values, size=(2, 1)))).decode()


def test_a_live_slider_redraws_by_the_real_code_beyond_the_grid(view):
    (count, mass), below = view(small(count=COUNT, mass=MASS))
    assert png_of(count=2, mass="uniform") in below.value
    count.value = 37
    mass.value = "Zipf"
    assert f"base64,{png_of(count=37, mass='Zipf')}" in below.value
    assert 'alt="Shown is count 37 and mass Zipf."' in below.value
    assert below.value.endswith("<p>Shown is count 37 and mass Zipf.</p>")
    assert "width: 240px" in below.value


def test_an_error_while_moving_is_shown_and_the_old_picture_goes(view):
    def fragile(figure, count):
        if count == 13:
            raise ArithmeticError("13 < 14")

    (count,), below = view(small(fragile))
    count.value = 13
    assert "ArithmeticError: 13 &lt; 14" in below.value
    assert "<img" not in below.value
    count.value = 14
    assert "Shown is count 14." in below.value
    assert "<img" in below.value


def test_drawing_leaves_no_figure_open():
    small()
    assert plt.get_fignums() == []


def test_mmnotes_alone_imports_neither_widgets_nor_matplotlib():
    code = "import sys, mmnotes; sys.exit(bool({'matplotlib', 'ipywidgets', 'IPython'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parent).returncode == 0
