"""Decisions: which of several options a twin would take, and what it decided before."""
