"""`maverick status` names each table that gives no example once, with who reads it."""

from dataclasses import replace

from maverick_assets.cli.status import warning_lines, week_line
from maverick_assets.pipeline.production.days import VersionMetrics


def test_a_warning_is_said_once_for_all_personalities_that_it_concerns() -> None:
    notes, mails = "sticky_notes: 3 rows of yours, 0 examples: 3 no title", "crm_emails: nothing"
    lines = warning_lines({"twin": [mails, notes], "mentor": [notes], "robbie": []})
    assert lines == [f"warning   {mails} (twin)", f"warning   {notes} (twin, mentor)"]


def test_a_week_of_a_version_is_one_line_of_what_there_is() -> None:
    week = VersionMetrics(
        key="robbie v1.0 2026-11-21",
        personality="robbie",
        version="v1.0",
        day="2026-11-21",
        answers=31,
        first_token_ms_p50=412,
        first_token_ms_p95=1180,
        total_ms_p50=2000,
        total_ms_p95=5000,
        ratings=12,
        rating_mean=7.25,
        rating_low=6.1,
        rating_high=8.4,
        corrections=2,
        topic_drift=0.2,
        topic_p=0.001,
        length_drift=0.1,
        length_p=0.4,
        judgements=10,
        taken_for_owner=4,
        judged_mean=6.25,
    )
    assert week_line(week) == (
        "robbie v1.0: 31 answers, 0.4 s to the first word (95 %: 1.2 s), 12 ratings of 7.2 "
        "(6.1 to 8.4), 2 corrections, 10 judged blind, rated 6.2, taken for the owner in 4, "
        "asked about other things than in training"
    )
    rated_alone = replace(
        week,
        answers=0,
        first_token_ms_p50=None,
        first_token_ms_p95=None,
        ratings=1,
        rating_mean=5.0,
        rating_low=None,
        rating_high=None,
        corrections=0,
        topic_p=None,
        length_p=None,
        judgements=0,
        taken_for_owner=0,
        judged_mean=None,
    )
    assert week_line(rated_alone) == "robbie v1.0: 0 answers, 1 ratings of 5.0"
