"""How many answers are linked when headers and quotes are gone. Prints Markdown.

    python -m benchmarks.links [--factor 1] [--data ../shared/data]

The truth is what the full mails say: In-Reply-To, or the words that they quote, of a mail at hand.
Each mail then loses its Message-ID, its headers and its quotes, and with them, by row, its
recipients or its thread id. An answer is right when it is linked with the same mail as before,
wrong when with another one. Of real mail, answers whose full form does not say what they answer are
not judged; their number stands beside.

The rules were tuned on the sample, the mailbox of Arnold, and the threads of SpamAssassin's lists
with an even hash. Crandall's mailbox and the other threads were looked at once, afterwards.
"""

import argparse
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import machine_line
from maverick_assets.crm.sample.emails import email_rows
from maverick_assets.datasets.mail.clean_mail import CleanMail
from maverick_assets.datasets.mail.table import clean_row
from maverick_assets.datasets.mail.threads import ThreadLink, link_threads
from maverick_assets.datasets.owner import Owner
from maverick_assets_tests.corpora.real_data import REAL_DATA, read_rows

ALLAN = Owner(("allan@testpilot.example",), ())
MAILBOXES = {
    "mailbox-arnold": ("john.arnold@*", "jarnold@*"),
    "mailbox-crandall": ("*crandall@*",),
}
WRITERS = 12  # of the lists, each of whom counts as the owner once


@dataclass(frozen=True)
class Corpus:
    """Mails as they are, and the owners whose answers count."""

    name: str
    mails: Sequence[CleanMail]
    owners: Sequence[Owner]
    complete: bool = False  # whether an answer that the full mails do not link is wrong


@dataclass(frozen=True)
class Count:
    """Answers by what became of them when the mails were bared."""

    pairs: int  # answers whose full form says what they answer
    right: int
    wrong: int
    unjudged: int  # linked, but the full form does not say with what

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.pairs + other.pairs,
            self.right + other.right,
            self.wrong + other.wrong,
            self.unjudged + other.unjudged,
        )

    def row(self, name: str) -> str:
        """A row of the table."""
        linked = self.right + self.wrong
        return (
            f"| {name} | {self.pairs} | {_share(self.right, self.pairs)} "
            f"| {_share(self.wrong, linked)} | {self.unjudged} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factor", type=int, default=1)
    parser.add_argument("--data", type=Path, default=REAL_DATA)
    arguments = parser.parse_args()
    print(machine_line(), "", sep="\n")
    print("| mails, and what is left | answers | found | wrong | not judged |")
    print("|---|---:|---:|---:|---:|")
    for corpus in corpora(arguments.factor, arguments.data):
        print("\n".join(rows(corpus)), flush=True)


def corpora(factor: int, data: Path) -> Iterator[Corpus]:
    """The sample, and the real mail that lies at `data`."""
    yield Corpus("sample", [clean_row("crm_emails", row) for row in sample(factor)], [ALLAN], True)
    owners = {
        "mailbox-arnold": ("john.arnold@*", "jarnold@*"),
        "mailbox-crandall": ("*crandall@*",),
    }
    for box, addresses in owners.items():
        if (data / box).is_dir():
            yield Corpus(box, mailbox(box, data), [Owner(addresses, ())])
    if (data / "mail-threads").is_dir():
        yield from list_corpora(data)


def list_corpora(data: Path) -> Iterator[Corpus]:
    """The mail of lists, as mailboxes of those who answer most; in halves of the threads."""
    mails = lists(data)
    threads = link_threads(mails)
    for half, name in enumerate(("lists, even threads", "lists, odd threads")):
        own = [mail for mail in mails if _half(threads[mail.id].thread_id) == half]
        writers = Counter(mail.sender for mail in own if threads[mail.id].parent_id)
        yield Corpus(name, own, [Owner((one,), ()) for one, _ in writers.most_common(WRITERS)])


def sample(factor: int) -> Iterator[dict[str, Any]]:
    """The sample's rows, with all columns of a raw row."""
    for row in email_rows(7, factor):
        yield {"updated_at": None, "headers": None, **row}


def mailbox(name: str, data: Path) -> list[CleanMail]:
    """A real mailbox."""
    return [
        clean_row(
            name,
            {
                "id": row["message_id"],
                "thread_id": None,
                "message_id": row["message_id"],
                "in_reply_to": row["in_reply_to"] or None,
                "sender_email": row["sender_email"],
                "recipients": ", ".join([*row["recipients"], *row["cc"]]),
                "subject": row["subject"],
                "sent_at": datetime.fromisoformat(row["sent_at"]),
                "body": row["body"],
            },
        )
        for row in read_rows(f"{name}/emails", data)
    ]


