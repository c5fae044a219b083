"""Measure what the chapter on going on with a film says of it: ``python -m tools.video_continuation.study``.

Writes mmnotes/video_continuation/study.npz: errors of place, beside what costs nothing; how samples differ; what is
kept of a sprite; what breaks; the films that the labs show. Takes ten minutes on one core.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from mmnotes.data import LEARNED, UNSEEN, Films, concept_index, film, sprite_cutouts, sprite_films
from mmnotes.data.sprites import FARTHEST, FRAMES, WALL
from mmnotes.flow import time_grid
from mmnotes.layers.samples import Place, Samples, packed
from mmnotes.models.film_generator import SPREAD, FilmNet, pretrained_film_net, to_film_net, to_frames
from mmnotes.video_continuation import continued, frame_times, long_film, tracked, with_clean
from tools.pack_features import PIXELS, grid_of, image_network
from tools.training import shades, write

FILE = "video_continuation/study.npz"
GIVEN, SEEDS, AFTER = (1, 2, 4), (0, 1, 2), FRAMES - 4
STEPS, SHIFT, FILMS, WIDE, SAMPLES, LEVELS = 8, 3.0, 32, 6, 8, 31
SHOWN, ROUNDS, NEW, WINDOW = 4, 10, 2, 4
SETTINGS: Mapping[str, Place] = {"steps": STEPS, "shift": SHIFT}
BROKEN = ("as trained", "noise on clean frames", "no time per frame", "clean frames read noisy ones, cache kept")
DIRT = 0.3  # of the noise that is laid on clean frames; values go from -1 to 1


def known_films(count: int, *, seed: int, unseen: bool = False, held_out: bool = True) -> Films:
    """Films with speeds that no film which was learned began with."""
    random = torch.Generator().manual_seed(seed)
    return sprite_films(count, random=random, unseen=unseen, held_out=held_out)


def chosen(known: Films, rows: Sequence[int]) -> Films:
    """Some of the films."""
    return Films(*(part[list(rows)] for part in known))


@torch.no_grad()
def drawn(network: FilmNet, known: Films, *, given: int, new: int, seed: int) -> Tensor:
    """The given frames and so many new ones, values from -1 to 1."""
    data = to_film_net(known.pixels)
    noise = torch.randn(len(data), new, *data.shape[2:], generator=torch.Generator().manual_seed(seed))
    return continued(network, data[:, :given], known.text, noise, time_grid(steps=STEPS, shift=SHIFT))


@torch.no_grad()
def by_twos(network: FilmNet, known: Films, *, given: int, new: int, seed: int) -> Tensor:
    """The same in rounds of two frames, each round given the last four there are."""
    film, random = to_film_net(known.pixels)[:, :given], torch.Generator().manual_seed(seed)
    times = time_grid(steps=STEPS, shift=SHIFT)
    while film.shape[1] < given + new:
        last = min(WINDOW, film.shape[1])
        film = long_film(network, film, known.text, rounds=1, given=last, new=NEW, times=times, random=random)
    return film


def places(known: Films, frames: Tensor) -> Tensor:
    """Where the sprite is in each frame that was drawn."""
    return tracked(to_frames(frames), sprite_cutouts(known.sprite), known.ground, wall=WALL)


def distance(one: Tensor, other: Tensor) -> Tensor:
    """Pixels between places, a mean over films (films, frames, 2) -> (frames,)."""
    return (one - other).float().norm(dim=-1).mean(0)


def speed_goes_on(known: Tensor, new: int) -> Tensor:
    """The last step between two given frames, again and again, in the room."""
    steps = torch.arange(1, new + 1)[:, None]
    return (known[:, -1:] + steps * (known[:, -1:] - known[:, -2:-1])).clamp(0, FARTHEST)


def nearest_film(known: Films, given: int, learned: Films) -> Tensor:
    """What comes next in the film that was learned whose given frames had the sprite at the nearest places."""
    apart = (known.places[:, None, :given] - learned.places[None, :, :given]).float().square().sum((2, 3))
    return learned.places[apart.argmin(1)]


def errors(network: FilmNet, known: Films) -> Tensor:
    """(given, way, seed, after): the network from three noises, all frames at once and by twos; what costs nothing."""
    learned = known_films(2000, seed=99, held_out=False)
    rows = []
    for given in GIVEN:
        true = known.places[:, given : given + AFTER]
        still = known.places[:, given - 1 : given].expand_as(true)
        on = speed_goes_on(known.places[:, :given], AFTER) if given > 1 else still
        near = nearest_film(known, given, learned)[:, given : given + AFTER]
        free = [distance(each, true).expand(len(SEEDS), -1) for each in (still, on, near)]
        made = [
            torch.stack([
                distance(places(known, way(network, known, given=given, new=AFTER, seed=seed))[:, given:], true)
                for seed in SEEDS
            ])
            for way in (drawn, by_twos)
        ]  # fmt: skip
        rows.append(torch.stack([*made, *free]))
        print(f"given {given}: {rows[-1].mean(1)}", flush=True)
    return torch.stack(rows)


def sampled_tracks(network: FilmNet, known: Films, *, start: int) -> Tensor:
    """(given, samples, films, frames, 2): where the sprite went from as many noises, from the number ``start`` on."""
    ways = []
    for given in GIVEN:
        each = [
            places(known, drawn(network, known, given=given, new=FRAMES - given, seed=start + sample))
            for sample in range(SAMPLES)
        ]
        ways.append(torch.stack(each))
    return torch.stack(ways)


def spread(tracks: Tensor) -> Tensor:
    """Root mean square distance of samples from their mean, over films, at each frame (given, frames)."""
    away = tracks.float() - tracks.float().mean(1, keepdim=True)
    return away.square().sum(-1).mean((1, 2)).sqrt()


@torch.no_grad()
def broken(network: FilmNet, known: Films) -> Tensor:
    """(way, given, after): the error of place when an ingredient is taken away; given 2 and 4."""
    times, rows = time_grid(steps=STEPS, shift=SHIFT), []
    for way in BROKEN:
        own = []
        for given in GIVEN[1:]:
            data, random = to_film_net(known.pixels), torch.Generator().manual_seed(0)
            noise = torch.randn(len(data), AFTER, *data.shape[2:], generator=random)
            clean = data[:, :given]
            if way == "noise on clean frames":
                dirt = torch.randn(clean.shape, generator=random)
                clean = clean + DIRT * dirt
            x = by_way(network, way, clean, known.text, noise, times)
            own.append(distance(places(known, x)[:, given:], known.places[:, given : given + AFTER]))
        rows.append(torch.stack(own))
        print(f"{way}: {rows[-1]}", flush=True)
    return torch.stack(rows)


def by_way(network: FilmNet, way: str, clean: Tensor, text: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """The films of a broken way: all frames pass in every step, but where the cache is what is broken."""
    if way in BROKEN[:2]:
        return continued(network, clean, text, noise, times)
    given, x = clean.shape[1], torch.cat([clean, noise], dim=1)
    if way == "no time per frame":
        for now, then in pairwise(times):
            moved = x + (then - now) * network(x, now.expand(x.shape[:2]), text, n_cond=given)
            x = with_clean(moved, clean, n_cond=given)
        return x
    t = frame_times(times[0].expand(len(x)), n_cond=given, frames=x.shape[1])
    mixed = network.transformer(torch.cat([clean / SPREAD, noise], dim=1), t, text, n_cond=0)[1]
    tokens = mixed[0].key.shape[2] // x.shape[1] * given
    kept = [type(each)(each.key[:, :, :tokens], each.value[:, :, :tokens]) for each in mixed]
    late = noise
    for now, then in pairwise(times):
        late = late + (then - now) * network(late, now.expand(late.shape[:2]), text, n_cond=0, kept=kept)
    return torch.cat([clean, late], dim=1)


@torch.no_grad()
def drift(network: FilmNet, known: Films) -> tuple[Tensor, Tensor]:
    """(measure, frame): of long films, how far frames are from the sprite on its ground where it is found, and how much
    of the sprite is left there, 1 for all and 0 for none of its contrast; and the films.
    """
    data, random = to_film_net(known.pixels), torch.Generator().manual_seed(0)
    times = time_grid(steps=STEPS, shift=SHIFT)
    long = long_film(
        network, data[:, :WINDOW], known.text, rounds=ROUNDS, given=WINDOW, new=NEW, times=times, random=random
    )
    frames = to_frames(long)
    true, ground = with_sprite(known, places(known, long)), known.ground[:, None]
    off = (frames - true).square().mean((2, 3, 4)).sqrt().mean(0)
    whole = (true - ground).square().sum((2, 3, 4))
    left = (((frames - ground) * (true - ground)).sum((2, 3, 4)) / whole).mean(0)
    print(f"long films: {off}, left of the sprite {left}", flush=True)
    return torch.stack([off[WINDOW:], left[WINDOW:]]), long


def with_sprite(known: Films, way: Tensor) -> Tensor:
    """The films as they would be with the sprite at these places."""
    opaque = sprite_cutouts(known.sprite)
    films = known.ground[:, None].repeat(1, way.shape[1], 1, 1, 1)
    for number, film_places in enumerate(way.tolist()):
        for frame, (row, column) in enumerate(film_places):
            spot = films[number, frame, :, row + WALL : row + WALL + 10, column + WALL : column + WALL + 10]
            spot.copy_(opaque[number, :3] + (1 - opaque[number, 3:]) * spot)
    return films


def crops(known: Films, frames: Tensor, way: Tensor) -> Tensor:
    """What each frame shows at the sprite's place, enlarged for the image network (films, frames, 3, 128, 128)."""
    each = []
    for number, film_places in enumerate(way.tolist()):
        for frame, (row, column) in enumerate(film_places):
            each.append(frames[number, frame, :, row + WALL : row + WALL + 10, column + WALL : column + WALL + 10])
    grown = interpolate(torch.stack(each), (PIXELS, PIXELS), mode="bilinear")
    return grown.unflatten(0, way.shape[:2])


