"""Scripts that made what the chapter on block-sparse attention measures."""
