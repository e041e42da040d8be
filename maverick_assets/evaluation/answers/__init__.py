"""Answers of the base and of adapters to many prompts, in batches."""
