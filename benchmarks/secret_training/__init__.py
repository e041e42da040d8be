"""Trains the classifier of secrets on texts that are put together here; see `train.py`."""
