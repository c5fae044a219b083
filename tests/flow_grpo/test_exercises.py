"""What two exercises ask for, by loops."""

import torch

from mmnotes.flow_grpo.weighing import _combined, _objective


def test_each_reward_is_centred_in_its_group_and_divided_by_its_largest_deviation():
    rewards, weights = torch.rand(2, 3, 5, generator=torch.Generator().manual_seed(0)), torch.tensor([0.5, 2.0])
    wanted = torch.zeros(3, 5)
    for weight, reward in zip(weights, rewards, strict=True):
        largest = max(group.std(correction=0) for group in reward)
        for row, group in enumerate(reward):
            wanted[row] += weight * (group - group.mean()) / largest
    torch.testing.assert_close(_combined(rewards, weights), wanted)


def test_the_objective_takes_the_smaller_product():
    new, old, worth = [0.5, -0.5, 0.1], [0.0, 0.0, 0.0], [1.0, -1.0, 2.0]
    ratios = [torch.tensor(each).exp().item() for each in new]
    each = [min(r * a, min(max(r, 0.8), 1.2) * a) for r, a in zip(ratios, worth, strict=True)]
    found = _objective(torch.tensor(new), torch.tensor(old), torch.tensor(worth), 0.2)
    assert abs(found.item() - sum(each) / 3) < 1e-6
