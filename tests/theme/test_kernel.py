import asyncio

import nbformat
import pytest

from theme.kernel import Client, OwnKernel


class Failing(OwnKernel):
    """A manager whose first kernels are killed before they answer."""

    doomed = 0

    async def start_kernel(self, **kwargs):  # type: ignore[override]
        await super().start_kernel(**kwargs)
        if type(self).doomed:
            type(self).doomed -= 1
            await self.signal_kernel(9)


def outputs(*, doomed):
    Failing.doomed = doomed
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(6 * 7)")])
    asyncio.run(Client(notebook, kernel_name="python3", kernel_manager_class=Failing).async_execute())
    return notebook.cells[0].outputs


def test_a_kernel_that_dies_as_it_starts_is_started_once_more():
    (printed,) = outputs(doomed=1)
    assert (printed.text, Failing.doomed) == ("42\n", 0)


def test_a_second_death_is_told():
    with pytest.raises(RuntimeError, match="Kernel died"):
        outputs(doomed=2)
