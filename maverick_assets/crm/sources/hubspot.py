"""HubSpot: logged e-mails, deals, and the conversations of the inbox."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar, Literal

from pydantic import Field

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.sources.hubspot_api import HubSpotApi
from maverick_assets.crm.sources.hubspot_rows import conversations, deals, mails, messages
from maverick_assets.crm.sources.source import (
    Deleted,
    EmailAddress,
    EnvironmentVariable,
    FetchResult,
    FetchState,
    SourceEntry,
    SourceRow,
    SourceTable,
    secret_from,
)

# HubSpot indexes a change, and lists a new message, some time after it happened. So each fetch asks
# for changes since an hour before the last fetch began.
OVERLAP = timedelta(hours=1)
# HubSpot does not list what was deleted for good. Only a full read shows that it is absent.
FULL_EVERY = timedelta(days=7)


class HubSpotEntry(SourceEntry):
    """A HubSpot account."""

    libraries: ClassVar[tuple[str, ...]] = ("hubspot",)

    kind: Literal["hubspot"] = Field(description="what kind of source it is")
    token: EnvironmentVariable = Field(
        description="name of the environment variable that holds a private app's access token"
    )
    addresses: tuple[EmailAddress, ...] = Field(
        min_length=1,
        description="addresses of the person's HubSpot users: in conversations they speak for "
        "`user`, other users do not",
    )
    url: str = Field(
        "https://api.hubapi.com", pattern=r"^https?://", description="address of HubSpot's API"
    )

    def source(self) -> "HubSpotSource":
        return HubSpotSource(self)


@dataclass(frozen=True)
class HubSpotSource:
    """Reads everything once a week, and in between what has changed.

    The state of a fetch holds the times when the last fetch (`since`) and the last full one
    (`full`) began, by HubSpot's clock. Conversations are few and carry no text: they are always
    read in full.
    """

    entry: HubSpotEntry
    pause: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def tables(self) -> tuple[SourceTable, ...]:
        parent = f"{self.name}_conversations"
        of_entry = partial(SourceTable, sensitivity=self.entry.sensitivity)
        return (
            of_entry(f"{self.name}_emails", "mail"),
            of_entry(f"{self.name}_deals", "deal"),
            of_entry(parent, "conversation"),
            of_entry(f"{self.name}_messages", "message", parent),
        )

    def fetch(self, table: str, state: FetchState | None) -> FetchResult:
        """All rows of a table, or those that changed; see `Source.fetch`."""
        target = next(candidate for candidate in self.tables if candidate.name == table)
        api = HubSpotApi(
            f"source {self.name}, table {table}",
            self.entry.url,
            self.entry.token,
            secret_from(self.entry.token, self.name),
            self.pause,
        )
        since = None if target.shape == "conversation" else _read_since(state)
        next_state: FetchState = {}

        def items() -> Iterator[SourceRow | Deleted | SkippedInput]:
            yield from self._items(api, target, since)
            # Set only here: before the first answer arrives, HubSpot's clock is unknown.
            began = (api.first_answer_at or datetime.now(UTC)).isoformat()
            full = began if since is None or state is None else state["full"]
            next_state.update(full=full, since=began)

        return FetchResult(items(), complete=since is None, state=next_state)

    def _items(
        self, api: HubSpotApi, table: SourceTable, since: datetime | None
    ) -> Iterator[SourceRow | Deleted | SkippedInput]:
        match table.shape:
            case "mail":
                return mails(api, table, since)
            case "deal":
                return deals(api, table, since)
            case "conversation":
                return conversations(api, table, self.entry.user)
            case _:
                return messages(api, table, since, self.entry.addresses)


def _read_since(state: FetchState | None) -> datetime | None:
    """The time of the oldest change to read; None: read everything."""
    if not state or datetime.now(UTC) - datetime.fromisoformat(state["full"]) > FULL_EVERY:
        return None
    return datetime.fromisoformat(state["since"]) - OVERLAP
