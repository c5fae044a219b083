"""Every checker accepts its solution and turns down every plausible slip with a hint that names it."""

import math

import pytest
import torch

from mmnotes.clip import exercises as clip
from mmnotes.decoupled_attention import exercises as decoupled_attention
from mmnotes.flow import exercises as flow
from mmnotes.infonce import exercises as infonce
from mmnotes.mrope import exercises as mrope
from mmnotes.page import check
from mmnotes.page.exercises import Exercise, _hint
from mmnotes.qformer import exercises as qformer
from mmnotes.rope import exercises as rope
from mmnotes.sinkhorn import exercises as sinkhorn
from mmnotes.zero_conv import exercises as zero_conv

CHAPTERS = (clip, infonce, qformer, rope, mrope, flow, zero_conv, decoupled_attention, sinkhorn)
EXERCISES = {name: exercise for chapter in CHAPTERS for name, exercise in chapter.EXERCISES.items()}
SLIPS = [(name, hint) for name, exercise in EXERCISES.items() for hint in exercise.slips]

# Wrong answers that the slips do not foresee, one list per exercise.
UNFORESEEN = {
    "clip-1": [
        lambda size, patch, dim, depth, features: 12 * dim**2 * depth,
        lambda size, patch, dim, depth, features: (size // patch) ** 2,
        lambda size, patch, dim, depth, features: clip._tower_size(size, patch, dim, depth + 1, features),
    ],
    "clip-2": [
        lambda pixels, patch: pixels.flatten(1),
        lambda pixels, patch: clip._patches(pixels, patch).flip(1),
        lambda pixels, patch: clip._patches(pixels, patch).transpose(1, 2),
    ],
    "clip-3": [
        lambda token_ids, end: (token_ids == end).sum(-1),
        lambda token_ids, end: clip._first_end(token_ids, end) - 1,
        lambda token_ids, end: token_ids.argmin(-1),
    ],
    "clip-4": [torch.sigmoid, lambda x: x * torch.sigmoid(1.702 * x), lambda x: (x > 0).double()],
    "clip-5": [
        lambda image, text, scale: image @ text.T,
        lambda image, text, scale: clip._zero_shot(image, text, 2 * scale),
        lambda image, text, scale: clip._zero_shot(image, text, scale).log(),
    ],
    "infonce-1": [lambda pairs, copies: 0.0, lambda pairs, copies: copies, lambda pairs, copies: 1 / copies],
    "infonce-2": [10.5, 0.0, "ten", [10.4, 10.4]],
    "infonce-3": [
        lambda s, scale: (scale * s).softmax(1) - torch.eye(len(s)),
        lambda s, scale: -infonce._slope(s, scale),
        lambda s, scale: infonce._slope(s.T, 2 * scale),
    ],
    "infonce-4": [lambda processes: 0.5, lambda processes: -1 / processes, lambda processes: 2 / processes],
    "infonce-5": [lambda pairs: -10.0, lambda pairs: 0.0, lambda pairs: -math.log10(pairs)],
    "flow-1": [lambda x, v, t: v, lambda x, v, t: x, lambda x, v, t: v - x],
    "flow-2": [lambda sigma, t: 1.0, lambda sigma, t: sigma**2, lambda sigma, t: sigma * t],
    "flow-3": [lambda t, small, large: t, lambda t, small, large: 1.0, lambda t, small, large: t * small / large],
    "flow-4": [lambda shift: 0.001, lambda shift: shift, lambda shift: 1 / shift],
    "flow-5": [
        lambda conditional, unconditional: torch.ones(3),
        lambda conditional, unconditional: (conditional * unconditional).sum(1),
        lambda conditional, unconditional: 1 / unconditional.square().sum(1),
    ],
    "zero_conv-1": [
        lambda step: torch.tensor([False] * 4),
        lambda step: torch.tensor([True] * 4),
        lambda step: torch.tensor([True, False, False, False]),
    ],
    "zero_conv-2": [lambda step: 1.0, lambda step: step - 1, lambda step: zero_conv._growth(step + 1)],
    "zero_conv-3": [len, sum, lambda channels: zero_conv._taps(channels[:-1])],
    "zero_conv-4": [
        lambda delta, features: zero_conv._slope(delta, features).T,
        lambda delta, features: -zero_conv._slope(delta, features),
        lambda delta, features: torch.zeros(3, 4),
    ],
    "zero_conv-5": [
        lambda delta, x, down, scale: zero_conv._up(delta, x, down, scale).T,
        lambda delta, x, down, scale: zero_conv._up(delta, x, down, 1 / scale),
        lambda delta, x, down, scale: zero_conv._up(delta, x, down.flip(0), scale),
    ],
    "decoupled_attention-1": [
        lambda widths, context, image, tokens: sum(widths),
        lambda widths, context, image, tokens: decoupled_attention._prompt_size(widths[1:], context, image, tokens),
        lambda widths, context, image, tokens: 22_000_000,
    ],
    "decoupled_attention-2": [
        lambda q, k, v, k_image, v_image, scale: decoupled_attention._part(q, k, v),
        lambda q, k, v, k_image, v_image, scale: decoupled_attention._decoupled(q, k, v, k, v, scale),
        lambda q, k, v, k_image, v_image, scale: decoupled_attention._decoupled(q, k_image, v_image, k, v, scale),
    ],
    "decoupled_attention-3": [
        lambda share, text, image: 0.0,
        lambda share, text, image: text - image,
        lambda share, text, image: math.log10(share / (1 - share) * text / image),
    ],
    "decoupled_attention-4": [
        lambda one, other, a, b, wanted: one,
        lambda one, other, a, b, wanted: (one + other) / 2,
        lambda one, other, a, b, wanted: decoupled_attention._at(other, one, a, b, wanted),
    ],
    "decoupled_attention-5": [
        lambda image, dim, inner, depth, queries, out: 12 * dim**2 * depth,
        lambda image, dim, inner, depth, queries, out: 0,
        lambda image, dim, inner, depth, queries, out: decoupled_attention._resampler_size(
            image, dim, inner, depth + 1, queries, out
        ),
    ],
    "sinkhorn-1": [lambda k: k, lambda k: k / k.sum(), lambda k: torch.full((2, 2), 0.5), lambda k: torch.eye(2)],
    "sinkhorn-2": [
        lambda scores, tau: torch.logsumexp(scores, 0),
        lambda scores, tau: -tau * torch.logsumexp(scores / tau, 0),
        lambda scores, tau: scores.median(0).values,
    ],
    "sinkhorn-3": [61.915, 63, 6, "sixty-two", [1, 2]],
    "sinkhorn-4": [lambda a, n: 2 * n + 1 / a, lambda a, n: 1 / (2 * n) + a, lambda a, n: a ** (-n)],
    "sinkhorn-5": [
        lambda scores, tau, steps: (scores / tau).softmax(1),
        lambda scores, tau, steps: sinkhorn._samples_first(scores, tau, steps + 1),
        lambda scores, tau, steps: sinkhorn._samples_first(scores, tau, steps).T,
    ],
    "qformer-1": [6, 20_000_000, 28_366_848],
    "qformer-2": [0.5, 1 / 3, "two thirds"],
    "qformer-3": [
        lambda queries, keep: torch.ones(2, 2),
        lambda queries, keep: qformer.itg_mask(queries=queries, keep=keep).mT,
        lambda queries, keep: qformer.itg_mask(queries=queries, keep=keep).logical_not(),
    ],
    "qformer-4": [
        lambda queries, texts: qformer.itc_similarity(queries, texts).T,
        lambda queries, texts: -qformer.itc_similarity(queries, texts),
        lambda queries, texts: qformer.itc_similarity(queries, texts) / 0.07,
    ],
    "qformer-5": [
        lambda mask, token, depth: mask,
        lambda mask, token, depth: torch.zeros(len(mask), dtype=torch.bool),
        lambda mask, token, depth: torch.ones(len(mask), dtype=torch.bool),
    ],
    "rope-1": [lambda j, planes, base: base, lambda j, planes, base: 6.28 * base**j, lambda j, planes, base: 2 * j],
    "rope-2": [lambda c, axes: (1 + c) / 2, lambda c, axes: c**axes, lambda c, axes: 1 - c],
    "rope-3": [
        lambda q, k, p, r, ladder: q * k,
        lambda q, k, p, r, ladder: (q @ k) * torch.cos((r - p) * ladder).mean(),
        lambda q, k, p, r, ladder: -rope._one_side(q, k, p, r, ladder),
    ],
    "rope-4": [0, 0.15, 2.3119],
    "rope-5": [lambda w: w.T, lambda w: w.flip(0), lambda w: w[::2]],
    "mrope-1": [lambda s: [0] * sum(s), lambda s: s, lambda s: "THW" * s[1]],
    "mrope-2": [160, 6.28, 5e6],
    "mrope-3": [2, 16, 4.5],
    "mrope-4": [
        lambda start, frames, height, width, seconds: start,
        lambda start, frames, height, width, seconds: start + round(2 * frames * seconds),
        lambda start, frames, height, width, seconds: start + height + width,
    ],
    "mrope-5": [lambda s: mrope._undo(s)[::-1], lambda s: sorted(s), lambda s: mrope._undo(s)[1:]],
}


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_is_right(name):
    assert check(name, EXERCISES[name].solution).right is True


@pytest.mark.parametrize("name", EXERCISES)
def test_three_dots_read_as_unanswered(name):
    verdict = check(name, ...)
    assert verdict.right is None and "not answered yet" in repr(verdict)


@pytest.mark.parametrize(("name", "hint"), SLIPS)
def test_each_slip_gets_its_own_hint(name, hint):
    verdict = check(name, EXERCISES[name].slips[hint])
    assert verdict.right is False and hint in verdict.message


@pytest.mark.parametrize("name", EXERCISES)
def test_unforeseen_wrong_answers_are_turned_down_with_a_hint(name):
    assert len(EXERCISES[name].slips) >= 3 and len(UNFORESEEN[name]) >= 3
    for answer in UNFORESEEN[name]:
        verdict = check(name, answer)
        assert verdict.right is False and len(verdict.message) > len(f"{name}: not yet. ") + 10


MATRIX = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (MATRIX.T, "looks transposed"),
        (MATRIX[0], "shape should be (2, 3), this is (3,)"),
        (-MATRIX, "sign is off"),
        (2 * MATRIX, "2 times the answer"),
        (MATRIX + 1, "off by the same 1"),
        (MATRIX / 0, "infinite or not a number"),
        (MATRIX.clone().index_put((torch.tensor(1), torch.tensor(2)), torch.tensor(0.0)), "difference is at (1, 2)"),
        (None, "is a return missing"),
        ("seven", "of type str"),
    ],
)
def test_a_wrong_tensor_is_told_what_is_off(answer, words):
    assert words in str(_hint(Exercise(solution=MATRIX, slips={}), answer))


