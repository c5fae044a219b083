"""The mechanisms inside multimodal models, one module per mechanism.

Import the module you want: ``from mmnotes.sinkhorn import sinkhorn``.

Shapes are checked when a function is called: jaxtyping's import hook reads the annotations of every module of
this package and beartype enforces them, so a wrong shape names the argument, what came and what was expected.
"""

from beartype import BeartypeConf, beartype
from jaxtyping import install_import_hook

# A whole number is welcome wherever a real one is.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))

install_import_hook("mmnotes", "mmnotes.checked")
