"""iBOT's loss: the equation as loops, the authors' numbers, both forms of the patch term, and who gets no gradient."""

import math

import pytest
import torch

from mmnotes.dino import centred_targets, updated_centre
from mmnotes.ibot import gathered_patch_loss, ibot_loss, patch_loss
from mmnotes.ibot.loss import Centres, Logits
from tests.ibot.cases import some_masked, waves

# iBOTLoss of github.com/bytedance/ibot at da316d8263 (main_ibot.py), torch 2.13.0, float32, one process of gloo: three
# calls in a row with student logits waves(6, 4, 7) and waves(2, 4, 6, 5, shift=0.5), teacher logits waves(2, 4, 7,
# shift=1) and waves(2, 4, 6, 5, shift=1.5) times scale, some_masked(); both terms, the patches' centre after the call,
# and the gradient of the patch term by the first patch of all.
RELEASED = [
    {
        "scale": 1.0,
        "cls_tau": 0.04,
        "patch_tau": 0.04,
        "cls": 3.46541667,
        "patch": 1.10362434,
        "centre": [6.44071e-05, -0.0003860747, 0.0004209856, 0.0020901901, 0.0017242924],
        "slope": [0.434219718, -0.437076211, -0.0008088895, 4.04931e-05, 0.0036249391],
    },
    {
        "scale": 1.5,
        "cls_tau": 0.04,
        "patch_tau": 0.04,
        "cls": 3.41312838,
        "patch": 1.03435493,
        "centre": [0.0001545767, -0.0009265796, 0.001010365, 0.0050164564, 0.0041383021],
        "slope": [0.4342271686, -0.4383342266, 0.0004416389, 4.04936e-05, 0.0036249389],
    },
    {
        "scale": 2.25,
        "cls_tau": 0.07,
        "patch_tau": 0.06,
        "cls": 3.41879225,
        "patch": 1.03539562,
        "centre": [0.0002840338, -0.0017025911, 0.0018565452, 0.0092177382, 0.0076041296],
        "slope": [0.434227258, -0.4383349419, 0.000442348, 4.04936e-05, 0.0036249391],
    },
]


def test_equals_the_authors_numbers_over_three_steps():
    centres, masked = Centres(torch.zeros(7), torch.zeros(5)), some_masked()
    for step in RELEASED:
        student = Logits(waves(6, 4, 7), waves(2, 4, 6, 5, shift=0.5).requires_grad_())
        teacher = Logits(step["scale"] * waves(2, 4, 7, shift=1), step["scale"] * waves(2, 4, 6, 5, shift=1.5))
        taus = {"cls_tau": step["cls_tau"], "patch_tau": step["patch_tau"]}
        cls, patch = ibot_loss(student, teacher, masked, centres, **taus)
        assert (cls.item(), patch.item()) == pytest.approx((step["cls"], step["patch"]), rel=1e-6)
        (slope,) = torch.autograd.grad(patch, student.patches)
        torch.testing.assert_close(slope[0, 0, 0], torch.tensor(step["slope"]), rtol=1e-4, atol=1e-8)
        centres = Centres(*map(updated_centre, centres, teacher))
        torch.testing.assert_close(centres.patches, torch.tensor(step["centre"]), rtol=1e-4, atol=1e-8)


def loops(student, targets, masked, tau):
    """mean over pictures of Σ_i m_i Σ_k -t_ik log p_ik / max(1, Σ_i m_i), one number at a time."""
    total, pictures = 0.0, masked.flatten(0, -2)
    for s, t, m in zip(student.flatten(0, -3), targets.flatten(0, -3), pictures, strict=True):
        hidden = 0.0
        for i in range(len(m)):
            powers = [math.exp(each / tau) for each in s[i].tolist()]
            if m[i]:
                hidden -= sum(
                    each * math.log(power / sum(powers)) for each, power in zip(t[i].tolist(), powers, strict=True)
                )
        total += hidden / max(1, int(m.sum()))
    return total / len(pictures)


@pytest.mark.parametrize("tau", [0.1, 0.4])
def test_the_patch_term_is_the_loops_and_the_gathered_form_the_same(tau):
    student, masked = waves(2, 4, 6, 5).double(), some_masked()
    targets = centred_targets(waves(2, 4, 6, 5, shift=1).double(), torch.zeros(5).double())
    found = patch_loss(student, targets, masked, tau=tau)
    assert found.item() == pytest.approx(loops(student, targets, masked, tau), rel=1e-12)
    gathered = gathered_patch_loss(student[masked], targets[masked], masked.flatten(0, 1), tau=tau)
    torch.testing.assert_close(gathered, found, rtol=1e-12, atol=0)


def test_each_picture_weighs_the_same_however_much_of_it_is_hidden():
    """A mean over all hidden patches would be nearer to the picture with more of them."""
    student, targets = torch.zeros(2, 6, 3), torch.zeros(2, 6, 3)
    targets[..., 0] = 1
    student[0, :, 0] = -1.0
    masked = torch.tensor([[True] * 5 + [False], [True] + [False] * 5])
    alone = [patch_loss(student[each], targets[each], masked[each]) for each in (0, 1)]
    torch.testing.assert_close(patch_loss(student, targets, masked), sum(alone) / 2)


def test_a_picture_without_holes_counts_as_zero_and_gets_no_gradient():
    student, masked = waves(1, 2, 6, 5)[0].requires_grad_(), some_masked(1, 2)[0]
    masked[1] = False
    targets = centred_targets(waves(1, 2, 6, 5, shift=1)[0], torch.zeros(5))
    loss = patch_loss(student, targets, masked)
    loss.backward()
    torch.testing.assert_close(loss, patch_loss(student[:1], targets[:1], masked[:1]) / 2)
    assert torch.equal(student.grad.ne(0).any(-1), masked)


def test_what_a_patch_of_the_other_view_says_does_not_matter():
    """The patch term compares within a view, the [CLS] term across: views swapped change the one and not the other."""
    student, teacher = Logits(waves(2, 4, 7), waves(2, 4, 6, 5)), Logits(waves(2, 4, 7), waves(2, 4, 6, 5))
    centres, masked = Centres(torch.zeros(7), torch.zeros(5)), torch.ones(2, 4, 6, dtype=torch.bool)
    cls, patch = ibot_loss(student, teacher, masked, centres)
    other = Logits(teacher.cls.flip(0), teacher.patches.flip(0))
    cls_other, patch_other = ibot_loss(student, other, masked, centres)
    assert patch < patch_other - 0.1 and cls > cls_other + 0.1


def test_the_teacher_gets_no_gradient():
    student = Logits(waves(3, 4, 7).requires_grad_(), waves(2, 4, 6, 5).requires_grad_())
    teacher = Logits(waves(2, 4, 7, shift=1).requires_grad_(), waves(2, 4, 6, 5, shift=1).requires_grad_())
    sum(ibot_loss(student, teacher, some_masked(), Centres(torch.zeros(7), torch.zeros(5)))).backward()
    assert all(each.grad is not None for each in student) and not any(each.grad is not None for each in teacher)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: patch_loss(torch.zeros(0, 6, 5), torch.zeros(0, 6, 5), some_masked(1, 4)[0, :0]), "^masked must hold"),
        (
            lambda: gathered_patch_loss(torch.zeros(3, 5), torch.zeros(3, 5), torch.ones(1, 6, dtype=torch.bool)),
            "^student must hold the 6 patches that are masked, got 3",
        ),
        (lambda: patch_loss(*[torch.zeros(1, 6, 5)] * 2, some_masked(1, 1)[0], tau=0.0), "^tau must be positive"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
