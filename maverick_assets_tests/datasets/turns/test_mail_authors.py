"""Mails that nothing proves wait for an operator, and what he decides is kept."""

import json
from pathlib import Path

import pytest

from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.secrets.quarantine import release_example
from maverick_assets.datasets.turns.mail_authors import (
    authorship_counts,
    judge_mails,
    waiting_mails,
)
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import read_turns
from maverick_assets.lake.delta import open_table
from maverick_assets.lake.paths import mails_path, turns_path
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.corpora.authorship.case import MailCase, raw_row
from maverick_assets_tests.corpora.authorship.forged import blackmail_from_yourself
from maverick_assets_tests.corpora.authorship.genuine import ordinary_mails
from maverick_assets_tests.corpora.authorship.providers import OWN_DOMAIN, OWNER, PROVIDERS, Arrival
from maverick_assets_tests.raw_tables import replace_raw_rows

ALLAN = Owner((OWNER,), ("allan",))
WRITTEN = [("From", OWNER), ("To", "dana@acme.example"), ("Date", "Tue, 3 Jun 2025 09:00:00 +0000")]
OWN = "own_server_with_rspamd"
RECEIVED = PROVIDERS[OWN](Arrival(OWN_DOMAIN, "out.elsewhere.example", "192.0.2.9"))
SENT = MailCase("sent", "gmail", 1, WRITTEN, folder="Sent")
CHECKED = MailCase("checked", "own", 2, [*RECEIVED, *WRITTEN], folder="INBOX")
FORGED = blackmail_from_yourself("gmail", 3)


def refresh(lake: Path, cases: list[MailCase], owner: Owner = ALLAN) -> set[str]:
    """Ingest these mails; returns the kinds of those that are the owner's words."""
    rows = {case.kind: row for case in cases if (row := raw_row(case))}
    replace_raw_rows(lake, "crm_emails", rows.values())
    refresh_mails(lake, "1")
    refresh_turns(lake, owner, "1")
    ids = {row["id"]: kind for kind, row in rows.items()}
    return {ids[turn.source_ids[0]] for turn in read_turns(turns_path(lake)) if turn.is_owner}


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "home" / "lake"


def test_a_forged_mail_waits_and_becomes_no_turn(lake: Path) -> None:
    assert refresh(lake, [SENT, FORGED]) == {"sent"}
    assert authorship_counts(lake) == {"forged": 1}
    (waiting,) = waiting_mails(lake)
    assert waiting.rules == ["forged"]
    assert "blackmail" in waiting.excerpt
    assert len(read_turns(turns_path(lake))) == 1


def test_a_release_survives_a_rebuild_and_is_of_these_words_alone(lake: Path) -> None:
    refresh(lake, [SENT, FORGED])
    release_example(lake, waiting_mails(lake)[0], "I wrote that from a hotel")
    assert refresh(lake, [SENT, FORGED]) == {"sent", "blackmail"}
    assert waiting_mails(lake)[0].reason == "I wrote that from a hotel"
    rebuilt = lake.parent.with_name("rebuilt") / "lake"
    rebuilt.mkdir(parents=True)
    (lake / "releases").rename(rebuilt / "releases")
    assert refresh(rebuilt, [SENT, FORGED]) == {"sent", "blackmail"}
    row = raw_row(FORGED)
    assert row is not None
    replace_raw_rows(rebuilt, "crm_emails", [row | {"body": "Send 900 USD."}])
    refresh_mails(rebuilt, "1")
    assert judge_mails(rebuilt, ALLAN) == 1
    assert authorship_counts(rebuilt) == {"forged": 1}


def test_mail_of_others_that_comes_later_proves_an_old_mail(lake: Path) -> None:
    assert refresh(lake, [SENT, CHECKED]) == {"sent"}
    others = [
        MailCase(f"other {number}", "own", case.number, case.headers, case.folder)
        for number, case in enumerate(ordinary_mails([OWN]))
    ]
    assert refresh(lake, [SENT, CHECKED, *others]) == {"sent", "checked"}
    assert authorship_counts(lake) == {}


def test_a_night_without_news_writes_nothing(lake: Path) -> None:
    refresh(lake, [SENT, FORGED])
    before = open_table(mails_path(lake))
    refresh(lake, [SENT, FORGED])
    after = open_table(mails_path(lake))
    assert before is not None and after is not None
    assert before.version() == after.version()


def test_another_owner_is_judged_anew(lake: Path) -> None:
    refresh(lake, [SENT, FORGED])
    refresh(lake, [SENT, FORGED], Owner(("someone@else.example",), ()))
    assert authorship_counts(lake) == {}
    refresh(lake, [SENT, FORGED])
    assert authorship_counts(lake) == {"forged": 1}


def test_an_operator_lists_shows_and_releases_mails(lake: Path) -> None:
    refresh(lake, [SENT, FORGED])
    maverick = Maverick(lake.parent)
    (listed,) = json.loads(maverick.ok("datasets", "quarantine", "--json"))
    assert (listed["rules"], listed["personality"]) == (["forged"], "")
    assert OWNER in maverick.ok("datasets", "quarantine", "show", listed["example_id"][:12])
    maverick.ok("datasets", "quarantine", "release", listed["example_id"], "--reason", "mine")
    assert waiting_mails(lake)[0].reason == "mine"
