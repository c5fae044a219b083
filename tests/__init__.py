"""Proof of every claim, in the rooms of the package: tests/<stem> for a chapter."""
