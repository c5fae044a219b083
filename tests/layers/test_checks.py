"""Values are looked at where there are some to look at."""

import torch

from mmnotes.layers.checks import values_known


def test_plain_tensors_can_be_looked_at():
    assert values_known() and values_known(torch.ones(2), torch.tensor(1))
    assert values_known(torch.ones(2, requires_grad=True))


def test_neither_meta_nor_transformed_nor_traced_tensors_can():
    assert not values_known(torch.ones(2), torch.empty(2, device="meta"))
    seen = []

    def looked_at(x):
        seen.append(values_known(x))
        return x * 2

    torch.func.vmap(looked_at)(torch.ones(3, 2))
    torch.func.jacrev(looked_at)(torch.ones(2))
    assert seen == [False, False]

    def traced(x):
        return x + 1 if values_known(x) else x + 2

    assert torch.compile(traced, fullgraph=True, backend="eager")(torch.zeros(1)).item() == 2
    assert traced(torch.zeros(1)).item() == 1