@torch.no_grad()
def recognised(network: FilmNet, known: Films, labels: Sequence[str]) -> Tensor:
    """(source, frame): in what share of films the nearest of the sprites, by features, is the right one.

    The sprites that are compared are shown on the film's own ground; sources are the network and the true film.
    """
    eye = image_network()
    given, corpus = 4, torch.tensor([concept_index(label) for label in labels])
    made = drawn(network, known, given=given, new=AFTER, seed=0)
    rows = []
    for source in ("network", "truth"):
        frames = to_frames(made) if source == "network" else known.pixels[:, : made.shape[1]]
        way = places(known, to_film_net(frames))
        own = []
        for frame in range(given, made.shape[1]):
            seen = crops(known, frames[:, frame : frame + 1], way[:, frame : frame + 1])[:, 0]
            features = grid_of(eye, 255 * seen).mean(1)
            right = 0
            for number in range(len(seen)):
                candidates = on_ground(known, number, corpus)
                others = grid_of(eye, 255 * candidates).mean(1)
                alike = torch.nn.functional.cosine_similarity(features[number : number + 1], others)
                right += int(corpus[alike.argmax()] == known.sprite[number])
            own.append(right / len(seen))
        rows.append(torch.tensor(own))
        print(f"recognised, {source}: {own}", flush=True)
    return torch.stack(rows)


