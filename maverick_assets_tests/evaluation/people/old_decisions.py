"""Decisions that are old enough to be asked again, and one that is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from maverick_assets.datasets.examples.example import Example
from maverick_assets_tests.decisions.own_cases import CASES, example

NOW = datetime(2026, 11, 28, tzinfo=UTC)
_MAILS = [
    example(20, "reply", "Can you do 20% off?", "No. 10 at most."),
    example(21, "reply", "Could you send it today?", "Let me think about it.", "validation"),
    example(22, "reply", "Could you send the papers?", "They lie on the table."),
]
_RECENT = example(30, "reply", "Can you do 30% off?", "Yes.")
# Five deals of all splits, one answer to "Should we ...?", and two of the three mails: the third
# says nothing clear.
OLD: list[Example] = [
    replace(each, occurred_at=datetime(2020, 1, 1, tzinfo=UTC)) for each in [*CASES, *_MAILS]
]
DECISIONS: list[Example] = [
    *OLD,
    replace(_RECENT, occurred_at=datetime.now(UTC) - timedelta(days=5)),
]
