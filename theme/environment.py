"""The environment in which chapters run, wherever they do: what a reader has set for figures of their own stays out.

A backend in MPLBACKEND, a matplotlibrc, a style, a configuration of IPython: each changes what cells draw or print, or
makes a library complain, and the pages would not be the same on two machines. So matplotlib and IPython get folders of
their own in ``_build``, which hold nothing but what they put there: matplotlib its list of fonts.
"""

import os
import subprocess
import sys
from pathlib import Path

OWN = Path(__file__).parents[1] / "_build" / "own"
LEFT_OUT = {"MPLBACKEND", "MATPLOTLIBRC"}
SETTINGS = {"MPLCONFIGDIR": str(OWN / "matplotlib"), "IPYTHONDIR": str(OWN / "ipython")}


def environment() -> dict[str, str]:
    """This process's environment, without the reader's settings for figures and notebooks."""
    return {key: value for key, value in os.environ.items() if key not in LEFT_OUT} | SETTINGS


def warm() -> None:
    """Let matplotlib list the fonts of this machine, once; in a cell it would say on stderr that this takes a while."""
    OWN.mkdir(parents=True, exist_ok=True)
    if not list(OWN.glob("matplotlib/fontlist*.json")):
        command = [sys.executable, "-c", "import matplotlib.font_manager"]
        subprocess.run(command, env=environment(), check=True, capture_output=True)
