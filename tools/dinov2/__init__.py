"""Trains and measures what the chapter `dinov2` shows."""
