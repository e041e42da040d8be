"""Random cleaned mails of real mailboxes, to be read by eye for what cleaning left or lost.

    python -m benchmarks.random_mails --seed 7 [--corpus mailbox-arnold --count 50] [--cut 160]
        [--data DIR]

Prints each mail's own words and the words that it quotes as examples hold them, and behind them the
parts that were cut, each with its reason. Mails are those of `--corpus` that a person wrote, drawn
by the seed; `mail-threads/spamassassin` gives mails of its lists' writers.
"""

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from maverick_assets.datasets.mail.clean_mail import CleanMail
from maverick_assets.datasets.mail.cleaning import plain_text
from maverick_assets.datasets.mail.programs.recurrence import has_any
from maverick_assets.datasets.mail.table import clean_row, programs_of
from maverick_assets_tests.corpora.real_data import REAL_DATA, read_rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--corpus", default="mailbox-arnold")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument(
        "--cut", type=int, default=160, help="characters shown of a part that was cut"
    )
    parser.add_argument("--data", type=Path, default=REAL_DATA)
    arguments = parser.parse_args()
    rows = {row["id"]: row for row in mail_rows_of(arguments.corpus, arguments.data)}
    mails = [mail for mail in cleaned(rows) if mail.text and not mail.automatic]
    owned = {key for key, row in rows.items() if row["is_own"]}
    own = [mail for mail in mails if mail.id.partition(":")[2] in owned]
    for mail in random.Random(arguments.seed).sample(own, min(arguments.count, len(own))):
        print(shown(mail, rows[mail.id.partition(":")[2]]["body"], arguments.cut))


def mail_rows_of(corpus: str, data: Path) -> Iterator[dict[str, Any]]:
    """Rows as the CRM has them; `is_own` says whether the mailbox's owner wrote the mail."""
    name = corpus if "/" in corpus else f"{corpus}/emails"
    for number, mail in enumerate(read_rows(name, data)):
        if mail.get("label", "ham") == "ham":
            recipients = mail["recipients"] or ""
            yield {
                "id": str(number),
                # On the lists, programs write as well, but only people answer.
                "is_own": mail.get("is_sent_by_person", bool(mail.get("in_reply_to"))),
                "recipients": recipients if isinstance(recipients, str) else ",".join(recipients),
                "thread_id": None,
                "sent_at": None,
                **{key: mail.get(key) for key in ("sender_email", "subject", "body")},
                **{key: mail.get(key) for key in ("message_id", "in_reply_to")},
            }


def cleaned(rows: dict[str, dict[str, Any]]) -> Iterator[CleanMail]:
    """All mails, cleaned with what recurs in them."""
    first = [clean_row("mails", row) for row in rows.values()]
    programs = programs_of(Path(), first, None).lines
    for mail in first:
        row = rows[mail.id.partition(":")[2]]
        again = has_any(mail.lines, programs.keys)
        yield clean_row("mails", row, programs, mail.lines) if again else mail


def shown(mail: CleanMail, body: str, characters: int) -> str:
    """A mail as text for a terminal."""
    text = plain_text(body or "")
    parts = [(part.reason, " ".join(text[part.start : part.end].split())) for part in mail.removed]
    cut = [f"  [{reason}] {words[:characters]}" for reason, words in parts if words]
    head = f"=== {mail.id} {mail.sender}: {mail.subject}"
    quoted = ["--- answers", mail.quoted] if mail.quoted else []
    return "\n".join([head, mail.text, *quoted, "--- cut", *cut, ""])


if __name__ == "__main__":
    main()
