"""Train the small model of the chapter `qwen3_vl` and write its weights: ``python -m tools.qwen3_vl.train``,
hours on one core; ``.study`` measures it. What sees goes to mmnotes/deepstack, what reads and answers to
mmnotes/qwen3_vl.

Tower and language model learn apart, once; every variant starts from both. All stages are kept under
``_build/training`` and go on where they were cut off. ``python -m tools.qwen3_vl.train sectioned 1`` trains one
variant for the comparison.
"""

import sys

import torch
from torch import nn

from mmnotes.data.questions import LEXICON
from mmnotes.deepstack.pretrained import LEVELS
from mmnotes.mrope import interleaved, sectioned
from mmnotes.qwen3_vl import Qwen3VL
from mmnotes.qwen3_vl.pretrained import SECTIONS, small_qwen3_vl
from tools.qwen3_vl.asking import on_a_line
from tools.qwen3_vl.stages import (
    Contrast,
    Loss,
    Prepared,
    answer_loss,
    as_it_is,
    blank,
    contrast_loss,
    naming_loss,
    region_loss,
    small_board_loss,
    text_loss,
)
from tools.training import kept_state, rate, rounded, train_, write

FILE, VISION_FILE = "qwen3_vl/weights.npz", "deepstack/weights.npz"
STEPS = {"contrast": 1200, "regions": 1000, "text": 1200, "merger": 250, "names": 400, "small": 2000, "whole": 3000}
HIGHEST = {"contrast": 1e-3, "regions": 1e-3, "text": 2e-3, "merger": 2e-3, "names": 5e-4, "small": 1e-3, "whole": 5e-4}
COMPARED = 500  # steps on small boards of a variant that is only compared
VARIANTS = ("interleaved", "sectioned", "line", "no levels", "mergers only")
# What another seed alone changes is seen at all that come near to each other.
COMPARED_RUNS = (*((variant, seed) for variant in VARIANTS[:4] for seed in (0, 1)), ("mergers only", 0))
BLIND = "no picture"
SHIPPED = "interleaved", 0


def stage_(model: nn.Module, loss_of: Loss, stage: str, *, name: str, seed: int, steps: int) -> None:
    """Train, in place, whatever of a model asks for a gradient."""
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
    """What a variant makes of what it is asked."""
    return {"line": on_a_line, BLIND: blank}.get(variant, as_it_is)


def with_foundations(variant: str) -> Qwen3VL:
    """The model of a variant after the first two stages."""
    model, apart, text = of_variant(variant), of_variant("interleaved"), of_variant("interleaved")
    contrast = Contrast(apart.vision.tower)
    text.vision.requires_grad_(False)
    stage_(contrast, contrast_loss(contrast), "contrast", name="qwen3-contrast", seed=0, steps=STEPS["contrast"])
    stage_(contrast, region_loss(contrast), "regions", name="qwen3-regions", seed=0, steps=STEPS["regions"])
    stage_(text, text_loss(text), "text", name="qwen3-text", seed=0, steps=STEPS["text"])
    model.vision.tower.load_state_dict(apart.vision.tower.state_dict())
    model.language.load_state_dict(text.language.state_dict())
    model.head.load_state_dict(text.head.state_dict())
    return model


def joined_(variant: str, seed: int, *, steps: int) -> Qwen3VL:
    """A variant after the stages that join tower and language model: mergers alone and then, as far as this variant
    lets it learn, everything, on pictures of one drawing and on small boards.
    """
    model, name = with_foundations(variant), name_of(variant)
    naming, small = (loss(model, prepared_for(variant)) for loss in (naming_loss, small_board_loss))
    apart = (model.vision.tower, model.language, model.head)
    for part in apart:
        part.requires_grad_(False)
    stage_(model, naming, "merger", name=f"{name}-merger", seed=seed, steps=STEPS["merger"])
    for part in apart:
        part.requires_grad_(variant != "mergers only")
    stage_(model, naming, "names", name=f"{name}-names", seed=seed, steps=STEPS["names"])
    stage_(model, small, "small", name=f"{name}-small-{steps}", seed=seed, steps=steps)
    return model


def train_whole() -> None:
    """The shipped model: its last stage has large boards and films."""
    variant, seed = SHIPPED
    model = joined_(variant, seed, steps=STEPS["small"])
    stage_(model, answer_loss(model), "whole", name=f"{name_of(variant)}-whole", seed=seed, steps=STEPS["whole"])


def train_blind() -> None:
    """A language model that is asked the same of grey boards."""
    model = with_foundations(BLIND)
    model.vision.requires_grad_(False)
    stage_(model, answer_loss(model, prepared_for(BLIND)), "whole", name=name_of(BLIND), seed=0, steps=COMPARED)


def name_of(variant: str) -> str:
    """The name under which its states are kept."""
    return f"qwen3-{variant.replace(' ', '-')}"


def trained(variant: str, *, name: str, seed: int) -> Qwen3VL:
    """A model of a variant in a kept state, frozen."""
    model = of_variant(variant)
    model.load_state_dict(kept_state(name=name, seed=seed))
    return model.requires_grad_(False)


def shipped() -> Qwen3VL:
    """The shipped model as its training left it."""
    variant, seed = SHIPPED
    return trained(variant, name=f"{name_of(variant)}-whole", seed=seed)


def compared(variant: str, seed: int) -> Qwen3VL:
    """A variant as its part of the comparison left it."""
    return trained(variant, name=f"{name_of(variant)}-small-{COMPARED}", seed=seed)


def main() -> None:
    """Train the one that the command line names, or all and write the files."""
    torch.set_num_threads(1)
    if sys.argv[1:]:
        variant, number = sys.argv[1:]
        joined_(variant, int(number), steps=COMPARED)
        return
    train_whole()
    train_blind()
    for variant, seed in COMPARED_RUNS:
        joined_(variant, seed, steps=COMPARED)
    model = shipped()
    heads = {name: model.get_submodule(name).state_dict() for name in ("language", "head")}
    write(VISION_FILE, rounded(model.vision.state_dict()))
    write(FILE, rounded({f"{part}.{name}": value for part, state in heads.items() for name, value in state.items()}))


if __name__ == "__main__":
    main()
