"""Train the small model of the chapter `qwen3_vl`: ``python -m tools.qwen3_vl.train``, then ``.study``.

Tower and language model learn apart, once; every variant starts from both. All stages are kept under
``_build/training`` and go on where they were cut off. ``python -m tools.qwen3_vl.train interleaved 0`` trains one
variant.
"""

import sys

import torch
from torch import nn

from mmnotes.data.questions import LEXICON
from mmnotes.mrope import interleaved, sectioned
from mmnotes.qwen3_vl import Qwen3VL
from mmnotes.qwen3_vl.pretrained import LEVELS, SECTIONS, small_qwen3_vl
from tools.qwen3_vl.asking import on_a_line
from tools.qwen3_vl.stages import Contrast, Loss, Prepared, answer_loss, as_it_is, contrast_loss, text_loss
from tools.training import rate, train_

STEPS = {"contrast": 1200, "text": 1200, "merger": 200, "whole": 3000}
HIGHEST = {"contrast": 1e-3, "text": 2e-3, "merger": 1e-3, "whole": 1e-3}
COMPARED = 1000  # steps of a variant that is only compared
VARIANTS = ("interleaved", "sectioned", "line", "no levels", "mergers only")
SHIPPED = "interleaved", 0


def stage_(model: nn.Module, loss_of: Loss, stage: str, *, name: str, seed: int, steps: int | None = None) -> None:
    """Train, in place, whatever of a model asks for a gradient."""
    steps = steps or STEPS[stage]
    wanted = [value for value in model.parameters() if value.requires_grad]
    optimiser = torch.optim.AdamW(wanted, betas=(0.9, 0.98), weight_decay=0.01)

    def rate_at(step: int) -> float:
        return rate(step, highest=HIGHEST[stage], steps=steps, warm_up=100, first=1, level=0.5)

    train_(model, optimiser, loss_of, rate_at, name=name, steps=steps, seed=seed)


def of_variant(variant: str) -> Qwen3VL:
    """The model of a variant, with random weights."""
    torch.manual_seed(0)
    axes = (sectioned if variant == "sectioned" else interleaved)(SECTIONS)
    return small_qwen3_vl(words=len(LEXICON), axes=axes, levels=() if variant == "no levels" else LEVELS)


def prepared_for(variant: str) -> Prepared:
    """What a variant makes of what is asked."""
    return on_a_line if variant == "line" else as_it_is


def with_foundations(variant: str) -> Qwen3VL:
    """The model of a variant after the first two stages."""
    model = of_variant(variant)
    contrast, text = Contrast(model.vision.tower), of_variant("interleaved")
    text.vision.requires_grad_(False)
    stage_(contrast, contrast_loss(contrast), "contrast", name="qwen3-contrast", seed=0)
    stage_(text, text_loss(text), "text", name="qwen3-text", seed=0)
    model.language.load_state_dict(text.language.state_dict())
    model.head.load_state_dict(text.head.state_dict())
    return model


def train_one(variant: str, seed: int, *, steps: int | None = None) -> Qwen3VL:
    """A variant, trained; the whole of it unless it is that in which mergers alone learn."""
    model, name = with_foundations(variant), f"qwen3-{variant.replace(' ', '-')}"
    loss_of = answer_loss(model, prepared_for(variant))
    frozen = (model.vision.tower, model.language, model.head)
    for part in frozen:
        part.requires_grad_(False)
    stage_(model, loss_of, "merger", name=f"{name}-merger", seed=seed)
    if variant != "mergers only":
        for part in frozen:
            part.requires_grad_(True)
    stage_(model, loss_of, "whole", name=name if steps is None else f"{name}-{steps}", seed=seed, steps=steps)
    return model


def main() -> None:
    """Train the one that the command line names, or all."""
    torch.set_num_threads(1)
    if sys.argv[1:]:
        variant, seed, *steps = sys.argv[1:]
        train_one(variant, int(seed), steps=int(steps[0]) if steps else None)


if __name__ == "__main__":
    main()
