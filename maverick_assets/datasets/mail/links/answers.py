"""What a mail answers where neither a header nor a quote says it: by thread, subject and time.

CRMs keep bodies without quotes, and many keep no Message-IDs and no recipients. A mail then answers
the newest mail that somebody else wrote in the conversation and that its author has not answered
yet. Where several people wait for an answer, it is the one whom the mail is addressed to or greets.
Where that says nothing, nothing is guessed.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter

from maverick_assets.datasets.mail.clean_mail import CleanMail
from maverick_assets.datasets.mail.links.keys import (
    WINDOW,
    correspondents,
    newest_span,
    pair_key,
    subject_key,
)
from maverick_assets.datasets.mail.links.names import greeted
from maverick_assets.datasets.mail.links.subjects import has_reply_prefix, normal_subject

_PAUSE = timedelta(hours=12)  # between two mails of somebody: after it, the newer is answered
_UNNAMED_WINDOW = timedelta(days=3)  # in which a mail without a subject is answered
_SHORTEST_SUBJECT = 7  # characters that say enough without recipients; "Hello!" does not
_NEWEST = 100  # mails of a conversation that are looked at


@dataclass(frozen=True)
class Answer:
    """What a mail answers, or why that is not known."""

    mail_id: str | None  # the mail that it answers
    # thread, subject or time where there is one; without one follow-up (its author wrote last),
    # ambiguous or not at hand; None: the mail opens a conversation
    kind: str | None
    follows: str | None = None  # the author's own mail that a follow-up follows


OPENING = Answer(None, None)


class Conversations:
    """Earlier mails by thread and by subject. Mails are added in the order in which they were sent.

    `author_of` gives one name for all addresses of the owner, and `owner` is that name.
    """

    def __init__(
        self, author_of: Callable[[str], str], owner: str, common: Collection[str]
    ) -> None:
        self._author_of = author_of
        self._owner = owner
        self._common = common
        self._of_thread: defaultdict[str, list[CleanMail]] = defaultdict(list)
        self._of_subject: defaultdict[str, list[CleanMail]] = defaultdict(list)
        self._of_pair: defaultdict[tuple[str, frozenset[str]], list[CleanMail]] = defaultdict(list)
        self._answered: dict[str, str] = {}  # mail -> author of the mail that it answers

    def add(self, mail: CleanMail, parent: CleanMail | None) -> None:
        """Add a mail that a person wrote, and what it answers as far as that is known."""
        if parent:
            self._answered[mail.id] = self._author_of(parent.sender)
        if mail.thread_id:
            self._of_thread[mail.thread_id].append(mail)
        subject = normal_subject(mail.subject)
        self._of_subject[subject].append(mail)
        for pair in correspondents(mail):
            self._of_pair[subject, pair].append(mail)

    def answer(self, mail: CleanMail) -> Answer:
        """What a mail without better evidence answers, of those that were added."""
        if mail.thread_id:
            return self._in_thread(mail)
        return self._by_subject(mail)

    def _in_thread(self, mail: CleanMail) -> Answer:
        whole = self._of_thread[mail.thread_id or ""][-_NEWEST:]
        subject = normal_subject(mail.subject)
        earlier = [other for other in whole if _alike(subject, normal_subject(other.subject))]
        if whole and not earlier and not has_reply_prefix(mail.subject):
            return Answer(None, "ambiguous")  # a CRM's thread may hold several conversations
        return self._choice(mail, earlier or whole, "thread")

    def _by_subject(self, mail: CleanMail) -> Answer:
        subject = normal_subject(mail.subject)
        is_answer = has_reply_prefix(mail.subject)
        if not subject and not (is_answer and mail.recipients):
            return Answer(None, "not at hand") if is_answer else OPENING
        earlier = [other for other in self._of_name(subject, mail) if self._may_be_to(other, mail)]
        if not is_answer:
            return Answer(None, "ambiguous") if self._waiting(mail, earlier) else OPENING
        return self._choice(mail, earlier, "subject" if mail.recipients else "time")

    def _of_name(self, subject: str, mail: CleanMail) -> Sequence[CleanMail]:
        """Recent mails with a subject; with a common one or none, those between the same people."""
        span = newest_span(mail.sent_at)
        if subject and subject_key(subject, span) not in self._common:
            return _recent(self._of_subject[subject], mail, WINDOW)
        pairs = [
            pair
            for pair in correspondents(mail)
            if pair_key(subject, pair, span) not in self._common
        ]
        window = WINDOW if subject else _UNNAMED_WINDOW
        return _merged(_recent(self._of_pair[subject, pair], mail, window) for pair in pairs)

    def _may_be_to(self, other: CleanMail, mail: CleanMail) -> bool:
        """Whether an earlier mail may be addressed to the author of `mail`, or is his own."""
        author, writer = self._author_of(mail.sender), self._author_of(other.sender)
        if writer == author:
            return True
        if author == self._owner:
            return True  # a CRM holds its owner's mail, blind copies and lists included
        if other.recipients:
            return author in self._addressed(other)
        if author != self._owner and writer != self._owner and self._owner:
            return False  # a CRM holds its owner's mail: both wrote to him
        return self._answered.get(other.id, author) == author

    def _waiting(self, mail: CleanMail, earlier: Sequence[CleanMail]) -> list[CleanMail]:
        """Mails by others that the author of `mail` has not answered, oldest first."""
        author, addressed = self._author_of(mail.sender), self._addressed(mail)
        waiting: list[CleanMail] = []
        for other in earlier:
            writer = self._author_of(other.sender)
            if writer == author:
                closed = self._closed_by(other)
                waiting = [
                    one for one in waiting if closed and self._author_of(one.sender) not in closed
                ]
            elif not mail.parent_name or not other.message_id:
                waiting.append(other)
        return [one for one in waiting if not addressed or self._author_of(one.sender) in addressed]

    def _closed_by(self, mail: CleanMail) -> set[str] | None:
        """Whose mails wait no longer after a mail of one's own; None for everybody's."""
        if mail.recipients:
            return self._addressed(mail)
        if mail.id in self._answered:
            return {self._answered[mail.id]}
        return None if mail.thread_id and not mail.no_answer else {""}

    def _choice(self, mail: CleanMail, earlier: Sequence[CleanMail], kind: str) -> Answer:
        """The one of the waiting mails that `mail` answers, if there is no doubt."""
        author = self._author_of(mail.sender)
        waiting = self._waiting(mail, earlier)
        if not waiting:
            own = [other for other in earlier if self._author_of(other.sender) == author]
            if own:
                return Answer(None, "follow-up", own[-1].id)
            return Answer(None, "not at hand") if has_reply_prefix(mail.subject) else OPENING
        chosen = self._without_doubt(mail, waiting, earlier)
        return Answer(chosen.id, kind) if chosen else Answer(None, "ambiguous")

    def _without_doubt(
        self, mail: CleanMail, waiting: Sequence[CleanMail], earlier: Sequence[CleanMail]
    ) -> CleanMail | None:
        """The one of the waiting mails that `mail` answers; None where there is a doubt.

        Where it names no recipient, several writers of the conversation are a doubt, and so is a
        vague subject, unless it greets one. Of several mails of one writer it answers the newest,
        if that came after a pause.
        """
        author, subject = self._author_of(mail.sender), normal_subject(mail.subject)
        newest_of = {self._author_of(one.sender): one for one in waiting}
        if not mail.recipients:
            writers = {self._author_of(other.sender) for other in earlier} - {author}
            if len(writers) > 1 or (not mail.thread_id and self._is_vague(mail, waiting)):
                one = greeted(mail, [*newest_of.values()])
                newest_of = {self._author_of(one.sender): one} if one else {}
        if len(newest_of) != 1:
            return None
        [(writer, newest)] = newest_of.items()
        before = [one for one in waiting if self._author_of(one.sender) == writer][:-1]
        if not before:
            return newest
        pause = newest.sent_at - before[-1].sent_at
        soon = bool(subject) or mail.sent_at - newest.sent_at < pause
        return newest if pause >= _PAUSE and soon else None

    def _is_vague(self, mail: CleanMail, waiting: Sequence[CleanMail]) -> bool:
        """Whether a subject and the time alone do not say that a mail answers another.

        So it is with a short subject, and where the others answer somebody else or a mail that is
        not here.
        """
        author = self._author_of(mail.sender)
        overheard = any(
            has_reply_prefix(one.subject) and self._answered.get(one.id) != author
            for one in waiting
        )
        return overheard or len(normal_subject(mail.subject)) < _SHORTEST_SUBJECT

    def _addressed(self, mail: CleanMail) -> set[str]:
        return {self._author_of(address) for address in mail.recipients}


def _recent(mails: Sequence[CleanMail], mail: CleanMail, window: timedelta) -> Sequence[CleanMail]:
    """Those of ordered mails that lie within the window before `mail`."""
    start = bisect_left(mails, mail.sent_at - window, key=attrgetter("sent_at"))
    return mails[max(start, len(mails) - _NEWEST) :]


def _merged(groups: Iterable[Sequence[CleanMail]]) -> list[CleanMail]:
    """The distinct mails of several groups, in the order in which they were sent."""
    distinct = {mail.id: mail for group in groups for mail in group}
    return sorted(distinct.values(), key=lambda mail: (mail.sent_at, mail.id))


def _alike(subject: str, other: str) -> bool:
    """Whether two normal subjects are the same, but for a mark that a program put in front."""
    return not subject or subject == other or subject.endswith(other) or other.endswith(subject)
