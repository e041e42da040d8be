"""Ratings of answers in service, and the versions whose ratings have fallen."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from maverick_assets.crm.raw_table import live_rows
from maverick_assets.crm.schema import crm_table
from maverick_assets.crm.sources.kept_sessions import KEPT_FEEDBACK
from maverick_assets.errors import BadInput
from maverick_assets.lake.paths import raw_path
from maverick_assets.pipeline.production.ratings import Rated, fall_of
from maverick_assets.registry.catalog import Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.versions import Version

_SCALE = range(1, 11)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")  # "allan-maverick", "v1.0.1", "final"
_TABLES = (crm_table("feedback").name, KEPT_FEEDBACK)


@dataclass(frozen=True)
class Feedback:
    """A rating of an answer in service, without prompt and answer."""

    personality: str
    version: str
    at: datetime
    rating: int | None
    corrected: bool


@dataclass(frozen=True)
class FallenRatings:
    """A version in service whose ratings have fallen."""

    personality: str
    version: str
    reason: str


def read_feedback(lake: Path) -> list[Feedback]:
    """The ratings of the CRM, and of the API beside a CRM of one's own, as of the last ingest.

    Another program may have written them. What they are of must be a name, because metrics and
    logs show it, and a rating that is none from 1 to 10 is left out.
    """
    return [
        Feedback(
            personality=row["personality"],
            version=row["version"],
            at=row["created_at"],
            rating=row["rating"] if row["rating"] in _SCALE else None,
            corrected=bool(row.get("correction")),
        )
        for table in _TABLES
        for row in live_rows(raw_path(lake, table))
        if _is_name(row["personality"]) and _is_name(row["version"]) and row["created_at"]
    ]


def _is_name(text: str | None) -> bool:
    return text is not None and _NAME.fullmatch(text) is not None


def ratings_of(feedback: Iterable[Feedback], personality: str, version: str) -> list[int]:
    """The ratings of one version."""
    return [
        each.rating
        for each in feedback
        if (each.personality, each.version) == (personality, version) and each.rating is not None
    ]


def fallen_ratings(
    catalog: Catalog, feedback: Sequence[Feedback], now: datetime
) -> list[FallenRatings]:
    """The versions in service whose ratings have fallen.

    A version and the nightly ones on top of it (v1.1, v1.1.1, v1.1.2) count as one: a night's
    version alone has too few ratings to say anything. They are compared with the ones before them.
    """
    fallen = []
    for personality in catalog.personalities():
        current = catalog.in_service(personality)
        if current is None:
            continue
        rated = _rated(feedback, personality)
        lines = _lines_before(catalog.versions_of(personality), current)
        before = next((rated[line] for line in lines if rated[line]), [])
        fall = fall_of(rated[line_of(current.version)], before, now)
        if fall:
            line = line_of(current.version)
            fallen.append(FallenRatings(personality, f"v{line[0]}.{line[1]}", fall.reason))
    return fallen


def line_of(version: Version) -> tuple[int, int]:
    """A version and those trained on top of it night by night."""
    return version.major, version.minor


def _lines_before(versions: Iterable[Manifest], current: Manifest) -> list[tuple[int, int]]:
    """The lines in service before the current one, the newest first."""
    newest: dict[tuple[int, int], datetime] = {}
    for each in versions:
        if each.released_at is not None and line_of(each.version) != line_of(current.version):
            line = line_of(each.version)
            newest[line] = max(each.released_at, newest.get(line, each.released_at))
    return sorted(newest, key=lambda line: newest[line], reverse=True)


def _rated(
    feedback: Iterable[Feedback], personality: str
) -> defaultdict[tuple[int, int], list[Rated]]:
    """A personality's ratings by line."""
    rated: defaultdict[tuple[int, int], list[Rated]] = defaultdict(list)
    for each in feedback:
        if each.personality == personality and each.rating is not None:
            with suppress(BadInput):  # `final`, or what another program wrote there
                version = Version.parse(each.version)
                rated[line_of(version)].append(Rated(each.at, each.rating))
    return rated
