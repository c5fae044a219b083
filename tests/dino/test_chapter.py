"""The lines of the chapter that download, with a network of the test's own in place of the hub's."""

import json
from pathlib import Path

import pytest
from transformers import ViTConfig, ViTModel


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_lines_of_the_chapter_run_with_a_small_network(monkeypatch):
    text = next(
        "".join(cell["source"])
        for cell in json.loads(Path("book/dino.ipynb").read_text(encoding="utf-8"))["cells"]
        if "ViTModel" in "".join(cell["source"])
    )
    code = text.split("```python\n")[1].split("```")[0]
    config = ViTConfig(
        hidden_size=12, num_hidden_layers=2, num_attention_heads=6, intermediate_size=24, image_size=224, patch_size=16
    )
    monkeypatch.setattr(ViTModel, "from_pretrained", lambda _: ViTModel(config).eval())
    names: dict = {}
    exec(compile(code, "the chapter", "exec"), names)
    assert names["maps"].shape == (6, 14, 14) and 0 < names["maps"].sum(dim=(1, 2)).max() < 1
    assert names["scaled"].shape == (1, 3, 224, 224) and names["scaled"].mean().abs() < 1.5
