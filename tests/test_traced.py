"""Everything public under torch.compile with fullgraph, and under vmap, jacrev and jvp where its entry says so."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache

import pytest
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

import mmnotes
from tests import traced
from tests.traced import Traced

# PyTorch's own jvp scripts its formulas, which PyTorch deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
SHARED = ("layers", "models")
NO_CHAPTER = ("data", "page", *SHARED)


def modules_of(package: object) -> list[str]:
    return [each.name for each in pkgutil.iter_modules(package.__path__)]


@cache
def listed() -> tuple[dict[str, Traced], dict[str, str]]:
    """All entries, and all reasons for having none, by the public name."""
    found = [importlib.import_module(f"tests.traced.{name}") for name in modules_of(traced)]
    entries = {entry.name: entry for module in found for entry in module.TRACED}
    assert len(entries) == sum(len(module.TRACED) for module in found), "two entries have one name"
    return entries, {name: reason for module in found for name, reason in module.UNTRACED.items()}


@cache
def public() -> dict[str, object]:
    """What the chapters' packages export and the shared modules define: functions, modules' passes and methods."""
    found = {}
    for name, holder, names in holders():
        for each in names:
            value = getattr(holder, each)
            if inspect.isfunction(value):
                found[f"{name}.{each}"] = value
            elif inspect.isclass(value) and issubclass(value, nn.Module):
                found |= {f"{name}.{each}{rest}": method for rest, method in methods(value)}
    return found


def holders() -> Iterator[tuple[str, object, list[str]]]:
    """Short name, package or module, and its public names."""
    for stem in modules_of(mmnotes):
        package = importlib.import_module(f"mmnotes.{stem}")
        if stem in SHARED:
            for part in modules_of(package):
                module = importlib.import_module(f"mmnotes.{stem}.{part}")
                own = [name for name, value in vars(module).items() if vars_of(value) == module.__name__]
                yield f"{stem}.{part}", module, [name for name in own if not name.startswith("_")]
        elif stem not in NO_CHAPTER and hasattr(package, "__path__"):
            yield stem, package, package.__all__


def vars_of(value: object) -> str | None:
    return getattr(value, "__module__", None)


def methods(module: type[nn.Module]) -> Iterator[tuple[str, object]]:
    """The forward pass, which has the module's name, and the public methods that the class itself defines."""
    if module.forward is not nn.Module.forward:
        yield "", module
    for name, value in vars(module).items():
        if inspect.isfunction(value) and not name.startswith("_") and name != "forward":
            yield f".{name}", value


def made(entry: Traced) -> tuple:
    torch.manual_seed(0)
    return entry.make()


def test_everything_public_is_listed_once():
    entries, reasons = listed()
    assert not set(entries) & set(reasons), "an entry that is said to be untraced"
    assert sorted(set(public()) - set(entries) - set(reasons)) == [], "public, and without an entry"
    assert sorted(set(entries) | set(reasons)) == sorted(set(public())), "listed, and not public"


def test_what_is_not_traced_says_why():
    _, reasons = listed()
    for name, reason in reasons.items():
        written = re.sub(r"\s+", " ", inspect.getdoc(public()[name]) or "")
        assert reason and reason in written, f"the docstring of {name} must say: {reason}"


@pytest.mark.parametrize("name", listed()[0])
def test_compiled_in_one_graph_is_eager(name):
    call, tensors = made(listed()[0][name])
    expected = call(*tensors)
    torch.compiler.reset()
    torch.testing.assert_close(torch.compile(call, fullgraph=True, backend="eager")(*tensors), expected)


TRANSFORMED = [(name, each) for name, entry in listed()[0].items() for each in entry.transforms]


@pytest.mark.parametrize(("name", "transform"), TRANSFORMED)
def test_transformed_is_a_loop_or_the_slopes_of_autograd(name, transform):
    call, tensors = made(listed()[0][name])
    with torch.random.fork_rng(devices=[]):
        {"vmap": check_vmap, "jacrev": check_jacrev, "jvp": check_jvp}[transform](call, tensors)


def check_vmap(call, tensors):
    flipped = [each.flip(0) if each.ndim else each for each in tensors]
    expected = tree_map(lambda *each: torch.stack(each), call(*tensors), call(*flipped))
    both = [torch.stack(pair) for pair in zip(tensors, flipped, strict=True)]
    torch.testing.assert_close(torch.vmap(call)(*both), expected, equal_nan=True)


def slopes(call, tensors) -> list[Tensor]:
    """Of each real output, flat, by each real tensor: autograd, one output at a time."""
    inputs = [each.detach().requires_grad_(each.is_floating_point()) for each in tensors]
    real = [each for each in inputs if each.requires_grad]
    outputs = torch.cat([each.flatten() for each in real_leaves(call(*inputs))])
    rows = [
        torch.autograd.grad(each, real, retain_graph=True, allow_unused=True, materialize_grads=True)
        for each in outputs
    ]
    return [torch.stack(column) for column in zip(*rows, strict=True)]


def flat_call(call, tensors):
    """The call as a function of its real tensors alone, with one vector of real outputs."""

    def of_real(*real: Tensor) -> Tensor:
        given, every = iter(real), []
        for each in tensors:
            every.append(next(given) if each.is_floating_point() else each)
        return torch.cat([each.flatten() for each in real_leaves(call(*every))])

    return of_real, [each.detach() for each in tensors if each.is_floating_point()]


def real_leaves(outputs) -> list[Tensor]:
    return [each for each in tree_leaves(outputs) if isinstance(each, Tensor) and each.is_floating_point()]


def check_jacrev(call, tensors):
    of_real, real = flat_call(call, tensors)
    found = torch.func.jacrev(of_real, argnums=tuple(range(len(real))))(*real)
    torch.testing.assert_close(list(found), slopes(call, tensors))


def check_jvp(call, tensors):
    of_real, real = flat_call(call, tensors)
    directions = [torch.randn_like(each) for each in real]
    _, found = torch.func.jvp(of_real, tuple(real), tuple(directions))
    pairs = zip(slopes(call, tensors), directions, strict=True)
    expected = sum(slope.reshape(len(slope), -1) @ each.flatten() for slope, each in pairs)
    torch.testing.assert_close(found, expected)
