"""Ratings of answers in use, from wherever they are kept."""

from typing import Any

from maverick_assets.crm.raw_table import live_rows
from maverick_assets.lake.paths import raw_path
from maverick_assets.settings import Settings

# The CRM's, and those of the API beside a CRM of the user's own.
_TABLES = ("feedback", "maverick_feedback")


def all_feedback(settings: Settings) -> list[dict[str, Any]]:
    """The rows of all tables of ratings, as of the last ingest."""
    return [row for table in _TABLES for row in live_rows(raw_path(settings.lake, table))]


def feedback_on(settings: Settings, personality: str) -> list[dict[str, Any]]:
    """The ratings of one personality."""
    return [row for row in all_feedback(settings) if row["personality"] == personality]
