import pytest
import torch

from mmnotes.coarse_to_fine import drafted, enlarged, refined, sharpness
from mmnotes.coarse_to_fine.pretrained import RANK, pretrained_refiner, untrained_refiner, whole_velocity
from mmnotes.data import sprite_films
from mmnotes.layers.lora import LoRA
from mmnotes.layers.samples import stored_samples
from mmnotes.models.film_generator import pretrained_film_net, to_film_net

STRIPS = stored_samples("mmnotes.coarse_to_fine", "strips.npz")["films"]


@pytest.fixture(scope="module")
def films():
    """The first of the films that the study drew."""
    return sprite_films(8, random=torch.Generator().manual_seed(11), held_out=True)


def of(network, films, t_th):
    """What a network makes of the first film's draft, in five steps."""
    truth = to_film_net(films.pixels[:1])
    draft = enlarged(drafted(truth, factor=2), frames=10, side=32)
    noise = torch.randn(truth.shape, generator=torch.Generator().manual_seed(0))

    return truth, refined(whole_velocity(network, films.text[:1]), draft, noise, t_th=t_th, steps=5)


def test_untrained_it_is_the_network_and_learns_in_thin_matrices_alone():
    refiner, network = untrained_refiner(), pretrained_film_net()
    x, text = torch.randn(2, 1, 2, 3, 8, 8), torch.randn(1, 2, 384)
    t = torch.tensor([[0.3, 0.3]])
    torch.testing.assert_close(refiner(x[0], t, text, n_cond=0), network(x[0], t, text, n_cond=0))
    learned = {name.rpartition(".")[2] for name, each in refiner.named_parameters() if each.requires_grad}
    assert learned == {"up", "down"}
    wrapped = [each for each in refiner.modules() if isinstance(each, LoRA)]
    assert len(wrapped) >= 6 and all(len(each.down) == RANK for each in wrapped)


@pytest.mark.parametrize(("way", "made"), [("refiner", pretrained_refiner), ("network", pretrained_film_net)])
def test_stored_films_are_what_the_networks_make(films, way, made):
    _, found = of(made(), films, 0.5)
    stored = STRIPS.at(films="learned", way=way, t_th=0.5)
    assert ((found[0] + 1) / 2 - stored).square().mean().sqrt() < 0.02


def test_the_refiner_is_sharper_than_the_draft(films):
    truth, found = of(pretrained_refiner(), films, 0.5)
    draft = enlarged(drafted(truth, factor=2), frames=10, side=32)
    assert sharpness(found, truth) > 3 * sharpness(draft, truth)


def test_a_velocity_is_the_networks_with_its_text_and_one_time_for_all_frames(films):
    network, x, t = pretrained_film_net(), torch.randn(2, 3, 3, 8, 8), torch.tensor([0.3, 0.8])
    wanted = network(x, torch.tensor([[0.3] * 3, [0.8] * 3]), films.text[:2], n_cond=0)
    torch.testing.assert_close(whole_velocity(network, films.text[:2])(x, t), wanted)
