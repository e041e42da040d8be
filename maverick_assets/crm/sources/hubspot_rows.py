"""HubSpot's objects as rows. Property names and their meaning: developers.hubspot.com, "CRM".

Every function reads what has changed since a moment, or everything when `since` is None.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import partial
from typing import Any

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.html_text import html_to_text
from maverick_assets.crm.mail.headers import Mailbox, formatted, mailboxes
from maverick_assets.crm.sources.hubspot_api import (
    PAGE_RESULTS,
    HubSpotApi,
    JsonObject,
    NotFound,
)
from maverick_assets.crm.sources.source import Deleted, SourceRow, SourceTable

MAIL_PROPERTIES = (
    "hs_timestamp,hs_email_subject,hs_email_text,hs_email_html,hs_email_headers,"
    "hs_email_from_email,hs_email_to_email,hs_email_message_id,hs_email_thread_id,"
    "hs_email_direction"
)
# A forwarded one was sent to HubSpot by whoever logged it: nothing says who wrote it.
_DIRECTIONS = {"EMAIL": "outgoing", "INCOMING_EMAIL": "incoming"}
DEAL_PROPERTIES = (
    "dealname,dealstage,amount,description,hubspot_owner_id,createdate,"
    "hs_is_closed,hs_is_closed_won"
)
THREADS_PATH = "/conversations/v3/conversations/threads"
ACTORS_PATH = "/conversations/v3/conversations/actors/batch/read"


def mails(
    api: HubSpotApi, table: SourceTable, since: datetime | None
) -> Iterator[SourceRow | Deleted | SkippedInput]:
    """Logged e-mails; one without a sender is skipped."""

    def row(item: JsonObject) -> SourceRow | SkippedInput:
        values = item["properties"]
        headers = _headers(values)
        people = [person for key in ("to", "cc", "bcc") for person in headers.get(key) or []]
        sender = _addresses([headers.get("from")]) or _split(values.get("hs_email_from_email"))
        recipients = _addresses(people) or _split(values.get("hs_email_to_email"))
        if not sender:
            return SkippedInput(f"e-mail {item['id']}", "no sender address")
        return table.row(
            id=item["id"],
            thread_id=values.get("hs_email_thread_id"),
            message_id=values.get("hs_email_message_id"),
            sender_email=sender[0],
            recipients=", ".join(dict.fromkeys(recipients)),
            subject=values.get("hs_email_subject") or "",
            body=_text(values.get("hs_email_text"), values.get("hs_email_html")),
            sent_at=_time(values.get("hs_timestamp") or item["createdAt"]),
            updated_at=_time(item["updatedAt"]),
            direction=_DIRECTIONS.get(values.get("hs_email_direction") or ""),
            headers=_kept_headers(headers),
        )

    return _objects(api, "emails", MAIL_PROPERTIES, since, row)


def deals(
    api: HubSpotApi, table: SourceTable, since: datetime | None
) -> Iterator[SourceRow | Deleted | SkippedInput]:
    """Deals: the description as notes, and stages by the names of the account's pipelines.

    Whether a deal is closed and won is what HubSpot says of it, or else of its stage.
    """
    owners = {
        owner["id"]: owner.get("email")
        for archived in ("true", "false")
        for owner in api.items("/crm/v3/owners", archived=archived)
    }
    stages = {
        stage["id"]: stage
        for pipeline in api.call("GET", "/crm/v3/pipelines/deals")["results"]
        for stage in pipeline["stages"]
    }

    def row(item: JsonObject) -> SourceRow:
        values = item["properties"]
        amount, stage = values.get("amount"), values.get("dealstage")
        known = stages.get(stage, {})
        is_closed, is_won = _end(values, known.get("metadata") or {})
        return table.row(
            id=item["id"],
            deal_name=values.get("dealname") or "",
            stage=known.get("label", stage),
            amount=float(amount) if amount else None,
            notes=values.get("description") or "",
            owner_email=owners.get(values.get("hubspot_owner_id")),
            created_at=_time(values.get("createdate") or item["createdAt"]),
            updated_at=_time(item["updatedAt"]),
            is_closed=is_closed,
            is_won=is_won,
        )

    return _objects(api, "deals", DEAL_PROPERTIES, since, row)


def conversations(api: HubSpotApi, table: SourceTable, user: str) -> Iterator[SourceRow]:
    """All threads of the inbox, each as a conversation of `user`; metadata name the visitor."""
    threads = list(_threads(api, None))
    visitors = _visitors(api, {thread.get("associatedContactId") for thread in threads})
    for thread in threads:
        about = {name: thread.get(name) for name in ("inboxId", "originalChannelId")}
        visitor = visitors.get(f"V-{thread.get('associatedContactId')}")
        if visitor:
            about["contact"] = {name: visitor.get(name) for name in ("email", "name")}
        yield table.row(id=thread["id"], user_id=user, metadata=json.dumps(about))


def messages(
    api: HubSpotApi, table: SourceTable, since: datetime | None, addresses: tuple[str, ...]
) -> Iterator[SourceRow | Deleted | SkippedInput]:
    """All messages of every thread that has a new one; one that cannot be read is skipped.

    Roles: `user` for agents with one of these addresses, `agent` for other agents, `visitor` for
    the other side.
    """
    agents: dict[str, str] = {}
    for thread in _threads(api, since):
        try:
            entries = list(api.items(f"{THREADS_PATH}/{thread['id']}/messages"))
        except NotFound:  # deleted since it was listed
            continue
        # Comments, assignments and changes of status are entries of the same list.
        thread_messages = [entry for entry in entries if entry["type"] == "MESSAGE"]
        _add_agents(api, thread_messages, agents)
        for message in thread_messages:
            if message.get("archived"):
                yield Deleted(message["id"])
                continue
            speakers = {agents.get(actor) for actor in _senders(message)}
            agent = "user" if speakers & set(addresses) else "agent"
            role = "visitor" if message.get("direction") == "INCOMING" else agent
            row = partial(_message_row, table, thread["id"], role)
            yield _row_or_skipped(f"message {message['id']}", row, message)


def _end(values: JsonObject, stage: JsonObject) -> tuple[bool | None, bool | None]:
    """Whether a deal is closed and whether it is won; None where HubSpot does not say.

    A closed stage is one of won deals by its probability of 1, of lost ones by 0.
    """
    is_closed = _truth(values.get("hs_is_closed"))
    is_closed = _truth(stage.get("isClosed")) if is_closed is None else is_closed
    is_won = _truth(values.get("hs_is_closed_won"))
    if is_won is None and is_closed and stage.get("probability"):
        is_won = {0.0: False, 1.0: True}.get(float(stage["probability"]))
    return is_closed, is_won


def _truth(value: object) -> bool | None:
    return {"true": True, "false": False}.get(str(value).lower())


def _message_row(table: SourceTable, thread_id: str, role: str, message: JsonObject) -> SourceRow:
    return table.row(
        id=message["id"],
        conversation_id=thread_id,
        role=role,
        content=_text(message.get("text"), message.get("richText")),
        created_at=_time(message["createdAt"]),
    )


def _objects(
    api: HubSpotApi,
    kind: str,
    properties: str,
    since: datetime | None,
    row: Callable[[JsonObject], SourceRow | SkippedInput],
) -> Iterator[SourceRow | Deleted | SkippedInput]:
    """CRM objects as rows; one whose properties cannot be read is skipped.

    When only changes are read, archived objects follow as `Deleted`.
    """
    path = f"/crm/v3/objects/{kind}"
    if since is None:
        for item in api.items(path, properties=properties):
            yield _row_or_skipped(f"{kind} {item['id']}", row, item)
        return
    for item in api.search(kind, since, properties.split(",")):
        yield _row_or_skipped(f"{kind} {item['id']}", row, item)
    for item in api.items(path, archived="true"):
        yield Deleted(item["id"])


def _row_or_skipped(
    name: str, row: Callable[[JsonObject], SourceRow | SkippedInput], item: JsonObject
) -> SourceRow | SkippedInput:
    """The row of an object. One that nobody can read, as with too much HTML, costs no other."""
    try:
        return row(item)
    except (ValueError, OverflowError) as error:
        return SkippedInput(name, str(error)[:200])


def _threads(api: HubSpotApi, since: datetime | None) -> Iterator[JsonObject]:
    """Threads of the inbox with a message after `since` (None: all), without spam."""
    query = {"sort": "id"}
    if since is not None:
        after = since.strftime("%Y-%m-%dT%H:%M:%SZ")
        query = {"sort": "latestMessageTimestamp", "latestMessageTimestampAfter": after}
    for thread in api.items(THREADS_PATH, **query):
        if not thread.get("spam"):
            yield thread


def _add_agents(api: HubSpotApi, thread_messages: list[JsonObject], agents: dict[str, str]) -> None:
    """Add the addresses of the agents who sent these messages to `agents`, by actor id."""
    senders = {actor for message in thread_messages for actor in _senders(message)}
    unknown = sorted(actor for actor in senders if actor.startswith("A-") and actor not in agents)
    if unknown:
        actors = api.call("POST", ACTORS_PATH, body={"inputs": unknown})["results"]
        agents.update({actor["id"]: (actor.get("email") or "").lower() for actor in actors})


def _visitors(api: HubSpotApi, contacts: Iterable[str | None]) -> dict[str, JsonObject]:
    """Actors by id of the contacts with these ids, with their `email` and `name`."""
    actors = sorted(f"V-{contact}" for contact in contacts if contact)
    found: list[JsonObject] = []
    for start in range(0, len(actors), PAGE_RESULTS):
        body = {"inputs": actors[start : start + PAGE_RESULTS]}
        found += api.call("POST", ACTORS_PATH, body=body)["results"]
    return {actor["id"]: actor for actor in found}


def _senders(message: JsonObject) -> list[str]:
    """Actor ids of those who sent a message."""
    return [sender["actorId"] for sender in message.get("senders", []) if sender.get("actorId")]


def _headers(values: JsonObject) -> JsonObject:
    """`hs_email_headers`: `from`, and lists `to`, `cc` and `bcc`, of people with an `email`."""
    try:
        headers = json.loads(values.get("hs_email_headers") or "{}")
    except ValueError:
        return {}
    return headers if isinstance(headers, dict) else {}


def _kept_headers(headers: JsonObject) -> str | None:
    """The people of a mail with their names, as headers of a message have them; None without."""
    kept = {}
    for key in ("from", "to", "cc", "bcc"):
        value = headers.get(key) or []
        people = value if isinstance(value, list) else [value]
        written = [_written(person) for person in people]
        if any(written):
            kept[key] = [", ".join(filter(None, written))]
    return json.dumps(kept, ensure_ascii=False) if kept else None


def _written(person: JsonObject) -> str:
    name = " ".join(filter(None, [person.get("firstName"), person.get("lastName")]))
    box = next(iter(mailboxes(person.get("email") or "")), Mailbox("", ""))
    return formatted(name or box.name, box.address.lower())


def _addresses(people: Iterable[Any]) -> list[str]:
    parsed = (parseaddr(person.get("email") or "")[1].lower() for person in people if person)
    return [address for address in parsed if "@" in address]


def _split(value: str | None) -> list[str]:
    """The addresses of a property that holds several, separated by semicolons."""
    return _addresses({"email": part} for part in (value or "").split(";"))


def _text(plain: str | None, html: str | None) -> str:
    """The plain text if there is one, else the text of the HTML.

    Raises `TooMuchText` for HTML with too much.
    """
    text = plain if plain and plain.strip() else html_to_text(html or "")
    return text.replace("\r\n", "\n").strip("\n")


def _time(value: str) -> datetime:
    """A time that HubSpot writes in ISO 8601 or in milliseconds since 1970."""
    if value.isdigit():
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    return datetime.fromisoformat(value).astimezone(UTC)
