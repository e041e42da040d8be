"""Quarantine: what would be examples, did it not hold a secret; for an operator to review.

Each personality has a table of them, derived from its candidates and without the secrets. What the
operator releases is remembered by content, so a changed text is held again.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc

from maverick_assets.errors import BadInput
from maverick_assets.lake.delta import Commit, arrow_table, only_writer, read_table, sync_table
from maverick_assets.lake.paths import candidates_path, quarantine_path, releases_path
from maverick_assets.lake.schema import schema_of


@dataclass(frozen=True)
class Held:
    """An example in quarantine. `excerpt` shows where the secrets stood; `reason` says why an
    operator released it, and is None for what is held."""

    example_id: str
    personality: str
    source: str
    source_ids: list[str]
    thread_id: str
    occurred_at: datetime
    rules: list[str]
    excerpt: str
    reason: str | None = None
    released_at: datetime | None = None


@dataclass(frozen=True)
class Release:
    """An operator's word that an example holds no secret."""

    example_id: str
    personality: str
    reason: str
    released_at: datetime


HELD_SCHEMA = schema_of(Held, without=("reason", "released_at"))
RELEASE_SCHEMA = schema_of(Release)


def refresh_quarantine(lake: Path, personality: str) -> Commit:
    """Bring `quarantine/<personality>` up to date with the candidates, one row an example."""
    target = quarantine_path(lake, personality)
    with only_writer(target):
        columns = [name for name in HELD_SCHEMA.names if name != "personality"]
        found = read_table(candidates_path(lake, personality), columns=columns)
        assert found is not None
        found = found.filter(pc.greater(pc.list_value_length(found["rules"]), 0))
        ordered = sorted(found.to_pylist(), key=lambda row: (row["thread_id"], row["source_ids"]))
        rows = {row["example_id"]: row | {"personality": personality} for row in ordered}
        return sync_table(target, arrow_table(list(rows.values()), HELD_SCHEMA), "example_id")


def quarantined(lake: Path, personalities: Sequence[str]) -> list[Held]:
    """What is or was held back, newest first; the released with their reason."""
    releases = {each.example_id: each for each in _releases(lake)}
    held = []
    for personality in personalities:
        table = read_table(quarantine_path(lake, personality), columns=HELD_SCHEMA.names)
        for row in table.to_pylist() if table else []:
            release = releases.get(row["example_id"])
            reason, at = (release.reason, release.released_at) if release else (None, None)
            held.append(Held(**row, reason=reason, released_at=at))
    return sorted(held, key=lambda each: (each.occurred_at, each.example_id), reverse=True)


def find_held(lake: Path, personalities: Sequence[str], example_id: str) -> Held:
    """The one whose id starts with `example_id`; `BadInput` when there is none, or several."""
    found = [
        each for each in quarantined(lake, personalities) if each.example_id.startswith(example_id)
    ]
    if len(found) != 1 or not example_id:
        several = "no example" if not found else f"{len(found)} examples"
        raise BadInput(
            f"{several} in quarantine with id {example_id!r}; see `maverick datasets quarantine`"
        )
    return found[0]


def release(lake: Path, held: Held, reason: str) -> None:
    """Remember that this example holds no secret: the next ingest includes it."""
    if not reason.strip():
        raise BadInput("--reason is empty: say why this is no secret")
    target = releases_path(lake)
    row = asdict(Release(held.example_id, held.personality, reason, datetime.now(UTC)))
    with only_writer(target):
        sync_table(target, arrow_table([row], RELEASE_SCHEMA), "example_id", {held.example_id})


def released(lake: Path) -> frozenset[str]:
    """Ids of the examples that an operator released."""
    return frozenset(each.example_id for each in _releases(lake))


def _releases(lake: Path) -> list[Release]:
    table = read_table(releases_path(lake), columns=RELEASE_SCHEMA.names)
    return [Release(**row) for row in table.to_pylist()] if table else []
