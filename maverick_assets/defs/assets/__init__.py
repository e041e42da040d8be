"""What Dagster shows: a thin module for each kind of asset."""
