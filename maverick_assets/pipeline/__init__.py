"""The order of work of each stage, without Dagster."""