def lists(data: Path) -> list[CleanMail]:
    """Mails of mailing lists, without spam."""
    mails = {
        row["message_id"]: clean_row(
            "lists",
            {
                "id": row["message_id"],
                "thread_id": None,
                "message_id": row["message_id"],
                "in_reply_to": row["in_reply_to"] or None,
                "sender_email": row["sender_email"],
                "recipients": ", ".join(row["recipients"]),
                "subject": row["subject"],
                "sent_at": datetime.fromisoformat(row["sent_at"]).astimezone(UTC),
                "body": row["body"],
            },
        )
        for row in read_rows("mail-threads/spamassassin", data)
        if row["label"] == "ham" and row["sent_at"]
    }
    return list(mails.values())


def rows(corpus: Corpus) -> Iterator[str]:
    """The figures of a corpus, one row for each way of baring its mails."""
    ways: dict[str, Callable[[CleanMail, str], CleanMail]] = {
        "nothing but sender, subject, text and time": lambda mail, _: bare(mail),
        "and recipients": lambda mail, _: replace(bare(mail), recipients=mail.recipients),
        "and thread ids": lambda mail, thread: replace(bare(mail), thread_id=thread),
        "and both": lambda mail, thread: replace(
            bare(mail), thread_id=thread, recipients=mail.recipients
        ),
    }
    truths = [link_threads(corpus.mails, owner) for owner in corpus.owners]
    for name, strip in ways.items():
        total = Count(0, 0, 0, 0)
        for owner, truth in zip(corpus.owners, truths, strict=True):
            bared = [strip(mail, truth[mail.id].thread_id) for mail in corpus.mails]
            total += count(corpus, owner, truth, link_threads(bared, owner))
        yield total.row(f"{corpus.name}: {name}")


def bare(mail: CleanMail) -> CleanMail:
    """A mail with the columns that each CRM has."""
    return replace(
        mail,
        message_id=None,
        in_reply_to=None,
        references=(),
        thread_id=None,
        recipients=(),
        quoted=None,
        # What its quote said is gone; its subject still says that it is a forward.
        no_answer=mail.no_answer if mail.subject.lower().startswith(("fw", "fwd")) else None,
        automatic=None if mail.automatic == "entry" else mail.automatic,
    )


def count(
    corpus: Corpus, owner: Owner, truth: dict[str, ThreadLink], links: dict[str, ThreadLink]
) -> Count:
    """What became of the answers of a corpus."""
    by_id = {mail.id: mail for mail in corpus.mails}
    pairs = right = wrong = unjudged = 0
    for mail in corpus.mails:
        if mail.automatic or not mail.text or not owner.has_email(mail.sender):
            continue
        true = _prompt(truth[mail.id], by_id)
        found = _prompt(links[mail.id], by_id)
        is_pair = true is not None and truth[mail.id].kind in ("reply-to", "references", "quote")
        pairs += is_pair
        if found is None:
            continue
        if is_pair and true:
            is_right = found.id == true.id
        elif mail.quoted:
            is_right = _says(found.text, mail.quoted)
            pairs += is_right
        elif corpus.complete or mail.parent_name or mail.no_answer:
            is_right = False
        else:
            unjudged += 1
            continue
        right += is_right
        wrong += not is_right
    return Count(pairs, right, wrong, unjudged)


def _prompt(link: ThreadLink, by_id: dict[str, CleanMail]) -> CleanMail | None:
    """The mail that a link names, if it has words and a person wrote them."""
    parent = by_id.get(link.parent_id or "")
    return parent if parent and parent.text and parent.automatic in (None, "entry") else None


def _says(text: str, quoted: str) -> bool:
    """Whether quoted words are those of a text, however they are wrapped or cut."""
    said, words = (set(re.findall(r"\w+", one.casefold())) for one in (text, quoted))
    return len(said & words) >= 0.8 * min(len(said), len(words)) > 0


def _half(thread_id: str) -> int:
    return hashlib.blake2b(thread_id.encode(), digest_size=1).digest()[0] % 2


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.1%})" if whole else "-"


if __name__ == "__main__":
    main()
