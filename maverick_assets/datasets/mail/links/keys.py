"""What two mails have in common when one can influence the thread or the parent of the other.

Each piece of evidence is a key, a short text. Evidence that is weak has a window: its key names a
span of two windows, and each mail has the keys of both spans that it lies in, so two mails within
one window always share a key. Evidence that many mails share identifies none of them. It is then
common, and links nothing, so that a mail called "Hi" is not linked with a thousand others.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from maverick_assets.datasets.mail.clean_mail import LONG_AGO, CleanMail
from maverick_assets.datasets.mail.links.subjects import normal_subject

WINDOW = timedelta(days=30)  # a subject or a quote is too weak to link a mail to an older one
MOST_COMMON = 200  # mails; what more of them share is no evidence
MAX_RECIPIENTS = 20  # of a mail that are compared; more are a list
PASSIVE = " passive"  # at the end of a key
_KEY_CHARACTERS = 200
_SHORTEST_KEY = 20  # letters; "yes please" is no evidence, because many mails say it
# "<1@x.example> (Dana Cole)"
_MESSAGE_ID = re.compile(r"<[^<>]+>")
_NO_LETTER = re.compile(r"\W+")


def link_keys(mail: CleanMail) -> list[str]:
    """What can link a mail with others.

    Mails that no chain of shared keys connects have no influence on each other's thread or parent,
    so each connected set can be linked by itself. Common keys connect nothing, and neither do keys
    that all who share them have `passive` only.

    A mail that the CRM gave a thread looks for its parent there. So its subject and its words are
    passive: others may answer or quote it, but it does not look for mails that share them.
    """
    keys = {f"thread {mail.thread_id}"} if mail.thread_id else set()
    names = (mail.message_id, mail.in_reply_to, *mail.references)
    keys.update(f"id {bare_id(name)}" for name in names if name)
    subject = normal_subject(mail.subject)
    shared = []
    for span in _spans(mail.sent_at):
        shared += [pair_key(subject, pair, span) for pair in correspondents(mail)]
        shared += [subject_key(subject, span)] if subject else []
    said, quoted = words_key(mail.text), words_key(mail.quoted or "")
    shared += [quoted] if quoted else []
    keys.update(map(passive, shared) if mail.thread_id else shared)
    if said and said not in keys:
        keys.add(passive(said))
    return sorted(keys)


def passive(key: str) -> str:
    """The key of a mail that others may be linked with by this key, but that looks for none."""
    return f"{key}{PASSIVE}"


def without_role(key: str) -> str:
    """A key, whether it is passive or not."""
    return key.removesuffix(PASSIVE)


def is_passive(key: str) -> bool:
    return key.endswith(PASSIVE)


def common_keys(keys_of_mails: Iterable[Collection[str]]) -> frozenset[str]:
    """The keys, without their roles, that too many mails have."""
    counts = Counter(without_role(key) for keys in keys_of_mails for key in keys)
    return frozenset(key for key, count in counts.items() if is_common(key, count))


def is_common(key: str, mails: int) -> bool:
    """Whether a key that so many mails have is no evidence. A Message-ID or a thread always is."""
    return mails > MOST_COMMON and not key.startswith(("id ", "thread "))


def subject_key(subject: str, span: int) -> str:
    """The key of a normal subject in a span of time."""
    return f"subject {_digest(subject)} {span}"


def pair_key(subject: str, pair: Collection[str], span: int) -> str:
    """The key of a normal subject between two people in a span of time."""
    return f"pair {_digest(' '.join([*sorted(pair), subject]))} {span}"


def words_key(text: str) -> str | None:
    """The key of a text's opening; None for a text too short to be identified."""
    words = quote_key(text)
    return f"words {_digest(words)}" if words else None


def newest_span(moment: datetime) -> int:
    """The span that a mail of this moment shares with all mails of the window before it."""
    return (moment - LONG_AGO) // WINDOW


def correspondents(mail: CleanMail) -> Iterator[frozenset[str]]:
    """Sender and recipient, for each recipient; the direction does not matter."""
    sender = mail.sender.lower()
    for recipient in _distinct(mail.recipients):
        if recipient != sender:
            yield frozenset((sender, recipient))


def bare_id(message_id: str) -> str:
    """A Message-ID in its brackets, without the comment that some programs add."""
    match = _MESSAGE_ID.search(message_id)
    return match.group() if match else f"<{message_id.strip()}>"


def quote_key(text: str) -> str | None:
    """A key that a text and a quote of it share; None for a text too short to be identified."""
    key = opening_letters(text)
    return key if len(key) >= _SHORTEST_KEY else None


def opening_letters(text: str) -> str:
    """The first letters and digits of a text: quoting wraps lines anew and may cut the end."""
    return _NO_LETTER.sub("", text.casefold())[:_KEY_CHARACTERS]


def _spans(moment: datetime) -> tuple[int, int]:
    """The two spans, each of two windows, that a moment lies in."""
    newest = newest_span(moment)
    return newest, newest + 1


def _distinct(addresses: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(address.lower() for address in addresses))[:MAX_RECIPIENTS]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
