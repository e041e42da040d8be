"""Reports: the right quarter, the right versions, the ratings."""

from datetime import UTC, datetime

import pytest

from maverick_assets.registry.review import quarter_of, quarterly_review, version_table
from maverick_assets_tests.registry.conftest import AddVersion


@pytest.mark.parametrize(
    ("moment", "name", "start"),
    [
        (datetime(2026, 1, 1, 6, tzinfo=UTC), "2025Q4", datetime(2025, 10, 1, tzinfo=UTC)),
        (datetime(2026, 4, 1, 6, tzinfo=UTC), "2026Q1", datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(2026, 11, 22, tzinfo=UTC), "2026Q3", datetime(2026, 7, 1, tzinfo=UTC)),
    ],
)
def test_the_quarter_is_the_one_that_ended_last(
    moment: datetime, name: str, start: datetime
) -> None:
    assert quarter_of(moment) == (name, start)


def test_a_review_has_the_versions_since_and_the_mean_of_the_ratings(
    add_version: AddVersion,
) -> None:
    add_version("v1.0")
    old = add_version("v1.1").model_copy(update={"created_at": datetime(2025, 1, 1, tzinfo=UTC)})
    new = add_version("v1.2")
    since = datetime(2026, 7, 1, tzinfo=UTC)
    text = quarterly_review("2026Q3", since, [old, new], {"robbie": [4, 9], "gatekeeper": [1]})
    assert "# Personality review 2026Q3" in text
    assert "2 ratings, 6.5 of 10 on average." in text
    assert "| v1.2 |" in text
    assert "| v1.1 |" not in text


def test_a_table_shows_perplexities_and_what_the_gate_said(
    add_version: AddVersion,
) -> None:
    table = version_table([add_version("v1.0")])
    assert "| robbie | v1.0 | full | candidate | validation, 9 examples | 54.32 | 12.30 |" in table