def on_ground(known: Films, number: int, corpus: Tensor) -> Tensor:
    """Every sprite on the ground of a film, as the image network sees it."""
    middle = known.ground[number, :, 11:21, 11:21]
    sprites = sprite_cutouts(corpus)
    laid = sprites[:, :3] + (1 - sprites[:, 3:]) * middle
    return interpolate(laid, (PIXELS, PIXELS), mode="bilinear")


@torch.no_grad()
def real(network: FilmNet) -> tuple[Tensor, Tensor, Tensor]:
    """The shipped film at 32 x 56 pixels, every frame; (way, after) root mean square errors, and both films."""
    frames = interpolate(film(), (32, 56), mode="area")[:FRAMES][None]
    x, nothing = to_film_net(frames), torch.zeros(1, 2, 384)
    noise = torch.randn(1, AFTER, *x.shape[2:], generator=torch.Generator().manual_seed(0))
    made = to_frames(continued(network, x[:, :4], nothing, noise, time_grid(steps=STEPS, shift=SHIFT)))
    true = frames[:, 4:]

    def wrong(each: Tensor) -> Tensor:
        return (each - true).square().mean((0, 2, 3, 4)).sqrt()

    return torch.stack([wrong(made[:, 4:]), wrong(frames[:, 3:4].expand_as(true))]), frames[0], made[0]


