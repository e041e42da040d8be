"""The frozen model that all adapters share: prepared once, verified at each load; its tokenizer."""
