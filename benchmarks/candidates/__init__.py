"""Good and bad candidates for the gates: real adapters of a small base, and their records."""
