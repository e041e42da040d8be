"""Maverick: personalities trained from one person's own business records, as a Dagster graph."""
