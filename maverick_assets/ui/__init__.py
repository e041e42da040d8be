"""Dagster's page behind a door."""
