"""The arithmetic of a training step: packs of tokens, attention, LoRA products, norms, the loss."""
