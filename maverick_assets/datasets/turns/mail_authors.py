"""Judging who wrote the mails of `clean/mails`, and the mails that wait for an operator."""

from collections import Counter
from pathlib import Path
from typing import Any

from maverick_assets.datasets.authorship.evidence import loaded
from maverick_assets.datasets.authorship.judgement import WAITING, judge_of
from maverick_assets.datasets.mail.table import MAIL_SCHEMA
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.secrets.find import excerpt, find_secrets
from maverick_assets.datasets.secrets.quarantine import (
    QuarantinedExample,
    read_releases,
    released_ids,
)
from maverick_assets.lake.delta import arrow_table, only_writer, open_table, read_table, sync_table
from maverick_assets.lake.paths import mails_path

_EXCERPT_CHARACTERS = 200
_JUDGED = ["id", "sender", "recipients", "evidence", "authorship"]


def judge_mails(lake: Path, owner: Owner) -> int:
    """Bring the column `authorship` of `clean/mails` up to date; returns how many mails changed.

    A new mail may say something of the whole mailbox, and with that of an old one. So every mail is
    judged, from its evidence, and only those are written of which another thing is true now.
    """
    target = mails_path(lake)
    with only_writer(target):
        rows = _read(lake, _JUDGED)
        judge = judge_of(
            owner, [(row["sender"], row["evidence"]) for row in rows], released_ids(lake)
        )
        changed = {}
        for row in rows:
            reason = judge.reason(row["sender"], row["recipients"], row["evidence"])
            if reason != row["authorship"]:
                changed[row["id"]] = reason
        if not changed:
            return 0
        whole = read_table(target, columns=MAIL_SCHEMA.names, where={"id": changed})
        assert whole is not None
        new = [row | {"authorship": changed[row["id"]]} for row in whole.to_pylist()]
        sync_table(target, arrow_table(new, MAIL_SCHEMA), "id", ())
    return len(changed)


def authorship_counts(lake: Path) -> Counter[str]:
    """How many mails are not taken for the words of their sender, by reason."""
    reasons = (row["authorship"] for row in _read(lake, ["authorship"]))
    return Counter(reason for reason in reasons if reason)


def waiting_mails(lake: Path) -> list[QuarantinedExample]:
    """Mails in quarantine, which say that they are the owner's, and those released; newest first.

    The id of each is a digest of the row's content: a release is of these words alone.
    """
    releases = read_releases(lake)
    digests = {
        row["id"]: loaded(row["evidence"]).content
        for row in _read(lake, ["id", "evidence", "authorship"])
        if row["evidence"] and (row["authorship"] in WAITING or releases)
    }
    table = read_table(mails_path(lake), where={"id": digests}) if digests else None
    mails = []
    for row in table.to_pylist() if table else ():
        digest = digests[row["id"]]
        release = releases.get(digest)
        if row["authorship"] not in WAITING and release is None:
            continue
        source, _, row_id = row["id"].partition(":")
        mails.append(
            QuarantinedExample(
                example_id=digest,
                personality="",
                source=source,
                source_ids=[row_id],
                thread_id=row["thread_id"] or "",
                occurred_at=row["sent_at"],
                rules=[row["authorship"]] if row["authorship"] in WAITING else [],
                excerpt=_excerpt(row),
                reason=release.reason if release else None,
                released_at=release.released_at if release else None,
            )
        )
    return sorted(mails, key=lambda mail: (mail.occurred_at, mail.example_id), reverse=True)


def _read(lake: Path, columns: list[str]) -> list[dict[str, Any]]:
    """Rows of `clean/mails`; none of a table of an earlier release, which lacks these columns."""
    table = open_table(mails_path(lake))
    if table is None or not set(columns) <= {field.name for field in table.schema().fields}:
        return []
    rows = read_table(mails_path(lake), columns=columns)
    return [] if rows is None else rows.to_pylist()


def _excerpt(row: dict[str, Any]) -> str:
    """Sender, recipients, subject and first words, with the rule's name in place of a secret."""
    words = " ".join(row["text"].split())[:_EXCERPT_CHARACTERS]
    to = ", ".join(row["recipients"][:3])
    text = f"{row['sender']} to {to}: {row['subject']}: {words}"
    return excerpt(text, find_secrets(text)) or text
