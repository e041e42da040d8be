"""Measurements of speed, memory and quality, for docs/results.md. Not part of the package."""
