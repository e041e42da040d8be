"""Does the twin decide as its owner did? Decisions it was not trained on, beside boring models."""
