"""Versions that leave the run home: what of them leaves, and how it reaches the Hub or W&B."""
