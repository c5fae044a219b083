"""The Q-Former: shapes, loops, the objectives one by one, gradients and what must get none, sizes, bad input."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.autograd import gradcheck

from mmnotes.qformer import (
    Block,
    FeedForward,
    QFormer,
    Retriever,
    SoftPrompt,
    StageOne,
    WordEmbedding,
    WordHead,
    hard_negatives,
    itc_loss,
    itc_mask,
    itc_similarity,
    itg_loss,
    itg_mask,
    itm_loss,
    itm_mask,
    queries_past,
    text_after,
)

SIZES = dict(dim=10, heads=2, depth=3, hidden=19, queries=5, image_dim=7, words=23, positions=11)


def random_weights_(module: nn.Module) -> nn.Module:
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.25)
    return module


def stage_one(seed: int = 0) -> StageOne:
    torch.manual_seed(seed)
    model = random_weights_(StageOne(QFormer(**SIZES), shared_dim=13)).double()
    nn.init.constant_(model.temperature, 0.07)
    return model


def batch(pairs: int = 3, tokens: int = 6) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    image = torch.randn(pairs, 17, 7, generator=generator, dtype=torch.float64)
    ids = torch.randint(23, (pairs, tokens), generator=generator)
    return image, ids, torch.arange(tokens) < torch.tensor([[tokens], [3], [4], [2], [5]])[:pairs]


def norm(x: list[float], layer: nn.LayerNorm) -> list[float]:
    mean = sum(x) / len(x)
    spread = math.sqrt(sum((value - mean) ** 2 for value in x) / len(x) + 1e-12)
    return [
        (value - mean) / spread * w + b
        for value, w, b in zip(x, layer.weight.tolist(), layer.bias.tolist(), strict=True)
    ]


def linear(x: list[float], layer: nn.Linear) -> list[float]:
    return [
        sum(w * v for w, v in zip(row, x, strict=True)) + b
        for row, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
    ]


def attend(x: list[list[float]], context: list[list[float]], attention: nn.Module, may=None) -> list[list[float]]:
    query, key, value = ([linear(v, layer) for v in rows] for rows, layer in (
        (x, attention.query), (context, attention.key), (context, attention.value)
    ))  # fmt: skip
    width, out = len(query[0]) // attention.heads, []
    for i in range(len(x)):
        read = []
        for head in range(attention.heads):
            part = range(head * width, (head + 1) * width)
            seen = [j for j in range(len(context)) if may is None or may[i][j]]
            scores = [math.exp(sum(query[i][d] * key[j][d] for d in part) / math.sqrt(width)) for j in seen]
            read += [sum(s * value[j][d] for s, j in zip(scores, seen, strict=True)) / sum(scores) for d in part]
        out.append(linear(read, attention.output))
    return out


def feed(x: list[float], layer: FeedForward) -> list[float]:
    hidden = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in linear(x, layer.up)]
    return norm([a + b for a, b in zip(x, linear(hidden, layer.down), strict=True)], layer.norm)


def test_shapes():
    model, (image, ids, padding_mask) = stage_one(), batch()
    queries, text = model.qformer(image, ids, itm_mask(queries=5, padding_mask=padding_mask))
    assert queries.shape == (3, 5, 10) and text.shape == (3, 6, 10)
    assert model.qformer.see(image).shape == (3, 5, 10) and model.qformer.read(ids, padding_mask).shape == (3, 6, 10)
    assert model.similarity(image, ids[:2], padding_mask[:2]).shape == (3, 2) and model.match_logits(
        *batch()
    ).shape == (3, 2)
    assert model.word_logits(image, ids, padding_mask).shape == (3, 6, 23)
    assert WordHead(dim=10, words=7)(torch.ones(2, 3, 10), torch.ones(7, 10)).shape == (2, 3, 7)
    assert SoftPrompt(dim=10, word_dim=13)(torch.ones(2, 5, 10)).shape == (2, 5, 13)


@pytest.mark.parametrize("mask", [itc_mask, itm_mask, itg_mask])
def test_the_stack_is_the_equations_in_loops(mask):
    model, (image, ids, padding_mask) = stage_one().qformer, batch(2, 4)
    queries, text = model(image, ids, mask(queries=5, padding_mask=padding_mask))
    for sample in range(2):
        may, patches = mask(queries=5, padding_mask=padding_mask)[sample].tolist(), image[sample].tolist()
        x = [norm(q, model.norm) for q in model.queries[0].tolist()]
        for place, word in enumerate(ids[sample].tolist()):
            table, positions = model.text.words.weight.tolist(), model.text.positions.weight.tolist()
            x.append(norm([a + b for a, b in zip(table[word], positions[place], strict=True)], model.norm))
        for layer, block in enumerate(model.blocks):
            read = attend(x, x, block.attention, may)
            x = [norm([a + b for a, b in zip(*pair, strict=True)], block.norm) for pair in zip(x, read, strict=True)]
            if layer % 2 == 0:
                read = attend(x[:5], patches, block.cross)
                x[:5] = [
                    norm([a + b for a, b in zip(*pair, strict=True)], block.cross_norm)
                    for pair in zip(x[:5], read, strict=True)
                ]
            x = [feed(v, block.query_feed if place < 5 else block.text_feed) for place, v in enumerate(x)]
        found = torch.cat([queries[sample], text[sample]])
        torch.testing.assert_close(found, torch.tensor(x, dtype=torch.float64), rtol=0, atol=1e-12)


def test_every_second_layer_reads_the_image_from_the_first():
    released = QFormer(**{**SIZES, "depth": 12})
    assert [layer for layer, block in enumerate(released.blocks) if block.cross is not None] == [0, 2, 4, 6, 8, 10]
    every_third = QFormer(**{**SIZES, "depth": 6}, cross_every=3)
    assert [layer for layer, block in enumerate(every_third.blocks) if block.cross is not None] == [0, 3]


def test_without_text_or_without_image_is_the_contrast_s_mask():
    model, (image, ids, padding_mask) = stage_one().qformer, batch()
    queries, text = model(image, ids, itc_mask(queries=5, padding_mask=padding_mask))
    torch.testing.assert_close(model.see(image), queries, rtol=0, atol=1e-12)
    torch.testing.assert_close(model.read(ids, padding_mask)[padding_mask], text[padding_mask], rtol=0, atol=1e-12)


def test_words_behind_padding_change_nothing_that_is_read():
    model, (image, ids, padding_mask) = stage_one(), batch()
    filled = ids.masked_fill(~padding_mask, 22)
    assert not torch.equal(ids, filled)
    for once, again in (
        (model.similarity(image, ids, padding_mask), model.similarity(image, filled, padding_mask)),
        (model.match_logits(image, ids, padding_mask), model.match_logits(image, filled, padding_mask)),
        (
            model.word_logits(image, ids, padding_mask)[padding_mask],
            model.word_logits(image, filled, padding_mask)[padding_mask],
        ),
    ):
        assert torch.equal(once, again)
    losses = [
        model(image, each, padding_mask, decoder=21, generator=torch.Generator().manual_seed(0))
        for each in (ids, filled)
    ]
    assert all(torch.equal(*pair) for pair in zip(*losses, strict=True))


def test_similarity_is_the_largest_cosine_in_loops():
    torch.manual_seed(0)
    queries, texts = torch.randn(3, 5, 7).double(), torch.randn(2, 7).double()
    for i in range(3):
        for j in range(2):
            cosines = [(q @ texts[j] / (q.norm() * texts[j].norm())).item() for q in queries[i]]
            assert itc_similarity(queries, texts)[i, j].item() == pytest.approx(max(cosines), abs=1e-14)


@settings(deadline=None)
@given(query_scale=st.floats(0.01, 100), text_scale=st.floats(0.01, 100))
def test_the_length_of_a_feature_does_not_matter(query_scale, text_scale):
    generator = torch.Generator().manual_seed(0)
    queries, texts = (torch.randn(shape, generator=generator).double() for shape in ((3, 5, 7), (2, 7)))
    found = itc_similarity(queries * query_scale, texts * text_scale)
    torch.testing.assert_close(found, itc_similarity(queries, texts), rtol=0, atol=1e-12)
    assert found.abs().max() <= 1


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(5)))
def test_the_order_of_the_queries_does_not_matter(order):
    model, (image, ids, padding_mask) = stage_one(), batch()
    before = model.similarity(image, ids, padding_mask), model.match_logits(image, ids, padding_mask)
    with torch.no_grad():
        model.qformer.queries.copy_(model.qformer.queries[:, order])
    after = model.similarity(image, ids, padding_mask), model.match_logits(image, ids, padding_mask)
    for old, new in zip(before, after, strict=True):
        torch.testing.assert_close(new, old, rtol=0, atol=1e-12)


def test_contrast_in_loops_and_at_its_limits():
    similarity, tau = torch.randn(5, 5, generator=torch.Generator().manual_seed(0)).double(), 0.3
    total = 0.0
    for matrix in (similarity, similarity.T):
        for i in range(5):
            log_sum = math.log(sum(math.exp(matrix[i, j].item() / tau) for j in range(5)))
            logs = [matrix[i, j].item() / tau - log_sum for j in range(5)]
            total -= (0.9 * logs[i] + 0.1 * sum(logs) / 5) / 10
    assert itc_loss(similarity, tau=tau).item() == pytest.approx(total, abs=1e-12)
    assert itc_loss(torch.ones(7, 7), tau=0.07).item() == pytest.approx(math.log(7), abs=1e-5)
    assert itc_loss(torch.eye(7), tau=0.01, smoothing=0).item() == pytest.approx(0, abs=1e-6)
    torch.testing.assert_close(itc_loss(similarity, tau=tau), itc_loss(similarity.T, tau=tau))


def test_negatives_are_never_the_pair_and_follow_the_softmax():
    logits, generator = torch.tensor([[9.0, 0, 1], [1, 9, 2], [0, 3, 9]]), torch.Generator().manual_seed(0)
    drawn = [hard_negatives(logits, generator=generator) for _ in range(4000)]
    for way, found in ((logits.T, [pair[0] for pair in drawn]), (logits, [pair[1] for pair in drawn])):
        counts = torch.stack(found).T
        for row in range(3):
            others = way[row].clone()
            others[row] = -math.inf
            share = counts[row].bincount(minlength=3) / 4000
            torch.testing.assert_close(share, others.softmax(0), rtol=0, atol=0.03)
            assert share[row] == 0


def test_the_hardest_negative_is_drawn_and_carries_no_gradient():
    logits = torch.tensor([[0.0, 0, 99], [99, 0, 0], [0, 99, 0]], requires_grad=True)
    images, texts = hard_negatives(logits, generator=torch.Generator().manual_seed(0))
    assert texts.tolist() == [2, 0, 1] and images.tolist() == [1, 2, 0]
    assert not images.requires_grad


def test_matching_loss_at_chance_and_in_loops():
    prior = torch.tensor([[math.log(2), 0.0]]).double().expand(9, 2)  # one in three belongs together
    assert itm_loss(prior, positives=3).item() == pytest.approx(0.6365, abs=1e-4)
    logits = torch.randn(6, 2, generator=torch.Generator().manual_seed(0)).double()
    expected = -sum(logits[n].log_softmax(0)[1 if n < 2 else 0].item() for n in range(6)) / 6
    assert itm_loss(logits, positives=2).item() == pytest.approx(expected, abs=1e-12)


def test_match_logits_average_the_head_over_the_queries():
    model, (image, ids, padding_mask) = stage_one(), batch()
    queries = model.qformer(image, ids, itm_mask(queries=5, padding_mask=padding_mask))[0]
    each = torch.stack([model.match(queries[:, k]) for k in range(5)])
    torch.testing.assert_close(model.match_logits(image, ids, padding_mask), each.mean(0), rtol=0, atol=1e-12)


def test_captioning_loss_in_loops():
    _, ids, padding_mask = batch()
    logits = torch.randn(3, 6, 23, generator=torch.Generator().manual_seed(0)).double()
    terms = []
    for sample in range(3):
        for place in range(1, int(padding_mask[sample].sum())):
            logs = logits[sample, place - 1].log_softmax(0)
            terms.append(-(0.9 * logs[ids[sample, place]] + 0.1 * logs.mean()).item())
    assert itg_loss(logits, ids, padding_mask).item() == pytest.approx(sum(terms) / len(terms), abs=1e-12)
    assert itg_loss(torch.zeros(3, 6, 23), ids, padding_mask).item() == pytest.approx(math.log(23), abs=1e-5)


def test_stage_one_is_its_three_losses():
    """Put together by hand from the parts, with the negatives of the same generator."""
    model, (image, ids, padding_mask) = stage_one(), batch(5, 6)
    found = model(image, ids, padding_mask, decoder=21, generator=torch.Generator().manual_seed(7))
    similarity = model.similarity(image, ids, padding_mask)
    images, texts = hard_negatives(similarity / 0.07, generator=torch.Generator().manual_seed(7))
    parts = [(image, ids, padding_mask), (image[images], ids, padding_mask), (image, ids[texts], padding_mask[texts])]
    said = ids.clone()
    said[:, 0] = 21
    assert found.contrast.item() == pytest.approx(itc_loss(similarity, tau=0.07).item(), abs=1e-12)
    matched = torch.cat([model.match_logits(*part) for part in parts])
    assert found.match.item() == pytest.approx(itm_loss(matched, positives=5).item(), abs=1e-12)
    logits = model.word_logits(image, said, padding_mask)
    assert found.caption.item() == pytest.approx(itg_loss(logits, said, padding_mask).item(), abs=1e-12)


def test_gradients():
    queries, texts = torch.randn(3, 2, 5).double().requires_grad_(), torch.randn(3, 5).double().requires_grad_()
    tau = torch.tensor(0.3).double().requires_grad_()
    assert gradcheck(lambda q, t, tau: itc_loss(itc_similarity(q, t), tau=tau), (queries, texts, tau))
    block = random_weights_(Block(dim=6, heads=2, hidden=5, image_dim=3)).double()
    inputs = [torch.randn(shape).double().requires_grad_() for shape in ((1, 2, 6), (1, 3, 6), (1, 4, 3))]
    mask = itg_mask(queries=2, padding_mask=torch.ones(1, 3, dtype=torch.bool))
    assert gradcheck(lambda q, t, i: block(q, t, i, mask), inputs)


@pytest.mark.parametrize(
    ("loss", "untouched"),
    [
        (0, ["match.", "word_head.", "text.words"]),
        (1, ["projection.", "word_head.", "temperature", "text.words"]),
        (2, ["projection.", "match.", "temperature"]),
    ],
)
def test_what_a_loss_trains_and_what_it_does_not(loss, untouched):
    model, (image, ids, padding_mask) = stage_one(), batch(5, 6)
    model(image, ids, padding_mask, decoder=21, generator=torch.Generator().manual_seed(0))[loss].backward()
    for name, parameter in model.named_parameters():
        moved = parameter.grad is not None and parameter.grad.abs().sum() > 0
        if any(part in name for part in untouched if part != "text.words"):
            assert not moved, name
    unread = sorted(set(range(21)) - set(ids.flatten().tolist()))
    table = model.qformer.text.words.weight.grad
    assert unread and (table[unread].abs().sum() == 0) == (loss != 2), "the word head is tied: it moves every word"
    last = model.qformer.blocks[-1]
    text_moves = last.text_feed.up.weight.grad is not None and last.text_feed.up.weight.grad.abs().sum() > 0
    assert text_moves == (loss != 1), "matching reads queries alone: the last text feed-forward is not on its way"


@pytest.mark.parametrize(("reduce", "alike"), [(torch.mean, True), (lambda s, dim: s.max(dim).values, False)])
def test_identical_queries_stay_identical_until_a_maximum_picks_one(reduce, alike):
    """Their states are equal to rounding, which a mean passes on as it is, while the maximum goes to one of them.

    With ``amax`` it is the processor's rounding that decides, since it shares among those alone that tie to the bit.
    """
    model, (image, _, _) = stage_one().qformer, batch()
    with torch.no_grad():
        model.queries.zero_()
    states = model.see(image)
    torch.testing.assert_close(states, states[:, :1].expand_as(states), rtol=0, atol=1e-10)
    reduce(torch.einsum("bqd,d->bq", states, torch.linspace(-1, 1, 10).double()), -1).sum().backward()
    gradient = model.queries.grad[0]
    assert ((gradient - gradient[0]).abs().max() < 1e-6 * gradient.abs().max()) == alike


def test_what_equal_cosines_receive():
    """Exact on every processor: the ties are made by hand."""
    cosines = torch.full((3, 4), 0.3, dtype=torch.float64, requires_grad=True)
    shares = {"mean": [0.25] * 4, "amax": [0.25] * 4, "max": [0, 0, 0, 1]}
    found = {"mean": cosines.mean(-1), "amax": cosines.amax(-1), "max": cosines.max(-1).values}
    for name, share in shares.items():
        (slope,) = torch.autograd.grad(found[name].sum(), cosines)
        assert slope.sort(1).values.tolist() == [share] * 3


@pytest.mark.parametrize(
    ("image_dim", "with_head", "whole", "image_half"),
    [(1408, 186_307_387, 186_702_654, 105_162_240), (1024, 182_768_443, 183_163_710, 101_623_296)],
)
def test_counts_at_full_size(image_dim, with_head, whole, image_half):
    """The released stage 1, for both image encoders; what is left for stage 2; and the projection after it."""
    with torch.device("meta"):
        sizes = dict(dim=768, heads=12, depth=12, hidden=3072, queries=32, words=30_523, positions=512)
        model = StageOne(QFormer(**sizes, image_dim=image_dim), shared_dim=256)
        prompts = [SoftPrompt(dim=768, word_dim=width) for width in (2560, 4096, 2048)]
    count = lambda module: sum(parameter.numel() for parameter in module.parameters())  # noqa: E731
    assert count(model.qformer) + count(model.word_head) == with_head and count(model) == whole
    text = count(model.qformer.text) + sum(count(block.text_feed) for block in model.qformer.blocks)
    assert count(model.qformer) - text == image_half
    assert [count(prompt) for prompt in prompts] == [1_968_640, 3_149_824, 1_574_912]


def test_bad_input():
    with pytest.raises(ValueError, match="heads must divide dim = 10, got 3"):
        QFormer(**{**SIZES, "heads": 3})
    with pytest.raises(ValueError, match="ids must have at most 4 tokens, got 5"):
        WordEmbedding(dim=2, words=3, positions=4)(torch.zeros(1, 5, dtype=torch.long))
    with pytest.raises(ValueError, match="logits must be of at least 2 pairs for a negative, got 1"):
        hard_negatives(torch.ones(1, 1), generator=torch.Generator())
    for positives in (0, 4):
        with pytest.raises(ValueError, match=f"positives must be from 1 to the 3 pairs, got {positives}"):
            itm_loss(torch.ones(3, 2), positives=positives)
    model, (image, ids, padding_mask) = stage_one(), batch()
    with pytest.raises(ValueError, match=r"padding_mask must hold a word of every text, got none in \[1\]"):
        model.similarity(image, ids, padding_mask & torch.tensor([[True], [False], [True]]))


NO_WORDS = torch.zeros(2, 3, dtype=torch.bool)
ONE_WORD = torch.tensor([[True, False, False]] * 2)
LEFT = torch.tensor([[True, True, True], [False, True, True]])
IDS = torch.tensor([[3, 1, 4], [1, 5, 9]])
LOGITS = torch.zeros(2, 3, 23)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: itg_loss(LOGITS, IDS, ONE_WORD), "padding_mask must hold a second word of at least one text"),
        (lambda: itg_loss(LOGITS, IDS, NO_WORDS), r"padding_mask must hold a word of every text, got none in \[0, 1\]"),
        (lambda: itg_loss(LOGITS, IDS, LEFT), r"padding_mask must be False only behind the words .* in \[1\]"),
        (lambda: itg_loss(LOGITS, IDS + 20, LEFT | True), "ids must be between 0 and 22, got 21 to 29"),
        (lambda: itg_loss(LOGITS[:0], IDS[:0], LEFT[:0]), r"ids must hold at least one text .* \(0, 3\)"),
        (lambda: itc_loss(torch.ones(0, 0), tau=0.07), "similarity must hold at least one pair"),
        (lambda: itc_similarity(torch.ones(2, 0, 3), torch.ones(5, 3)), r"query_features must hold .* \(2, 0, 3\)"),
        (lambda: itc_similarity(torch.ones(2, 4, 0), torch.ones(5, 0)), r"query_features must hold .* \(2, 4, 0\)"),
    ],
)
def test_a_mean_over_nothing_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("tau", [0.0, -0.07, math.inf, math.nan])
def test_tau(tau):
    for given_tau in (tau, torch.tensor(tau)):
        with pytest.raises(ValueError, match=f"tau must be positive and finite, got {tau}"):
            itc_loss(torch.eye(3), tau=given_tau)
    model = stage_one()
    nn.init.constant_(model.temperature, tau)
    with pytest.raises(ValueError, match="tau must be positive and finite"):
        model(*batch(), decoder=21, generator=torch.Generator())


@pytest.mark.parametrize("wrong", [-1, 23])
def test_ids_that_are_no_words(wrong):
    model, (image, ids, padding_mask) = stage_one(), batch()
    ids[1, 2] = wrong
    for call in (model.similarity, model.match_logits, model.word_logits):
        with pytest.raises(ValueError, match="ids must be between 0 and 22, got"):
            call(image, ids, padding_mask)


def test_padding_before_the_words_is_refused_everywhere():
    """Hidden, it would still move the words to other positions, and the contrast reads the first token."""
    model, (image, ids, padding_mask) = stage_one(), batch()
    calls = [model.similarity, model.match_logits, model.word_logits]
    calls.append(lambda *given: model(*given, decoder=21, generator=torch.Generator()))
    calls.append(lambda _, *given: model.qformer.read(*given))
    for call in calls:
        with pytest.raises(ValueError, match=r"padding_mask must be False only behind the words .* in \[1, 2\]"):
            call(image, ids.flip(1), padding_mask.flip(1))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_single(dtype):
    queries, texts = torch.randn(3, 5, 7).to(dtype), torch.randn(3, 7).to(dtype)
    cosines = itc_similarity(queries, texts)
    assert cosines.dtype == torch.float32
    torch.testing.assert_close(cosines, itc_similarity(queries.float(), texts.float()), rtol=0, atol=0)
    logits, pairs = 9 * torch.randn(2, 3, 23).to(dtype), torch.randn(6, 2).to(dtype)
    for call, half in (
        (lambda s: itc_loss(s, tau=0.01), cosines.to(dtype)),
        (lambda each: itg_loss(each, IDS, LEFT | True), logits),
        (lambda each: itm_loss(each, positives=2), pairs),
    ):
        assert call(half).dtype == torch.float32
        torch.testing.assert_close(call(half).double(), call(half.double()), rtol=1e-5, atol=1e-5)


def test_autocast_takes_no_precision_away():
    queries, texts = torch.randn(3, 5, 7, requires_grad=True), torch.randn(3, 7)
    expected = itc_loss(itc_similarity(queries, texts), tau=0.01)
    with torch.autocast("cpu", torch.bfloat16):
        found = itc_loss(itc_similarity(queries, texts), tau=0.01)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    slopes = [torch.autograd.grad(loss, queries)[0] for loss in (found, expected)]
    torch.testing.assert_close(*slopes, rtol=0, atol=0)


def test_new_heads_take_dtype_and_device_of_the_q_former():
    for dtype in (torch.float64, torch.bfloat16):
        model = StageOne(QFormer(**SIZES).to(dtype), shared_dim=13)
        assert {each.dtype for each in model.parameters()} == {dtype}
    with torch.device("meta"):
        qformer = QFormer(**SIZES)
    assert all(each.is_meta for each in StageOne(qformer, shared_dim=13).parameters())


def test_heads_are_retrieval_alone():
    """A Retriever is StageOne without what only its training needs, so that released weights fill all of it."""
    retriever, whole = Retriever(QFormer(**SIZES), shared_dim=3), StageOne(QFormer(**SIZES), shared_dim=3)
    extra = set(whole.state_dict()) - set(retriever.state_dict())
    assert {name.split(".")[0] for name in extra} == {"word_head", "temperature"}


@pytest.mark.parametrize("lengths", [[5, 5, 5], [5, 2, 1], [1, 1, 1]])
def test_the_cache_is_one_pass_under_the_captioning_mask(lengths):
    model = stage_one().qformer
    image, ids, _ = batch()
    padding_mask = torch.arange(ids.shape[1]) < torch.tensor(lengths)[: len(ids), None]
    _, text = model(image, ids, itg_mask(queries=model.queries.shape[1], padding_mask=padding_mask))
    again = text_after(queries_past(image, qformer=model), ids, padding_mask, qformer=model)
    torch.testing.assert_close(again[padding_mask], text[padding_mask], rtol=0, atol=1e-10)


def test_the_cache_is_made_without_the_text():
    model = stage_one().qformer
    image, ids, padding_mask = batch()
    past = queries_past(image, qformer=model)
    assert len(past) == len(model.blocks)
    other = queries_past(image + 1, qformer=model)
    assert torch.equal(past[0][0], other[0][0]), "before the first cross-attention nobody has seen the image"
    assert all((one[0] - two[0]).abs().max() > 1e-6 for one, two in zip(past[1:], other[1:], strict=True))
    moved = text_after(other, ids, padding_mask, qformer=model)
    assert (moved - text_after(past, ids, padding_mask, qformer=model)).abs().amax(-1)[padding_mask].min() > 1e-6
