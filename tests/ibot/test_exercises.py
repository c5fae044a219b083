"""What the exercises ask for holds by automatic differentiation, by drawing, and by the parts of the package."""

import torch

from mmnotes.ibot import block_mask, gathered_patch_loss, mask_ratios, patch_loss
from mmnotes.page import check
from mmnotes.page.exercises import exercise_of


def test_the_share_is_the_mean_of_what_is_drawn():
    share = exercise_of("ibot-1").solution
    for none, low, high in ((0.5, 0.1, 0.5), (0.2, 0.3, 0.9)):
        drawn = mask_ratios(count=40_000, random=torch.Generator().manual_seed(0), none=none, low=low, high=high)
        assert abs(drawn.mean().item() - share(none, low, high)) < 0.005


def test_the_weights_are_those_of_the_loss():
    (masked,) = exercise_of("ibot-3").inputs[0]
    weights = exercise_of("ibot-3").solution(masked)
    each = torch.rand(masked.shape, generator=torch.Generator().manual_seed(0))
    # Logits of two prototypes whose cross-entropy with the first is `each`.
    student = torch.stack([torch.zeros_like(each), (each.exp() - 1).log()], -1)
    targets = torch.tensor([1.0, 0.0]).expand(*masked.shape, 2)
    torch.testing.assert_close((weights * each).sum(), patch_loss(student, targets, masked, tau=1.0))
    gathered = gathered_patch_loss(student[masked], targets[masked], masked, tau=1.0)
    torch.testing.assert_close((weights * each).sum(), gathered)


def test_a_mask_of_blocks_that_fit_hides_no_more_than_is_wanted():
    for rows, columns, wanted, blocks in exercise_of("ibot-4").inputs:
        assert exercise_of("ibot-4").solution(rows, columns, wanted, blocks).sum() <= wanted
    assert block_mask(rows=6, columns=6, ratio=11 / 36, random=torch.Generator().manual_seed(0)).sum() <= 11


def test_the_gradient_by_hand_is_that_of_autograd():
    def gradient(student, teacher, masked, centre):
        counts = masked.sum(-1, keepdim=True).clamp(min=1)
        said, asked = (student / 0.1).softmax(-1), ((teacher - centre) / 0.04).softmax(-1)
        return (masked / counts / len(masked))[..., None] * (said - asked) / 0.1

    assert check("ibot-5", gradient).right is True
