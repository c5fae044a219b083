"""Networks that a page runs: fewer bytes, the right numbers, and files that a page can load."""

import base64
import gzip
import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.theme.exported import READ, exported, stored
from theme import bundle, networks
from theme.networks import DifferentError, check_scripts, network_parts, runtime_parts, slim


def file(folder: Path, content: bytes) -> Path:
    made = folder / "lab.npz"
    made.write_bytes(content)
    return made


def test_weights_that_are_halves_are_stored_as_halves_and_nothing_else_changes():
    halves = np.arange(128, dtype=np.float32).reshape(16, 8)
    other = np.full(128, 1 / 3, np.float32)[:8]
    model = exported(halves, other)
    slimmed = onnx.load_from_string(slim(model))
    onnx.checker.check_model(slimmed)
    kept = {tensor.name: numpy_helper.to_array(tensor) for tensor in slimmed.graph.initializer}
    assert kept["w in half"].dtype == np.float16 and np.array_equal(kept["w in half"], halves)
    assert kept["b"].dtype == np.float32 and np.array_equal(kept["b"], other)
    assert [node.op_type for node in slimmed.graph.node] == ["Cast", "MatMul", "Add"]
    assert b"/home" in model and b"/home" not in slim(model)
    for exact in (np.full((16, 8), 1e6, np.float32), np.full((16, 8), 1 / 3, np.float32)):  # halves hold neither
        assert [node.op_type for node in onnx.load_from_string(slim(exported(exact, other))).graph.node] == [
            "MatMul",
            "Add",
        ]


def test_the_parts_of_a_network_are_what_its_lab_stored(tmp_path):
    parts = network_parts(file(tmp_path, stored()))
    assert list(parts) == ["network.onnx", "form.json", "table"]
    assert json.loads(parts["form.json"])["arrays"] == {"table": ["float16", [2, 3]]}
    assert np.frombuffer(parts["table"], np.float16).tolist() == [0, 1, 2, 3, 4, 5]


def test_networks_beside_are_parts_by_their_names_and_held_to_torch_as_well(tmp_path):
    parts = network_parts(file(tmp_path, stored(beside=("second", "third"))))
    assert list(parts) == ["network.onnx", "form.json", "second.onnx", "third.onnx", "table"]
    assert parts["third.onnx"] == parts["network.onnx"]
    with pytest.raises(DifferentError, match=r"^second: y is off by 1.0e-02 from what torch gives for real inputs$"):
        network_parts(file(tmp_path, stored(beside=("second",), beside_off=1e-2)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (stored(off=1e-2), r"^y is off by 1.0e-02 from what torch gives for random inputs$"),
        (stored(off=float("nan")), r"^y is off by nan"),
        (stored(network=exported(np.ones((16, 8), np.float32), np.ones(8, np.float32))), r"^y is off by .* for real"),
        (
            stored(network=exported(np.ones((4, 8), np.float32), np.ones(8, np.float32))),
            r"^the browser's runtime refuses",
        ),
    ],
)
def test_a_network_with_other_numbers_is_refused(tmp_path, content, said):
    with pytest.raises(DifferentError, match=said):
        network_parts(file(tmp_path, content))


def test_what_a_script_computes_is_what_the_package_gives(tmp_path):
    check_scripts(file(tmp_path, stored()))
    check_scripts(file(tmp_path, stored(held={"words.reading": [["One three", READ]]})))


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (
            {"words.reading": [["One three", READ], ["two", READ]]},
            r"^words.reading makes \{'ids': \[2, 1, 3, 0\], .* of 'two', and the package \{'ids': \[2, 0, 3, 0\]",
        ),
        ({"words.reading": [[None, READ]]}, r"^a script refuses it: (.|\n)*words\.js"),
        ({"words.writing": [["one", READ]]}, r"^a script refuses it: (.|\n)*called is not a function"),
    ],
)
def test_a_script_with_other_results_is_refused(tmp_path, held, said):
    with pytest.raises(DifferentError, match=said):
        check_scripts(file(tmp_path, stored(held=held)))


def test_a_bundle_comes_back_from_its_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "PIECE", 100)
    parts = {"one": np.random.default_rng(0).bytes(1000), "none": b"", "two": b"\n2"}
    bundle.write(bundle.bundled(parts), tmp_path / "made")
    pieces = [(tmp_path / f"made/{place}.js").read_text() for place in range(len(list((tmp_path / "made").iterdir())))]
    texts = [re.fullmatch(r'document\.currentScript\.gives = "([\w+/=]*)";\n', piece)[1] for piece in pieces]
    sizes, _, content = gzip.decompress(b"".join(map(base64.b64decode, texts))).partition(b"\n")
    assert json.loads(sizes) == {name: len(part) for name, part in parts.items()}
    assert content == b"".join(parts.values())
    size = sum(map(len, pieces))
    assert bundle.listed(tmp_path / "made") == {"folder": "made", "pieces": len(pieces), "bytes": size}


def test_the_worker_is_one_plain_script(tmp_path, monkeypatch):
    script = runtime_parts()["worker.js"].decode()
    assert "import.meta" not in script and not re.search(r"\bexport\s*[{*]", script)
    assert "InferenceSession: " in script and script.endswith((networks.HERE / "worker.js").read_text("utf-8"))
    (tmp_path / "ort.wasm.bundle.min.mjs").write_text("export default 1;")
    monkeypatch.setattr(networks, "ORT", tmp_path)
    with pytest.raises(ValueError, match="does not end with the names it exports"):
        runtime_parts()