@torch.no_grad()
def steps_of(network: FilmNet, known: Films) -> Tensor:
    """(given, step, frames, 3, 32, 32): a film on its way from noise, for none, one, two and four given frames."""
    times, data, rows = time_grid(steps=STEPS, shift=SHIFT), to_film_net(known.pixels[:1]), []
    for given in (0, *GIVEN):
        x = torch.randn(1, FRAMES - given, *data.shape[2:], generator=torch.Generator().manual_seed(1))
        kept, looks = network.keep(data[:, :given]) if given else None, []
        for now, then in pairwise(torch.cat([times, torch.zeros(1)])):
            looks.append(to_frames(torch.cat([data[:, :given], x], dim=1))[0])
            x = x + (then - now) * network(x, now.expand(x.shape[:2]), known.text[:1], n_cond=0, kept=kept)
        rows.append(torch.stack(looks))
    return torch.stack(rows)


def main() -> None:
    """Measure and write."""
    torch.set_num_threads(1)
    network = pretrained_film_net()
    held, seen = known_films(FILMS, seed=7), known_films(FILMS, seed=8, held_out=False)
    unseen = known_films(FILMS, seed=9, unseen=True)
    after: dict[str, Sequence[Place]] = {
        "given": GIVEN,
        "way": ("network", "two at a time", "stands still", "last speed goes on", "nearest film"),
    }
    after |= {"seed": SEEDS, "after": tuple(range(1, AFTER + 1))}
    tables = {
        "held out": Samples(errors(network, held), after, settings=SETTINGS),
        "learned": Samples(errors(network, seen), after, settings=SETTINGS),
        "unseen": Samples(errors(network, unseen), after, settings=SETTINGS),
    }
    of = [(held.motion == kind).nonzero()[:, 0].tolist() for kind in range(3)]
    shown = chosen(held, [of[0][0], of[1][0], of[2][0], of[1][1]])
    ways = sampled_tracks(network, shown, start=0)
    tables["tracks"] = Samples(
        ways.to(torch.uint8), {"given": GIVEN, "sample": range(SAMPLES), "film": range(SHOWN), "frame": range(FRAMES)}
    )
    tables["true tracks"] = Samples(shown.places.to(torch.uint8), {"film": range(SHOWN), "frame": range(FRAMES)})
    wide = chosen(held, range(WIDE))
    apart = torch.stack([spread(sampled_tracks(network, wide, start=100 * (seed + 1))) for seed in SEEDS])
    print(f"spread: {apart}", flush=True)
    tables["spread"] = Samples(apart, {"seed": SEEDS, "given": GIVEN, "frame": range(FRAMES)})
    tables["broken"] = Samples(
        broken(network, held),
        {"way": BROKEN, "given": GIVEN[1:], "after": range(1, AFTER + 1)},
        settings={"dirt": DIRT},
    )
    drifting, long = drift(network, chosen(held, range(16)))
    tables["drift"] = Samples(drifting, {"what": ("error", "left"), "frame": range(1, ROUNDS * NEW + 1)})
    named = torch.stack([recognised(network, held, LEARNED), recognised(network, unseen, UNSEEN)])
    axes = {"sprites": ("learned", "unseen"), "source": ("network", "truth"), "after": range(1, AFTER + 1)}
    tables["recognised"] = Samples(named, axes)
    wrong, true, made = real(network)
    tables["real errors"] = Samples(wrong, {"way": ("network", "stands still"), "after": range(1, AFTER + 1)})
    print(f"real: {wrong}", flush=True)
    looks = {"way": ("truth", "network"), "frame": range(FRAMES)}
    tables["real"] = shades([true, made], looks, levels=LEVELS, settings=SETTINGS)
    made_by_twos = (by_twos(network, shown, given=given, new=FRAMES - given, seed=0) for given in GIVEN)
    strips = [shown.pixels, *(to_frames(each[:, :FRAMES]) for each in made_by_twos)]
    axes = {"given": (0, *GIVEN), "film": range(SHOWN), "frame": range(FRAMES)}
    tables["strips"] = shades(strips, axes, levels=LEVELS, settings=SETTINGS)
    axes = {"given": (0, *GIVEN), "step": range(STEPS + 1), "frame": range(FRAMES)}
    tables["steps"] = shades(list(steps_of(network, shown)), axes, levels=LEVELS, settings=SETTINGS)
    axes = {"film": range(3), "frame": range(WINDOW + ROUNDS * NEW)}
    tables["long"] = shades(list(to_frames(long)[:3]), axes, levels=LEVELS, settings=SETTINGS)
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
