"""A tiny exported network as a lab stores it, without torch: y = x w + b."""

import io
import json

import numpy as np
from onnx import TensorProto, helper, numpy_helper

READ = {"ids": [2, 0, 3, 0], "words": [["one", "read"], ["three", "unknown"]]}  # what words.js makes of "One three"


def exported(weight: np.ndarray, bias: np.ndarray) -> bytes:
    """The network as ONNX, with what an exporter notes in it."""
    names = {"x": [1, len(weight)], "y": [1, weight.shape[1]]}
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in names.items())
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["xw"], doc_string="made in /home"),
        helper.make_node("Add", ["xw", "b"], ["y"]),
    ]
    tensors = [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(bias, "b")]
    graph = helper.make_graph(nodes, "graph", [x], [y], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10).SerializeToString()


def stored(
    *,
    off: float = 0.0,
    network: bytes = b"",
    beside: tuple[str, ...] = (),
    beside_off: float = 0.0,
    held: dict[str, list] | None = None,
) -> bytes:
    """What a lab stores, with the same network beside it under other names; the results are off from what it gives.

    Scripts are `held` to these cases.
    """
    random = np.random.default_rng(0)
    weight, bias = random.standard_normal((16, 8)).astype(np.float16).astype(np.float32), np.ones(8, np.float32) / 3
    form = {
        "inputs": {"x": [1, 16]},
        "outputs": ["y"],
        "data": {"vocabulary": ["one", "two"], "unseen": [1], "length": 4},
        "beside": {name: {"x": [1, 16]} for name in beside},
    }
    kept = {"network": np.frombuffer(network or exported(weight, bias), np.uint8), "form": np.array(json.dumps(form))}
    kept["held"] = np.array(json.dumps(held or {}))
    kept["array/table"] = np.arange(6, dtype=np.float16).reshape(2, 3)
    for trial in range(2):
        x = random.standard_normal((1, 16)).astype(np.float32)
        kept |= {f"check/{trial}/in/x": x, f"check/{trial}/out/y": x @ weight + bias + np.float32(off * trial)}
        for name in beside:
            kept[f"beside/{name}/network"] = np.frombuffer(exported(weight, bias), np.uint8)
            kept |= {f"beside/{name}/check/{trial}/in/x": x}
            kept |= {f"beside/{name}/check/{trial}/out/y": x @ weight + bias + np.float32(beside_off)}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **kept)
    return buffer.getvalue()
