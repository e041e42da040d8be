"""What the owner knew of a recipient when he wrote: facts for mails that answer nothing.

A fact depends only on rows that are older than the mail: on the mails exchanged before it, and on
the stage of a deal that names the recipient's company and did not change after the mail.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from maverick_assets.datasets.layout import Relation, recipient_text
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.fields import RawRow

CleanMailRow = Mapping[str, Any]  # id, sender, recipients and sent_at of `clean/mails`
# Stages of the deals of one company: the times when they were reached, ascending, and the stages.
StageHistory = tuple[list[datetime], list[str]]

REGULAR_MAILS = 10  # a contact is regular after this many mails, sent or received
_WORD = re.compile(r"[^\W_]+")
_MIN_COMPANY_LETTERS = 4  # shorter names match too many domains by chance
_MAX_COMPANY_WORDS = 4


def recipient_facts(
    mails: Iterable[CleanMailRow], deals: Iterable[RawRow], owner: Owner
) -> dict[str, str]:
    """Facts for each of the owner's mails, by mail id: one fact per line, without any name.

    `deals` are rows of raw tables with the columns of `crm_deals`.
    """
    is_owner = cache(owner.has_email)
    histories = _stage_histories(deals)
    exchanged: defaultdict[str, int] = defaultdict(int)  # mails so far, by address
    facts: dict[str, str] = {}
    ordered = sorted(mails, key=lambda mail: (mail["sent_at"], mail["id"]))
    # Mails of one moment do not precede each other: all get their facts before any is counted.
    for moment, same_time in groupby(ordered, key=lambda mail: mail["sent_at"]):
        group = list(same_time)
        for mail in group:
            if not is_owner(mail["sender"]):
                continue
            recipient = owner.first_recipient(mail["recipients"])
            if recipient:
                stage = _stage_before(moment, histories.get(_company(recipient)))
                facts[mail["id"]] = recipient_text(_relation(exchanged[recipient]), stage)
        for mail in group:
            others = mail["recipients"] if is_owner(mail["sender"]) else [mail["sender"]]
            for address in set(others):
                exchanged[address] += 1
    return facts


def _relation(exchanged: int) -> Relation:
    """How well the owner knew somebody with whom he had exchanged this many mails."""
    if exchanged == 0:
        return "first contact"
    return "regular contact" if exchanged >= REGULAR_MAILS else "a few mails before"


def _stage_histories(deals: Iterable[RawRow]) -> dict[str, StageHistory]:
    """Histories by company, spelled as in a domain.

    A deal's name does not say which of its words are the company, so each short run of words counts
    as one.
    """
    stages: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for deal in deals:
        since = deal.get("updated_at") or deal["created_at"]
        if since and deal["stage"]:
            for company in set(_joined_words(_WORD.findall((deal["deal_name"] or "").lower()))):
                stages[company].append((since, deal["stage"]))
    return {
        company: ([since for since, _ in sorted(rows)], [stage for _, stage in sorted(rows)])
        for company, rows in stages.items()
    }


def _joined_words(words: Sequence[str]) -> Iterator[str]:
    """Each run of a few words, joined: `oats`, `oatsbars`, `oatsbarsshelf` and so on."""
    for start in range(len(words)):
        for end in range(start + 1, min(start + _MAX_COMPANY_WORDS, len(words)) + 1):
            joined = "".join(words[start:end])
            if len(joined) >= _MIN_COMPANY_LETTERS:
                yield joined


def _company(address: str) -> str:
    """`dana@mail.oat-bars.example` -> `oatbars`."""
    labels = address.rpartition("@")[2].lower().split(".")
    return "".join(_WORD.findall(labels[-2])) if len(labels) > 1 else ""


def _stage_before(moment: datetime, history: StageHistory | None) -> str | None:
    """The last stage that was reached by `moment`; None where there was none yet."""
    if history is None:
        return None
    times, stages = history
    count = bisect_right(times, moment)
    return stages[count - 1] if count else None
