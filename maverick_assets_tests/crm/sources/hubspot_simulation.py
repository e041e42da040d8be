"""A simulation of HubSpot's HTTP API as its documentation describes it; HubSpot is never called.

Simulated: bearer tokens and scopes, lists of CRM objects with `paging.next.after` and `archived`,
search with filters, one sort, at most 10,000 results of a query and an index that lags, owners,
pipelines, conversation threads with messages and actors, and refusals in HubSpot's words.
"""

import base64
import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

JsonObject = dict[str, Any]
Answer = tuple[int, Any, dict[str, str]]

TOKEN = "pat-eu1-simulated"
TEN_SECONDS: Answer = (
    429,
    {
        "status": "error",
        "message": "You have reached your ten_secondly_rolling limit.",
        "errorType": "RATE_LIMIT",
        "policyName": "TEN_SECONDLY_ROLLING",
    },
    {},
)
DAILY: Answer = (
    429,
    {
        "status": "error",
        "message": "You have reached your daily limit.",
        "errorType": "RATE_LIMIT",
        "policyName": "DAILY",
    },
    {},
)


@dataclass
class HubSpotSimulation:
    """An account. All times are `now`, which stands still until a test moves it."""

    page: int = 100  # the longest page of a list
    search_page: int = 200  # the longest page of a search
    search_cap: int = 10_000  # the most results of one query
    lag: timedelta = timedelta(0)  # how far the search index is behind
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    url: str = ""
    objects: dict[str, dict[int, list[JsonObject]]] = field(
        default_factory=lambda: {"emails": {}, "deals": {}}
    )
    owners: list[JsonObject] = field(default_factory=list)
    pipelines: list[JsonObject] = field(default_factory=list)
    threads: dict[int, JsonObject] = field(default_factory=dict)
    messages: dict[int, list[JsonObject]] = field(default_factory=dict)
    actors: dict[str, JsonObject] = field(default_factory=dict)
    missing_scopes: dict[str, list[str]] = field(default_factory=dict)
    refusals: deque[Answer] = field(default_factory=deque)
    requests: list[str] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None

    def save(self, kind: str, identity: int, **properties: str) -> None:
        """Create or change a CRM object, now."""
        versions = self.objects[kind].setdefault(identity, [])
        before: JsonObject = (
            versions[-1] if versions else {"properties": {}, "createdAt": iso(self.now)}
        )
        changed = {"hs_lastmodifieddate": iso(self.now), "hs_object_id": str(identity)}
        versions.append(
            {
                "id": str(identity),
                "properties": before["properties"] | properties | changed,
                "createdAt": before["createdAt"],
                "updatedAt": iso(self.now),
                "archived": False,
            }
        )

    def archive(self, kind: str, identity: int) -> None:
        versions = self.objects[kind][identity]
        versions.append(versions[-1] | {"archived": True, "archivedAt": iso(self.now)})

    def purge(self, kind: str, identity: int) -> None:
        """Delete for good: no list names it any more."""
        del self.objects[kind][identity]

    def say(self, thread: int, identity: str, actor: str, text: str, **extra: Any) -> None:
        """Add a message to a thread, now; a missing thread is made."""
        known = self.threads.setdefault(
            thread, {"id": str(thread), "inboxId": "1", "originalChannelId": "1000"}
        )
        known |= {"latestMessageTimestamp": iso(self.now), "archived": False, "spam": False}
        direction = "OUTGOING" if actor.startswith("A-") else "INCOMING"
        self.messages.setdefault(thread, []).append(
            {
                "id": identity,
                "type": "MESSAGE",
                "createdAt": iso(self.now),
                "direction": direction,
                "senders": [{"actorId": actor}],
                "text": text,
                "archived": False,
            }
            | extra
        )

    @contextmanager
    def running(self) -> Iterator["HubSpotSimulation"]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def answer(
        self, method: str, path: str, query: JsonObject, body: JsonObject, token: str
    ) -> Answer:
        self.requests.append(f"{method} {path}")
        if self.refusals:
            return self.refusals.popleft()
        if token != f"Bearer {TOKEN}":
            return 401, {"message": "Authentication credentials not found."}, {}
        for start, scopes in self.missing_scopes.items():
            if path.startswith(start):
                return 403, _missing(scopes), {}
        self.before_answer()
        return self._crm(path, query, body) or self._inbox(path, query, body) or _gone()

    def _crm(self, path: str, query: JsonObject, body: JsonObject) -> Answer | None:
        if match := re.fullmatch(r"/crm/v3/objects/(\w+)/search", path):
            return self._search(match[1], body)
        if match := re.fullmatch(r"/crm/v3/objects/(\w+)", path):
            return self._list(match[1], query)
        if path == "/crm/v3/owners":
            archived = query.get("archived") == "true"
            owners = [owner for owner in self.owners if owner["archived"] == archived]
            return 200, {"results": owners}, {}
        if path == "/crm/v3/pipelines/deals":
            return 200, {"results": self.pipelines}, {}
        return None

    def _inbox(self, path: str, query: JsonObject, body: JsonObject) -> Answer | None:
        inbox = "/conversations/v3/conversations"
        if match := re.fullmatch(inbox + r"/threads/(\d+)/messages", path):
            return self._messages(int(match[1]), query)
        if path == f"{inbox}/threads":
            return self._threads(query)
        if path == f"{inbox}/actors/batch/read":
            found = [self.actors[actor] for actor in body["inputs"] if actor in self.actors]
            return 200, {"status": "COMPLETE", "results": found}, {}
        return None

    def _list(self, kind: str, query: JsonObject) -> Answer:
        """Ordered by id; `after` is the id of the last one."""
        archived = query.get("archived") == "true"
        wanted = query.get("properties", "").split(",")
        limit = min(int(query.get("limit", 10)), self.page)
        after = int(query.get("after", 0))
        latest = [versions[-1] for _, versions in sorted(self.objects[kind].items())]
        left = [item for item in latest if item["archived"] == archived and int(item["id"]) > after]
        results = [_with(item, wanted) for item in left[:limit]]
        return 200, _paged(results, results[-1]["id"] if len(left) > limit else None), {}

    def _search(self, kind: str, body: JsonObject) -> Answer:
        """Searches the index; `after` is the number of results before the page."""
        offset, limit = int(body.get("after", 0)), body["limit"]
        if limit > 200 or len(body["sorts"]) > 1:
            return 400, {"status": "error", "message": "There was a problem with the request."}, {}
        if offset + limit > self.search_cap:
            return 400, {"status": "error", "message": "paging past 10,000 results"}, {}
        limit = min(limit, self.search_page)
        found = [item for item in self._indexed(kind) if _matches(item, body)]
        sort = body["sorts"][0]
        assert sort["direction"] == "ASCENDING"
        found.sort(key=lambda item: _number(item["properties"][sort["propertyName"]]))
        results = [_with(item, body["properties"]) for item in found[offset : offset + limit]]
        more = offset + limit < len(found)
        answer = {"total": len(found), **_paged(results, str(offset + limit) if more else None)}
        return 200, answer, {}

    def _indexed(self, kind: str) -> list[JsonObject]:
        """The version of each object that the index knows: none that is younger than the lag."""
        known = []
        for versions in self.objects[kind].values():
            old = [item for item in versions if _changed(item) <= self.now - self.lag]
            if old and not old[-1]["archived"]:
                known.append(old[-1])
        return known

    def _threads(self, query: JsonObject) -> Answer:
        """`after` is the sort key of the last one, so that nothing shifts."""
        sort = query.get("sort", "id")
        if sort == "latestMessageTimestamp" and "latestMessageTimestampAfter" not in query:
            return 400, {"message": "latestMessageTimestampAfter is required"}, {}
        floor = query.get("latestMessageTimestampAfter", "")

        def key(thread: JsonObject) -> list[Any]:
            return [thread["latestMessageTimestamp"] if sort != "id" else "", int(thread["id"])]

        start = json.loads(base64.b64decode(query["after"])) if "after" in query else ["", 0]
        live = [thread for thread in self.threads.values() if not thread["archived"]]
        live = [thread for thread in live if thread["latestMessageTimestamp"] >= floor]
        left = sorted((thread for thread in live if key(thread) > start), key=key)
        limit = min(int(query["limit"]), self.page)
        results = [dict(thread) for thread in left[:limit]]
        last = base64.b64encode(json.dumps(key(results[-1])).encode()).decode() if results else ""
        return 200, _paged(results, last if len(left) > limit else None), {}

    def _messages(self, thread: int, query: JsonObject) -> Answer:
        if thread not in self.threads:
            return _gone()
        offset, limit = int(query.get("after", 0)), min(int(query["limit"]), self.page)
        everything = self.messages[thread]
        more = offset + limit < len(everything)
        results = everything[offset : offset + limit]
        return 200, _paged(results, str(offset + limit) if more else None), {}


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _number(value: str) -> float:
    return float(value) if value.isdigit() else datetime.fromisoformat(value).timestamp() * 1000


