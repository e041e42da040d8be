"""What became of each row that a recipe reads: an example, or why not.

Every step of the way leaves its mark in a table: `clean/mails` says what a program wrote,
`clean/turns` whose words a row holds and what it answers, the candidates why they were dropped.
Here these marks are put together, once, for the card, the metadata and `maverick status`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maverick_assets.crm.raw_table import LIVE
from maverick_assets.datasets.authorship.judgement import NOBODYS
from maverick_assets.datasets.examples.select import CandidateSummary
from maverick_assets.datasets.examples.withheld import why_withheld
from maverick_assets.datasets.mail.links.subjects import has_reply_prefix
from maverick_assets.datasets.owner import Owner
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import mails_path, raw_path, turns_path
from maverick_assets.recipes import ExampleSource, Recipe

EXAMPLE = "example"
BY_OTHERS = "by others, or for others"
NO_WORDS = "no words of its own"
# How an answer was linked with its prompt, strongest first
LINKS = ("reply-to", "references", "quote", "thread", "subject", "time")
UNLINKED = {
    "not at hand": "answers a mail that is not here",
    "ambiguous": "may answer several mails, or none",
    "follow-up": "follows a mail of its own author",
    "forward": "a forward",
    "own words": "quotes its own author",
    "quote": "quotes its own author",
}
# Whose rows each kind of examples takes, said of a table that has none of them
_OWNERS = {
    "reply": "no sender is an address of MAVERICK_OWNER_EMAIL",
    "dialogue": "none is said by a user of MAVERICK_OWNER_USER_ID",
    "decision": "no owner_email is an address of MAVERICK_OWNER_EMAIL",
    "note": "no user_id is one of MAVERICK_OWNER_USER_ID",
    "insight": "no user_id is one of MAVERICK_OWNER_USER_ID",
}
_UNITS = {"reply": "mails", "dialogue": "messages", "decision": "deals", "sample": "samples"}
_NO_ANSWER = "neither praised nor corrected"  # feedback from which there is nothing to learn
_NO_PROMPT = {"note": "no title", "insight": "no title", "feedback": _NO_ANSWER}
# What links mails, and how its columns are called
_LINKING = {
    "recipients": "recipients",
    "thread_id": "thread ids",
    "message_id": "Message-IDs",
}
_NAMED_REASONS = 3


@dataclass(frozen=True)
class TableFates:
    """What became of the rows of one table."""

    table: str
    kind: str  # of the examples that the recipe makes of it
    counts: Mapping[str, int]  # rows by what became of them; each row has one fate
    links: Mapping[str, int] = field(default_factory=dict)  # answers among the examples, by link
    missing: Sequence[str] = ()  # columns of mails, empty in all rows, that would link them

    @property
    def own(self) -> int:
        """Rows that hold the owner's words, or for samples and feedback all of them."""
        return sum(self.counts.values()) - self.counts.get(BY_OTHERS, 0)

    @property
    def warning(self) -> str | None:
        """Why the table gives no example, or no answer; None where it gives some."""
        examples, rows = self.counts.get(EXAMPLE, 0), sum(self.counts.values())
        unit = _UNITS.get(self.kind, "rows")
        if not rows or (examples and self.kind != "reply"):
            return None
        if self.kind == "feedback" and self.own == self.counts.get(_NO_ANSWER, 0):
            return None  # nobody has praised or corrected it yet
        if not self.own:
            why = _OWNERS.get(self.kind)
            whose = f"yours: {why}" if why else "for this personality"
            return f"{self.table}: {rows:,} {unit}, none of them {whose}"
        mine = f"{self.table}: {self.own:,} {unit}{' of yours' if self.kind in _OWNERS else ''}"
        if not examples:
            return f"{mine}, 0 examples: {self._reasons()}"
        unlinked = self.counts.get(UNLINKED["not at hand"], 0)
        if sum(self.links.values()) or not unlinked:
            return None
        return f"{mine}, {examples:,} first mails and 0 answers: {self._reasons()}"

    def _reasons(self) -> str:
        left_out = Counter({k: n for k, n in self.counts.items() if k not in (EXAMPLE, BY_OTHERS)})
        unlinked = sum(left_out[UNLINKED[name]] for name in ("not at hand", "ambiguous"))
        if self.kind == "reply" and unlinked > left_out.total() / 2 and self.missing:
            lacking = " or ".join([", ".join(self.missing[:-1]), self.missing[-1]])
            lacking = lacking.removeprefix(" or ")
            return f"none could be linked to what it answers (no {lacking})"
        return ", ".join(f"{n:,} {reason}" for reason, n in left_out.most_common(_NAMED_REASONS))


def row_fates(
    lake: Path, recipe: Recipe, owner: Owner, selection: Sequence[CandidateSummary]
) -> list[TableFates]:
    """The fates of the rows of each table of a recipe, in the recipe's order.

    `selection` holds all candidates with the reason why they are dropped.
    """
    sources: dict[str, ExampleSource] = {}
    for source in recipe.sources:
        sources.setdefault(source.table, source)
    return [_table_fates(lake, recipe, owner, source, selection) for source in sources.values()]


def unused_tables(fates: Sequence[TableFates]) -> list[str]:
    """Tables that give no example though they have rows, each with the reason."""
    return [table.warning for table in fates if table.warning]


