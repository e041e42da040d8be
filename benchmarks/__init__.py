"""Measurements: time and memory of whole commands. Not part of the package."""
