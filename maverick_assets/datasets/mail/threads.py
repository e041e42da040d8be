"""Threads: which mails belong to one conversation, and which mail each of them answers."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from maverick_assets.datasets.mail.clean_mail import CleanMail
from maverick_assets.datasets.mail.links.answers import Answer, Conversations
from maverick_assets.datasets.mail.links.keys import (
    WINDOW,
    bare_id,
    common_keys,
    correspondents,
    link_keys,
    newest_span,
    opening_letters,
    pair_key,
    words_key,
)
from maverick_assets.datasets.mail.links.subjects import normal_subject
from maverick_assets.datasets.owner import Owner

_NOBODY = Owner((), ())
_OWNER = "the owner"  # stands for each of his addresses; no address has a space


@dataclass(frozen=True)
class ThreadLink:
    """Where a mail stands in its conversation."""

    thread_id: str
    parent_id: str | None  # the mail that it answers: earlier, by another author, same thread
    # How the parent was found, strongest first: reply-to, references, quote, thread, subject, time.
    # Without a parent: quote (of a mail that is not at hand), or why there is none: forward,
    # own words, follow-up, ambiguous, not at hand. None for a mail that opens a conversation.
    kind: str | None = None


def link_threads(
    mails: Sequence[CleanMail], owner: Owner = _NOBODY, common: Collection[str] | None = None
) -> dict[str, ThreadLink]:
    """Thread and parent of each mail, by mail id; the order of `mails` does not matter.

    Evidence, strongest first: the CRM's thread id, In-Reply-To and References, the quoted words of
    a recipient's mail, the same subject between the same people (the last two within 30 days).
    Threads with different CRM ids are never joined. The parent is the mail that a header names,
    else the one whose words are quoted, else the one that `Conversations` chooses. `common`: the
    keys that identify nothing, where `mails` are not all.
    """
    ordered = sorted(mails, key=lambda mail: (mail.sent_at, mail.id))
    if common is None:
        common = common_keys(link_keys(mail) for mail in ordered)
    targets = _Targets(ordered)
    threads = _Threads(ordered)
    for mail, relative in targets.relatives():
        threads.join(mail, relative)
    for mail, original in _quoted_originals(ordered, None, common):
        if not mail.thread_id and mail.id not in targets.answered:
            threads.join(mail, original)
    _join_by_subject(ordered, targets.answered, threads, common)
    thread_ids = threads.thread_ids()
    answers = {
        mail.id: Answer(original.id, "quote")
        for mail, original in _quoted_originals(ordered, thread_ids, common)
    }
    for mail in ordered:
        target = targets.answered.get(mail.id)
        same_thread = target and thread_ids[target.id] == thread_ids[mail.id]
        if target and same_thread and _may_answer(mail, target) and not _forwards(mail, target):
            answers[mail.id] = Answer(target.id, "reply-to" if mail.in_reply_to else "references")
    answers |= _weak_answers(ordered, answers, targets, _conversations(owner, common))
    for mail in ordered:
        answer = answers[mail.id]
        for other in (answer.mail_id, answer.follows):
            if other:
                threads.join(mail, targets.by_id[other])
    thread_ids = threads.thread_ids()
    return {
        mail.id: ThreadLink(thread_ids[mail.id], answers[mail.id].mail_id, answers[mail.id].kind)
        for mail in mails
    }


def _conversations(owner: Owner, common: Collection[str]) -> Conversations:
    """Conversations in which all addresses of the owner are one author."""

    @cache
    def author_of(address: str) -> str:
        return _OWNER if owner.has_email(address) else address.lower()

    return Conversations(author_of, _OWNER if owner.emails else "", common)


class _Targets:
    """What the headers of mails name: the mails that they answer, and those of one conversation."""

    def __init__(self, ordered: Sequence[CleanMail]) -> None:
        self.by_id = {mail.id: mail for mail in ordered}
        self._ordered = ordered
        self._of_message: dict[str, CleanMail] = {}
        for mail in ordered:
            if mail.message_id:
                self._of_message.setdefault(bare_id(mail.message_id), mail)
        # Mail id -> the mail that its header names as the one it answers, where that is at hand
        self.answered: dict[str, CleanMail] = {}
        for mail in ordered:
            name = mail.parent_name
            target = self._named(name) if name else None
            if target and target.id != mail.id:
                self.answered[mail.id] = target

    def relatives(self) -> Iterator[tuple[CleanMail, CleanMail]]:
        """Pairs of mails of one conversation: one names the other, or both name the same third."""
        first: dict[str, CleanMail] = {}
        for mail in self._ordered:
            if mail.id in self.answered:
                yield mail, self.answered[mail.id]
            for name in mail.references:
                yield mail, self._named(name) or first.setdefault(bare_id(name), mail)

    def _named(self, message_id: str) -> CleanMail | None:
        return self._of_message.get(bare_id(message_id))


class _Threads:
    """Disjoint sets of mails (union-find); a set has at most one CRM thread id."""

    def __init__(self, ordered: Sequence[CleanMail]) -> None:
        self._rank = {mail.id: i for i, mail in enumerate(ordered)}
        self._leader = {mail.id: mail.id for mail in ordered}
        self._crm = {mail.id: mail.thread_id for mail in ordered if mail.thread_id}
        first: dict[str, CleanMail] = {}
        for mail in ordered:
            if mail.thread_id:
                self.join(first.setdefault(mail.thread_id, mail), mail)

    def join(self, one: CleanMail, other: CleanMail) -> None:
        """Unite two sets under the earlier mail, unless their CRM thread ids differ."""
        early, late = sorted((self._find(one.id), self._find(other.id)), key=self._rank.__getitem__)
        crm = {self._crm[leader] for leader in (early, late) if leader in self._crm}
        if early == late or len(crm) > 1:
            return
        self._leader[late] = early
        self._crm.update((early, thread) for thread in crm)

    def thread_ids(self) -> dict[str, str]:
        """Mail id -> thread id: the CRM's, else one made of the thread's first mail."""
        leaders = {mail_id: self._find(mail_id) for mail_id in self._leader}
        return {mail: self._crm.get(leader, f"mail:{leader}") for mail, leader in leaders.items()}

    def _find(self, mail_id: str) -> str:
        while self._leader[mail_id] != mail_id:
            self._leader[mail_id] = self._leader[self._leader[mail_id]]
            mail_id = self._leader[mail_id]
        return mail_id


def _join_by_subject(
    ordered: Sequence[CleanMail],
    answered: Collection[str],
    threads: _Threads,
    common: Collection[str],
) -> None:
    """Join each mail without better evidence to the last one of its subject between two people."""
    last: dict[tuple[str, frozenset[str]], CleanMail] = {}
    for mail in ordered:
        subject = normal_subject(mail.subject)
        if not subject:
            continue
        for pair in correspondents(mail):
            earlier = last.get((subject, pair))
            recent = earlier and mail.sent_at - earlier.sent_at <= WINDOW
            rare = pair_key(subject, pair, newest_span(mail.sent_at)) not in common
            if earlier and recent and rare and not mail.thread_id and mail.id not in answered:
                threads.join(earlier, mail)
            last[subject, pair] = mail


def _weak_answers(
    ordered: Sequence[CleanMail],
    strong: dict[str, Answer],
    targets: _Targets,
    conversations: Conversations,
) -> dict[str, Answer]:
    """The answers of mails whose headers and quotes name none, and why a mail has none."""
    answers: dict[str, Answer] = {}
    for _, same_time in groupby(ordered, key=lambda mail: mail.sent_at):
        group = list(same_time)  # mails of one moment do not answer each other
        for mail in group:
            if mail.id not in strong:
                answers[mail.id] = _weak_answer(mail, targets, conversations)
        for mail in group:
            answer = strong.get(mail.id) or answers[mail.id]
            if mail.automatic in (None, "entry"):
                conversations.add(mail, targets.by_id.get(answer.mail_id or ""))
    return answers


def _weak_answer(mail: CleanMail, targets: _Targets, conversations: Conversations) -> Answer:
    if mail.no_answer:
        return Answer(None, mail.no_answer)
    if mail.id in targets.answered:  # a mail of his own, or of another thread of the CRM
        return Answer(None, "follow-up")
    if mail.quoted:  # its words are the prompt, and no guess is better
        return Answer(None, "quote")
    return conversations.answer(mail)


def _forwards(mail: CleanMail, target: CleanMail) -> bool:
    """Whether a mail hands `target` on to others: programs name it in the headers of these, too."""
    return mail.no_answer == "forward" and target.sender not in mail.recipients


def _quoted_originals(
    ordered: Sequence[CleanMail], threads: dict[str, str] | None, common: Collection[str]
) -> Iterator[tuple[CleanMail, CleanMail]]:
    """Mails with the last earlier mail, by another author, whose words they quote.

    With `threads` (mail id -> thread id) the original is one of the same thread. Without, the quote
    must be long enough to identify a mail, and the original recent and written by a recipient.
    """

    def thread_of(mail: CleanMail) -> str:
        return threads[mail.id] if threads else ""

    # Thread and opening of a text -> its authors, each with the last mail that says it
    seen: dict[tuple[str, str], dict[str, CleanMail]] = defaultdict(dict)
    for _, same_time in groupby(ordered, key=lambda mail: mail.sent_at):
        group = list(same_time)  # mails of one moment do not answer each other
        for mail in group:
            quoted = opening_letters(mail.quoted or "")
            if not quoted or (threads is None and not _identifies(mail.quoted or "", common)):
                continue
            said = seen.get((thread_of(mail), quoted), {})
            originals = [
                original
                for original in said.values()
                if _may_answer(mail, original)
                and (threads is not None or _is_recent_recipient(original, mail))
            ]
            if originals:
                yield mail, originals[-1]
        for mail in group:
            authors = seen[thread_of(mail), opening_letters(mail.text)]
            authors.pop(mail.sender.lower(), None)  # so that the last author is the last key
            authors[mail.sender.lower()] = mail


def _identifies(words: str, common: Collection[str]) -> bool:
    """Whether quoted words are long and rare enough to identify a mail."""
    return words_key(words) is not None and words_key(words) not in common


def _is_recent_recipient(original: CleanMail, mail: CleanMail) -> bool:
    """Whether `original` is recent and its author a recipient of `mail`, where that names any."""
    recipients = [address.lower() for address in mail.recipients]
    addressed = not recipients or original.sender.lower() in recipients
    return addressed and mail.sent_at - original.sent_at <= WINDOW


def _may_answer(mail: CleanMail, original: CleanMail) -> bool:
    """Whether `original` is earlier and by another author."""
    earlier = original.sent_at < mail.sent_at
    return earlier and original.sender.lower() != mail.sender.lower()
