"""Trains and measures what the chapter `ibot` shows."""
