"""Qwen3-VL, whole: a vision tower with levels, a language model with grouped queries or experts, and its generation.

Papers: Bai et al., Qwen3-VL technical report (2025); Yang et al., Qwen3 technical report (2025).

Differs:
- pictures come as rows of patches, words as numbers: there is no tokenizer;
- greedy generation only, and a cache that grows by copying;
- no dropout, and no loss that balances experts.
"""

from mmnotes.qwen3_vl.account import Count, account
from mmnotes.qwen3_vl.cache import Cache
from mmnotes.qwen3_vl.decoder import Decoder, DecoderBlock
from mmnotes.qwen3_vl.feed_forward import Experts, SwiGLU, routed
from mmnotes.qwen3_vl.grouped_attention import GroupedAttention
from mmnotes.qwen3_vl.model import Qwen3VL, generate
from mmnotes.qwen3_vl.prompt import Prompt, prompt_of

__all__ = [
    "Cache",
    "Count",
    "Decoder",
    "DecoderBlock",
    "Experts",
    "GroupedAttention",
    "Prompt",
    "Qwen3VL",
    "SwiGLU",
    "account",
    "generate",
    "prompt_of",
    "routed",
]
