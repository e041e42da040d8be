"""Rows of answers served, for tests."""

from datetime import UTC, datetime

from maverick_assets.lake.served import Served

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ROW = Served(
    id="a",
    served_at=NOW,
    personality="robbie",
    version="v1.0",
    node="desk",
    caller="owner",
    first_token_ms=200,
    total_ms=1500,
    prompt_tokens=40,
    completion_tokens=30,
    stop="stop",
    characters=120,
    topic=7,
)
