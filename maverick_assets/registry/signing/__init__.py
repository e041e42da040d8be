"""Signed manifests, and what a run home remembers of them."""
