"""Signs that roles are swapped: what counts as the owner's words was written by others."""

import heapq
import re
from operator import itemgetter
from pathlib import Path

from maverick_assets.datasets.authorship.judgement import NOBODYS
from maverick_assets.datasets.owner import Owner
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import mails_path, turns_path
from maverick_assets.recipes import Recipe

_WORD = re.compile(r"[^\W\d_]{3,}")
_FEW = 5  # signatures of others; so few prove nothing
_NEWEST = 1000  # of the owner's mails that are looked at


def swapped_roles(lake: Path, recipe: Recipe, owner: Owner) -> list[str]:
    """Signs that the settings name the wrong owner, as sentences; empty when there are none.

    A sign is that none of the mails or chats that the recipe reads is the owner's, or that his
    mails are signed by those he wrote to.
    """
    problems = []
    for kind, noun, setting in (
        ("reply", "mail", "MAVERICK_OWNER_EMAIL"),
        ("dialogue", "chat message", "MAVERICK_OWNER_USER_ID"),
    ):
        tables = {source.table for source in recipe.sources if source.examples == kind}
        turns = read_table(turns_path(lake), columns=["is_owner"], where={"source": tables})
        if turns is not None and turns.num_rows and not any(turns["is_owner"].to_pylist()):
            problems.append(f"no {noun} is by the owner; is {setting} right?")
    if any(source.examples == "reply" for source in recipe.sources):
        problems += _signed_by_others(mails_path(lake), owner)
    return problems


def _signed_by_others(mails: Path, owner: Owner) -> list[str]:
    """A sentence if more of the owner's mails are signed by recipients than by himself."""
    rows = read_table(mails, columns=["id", "sender", "sent_at", "authorship"])
    own_mails = [
        row
        for row in (rows.to_pylist() if rows else ())
        if owner.has_email(row["sender"]) and row["authorship"] not in NOBODYS
    ]
    newest = heapq.nlargest(_NEWEST, own_mails, key=itemgetter("sent_at", "id"))
    where = {"id": [row["id"] for row in newest]}
    rows = read_table(mails, columns=["sender", "recipients", "text"], where=where)
    by_owner = by_others = 0
    for row in rows.to_pylist() if rows else []:
        if signed_by(row["text"], row["sender"]):
            by_owner += 1
        elif any(signed_by(row["text"], a) for a in row["recipients"] if not owner.has_email(a)):
            by_others += 1
    if by_others <= max(by_owner, _FEW):
        return []
    return [
        f"roles look reversed: {by_others} mails of the owner are signed by those he wrote to, "
        f"{by_owner} by himself; is MAVERICK_OWNER_EMAIL right?"
    ]


def signed_by(text: str, address: str) -> bool:
    """Whether the last line of a mail has only words of an address, from before its @."""
    words = set(_WORD.findall(text.rstrip().rpartition("\n")[2].lower()))
    return bool(words) and words <= set(_WORD.findall(address.partition("@")[0].lower()))
