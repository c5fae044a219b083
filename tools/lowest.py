"""Print the lowest versions that pyproject.toml declares, for ``pip install -c``: ``python -m tools.lowest``."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def lowest(requirement: str) -> str:
    """The pin of a requirement's lower bound: ``torch>=2.4`` gives ``torch==2.4``."""
    wanted = Requirement(requirement)
    (bound,) = [each.version for each in wanted.specifier if each.operator == ">="]
    return f"{wanted.name}=={bound}"


def main() -> None:
    """What the package itself needs; its extras are pinned by other means."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    print("\n".join(lowest(requirement) for requirement in project["dependencies"]))


if __name__ == "__main__":
    main()
