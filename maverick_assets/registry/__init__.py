"""Versions of each personality, their manifests, and the `final` pointer."""
