"""How many forged mails pass for the owner's, and how many of his own wait. Prints Markdown.

    python -m benchmarks.authorship [--names] [--data ../shared/data]

200 forged and 200 genuine mails in thirteen providers' mailboxes, read by the importer, cleaned and
judged as an ingest does it, each mailbox beside mail of others. One half of the shapes was looked
at while rules were made; of the other half only counts are shown. `--names` lists what went wrong
in the first half. Of the real mailboxes: mails of their owners that are not learnt.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from maverick_assets.datasets.authorship.judgement import TO_HIMSELF, judge_of
from maverick_assets.datasets.mail.clean_mail import CleanMail
from maverick_assets.datasets.mail.table import clean_row
from maverick_assets.datasets.owner import Owner
from maverick_assets_tests.corpora.authorship.case import MailCase, raw_row
from maverick_assets_tests.corpora.authorship.forged import forged_mails
from maverick_assets_tests.corpora.authorship.genuine import (
    ALIAS,
    genuine_mails,
    ordinary_mails,
)
from maverick_assets_tests.corpora.authorship.providers import OWNER, PROVIDERS
from maverick_assets_tests.corpora.real_data import REAL_DATA, read_rows

CORPUS_OWNER = Owner(
    (OWNER, ALIAS), ("allan",), names=("allan kern", "kern, allan", "/o=kernovens/*/cn=akern")
)


@dataclass(frozen=True)
class Judged:
    case: MailCase
    reason: str | None  # why it is not the owner's words
    learnt: bool  # as the owner's words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", action="store_true")
    parser.add_argument("--data", type=Path, default=REAL_DATA)
    arguments = parser.parse_args()
    print("| what | first half | locked half |\n|---|---:|---:|")
    forged, genuine = judged_mailboxes()
    for title, cases, wrong in (
        ("forged mails learnt as the owner's words", forged, True),
        ("genuine mails that wait or are left out", genuine, False),
    ):
        halves = [
            [case for case in cases if case.case.locked is locked] for locked in (False, True)
        ]
        counts = [f"{_wrong(half, wrong)} of {len(half)}" for half in halves]
        print(f"| {title} | {counts[0]} | {counts[1]} |")
    if arguments.names:
        for cases, wrong in ((forged, True), (genuine, False)):
            for judged in cases:
                if judged.learnt is wrong and not judged.case.locked:
                    print(f"- {judged.case.name}: {judged.reason}")
    for line in real_mailboxes(arguments.data):
        print(line)


def judged_mailboxes() -> tuple[list[Judged], list[Judged]]:
    """The forged and the genuine mails, each judged within the mailbox that it lies in."""
    forged: list[Judged] = []
    genuine: list[Judged] = []
    for provider in (*PROVIDERS, "company"):
        groups = [
            [case for case in cases if case.provider == provider]
            for cases in (forged_mails(), genuine_mails(), ordinary_mails([provider]))
        ]
        judged = judge(CORPUS_OWNER, [case for group in groups for case in group])
        forged += judged[: len(groups[0])]
        genuine += judged[len(groups[0]) : len(groups[0]) + len(groups[1])]
    return forged, genuine


def judge(owner: Owner, cases: Sequence[MailCase]) -> list[Judged]:
    """The cases as a mailbox of their own; whatever the importer refuses is not learnt."""
    rows = [raw_row(case) for case in cases]
    mails = [None if row is None else clean_row("crm_emails", row) for row in rows]
    reasons = iter(judged_reasons(owner, [mail for mail in mails if mail]))
    judged = []
    for case, mail in zip(cases, mails, strict=True):
        reason = "not imported" if mail is None else next(reasons) or mail.automatic
        is_own = mail is not None and owner.has_email(mail.sender)
        judged.append(Judged(case, reason, is_own and reason in (None, TO_HIMSELF)))
    return judged


def judged_reasons(owner: Owner, mails: Sequence[CleanMail]) -> list[str | None]:
    judge = judge_of(owner, [(mail.sender, mail.evidence) for mail in mails])
    return [judge.reason(mail.sender, mail.recipients, mail.evidence) for mail in mails]


def _wrong(cases: Sequence[Judged], learnt: bool) -> int:
    return sum(case.learnt is learnt for case in cases)


def real_mailboxes(data: Path) -> Iterator[str]:
    """Of mails that a mailbox's owner sent: how many are left out, by reason."""
    for name in ("mailbox-arnold", "mailbox-crandall"):
        if not (data / name).is_dir():
            yield f"\n{name}: not measured, {data} is absent"
            continue
        rows = list(read_rows(f"{name}/emails"))
        own = [row for row in rows if row["is_sent_by_person"]]
        owner = Owner(tuple({row["sender_email"] for row in own}), ())
        mails = [clean_row("crm_emails", _archived(row)) for row in rows]
        reasons = judged_reasons(owner, mails)
        lost = Counter(
            reason
            for row, reason in zip(rows, reasons, strict=True)
            if row["is_sent_by_person"] and reason
        )
        yield f"\n{name}: {len(own)} sent mails; left out or to himself: {dict(lost)}"


def _archived(row: dict[str, object]) -> dict[str, object]:
    """A row of a real mailbox as its messages would be imported: folders, and no path."""
    import json

    folders = row["folders"]
    assert isinstance(folders, list)
    names = [str(folder).strip("\\").replace("\\", "/") for folder in folders]
    recipients = [*row["recipients"], *row["cc"]]  # type: ignore[misc]
    return {
        **{"id": row["message_id"], "sender_email": row["sender_email"]},
        **{"subject": row["subject"], "body": row["body"], "sent_at": None, "thread_id": None},
        **{"message_id": row["message_id"], "in_reply_to": None, "updated_at": None},
        "recipients": ", ".join(recipients),
        "headers": json.dumps({"from": [row["sender_email"]], "x-folder": [row["folder"]]}),
        "folder": "\n".join(names),
    }


if __name__ == "__main__":
    main()
