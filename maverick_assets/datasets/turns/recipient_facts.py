"""What the owner knew of a recipient before he wrote: facts for mails that answer nothing.

A fact depends only on rows that are older than the mail: on mails exchanged before, and on the
stage of a deal that names the recipient's company and was last changed before.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from maverick_assets.datasets.owner import Owner

Row = Mapping[str, Any]
History = tuple[list[datetime], list[str]]  # times in order, and the stage from each on

REGULAR = 10  # mails exchanged before that make a regular contact
_WORD = re.compile(r"[^\W_]+")
_TELLING_CHARACTERS = 4
_COMPANY_WORDS = 4


def recipient_facts(mails: Iterable[Row], deals: Iterable[Row], owner: Owner) -> dict[str, str]:
    """Facts of each mail of the owner by mail id, one a line; no name is in them.

    `mails`: id, sender, recipients, sent_at. `deals`: deal_name, stage, created_at, updated_at.
    """
    wrote = cache(owner.has_email)
    stages = _stages(deals)
    exchanged: defaultdict[str, int] = defaultdict(int)
    facts: dict[str, str] = {}
    ordered = sorted(mails, key=lambda mail: (mail["sent_at"], mail["id"]))
    for moment, same_time in groupby(ordered, key=lambda mail: mail["sent_at"]):
        group = list(same_time)  # mails of one moment are not before each other
        for mail in group:
            contact = owner.first_recipient(mail["recipients"]) if wrote(mail["sender"]) else None
            if contact:
                stage = _stage(stages.get(_company(contact)), moment)
                lines = [f"Relation: {_relation(exchanged[contact])}"]
                facts[mail["id"]] = "\n".join([*lines, *([f"Deal: {stage}"] if stage else [])])
        for mail in group:
            others = mail["recipients"] if wrote(mail["sender"]) else [mail["sender"]]
            for address in set(others):
                exchanged[address] += 1
    return facts


def _relation(before: int) -> str:
    if before == 0:
        return "first contact"
    return "regular contact" if before >= REGULAR else "a few mails before"


def _stages(deals: Iterable[Row]) -> dict[str, History]:
    """Stages by company as a domain would spell it: any few words of a deal's name, joined."""
    found: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for deal in deals:
        since = deal.get("updated_at") or deal["created_at"]
        if since and deal["stage"]:
            for company in set(_runs(_WORD.findall((deal["deal_name"] or "").lower()))):
                found[company].append((since, deal["stage"]))
    return {
        company: ([since for since, _ in sorted(rows)], [stage for _, stage in sorted(rows)])
        for company, rows in found.items()
    }


def _runs(words: Sequence[str]) -> Iterator[str]:
    for start in range(len(words)):
        for end in range(start + 1, min(start + _COMPANY_WORDS, len(words)) + 1):
            joined = "".join(words[start:end])
            if len(joined) >= _TELLING_CHARACTERS:
                yield joined


def _company(address: str) -> str:
    """`dana@mail.oat-bars.example` -> `oatbars`."""
    labels = address.rpartition("@")[2].lower().split(".")
    return "".join(_WORD.findall(labels[-2])) if len(labels) > 1 else ""


def _stage(history: History | None, moment: datetime) -> str | None:
    """The stage as it was last known before `moment`."""
    at = bisect_right(history[0], moment) if history else 0
    return history[1][at - 1] if history and at else None
