"""The order of forgetting.

Every step may be repeated, and finds what an earlier attempt left: a call that was cut short is
completed by the same call.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from maverick_assets.crm.schema import Table
from maverick_assets.pipeline.forget.history import purge_history
from maverick_assets.pipeline.forget.reports import purge_reports
from maverick_assets.pipeline.forget.tombstone import (
    RowIds,
    RowRef,
    tombstone_contact,
    tombstone_row,
)
from maverick_assets.pipeline.forget.trace import Trace, revoke, trace
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings

REVOCATION_REASON = "it learned from rows that were forgotten"


@dataclass(frozen=True)
class Forgetting:
    """What was forgotten, where it had been used, and what is in service now."""

    rows: RowIds
    trace: Trace
    in_service: Mapping[str, Manifest | None]  # of the personalities with a revoked version


def forget_rows(
    settings: Settings,
    tables: Sequence[Table],
    target: str | RowRef,
    rebuild: Callable[[], object],
) -> Forgetting:
    """Forget the rows of a contact (an address), or one row.

    `tables` are the raw tables; `rebuild` ingests, so that the tables of the lake are made again
    without the rows. Raises `BadInput` when there is nothing to forget.
    """
    lake, registry = settings.lake, Registry(settings.models)
    # 1. The rows go on the list of the forgotten first, so that no extraction brings them back.
    if isinstance(target, RowRef):
        rows = tombstone_row(lake, tables, target)
    else:
        rows = tombstone_contact(lake, tables, target)
    # 2. Find what learned from them while the old versions of datasets can still be read.
    traced = trace(lake, registry, rows)
    # 3. Take that out of service before anything slow.
    in_service = revoke(registry, traced, REVOCATION_REASON)
    # 4. Remove the texts that people can read.
    purge_reports(traced, registry, settings.reports, settings.runs)
    # 5. Make tables whose newest versions no longer hold the rows ...
    rebuild()
    # 6. ... and then delete the older versions from the disk.
    purge_history(lake, registry, rows)
    return Forgetting(rows, traced, in_service)
