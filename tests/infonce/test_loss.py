"""CLIP's and SigLIP's losses: the equations as loops, limits, gradients, the released code's numbers."""

import math

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import cross_entropy, normalize

from mmnotes.infonce import info_nce, sharded_info_nce, sigmoid_loss, similarity
from tests.infonce.cases import features, slopes, textbook, waves

# ClipLoss of github.com/mlfoundations/open_clip at 89fb801f1e (src/open_clip/loss.py), torch 2.13.0, float64, for the
# features below, brought to length one by torch: the loss, its gradient for the scale, for image 2 and for text 5.
CLIP = {
    1.0: (
        (1.362691144, -0.48446088),
        [-0.00667242309, 0.0168441334, 0.019072411, -0.000701415, 0.0143277446],
        [0.00894405736, -0.0187968017, 0.013663921, -0.0439934552, 0.0131074573],
    ),
    1 / 0.07: (
        (0.8020332113, 0.047162458),
        [-0.113271541, 0.244586632, 0.0139858169, -0.213097773, 0.214576196],
        [-2.511293e-05, -0.000319340543, 5.56927626e-06, -0.000494418289, 4.8160205e-05],
    ),
    100.0: (
        (5.314550752, 0.0531423261),
        [-0.929171761, 2.01967842, 0.131770987, -1.72683819, 1.76823727],
        [-2.93902042e-23, -3.53820791e-23, -3.90717056e-23, -2.32351411e-23, -2.52537471e-23],
    ),
}
# SigLipLoss of the same file, with the gradients for scale and bias; the key is (scale, bias).
SIGLIP = {
    (10.0, -10.0): (
        (2.996795891, -0.59141355, -0.851082669),
        [-0.0381624463, 0.1988328, 0.230473863, 0.194450376, 0.125988513],
        [0.122523401, -0.197086096, 0.347673957, -0.466452742, 0.228687983],
    ),
    (1.0, 0.5): (
        (5.926275774, -0.217495344, 3.36865003),
        [-0.0189948952, 0.00825598147, -0.00986601689, -0.0925027403, 0.0255204273],
        [0.00824979633, -0.0131139043, -0.0435674322, -0.0605982259, -0.0162205516],
    ),
    (100.0, -20.0): (
        (29.70475571, 0.495125522, 1.0042887),
        [-4.0712861, 2.25501366, 0.762392198, -5.2872636, 0.248439436],
        [-0.037960859, -0.0457000626, -0.0504656472, -0.0300108844, -0.0326181461],
    ),
}


def cosines_by_loops(image, text):
    def cosine(x, y):
        product = sum(a * b for a, b in zip(x, y, strict=True))
        return product / math.sqrt(sum(a * a for a in x)) / math.sqrt(sum(b * b for b in y))

    return [[cosine(x, y) for y in text.tolist()] for x in image.tolist()]


def info_nce_by_loops(s, scale):
    count = len(s)
    row = [math.log(sum(math.exp(scale * s[i][j]) for j in range(count))) - scale * s[i][i] for i in range(count)]
    column = [math.log(sum(math.exp(scale * s[i][j]) for i in range(count))) - scale * s[j][j] for j in range(count)]
    return (sum(row) / count + sum(column) / count) / 2


def sigmoid_by_loops(s, scale, bias):
    label = {True: 1, False: -1}
    return sum(
        math.log(1 + math.exp(-label[i == j] * (scale * s[i][j] + bias))) for i in range(len(s)) for j in range(len(s))
    ) / len(s)


def test_shapes():
    assert similarity(waves(3, 5), waves(7, 5)).shape == (3, 7)
    assert info_nce(waves(7, 7), scale=2.0).shape == sigmoid_loss(waves(7, 7), scale=2.0, bias=-1.0).shape == ()
    assert sharded_info_nce(waves(3, 5), waves(3, 5), scale=2.0).shape == ()


def test_similarity_is_the_loops():
    image, text = waves(3, 5), 9 * waves(7, 5, shift=1.0)
    expected = torch.tensor(cosines_by_loops(image, text), dtype=torch.float64)
    torch.testing.assert_close(similarity(image, text), expected, rtol=1e-13, atol=1e-15)