def test_a_square_transpose_is_named():
    square = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert "transpose" in str(_hint(Exercise(solution=square, slips={}), square.T))


def test_a_number_is_told_its_direction():
    assert "too large" in str(_hint(Exercise(solution=2.0, slips={}), 3))
    assert "too small" in str(_hint(Exercise(solution=2.0, slips={}), 1))


def test_functions_are_called_on_every_input_and_on_copies():
    exercise = Exercise(solution=lambda x: x * x, slips={}, inputs=((torch.tensor(2.0),), (torch.tensor(3.0),)))
    assert _hint(exercise, lambda x: x.mul_(x)) is None
    assert exercise.inputs[0][0] == 2
    assert "too small" in str(_hint(exercise, lambda x: 2 * x)), "2x equals x*x at 2 alone"


def test_a_function_that_raises_and_an_answer_that_is_no_function():
    exercise = Exercise(solution=lambda x: x, slips={}, inputs=((1.0,),))
    assert "raised ZeroDivisionError for 1.0" in str(_hint(exercise, lambda x: x / 0))
    assert "should be a function" in str(_hint(exercise, 3))


def test_an_unknown_id_is_an_error_that_names_the_known_ones():
    with pytest.raises(ValueError, match=r"got 'sinkhorn-9'; sinkhorn has sinkhorn-1"):
        check("sinkhorn-9", 1)
    with pytest.raises(ValueError, match="got 'nothing-1'"):
        check("nothing-1", 1)
