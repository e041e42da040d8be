"""The HTTP API: personalities answer any program that shows a token."""
