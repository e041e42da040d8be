"""HubSpot: logged e-mails, deals, and the conversations of the inbox."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal

from pydantic import Field

from maverick_assets.crm.internet_mail import Skipped
from maverick_assets.crm.sources.base import (
    Address,
    Deleted,
    Entry,
    Fetched,
    Row,
    SourceTable,
    State,
    Variable,
    secret,
)
from maverick_assets.crm.sources.hubspot_api import HubSpotApi
from maverick_assets.crm.sources.hubspot_rows import conversations, deals, mails, messages

# What has changed is searchable only moments later, and new messages lag the same way.
OVERLAP = timedelta(hours=1)
# No list names what was deleted for good: only its absence from a full read tells.
FULL_EVERY = timedelta(days=7)


class HubSpotEntry(Entry):
    """`token` names the variable that holds a private app's access token.

    `addresses` are those of the person's HubSpot users: in conversations they speak for `user`,
    other users do not.
    """

    libraries: ClassVar[tuple[str, ...]] = ("hubspot",)

    kind: Literal["hubspot"]
    token: Variable
    addresses: tuple[Address, ...] = Field(min_length=1)
    url: str = Field("https://api.hubapi.com", pattern=r"^https?://")

    def source(self) -> "HubSpotSource":
        return HubSpotSource(self)


@dataclass(frozen=True)
class HubSpotSource:
    """Reads everything once a week, and what has changed since, less an hour, in between.

    State: `since` and `full`, when the last fetch and the last full one began, by HubSpot's clock.
    Conversations, which are few and carry no text, are always read in full.
    """

    entry: HubSpotEntry
    pause: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def tables(self) -> tuple[SourceTable, ...]:
        return (
            SourceTable(f"{self.name}_emails", "mail"),
            SourceTable(f"{self.name}_deals", "deal"),
            SourceTable(f"{self.name}_conversations", "conversation"),
            SourceTable(f"{self.name}_messages", "message", f"{self.name}_conversations"),
        )

    def fetch(self, table: str, state: State | None) -> Fetched:
        target = next(known for known in self.tables if known.name == table)
        api = HubSpotApi(
            f"source {self.name}, table {table}",
            self.entry.url,
            self.entry.token,
            secret(self.entry.token, self.name),
            self.pause,
        )
        since = None if target.shape == "conversation" else _since(state)
        marks: State = {} if since is None or state is None else {"full": state["full"]}
        items = self._items(api, target, since)

        def marked() -> Iterator[Row | Deleted | Skipped]:
            yield from items
            began = (api.first_answer_at or datetime.now(UTC)).isoformat()
            marks.update({"full": began} | marks | {"since": began})

        return Fetched(marked(), complete=since is None, state=marks)

    def _items(
        self, api: HubSpotApi, table: SourceTable, since: datetime | None
    ) -> Iterator[Row | Deleted | Skipped]:
        match table.shape:
            case "mail":
                return mails(api, table, since)
            case "deal":
                return deals(api, table, since)
            case "conversation":
                return conversations(api, table, self.entry.user)
            case _:
                return messages(api, table, since, self.entry.addresses)


def _since(state: State | None) -> datetime | None:
    """From when on to read; None: everything."""
    if not state or datetime.now(UTC) - datetime.fromisoformat(state["full"]) > FULL_EVERY:
        return None
    return datetime.fromisoformat(state["since"]) - OVERLAP
