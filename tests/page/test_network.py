"""What a lab stores of a network for the page: the exported module, data, and torch's results."""

import io
import json

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from mmnotes.page import Choice, Lab
from mmnotes.page.network import TRIALS, Network, Part, live_html


class Scaled(nn.Module):
    """Two results of two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
        return scale * self.layer(x), x.sum(1)


class Opaque(nn.Module):
    """What depends on a number that an export does not know."""

    def forward(self, x: Tensor) -> Tensor:
        return x * len({float(entry) for entry in x.flatten()})


def network(module: nn.Module | None = None, outputs: tuple[str, ...] = ("scaled", "sum"), **others: object) -> Network:
    inputs = {"x": torch.ones(1, 3), "scale": torch.tensor(2.0)}
    settings = {"inputs": inputs, "offer": "Type <3> numbers.", "form": ("one", "two"), **others}
    return Network(module or Scaled(), outputs=outputs, **settings)


def made_lab(of: Network) -> Lab:
    def draw(figure, kind):
        figure.subplots().set_title(kind)

    kind = Choice("Kind", options=["a", "b"])
    return Lab(draw, lambda kind: f"Kind {kind}.", name="typed", title="Typed", size=(2, 1), network=of, kind=kind)


def test_what_is_stored_holds_the_module_its_data_and_results_of_torch(capfd):
    arrays = {"table": torch.ones(2, 5).half(), "flags": torch.ones(2).byte()}
    of = network(data={"words": ["a"]}, arrays=arrays, held={"script.called": [("given", [1])]})
    with np.load(io.BytesIO(of.stored())) as file:
        stored = dict(file)
    form = json.loads(str(stored["form"]))
    assert form == {
        "inputs": {"x": [1, 3], "scale": []},
        "outputs": ["scaled", "sum"],
        "data": {"words": ["a"]},
        "beside": {},
    }
    assert json.loads(str(stored["held"])) == {"script.called": [["given", [1]]]}
    assert stored["array/table"].dtype == np.float16 and stored["array/flags"].dtype == np.uint8
    graph = onnx.load_from_string(stored["network"].tobytes()).graph
    assert [each.name for each in graph.input] == ["x", "scale"]
    assert [each.name for each in graph.output] == ["scaled", "sum"]
    assert stored["check/0/in/x"].tolist() == [[1, 1, 1]]  # the real input
    for trial in range(1 + TRIALS):
        x, scale = (torch.from_numpy(stored[f"check/{trial}/in/{name}"]) for name in ("x", "scale"))
        for name, wanted in zip(("scaled", "sum"), of.module(x, scale), strict=True):
            assert np.array_equal(stored[f"check/{trial}/out/{name}"], wanted.detach().numpy())
    assert not np.array_equal(stored["check/1/in/x"], stored["check/2/in/x"])
    assert capfd.readouterr() == ("", "")  # a chapter that complains is a warning


def test_parts_beside_are_stored_below_their_names():
    part = Part(Scaled(), {"x": torch.ones(5, 3), "scale": torch.tensor(3.0)}, ("scaled", "sum"))
    with np.load(io.BytesIO(network(beside={"second": part}).stored())) as file:
        stored = dict(file)
    assert json.loads(str(stored["form"]))["beside"] == {"second": {"x": [5, 3], "scale": []}}
    assert stored["beside/second/check/0/in/x"].shape == (5, 3) and stored["check/0/in/x"].shape == (1, 3)
    graph = onnx.load_from_string(stored["beside/second/network"].tobytes()).graph
    assert [each.dim_value for each in graph.input[0].type.tensor_type.shape.dim] == [5, 3]


def test_other_names_than_there_are_results_are_refused():
    with pytest.raises(ValueError, match=r"^outputs: the module gives 2, named are scaled$"):
        network(outputs=("scaled",)).stored()


def test_a_lab_of_the_book_stores_its_network_and_offers_it(tmp_path, monkeypatch):
    monkeypatch.setenv("MMNOTES_LAB_FRAMES", str(tmp_path / "chapter"))
    html = made_lab(network())._repr_mimebundle_()["text/html"]
    content = (tmp_path / "live" / "typed.npz").read_bytes()
    assert live_html("typed", network(), content) in html
    assert 'data-network="typed"' in html and 'data-form="one two" hidden' in html
    assert "Type &lt;3&gt; numbers." in html
    assert live_html("typed", network(), content) != live_html("typed", network(), content + b"0")


def test_a_network_that_cannot_be_exported_names_the_lab(tmp_path, monkeypatch):
    monkeypatch.setenv("MMNOTES_LAB_FRAMES", str(tmp_path / "chapter"))
    broken = network(Opaque(), ("x",), inputs={"x": torch.ones(2)})
    with pytest.raises(ValueError, match=r"^network: that of the lab 'typed' cannot be stored: module: it cannot be"):
        made_lab(broken)


def test_in_a_notebook_nothing_is_exported(monkeypatch):
    monkeypatch.setattr(Network, "stored", None)
    assert "image/png" in made_lab(network())._repr_mimebundle_()
