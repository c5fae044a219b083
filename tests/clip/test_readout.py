"""Three readouts of one set of tokens: as loops, as limits of each other, and what each of them hears."""

import math

import pytest
import torch

from mmnotes.clip import AttentionReadout, ClassReadout, MeanReadout
from tests.clip.cases import layer_norm, linear, plus, stirred

READOUTS = {
    "class": lambda: stirred(ClassReadout(dim=6, features=5)),
    "mean": lambda: stirred(MeanReadout(dim=6, features=5)),
    "attention": lambda: stirred(AttentionReadout(dim=6, features=5, patches=7, heads=3)),
}
every_readout = pytest.mark.parametrize("name", READOUTS)


def tokens(batch=2):
    return torch.randn(batch, 8, 6, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


@every_readout
def test_shapes(name):
    assert READOUTS[name]()(tokens(3)).shape == (3, 5)


def test_weights_of_the_query():
    weights = READOUTS["attention"]().weights(tokens(3))
    assert weights.shape == (3, 3, 8)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 3).double(), rtol=0, atol=1e-12)


def test_class_and_mean_are_the_loops():
    x = tokens()[0].tolist()
    mean = [sum(column) / 7 for column in zip(*x[1:], strict=True)]
    for name, row in (("class", x[0]), ("mean", mean)):
        readout = READOUTS[name]()
        expected = torch.tensor(linear(layer_norm(row, readout.norm), readout.projection), dtype=torch.float64)
        torch.testing.assert_close(readout(tokens())[0], expected, rtol=0, atol=1e-12)


def test_attention_is_the_loops():
    readout, x = READOUTS["attention"](), tokens()[0].tolist()
    x[0] = [sum(column) / 7 for column in zip(*x[1:], strict=True)]
    x = [plus(*each) for each in zip(x, readout.position.tolist(), strict=True)]
    query, key, value = (
        linear(x[0], readout.query),
        *([linear(row, w) for row in x] for w in (readout.key, readout.value)),
    )
    read = []
    for head in range(3):
        part = range(2 * head, 2 * head + 2)
        scores = [math.exp(sum(query[d] * k[d] for d in part) / math.sqrt(2)) for k in key]
        read += [sum(s * v[d] for s, v in zip(scores, value, strict=True)) / sum(scores) for d in part]
        found = readout.weights(tokens())[0, head]
        torch.testing.assert_close(found, torch.tensor(scores, dtype=torch.float64) / sum(scores), rtol=0, atol=1e-12)
    expected = torch.tensor(linear(read, readout.output), dtype=torch.float64)
    torch.testing.assert_close(readout(tokens())[0], expected, rtol=0, atol=1e-12)


def test_attention_without_scores_is_a_mean():
    readout = READOUTS["attention"]()
    with torch.no_grad():
        readout.key.weight.zero_()
        readout.position.zero_()
    mean = tokens()[:, 1:].mean(1)
    torch.testing.assert_close(readout(tokens()), readout.output(readout.value(mean)), rtol=0, atol=1e-12)


@every_readout
def test_who_is_heard(name):
    """[CLS] alone, or every patch and never [CLS]."""
    x = tokens().requires_grad_()
    READOUTS[name]()(x).square().sum().backward()
    heard = x.grad.abs().sum(-1) > 0
    assert heard[:, 0].all() == (name == "class") and heard[:, 0].any() == (name == "class")
    assert heard[:, 1:].all() == (name != "class") and heard[:, 1:].any() == (name != "class")


@every_readout
def test_every_parameter_learns(name):
    readout = READOUTS[name]()
    readout(tokens()).square().sum().backward()
    for parameter_name, parameter in readout.named_parameters():
        if parameter_name != "key.bias":  # the same for every key, so that the softmax does not see it
            assert parameter.grad.abs().sum() > 1e-9, parameter_name


def test_only_attention_knows_the_order_of_patches():
    turned = torch.cat([tokens()[:, :1], tokens()[:, 1:].flip(1)], dim=1)
    for name in ("class", "mean"):
        readout = READOUTS[name]()
        torch.testing.assert_close(readout(turned), readout(tokens()), rtol=0, atol=1e-12)
    attention = READOUTS["attention"]()
    assert (attention(turned) - attention(tokens())).abs().max() > 1e-2


def test_heads_must_divide_dim():
    with pytest.raises(ValueError, match="heads must divide dim = 6, got 4"):
        AttentionReadout(dim=6, features=5, patches=7, heads=4)