def _changed(item: JsonObject) -> datetime:
    return datetime.fromisoformat(item.get("archivedAt") or item["updatedAt"])


def _matches(item: JsonObject, body: JsonObject) -> bool:
    compare = {"GTE": lambda a, b: a >= b, "GT": lambda a, b: a > b}
    return all(
        compare[rule["operator"]](
            _number(item["properties"][rule["propertyName"]]), float(rule["value"])
        )
        for rule in body["filterGroups"][0]["filters"]
    )


def _with(item: JsonObject, properties: list[str]) -> JsonObject:
    """An object as HubSpot sends it: the requested properties, null where it lacks one."""
    return item | {"properties": {name: item["properties"].get(name) for name in properties}}


def _paged(results: list[JsonObject], after: str | None) -> JsonObject:
    return {"results": results} | ({"paging": {"next": {"after": after}}} if after else {})


def _gone() -> Answer:
    return 404, {"status": "error", "message": "resource not found"}, {}


def _missing(scopes: list[str]) -> JsonObject:
    return {
        "status": "error",
        "message": "This app hasn't been granted all required scopes to make this call.",
        "errors": [
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": scopes},
            }
        ],
        "category": "MISSING_SCOPES",
    }


def _handler(account: HubSpotSimulation) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            address = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer, headers = account.answer(
                self.command,
                address.path,
                dict(parse_qsl(address.query)),
                json.loads(sent) if sent else {},
                self.headers.get("Authorization", ""),
            )
            data = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json;charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002
            return format_datetime(account.now, usegmt=True)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base's name
            pass

    return Handler
