"""What Dagster shows: a module an asset, thin."""
