"""Quarantine: examples that are left out because they hold a secret, for an operator to review.

Each personality has a table of them, derived from its candidates. It shows the text around the
secrets, never the secrets. A release belongs to the content of an example, so that an example whose
text changes is quarantined again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc

from maverick_assets.errors import BadInput
from maverick_assets.lake.delta import Commit, arrow_table, only_writer, read_table, sync_table
from maverick_assets.lake.paths import candidates_path, quarantine_path, releases_path
from maverick_assets.lake.schema import schema_of


@dataclass(frozen=True)
class QuarantinedExample:
    """An example in quarantine, or released from it; or a mail of which examples could be made."""

    example_id: str
    personality: str  # empty for a mail, which any of them may read
    source: str
    source_ids: list[str]
    thread_id: str
    occurred_at: datetime
    rules: list[str]  # names of the rules that found a secret; for a mail, what is doubtful
    excerpt: str  # the text around the secrets, with the rule's name in place of each
    reason: str | None = None  # why an operator released it; None while it is in quarantine
    released_at: datetime | None = None


@dataclass(frozen=True)
class QuarantineRelease:
    """An operator's statement that an example holds no secret, or that the owner wrote a mail."""

    example_id: str
    personality: str
    reason: str
    released_at: datetime


QUARANTINE_SCHEMA = schema_of(QuarantinedExample, without=("reason", "released_at"))
RELEASE_SCHEMA = schema_of(QuarantineRelease)


def refresh_quarantine(lake: Path, personality: str) -> Commit:
    """Bring a personality's quarantine up to date with its candidates: one row per example."""
    target = quarantine_path(lake, personality)
    with only_writer(target):
        columns = [name for name in QUARANTINE_SCHEMA.names if name != "personality"]
        candidates = read_table(candidates_path(lake, personality), columns=columns)
        assert candidates is not None
        candidates = candidates.filter(pc.greater(pc.list_value_length(candidates["rules"]), 0))
        # Several candidates may be one example. The order decides which of them is kept.
        ordered = sorted(
            candidates.to_pylist(), key=lambda row: (row["thread_id"], row["source_ids"])
        )
        rows = {row["example_id"]: row | {"personality": personality} for row in ordered}
        return sync_table(target, arrow_table(list(rows.values()), QUARANTINE_SCHEMA), "example_id")


def quarantined_examples(lake: Path, personalities: Sequence[str]) -> list[QuarantinedExample]:
    """The examples in quarantine and those released from it, newest first."""
    releases = read_releases(lake)
    examples = []
    for personality in personalities:
        table = read_table(quarantine_path(lake, personality), columns=QUARANTINE_SCHEMA.names)
        for row in table.to_pylist() if table else []:
            release = releases.get(row["example_id"])
            reason, at = (release.reason, release.released_at) if release else (None, None)
            examples.append(QuarantinedExample(**row, reason=reason, released_at=at))
    return sorted(
        examples, key=lambda example: (example.occurred_at, example.example_id), reverse=True
    )


def find_quarantined(
    lake: Path,
    personalities: Sequence[str],
    example_id: str,
    others: Iterable[QuarantinedExample] = (),
) -> QuarantinedExample:
    """The one example, of the personalities' or of `others`, whose id starts with `example_id`.

    Raises `BadInput` when none or several do.
    """
    matches = [
        example
        for example in (*quarantined_examples(lake, personalities), *others)
        if example.example_id.startswith(example_id)
    ]
    if len(matches) != 1 or not example_id:
        count = "nothing" if not matches else f"{len(matches)} things"
        raise BadInput(
            f"{count} in quarantine with id {example_id!r}; see `maverick datasets quarantine`"
        )
    return matches[0]


def release_example(lake: Path, example: QuarantinedExample, reason: str) -> None:
    """Record that an example or a mail may be learnt: the next ingest includes it.

    Raises `BadInput` when the reason is empty.
    """
    if not reason.strip():
        raise BadInput("--reason is empty: say why it may be learnt")
    release = QuarantineRelease(example.example_id, example.personality, reason, datetime.now(UTC))
    target, table = releases_path(lake), arrow_table([asdict(release)], RELEASE_SCHEMA)
    with only_writer(target):
        sync_table(target, table, "example_id", {example.example_id})


def released_ids(lake: Path) -> frozenset[str]:
    """Ids of the examples and mails that an operator released."""
    return frozenset(read_releases(lake))


def read_releases(lake: Path) -> dict[str, QuarantineRelease]:
    """What an operator released, by its id."""
    table = read_table(releases_path(lake), columns=RELEASE_SCHEMA.names)
    releases = [QuarantineRelease(**row) for row in table.to_pylist()] if table else []
    return {release.example_id: release for release in releases}
