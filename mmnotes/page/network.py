"""What a reader may run in the browser on input of their own: a torch module and what its form on the page needs.

While the book is built the module is exported to ONNX and stored with inputs and what torch makes of them.
theme/live.py makes the files of a page from that, theme/assets/live runs them. A notebook does
nothing with it: there is a kernel.
"""

import io
import json
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

TRIALS = 3  # random inputs that the exported module is held to, besides the real ones


@dataclass(frozen=True, eq=False)
class Part:
    """A module of tensors alone, real inputs for its arguments, in their order, and names for what it returns.

    Errors: as ``Network``.
    """

    module: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: tuple[str, ...]

    @property
    def shapes(self) -> dict[str, list[int]]:
        """The shapes of the inputs."""
        return {name: list(value.shape) for name, value in self.inputs.items()}

    def kept(self) -> dict[str, NDArray[Any]]:
        """The exported module, real inputs and random ones, and torch's results."""
        found: dict[str, NDArray[Any]] = {"network": np.frombuffer(self._exported(), np.uint8)}
        random = torch.Generator().manual_seed(0)
        shapes = self.shapes.items()
        trials = [{name: torch.randn(shape, generator=random) for name, shape in shapes} for _ in range(TRIALS)]
        for number, inputs in enumerate([dict(self.inputs), *trials]):
            results = dict(zip(self.outputs, self._results(inputs), strict=True))
            for side, values in (("in", inputs), ("out", results)):
                found |= {f"check/{number}/{side}/{name}": value.numpy() for name, value in values.items()}
        return found

    def _results(self, inputs: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        with torch.no_grad():
            found = self.module(*inputs.values())
        results = (found,) if isinstance(found, Tensor) else tuple(found)
        if len(results) != len(self.outputs):
            raise ValueError(f"outputs: the module gives {len(results)}, named are {', '.join(self.outputs)}")
        return results

    def _exported(self) -> bytes:
        log = logging.getLogger("torch.onnx")
        level = log.level
        log.setLevel(logging.ERROR)  # it says which packages it could also export for
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                program = torch.onnx.export(
                    self.module.eval(), tuple(self.inputs.values()), dynamo=True, external_data=False, verbose=False,
                    input_names=list(self.inputs), output_names=list(self.outputs),
                )  # fmt: skip
        except Exception as error:
            raise ValueError(f"module: it cannot be exported: {error}") from error
        finally:
            log.setLevel(level)
        assert program is not None  # it is with dynamo
        exported: bytes = program.model_proto.SerializeToString()
        return exported


@dataclass(frozen=True, eq=False)
class Network(Part):
    """What a reader may run: a part, and what its form on the page needs.

    `offer` says to the reader what there is to do. `form` names the scripts of theme/assets/live that show it, the one
    that starts last; they get `data`, which JSON can say, and `arrays`. `beside` are other parts by name, for a form
    that runs one on what it made of another's results. What a script computes itself is `held` to the package: pairs,
    by "script.function", of what it is given, `data` apart, and what it has to give.

    Errors: ValueError without inputs, or where they are not as the module takes them or gives another number of
    results; of `stored`, where the module cannot be exported.
    """

    offer: str
    form: tuple[str, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Tensor] = field(default_factory=dict)
    beside: Mapping[str, Part] = field(default_factory=dict)
    held: Mapping[str, Sequence[tuple[Any, Any]]] = field(default_factory=dict)

    def stored(self) -> bytes:
        """The exported modules, their form's data, and inputs with torch's results, as an npz file."""
        form = {"inputs": self.shapes, "outputs": self.outputs, "data": dict(self.data)}
        form |= {"beside": {name: part.shapes for name, part in self.beside.items()}}
        kept = {name: np.array(json.dumps(each)) for name, each in (("form", form), ("held", dict(self.held)))}
        kept |= self.kept() | {f"array/{name}": value.numpy() for name, value in self.arrays.items()}
        for name, part in self.beside.items():
            kept |= {f"beside/{name}/{key}": value for key, value in part.kept().items()}
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **kept)
        return buffer.getvalue()


def offered(network: Network, name: str, folder: Path) -> str:
    """Store the network of a lab in a folder, and give the HTML that offers to run it.

    Errors: ValueError that names the lab, where the network cannot be stored.
    """
    try:
        content = network.stored()
    except ValueError as error:
        raise ValueError(f"network: that of the lab {name!r} cannot be stored: {error}") from error
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.npz").write_bytes(content)
    return live_html(name, network, content)


def live_html(name: str, network: Network, content: bytes) -> str:
    """What offers to run the network of a lab; hidden until theme/assets/live/offer.js has come.

    theme/live.py adds where the files are. The version makes the page another one when the network is.
    """
    return (
        f'<div class="mm-live" data-network="{name}" data-version="{sha256(content).hexdigest()[:16]}"'
        f' data-form="{" ".join(network.form)}" hidden><p class="mm-live-offer"><button type="button" '
        f'class="mm-live-run">Run it here</button> <span class="mm-live-what">{escape(network.offer)}</span> It loads '
        '<span class="mm-live-size"></span>, once. <span class="mm-live-what">Nothing that you put in leaves this page.'
        '</span></p><p class="mm-live-said" role="status"></p></div>'
    )
