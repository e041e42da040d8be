"""Dagster objects only, one module per stage; the work itself is in the sibling packages."""
