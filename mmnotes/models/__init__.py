"""The frozen partners that several chapters meet, with their weights."""
