"""The shipped generator draws what it is asked for, and the stored samples and figures are its own."""

import pytest
import torch

from mmnotes.data import VENDORS, concept_index, drawings, text_features
from mmnotes.flow import euler, guided_by, heun, time_grid
from mmnotes.layers.samples import stored_samples
from mmnotes.layers.stored import stored_arrays
from mmnotes.models.generator import MEAN, pretrained_unet, prompts, to_network, to_pictures, untrained_unet
from tools.flow import film, yardsticks
from tools.flow import study as script


@pytest.fixture(scope="module")
def study():
    return script


@pytest.fixture(scope="module")
def network(study):
    return pretrained_unet()


@pytest.fixture(scope="module")
def stored():
    return stored_samples("mmnotes.flow", "samples.npz")


def test_pictures_go_in_and_come_back(study):
    pictures = drawings(vendor="noto")[:5]
    torch.testing.assert_close(to_pictures(to_network(pictures)), pictures)
    assert to_pictures(torch.full((1, 3, 2, 2), 9.0)).max() == 1
    learned = torch.cat([drawings(vendor=vendor)[study.learned()] for vendor in VENDORS])
    torch.testing.assert_close(torch.tensor(MEAN), learned.mean((0, 2, 3)), rtol=0, atol=1e-3)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_pictures_keep_their_dtype_and_device(dtype):
    """As float64, rounded once."""
    pictures = drawings(vendor="noto")[:5].to(dtype)
    for way in (to_network, to_pictures):
        found, exact = way(pictures), way(pictures.double()).to(dtype)
        assert found.dtype == dtype and way(pictures.to("meta")).is_meta
        assert (found == exact).float().mean() > 0.99, "but where float32 has rounded to a tie before"
        torch.testing.assert_close(found, exact, rtol=torch.finfo(dtype).eps, atol=1e-6)


@pytest.mark.parametrize("sampler", [euler, heun])
@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 2e-3), (torch.bfloat16, 0.05)])
def test_the_generator_draws_in_its_dtype(network, sampler, dtype, close):
    """The whole chain, with times as ``time_grid`` gives them: the same pictures, but for the rounding."""
    noise = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    text, drawn = prompts(text_features()[:2]), {}
    for each in (torch.float32, dtype):
        own = network if each == torch.float32 else pretrained_unet().to(each)
        velocity = guided_by(own, text.to(each), own.nothing, scale=2.0)
        drawn[each] = to_pictures(sampler(velocity, noise.to(each), time_grid(steps=5)))
    assert drawn[dtype].dtype == dtype
    assert (drawn[dtype].float() - drawn[torch.float32]).square().mean().sqrt() < close


def test_prompts_are_of_unit_size():
    assert prompts(text_features()).square().mean().item() == pytest.approx(1, abs=0.01)


def test_the_weights_fit_and_are_used(study, network):
    assert sum(parameter.numel() for parameter in network.parameters()) == 2_049_948
    fresh = untrained_unet()
    data = to_network(torch.stack([drawings(vendor="noto")[place] for place in study.learned()[::8]]))
    noise = torch.randn(data.shape, generator=torch.Generator().manual_seed(0))
    text = prompts(text_features()[study.learned()[::8]])
    half = torch.full((len(data),), 0.5)
    losses = [
        (each(0.5 * data + 0.5 * noise, half, text) - noise + data).square().mean().item() for each in (network, fresh)
    ]
    assert losses[0] < 0.6 * losses[1], "the trained network knows what lies under the noise, a fresh one does not"


def test_the_text_is_used_and_so_is_its_absence(study, network):
    """At half noise, the right text explains the picture better than none, and none better than a wrong one."""
    places = study.learned()[::4]
    data = to_network(drawings(vendor="twemoji")[places])
    noise = torch.randn(data.shape, generator=torch.Generator().manual_seed(1))
    text, t = prompts(text_features()[places]), torch.full((len(places),), 0.7)
    x = 0.3 * data + 0.7 * noise
    right, none, wrong = (
        (network(x, t, each) - noise + data).square().mean().item()
        for each in (text, network.nothing.expand_as(text), text.roll(7, 0))
    )
    assert right < 0.95 * none < 0.95 * wrong


@pytest.mark.parametrize(("label", "scale"), [("pizza", 3.0), ("panda", 0.0)])
def test_stored_samples_are_what_the_generator_draws(study, network, stored, label, scale):
    table = stored["guided"]
    numbers = [concept_index(label)] * len(table.values("sample"))
    found = study.samples(network, numbers, scale=scale, **table.settings)
    torch.testing.assert_close(found, table.at(concept=label, guidance=scale), rtol=0, atol=0.02)