def test_similarity_does_not_see_lengths():
    image, text = features()
    lengths = torch.linspace(0.1, 9, 7).double()[:, None]
    expected = similarity(image, text)
    assert expected.abs().max() <= 1 + 1e-15
    torch.testing.assert_close(similarity(lengths * image, text), expected)
    torch.testing.assert_close(similarity(image, lengths * text), expected)
    torch.testing.assert_close(similarity(image, 3 * image).diagonal(), torch.ones(7).double())
    assert torch.equal(similarity(torch.zeros(1, 5), torch.ones(2, 5)), torch.zeros(1, 2))


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("scale", [0.3, 1 / 0.07, 100.0])
def test_losses_are_the_loops(scale, count):
    s = waves(count, count)
    expected = info_nce_by_loops(s.tolist(), scale)
    assert info_nce(s, scale=scale).item() == pytest.approx(expected, rel=1e-12, abs=1e-12)
    expected = sigmoid_by_loops(s.tolist(), scale, -2.5)
    assert sigmoid_loss(s, scale=scale, bias=-2.5).item() == pytest.approx(expected, rel=1e-12)


def test_more_rows_than_a_block_holds():
    """Blocks are an arrangement in memory and change nothing; 2^19 bytes are 70 rows of 937 numbers, and some over."""
    s = waves(937, 937).requires_grad_()
    scale = torch.tensor(14.0, dtype=torch.float64, requires_grad=True)
    loss, expected = info_nce(s, scale=scale), textbook(s, scale)
    torch.testing.assert_close(loss, expected, rtol=1e-13, atol=0)
    torch.testing.assert_close(slopes(loss, s, scale), slopes(expected, s, scale), rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("count", [1, 2, 13, 1024])
def test_equal_scores_cost_log_n(count):
    """Nothing to go by: one guess among N; and for the sigmoid, N² guesses between yes and no, divided by N."""
    zero = torch.zeros(count, count, dtype=torch.float64)
    assert info_nce(zero, scale=5.0).item() == pytest.approx(math.log(count), rel=1e-12)
    assert sigmoid_loss(zero, scale=5.0, bias=0.0).item() == pytest.approx(count * math.log(2), rel=1e-12)
    expected = math.log1p(math.exp(3)) + (count - 1) * math.log1p(math.exp(-3))
    assert sigmoid_loss(zero, scale=5.0, bias=-3.0).item() == pytest.approx(expected, rel=1e-12)


def test_limits():
    """A batch of one is never wrong; certain and right costs nothing, certain and wrong twice the scale."""
    assert info_nce(torch.tensor([[0.3]]), scale=100.0).item() == 0
    perfect = 2 * torch.eye(5) - 1
    assert info_nce(perfect, scale=100.0).item() == 0
    assert info_nce(-perfect, scale=100.0).item() == pytest.approx(200 + math.log(4), rel=1e-6)


def test_both_directions_count_half():
    """One direction is the plain cross-entropy; where they differ, the loss is exactly their mean."""
    s, pairs = waves(7, 7), torch.arange(7)
    to_text, to_image = cross_entropy(3 * s, pairs), cross_entropy(3 * s.T, pairs)
    assert abs(to_text - to_image) > 0.05
    torch.testing.assert_close(info_nce(s, scale=3.0), (to_text + to_image) / 2, rtol=1e-13, atol=0)
    torch.testing.assert_close(info_nce(s.T, scale=3.0), info_nce(s, scale=3.0), rtol=1e-13, atol=0)


def test_a_constant_changes_nothing_in_info_nce_and_something_in_sigmoid():
    s = waves(7, 7)
    torch.testing.assert_close(info_nce(s + 5, scale=3.0), info_nce(s, scale=3.0), rtol=1e-12, atol=0)
    assert sigmoid_loss(s + 5, scale=3.0, bias=0.0) > sigmoid_loss(s, scale=3.0, bias=0.0) + 1
    torch.testing.assert_close(sigmoid_loss(s + 5, scale=3.0, bias=-15.0), sigmoid_loss(s, scale=3.0, bias=0.0))


def test_gradient_is_softmax_minus_identity():
    s, scale = waves(7, 7).requires_grad_(), 3.0
    expected = ((scale * s).softmax(1) + (scale * s).softmax(0) - 2 * torch.eye(7)) / 14 * scale
    (found,) = slopes(info_nce(s, scale=scale), s)
    torch.testing.assert_close(found, expected.detach(), rtol=1e-12, atol=1e-15)
    assert abs(found.sum()) < 1e-15, "what one pair gains others lose"


def test_gradients():
    s, scale, bias = waves(5, 5), torch.tensor(2.5).double(), torch.tensor(-1.5).double()
    inputs = tuple(each.requires_grad_() for each in (s, scale, bias))
    assert gradcheck(lambda s, scale: info_nce(s, scale=scale), inputs[:2])
    assert gradcheck(lambda s, scale, bias: sigmoid_loss(s, scale=scale, bias=bias), inputs)
    assert gradcheck(similarity, (waves(3, 5).requires_grad_(), waves(7, 5, shift=1.0).requires_grad_()))
    assert gradcheck(
        lambda image, text: sharded_info_nce(image, text, scale=2.5), tuple(x.requires_grad_() for x in features())
    )
    for s_alone, scale_alone in ((s, scale.detach()), (s.detach(), scale), (s, 2.5)):
        only = tuple(each for each in (s_alone, scale_alone) if isinstance(each, torch.Tensor) and each.requires_grad)
        expected = slopes(textbook(s_alone, scale_alone), *only)
        torch.testing.assert_close(slopes(info_nce(s_alone, scale=scale_alone), *only), expected)


def test_an_image_moves_at_right_angles_to_itself():
    """Only the direction counts, so the gradient has no part along the feature, and is shorter for a longer one."""
    image, text = (each.requires_grad_() for each in features())
    slope = slopes(info_nce(similarity(image, text), scale=9.0), image)[0]
    torch.testing.assert_close((slope * image).sum(1), torch.zeros(7).double(), rtol=0, atol=1e-15)
    longer = (2 * image).detach().requires_grad_()
    shorter = slopes(info_nce(similarity(longer, text), scale=9.0), longer)[0]
    torch.testing.assert_close(shorter, slope / 2)


def test_second_derivatives():
    """The written backward pass knows no graph; asked for one, it gives a slope that can be differentiated again."""
    s, scale = waves(5, 5).requires_grad_(), torch.tensor(2.5).double().requires_grad_()
    assert gradgradcheck(lambda s, scale: info_nce(s, scale=scale), (s, scale))
    ours, theirs = (
        torch.autograd.grad(loss(s, scale=scale), (s, scale), create_graph=True) for loss in (info_nce, textbook)
    )
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("scale_dtype", [torch.float64, torch.float32])
def test_compiled_slopes(scale_dtype):
    """A tracer does not see the backward pass that is written out, and takes the formula."""
    s, scale = waves(5, 5).requires_grad_(), torch.tensor(2.5, dtype=scale_dtype, requires_grad=True)
    compiled = torch.compile(info_nce, fullgraph=True, backend="aot_eager")
    found, expected = (slopes(loss(s, scale=scale), s, scale) for loss in (compiled, info_nce))
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("scale", CLIP)
def test_info_nce_equals_the_released_numbers(scale):
    (loss, for_scale), for_image, for_text = CLIP[scale]
    image, text = (each.requires_grad_() for each in features())
    scale = torch.tensor(scale, dtype=torch.float64, requires_grad=True)
    for found in (info_nce(similarity(image, text), scale=scale), sharded_info_nce(image, text, scale=scale)):
        by_image, by_text, by_scale = slopes(found, image, text, scale)
        assert (found.item(), by_scale.item()) == pytest.approx((loss, for_scale), rel=1e-8)
        assert by_image[2].tolist() == pytest.approx(for_image, rel=1e-6)
        assert by_text[5].tolist() == pytest.approx(for_text, rel=1e-6, abs=1e-15)


@pytest.mark.parametrize(("scale", "bias"), SIGLIP)
def test_sigmoid_loss_equals_the_released_numbers(scale, bias):
    (*numbers,), for_image, for_text = SIGLIP[scale, bias]
    image, text = (each.requires_grad_() for each in features())
    scale, bias = (torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in (scale, bias))
    loss = sigmoid_loss(similarity(image, text), scale=scale, bias=bias)
    by_image, by_text, *others = slopes(loss, image, text, scale, bias)
    assert [loss.item(), *(each.item() for each in others)] == pytest.approx(numbers, rel=1e-8)
    assert by_image[2].tolist() == pytest.approx(for_image, rel=1e-6)
    assert by_text[5].tolist() == pytest.approx(for_text, rel=1e-6)


def test_features_that_are_not_normalised_give_other_losses():
    """The golden numbers belong to cosines: inner products of these features cost more than twice as much."""
    image, text = features()
    assert info_nce(image @ text.T, scale=1 / 0.07) > 2 * info_nce(similarity(image, text), scale=1 / 0.07)
    assert not torch.allclose(normalize(image, dim=1), image)
