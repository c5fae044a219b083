"""Arrays beside the code: all of a file or one of it, half precision as float32, and clear errors."""

import sys

import numpy as np
import pytest
import torch

from mmnotes.layers.stored import stored_array, stored_arrays


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The name of a package with one file."""
    (tmp_path / "storedsample").mkdir()
    (tmp_path / "storedsample/__init__.py").write_text("")
    np.savez(tmp_path / "storedsample/two.npz", half=np.float16([0.5, 2]), whole=np.uint8([[3]]))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "storedsample"
    sys.modules.pop("storedsample", None)


def test_all_arrays_in_order_and_one_alone(package):
    both = stored_arrays(package, "two.npz")
    assert list(both) == ["half", "whole"]
    assert both["half"].dtype == torch.float32 and both["half"].tolist() == [0.5, 2]
    assert both["whole"].dtype == torch.uint8
    assert torch.equal(stored_array(package, "two.npz", "whole"), both["whole"])


def test_what_is_read_is_the_reader_s_own(package):
    stored_array(package, "two.npz", "half").zero_()
    assert stored_array(package, "two.npz", "half").tolist() == [0.5, 2]


def test_what_is_not_there_is_named(package):
    with pytest.raises(FileNotFoundError, match="three"):
        stored_arrays(package, "three.npz")
    with pytest.raises(KeyError, match="third"):
        stored_array(package, "two.npz", "third")