def test_the_stored_way_is_the_one_from_noise_to_a_drawing():
    """One text again; each step is a part of the way to where a single leap would end, but for what was clipped."""
    stored = stored_samples("mmnotes.flow", "film.npz")
    found = film.lab_row("turtle")
    for each, table in zip(found, ("points", "leaps"), strict=True):
        torch.testing.assert_close(each, stored[table].at(concept="turtle"), rtol=0, atol=0.03)
    points, leaps = (stored[table].at() for table in ("points", "leaps"))
    assert torch.equal(points[:, 0], points[:1, 0].expand_as(points[:, 0])), "the noise is the same for every text"
    assert torch.equal(points[:, -1], leaps[:, -1]), "at time 0 no leap is left"
    off = (leaps - points[:, -1:]).square().mean((2, 3, 4, 5)).sqrt()
    assert (off[:, 1:] < off[:, :-1]).all()


@pytest.mark.remeasured
def test_stored_neighbours_are_what_the_image_network_finds(study, network, stored):
    """A part of the study again: the first concepts of the first seed, with their neighbours among all drawings."""
    places = study.learned()
    drawn = study.samples(network, places, scale=study.SCALE, steps=study.STEPS, seed=0)
    eye = study.image_network()
    real = torch.cat([drawings(vendor=vendor)[places] for vendor in VENDORS])
    known = study.features(eye, real)
    seen = study.features(eye, drawn[:48])
    centre = known.mean(0)
    cosines = torch.cosine_similarity((seen - centre)[:, None], (known - centre)[None], dim=2)
    nearest = torch.tensor(places)[cosines.argmax(1) % len(places)]
    before = stored["nearest"].at(seed=0, concept=study.labels(places[:48]), rank=1)
    agree = (nearest == before).float().mean()
    assert agree > 0.95, "rounding on another processor may decide a close call otherwise"
    distance = stored["distance"].at(seed=0, concept=study.labels(places))
    torch.testing.assert_close(study.nearest(drawn, real), distance, rtol=0, atol=0.01)


def test_the_stated_quality_holds(study, stored):
    """More recognisable than a real drawing is to one who knows only the other vendors' drawings."""
    places = study.learned()
    asked, names = torch.tensor(places)[:, None], study.labels(places)
    found, real = (stored[name].at(concept=names) for name in ("nearest", "nearest real"))
    for seed in range(len(study.SEEDS)):
        hits = found[seed] == asked
        assert hits[:, 0].float().mean() > (real == asked)[..., 0].float().mean() + 0.05
        assert hits.any(1).float().mean() > 0.9
    assert (found[..., 0] == asked.roll(1)[:, 0]).float().mean() < 0.02
    copies = stored["distance"].at() < stored["distance unseen"].at().quantile(0.01)
    assert copies.float().mean() < 0.1, "some samples of a remembering network are copies, most are not"
    one, different = "samples of one concept", "samples of different concepts"
    assert 0.1 < stored["apart"].at(between=one).mean() < stored["apart"].at(between=different).mean()


def test_guidance_passes_both_halves_at_once(network):
    text = prompts(text_features()[:3])
    x, t = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(2)), torch.full((3,), 0.4)
    conditional, unconditional = network(x, t, text), network(x, t, network.nothing.expand_as(text))
    found = guided_by(network, text, network.nothing, scale=3.0)(x, t)
    torch.testing.assert_close(found, unconditional + 3 * (conditional - unconditional), rtol=1e-4, atol=1e-4)
    plain = guided_by(network, text, network.nothing, scale=1.0)
    torch.testing.assert_close(plain(x, t), conditional, rtol=1e-4, atol=1e-4)
    assert euler(plain, x, time_grid(steps=1)).shape == x.shape


def test_the_stored_weights_are_half_precision_and_finite():
    assert all(
        torch.isfinite(value).all() and value.abs().max() < 100
        for value in stored_arrays("mmnotes.models", "generator.npz").values()
    )


@pytest.mark.remeasured
def test_stored_yardsticks_are_what_the_script_measures(study, network):
    """Two times again, and the distances of the drawings that were never trained on."""
    stored = stored_samples("mmnotes.flow", "yardsticks.npz")
    for t in (0.5, 0.9):
        found = torch.tensor(yardsticks.losses(network, t))
        torch.testing.assert_close(found, stored["losses"].at(t=t), rtol=0.02, atol=2e-3)
    anywhere = torch.cat([*yardsticks.moved(yardsticks.drawn_by_all(study.learned()).flatten(0, 1))])
    unseen = study.nearest(drawings(vendor="noto")[study.held_out()], anywhere)
    torch.testing.assert_close(unseen, stored["distance unseen"].at(vendor="noto"), rtol=0, atol=1e-3)


def test_a_moved_picture_is_the_picture_moved(study):
    picture = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    places = yardsticks.moved(picture)
    assert places.shape == (9, 2, 3, 32, 32) and torch.equal(places[4], picture)
    assert torch.equal(places[0][..., 1:, 1:], picture[..., :-1, :-1]) and (places[0][..., 0, :] == 1).all()