def _table_fates(
    lake: Path,
    recipe: Recipe,
    owner: Owner,
    source: ExampleSource,
    selection: Sequence[CandidateSummary],
) -> TableFates:
    name = source.table
    candidates: dict[str, CandidateSummary] = {}
    for candidate in selection:
        if candidate.source == name and (
            candidate.turn_id not in candidates or not candidate.dropped
        ):
            candidates[candidate.turn_id] = candidate
    turns = _turns(lake, recipe, name)
    fates = {turn: candidate.dropped or EXAMPLE for turn, candidate in candidates.items()}
    for turn_id, turn in turns.items():
        if turn_id not in fates:
            fates[turn_id] = _unused(recipe, source, turn)
    if source.examples == "dialogue":
        fates |= _silent_messages(turns, fates)
    if source.examples == "reply":
        mails = _mails(lake, name)
        for mail in mails:
            fates.setdefault(mail["id"], _no_turn(mail, owner))
        missing = [word for column, word in _LINKING.items() if not any(m[column] for m in mails)]
    else:
        for turn_id in _rows(lake, name):
            fates.setdefault(turn_id, _NO_ANSWER if source.examples == "feedback" else NO_WORDS)
        missing = []
    links = Counter(
        turns[turn]["link"]
        for turn, candidate in candidates.items()
        if candidate.kind == "reply" and not candidate.dropped and turn in turns
    )
    ordered = {link: links[link] for link in LINKS if links[link]}
    return TableFates(
        name, source.examples, dict(_ordered(Counter(fates.values()))), ordered, missing
    )


def _ordered(counts: Counter[str]) -> Iterator[tuple[str, int]]:
    """By others first, then the reasons, the most frequent first, and the examples last."""
    last = [(EXAMPLE, counts.pop(EXAMPLE, 0))]
    first = [(BY_OTHERS, counts.pop(BY_OTHERS))] if BY_OTHERS in counts else []
    yield from [*first, *sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])), *last]


def _turns(lake: Path, recipe: Recipe, table: str) -> dict[str, dict[str, Any]]:
    """The turns of a table by id, without their words."""
    columns = {name for source in recipe.sources for name in source.filter} | {
        "turn_id",
        "thread_id",
        "occurred_at",
        "is_owner",
        "title",
        "reply_to",
        "link",
        "personality",
        "sensitivity",
    }
    turns = read_table(turns_path(lake), columns=sorted(columns), where={"source": [table]})
    return {turn["turn_id"]: turn for turn in turns.to_pylist()} if turns else {}


def _mails(lake: Path, table: str) -> list[dict[str, Any]]:
    columns = ["id", "sender", "automatic", "recipients", "thread_id", "message_id", "authorship"]
    mails = read_table(mails_path(lake), columns=columns)
    rows = mails.to_pylist() if mails else []
    return [row for row in rows if row["id"].partition(":")[0] == table]


def _rows(lake: Path, table: str) -> list[str]:
    """Ids of the live rows of a raw table, as those of turns."""
    rows = read_table(raw_path(lake, table), columns=["id"], where=LIVE)
    return [f"{table}:{row_id}" for row_id in rows["id"].to_pylist()] if rows else []


def _no_turn(mail: Mapping[str, Any], owner: Owner) -> str:
    """Why a mail became no turn."""
    if not owner.has_email(mail["sender"]):
        return BY_OTHERS
    if mail["authorship"] in NOBODYS:
        return f"not the owner's words: {mail['authorship']}"
    return f"no person's mail: {mail['automatic']}" if mail["automatic"] else NO_WORDS


def _unused(recipe: Recipe, source: ExampleSource, turn: Mapping[str, Any]) -> str:
    """Why a turn gave no candidate."""
    if source.examples in _OWNERS and not turn["is_owner"]:
        return BY_OTHERS
    if source.examples not in _OWNERS and turn["personality"] not in (None, recipe.name):
        return BY_OTHERS  # curated for another personality, or a rating of it
    withheld = why_withheld(recipe, source.table, turn["personality"], turn["sensitivity"])
    if withheld:
        return withheld
    if any(turn[name] != value for name, value in source.filter.items()):
        return "another value than the recipe reads"
    if source.examples == "reply":
        return _unanswering(turn)
    return _NO_PROMPT.get(source.examples, "no prompt")


def _unanswering(turn: Mapping[str, Any]) -> str:
    """Why a mail of the owner is neither an answer nor a first mail."""
    if turn["reply_to"]:
        return "answers what is left out"
    if turn["link"]:
        return UNLINKED.get(turn["link"], "to himself")  # whom alone no answer is for
    unknown = "has no subject, and its recipient no name"
    return UNLINKED["not at hand"] if has_reply_prefix(turn["title"]) else unknown


def _silent_messages(
    turns: Mapping[str, Mapping[str, Any]], fates: Mapping[str, str]
) -> dict[str, str]:
    """Fates of the owner's messages before which nobody spoke, or after which he goes on."""
    ordered = sorted(turns.items(), key=lambda pair: (pair[1]["occurred_at"], pair[0]))
    answered: set[str] = set()  # threads in which somebody else has spoken
    found: dict[str, str] = {}
    for turn_id, turn in ordered:
        if not turn["is_owner"]:
            answered.add(turn["thread_id"])
        elif fates[turn_id] == "no prompt":
            follows = turn["thread_id"] in answered
            found[turn_id] = "part of the next message" if follows else "opens a conversation"
    return found
