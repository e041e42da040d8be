"""The base with its adapters as the engine computes it, and the check that this is right."""
