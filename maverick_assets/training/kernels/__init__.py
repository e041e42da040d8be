"""Arithmetic that differs from the libraries': packs, attention per document, LoRA, norms, loss."""
