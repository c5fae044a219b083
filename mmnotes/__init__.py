"""The mechanisms inside multimodal models, one package a mechanism.

Import what you want from the mechanism's package: ``from mmnotes.sinkhorn import sinkhorn``. ``mmnotes.layers`` holds
what several mechanisms build on, ``mmnotes.models`` trained partners, ``mmnotes.data`` small real data, and
``mmnotes.page`` what a notebook needs to draw.

Shapes are checked when a function is called; see ``mmnotes.checked``.
"""

from mmnotes.checked import check_imports_of

check_imports_of("mmnotes")
