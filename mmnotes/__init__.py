"""The mechanisms inside multimodal models, one module per mechanism.

Import the module you want: ``from mmnotes.sinkhorn import sinkhorn``.

Shapes are checked when a function is called: jaxtyping's import hook reads the annotations of every module of
this package and beartype enforces them, so a wrong shape names the argument, what came and what was expected.
"""

from jaxtyping import install_import_hook

install_import_hook("mmnotes", "beartype.beartype")
