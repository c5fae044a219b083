"""Write requirements.txt and requirements-test.txt from pyproject.toml: ``make pins``, ``make pins UPGRADE=--upgrade``.

What is pinned already stays as it is unless ``--upgrade`` is given. A build of torch for processors alone has a version
such as 2.13.0+cpu, and one for CUDA brings packages of its own; neither is everybody's, so both are left out, and pip.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = {"requirements.txt": ["book"], "requirements-test.txt": ["book", "test"]}
LEFT_OUT = re.compile(r"^(nvidia-|cuda-|triton==|pip==)")
OPTIONS = ("--quiet", "--strip-extras", "--allow-unsafe", "--no-emit-options", "--annotation-style=line")


def plain(text: str) -> str:
    """The pins for every machine: without CUDA's packages, pip, and what says how torch was built."""
    lines = [line for line in text.splitlines() if not LEFT_OUT.match(line)]
    return "\n".join(re.sub(r"^([\w.-]+==[^+\s]+)\+\w+", r"\1", line) for line in lines) + "\n"


def main(options: list[str]) -> None:
    """Resolve the reader's packages, then those of the tests with the same versions."""
    environment = os.environ | {"CUSTOM_COMPILE_COMMAND": "make pins"}
    same: list[str] = []
    for name, extras in FILES.items():
        chosen = [f"--extra={extra}" for extra in extras]
        command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, *chosen, *same, *options]
        subprocess.run([*command, f"--output-file={name}", "pyproject.toml"], cwd=ROOT, env=environment, check=True)
        file = ROOT / name
        file.write_text(plain(file.read_text(encoding="utf-8")), encoding="utf-8")
        same = [f"--constraint={name}"]


if __name__ == "__main__":
    main(sys.argv[1:])
