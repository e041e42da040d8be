"""HubSpot over HTTP: calls with retries, lists page by page, search by modification time.

The official client carries the calls. Its typed part lacks conversations, and its own retries
ignore daily limits and have no upper bound, so both are replaced here.
Endpoints, limits and error bodies: developers.hubspot.com, "API usage guidelines" and "Search the
CRM".
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from maverick_assets.errors import BadInput, MaverickError

JsonObject = dict[str, Any]

ATTEMPTS = 6
LONGEST_PAUSE = 120.0  # seconds
PAGE_RESULTS = 100  # of a list endpoint
SEARCH_RESULTS = 200  # of one page of a search
SEARCH_PAUSE = 0.25  # seconds; an account may search five times a second
TIMEOUT = (10, 60)  # seconds to connect, to answer


class NotFound(MaverickError):
    """HubSpot does not have the object, or no longer has it."""


class HubSpotApi:
    """Calls on behalf of one table.

    Errors name `where` they happened and the `variable` that holds the token. Every call raises
    `BadInput` for a token that is refused or lacks a scope, and `MaverickError` when HubSpot stays
    busy or out of reach, when its daily limit is used up, and when it refuses the call.
    """

    def __init__(
        self, where: str, url: str, variable: str, token: str, pause: Callable[[float], None]
    ) -> None:
        from hubspot import HubSpot
        from urllib3 import Retry

        client = HubSpot(access_token=token, host=url.rstrip("/"), retry=Retry(0))
        self._client = client.crm.objects.basic_api.api_client
        self._where = where
        self._variable = variable
        self._pause = pause
        self.first_answer_at: datetime | None = None

    def call(
        self, method: str, path: str, query: JsonObject | None = None, body: Any = None
    ) -> JsonObject:
        """The JSON of an answer. Raises `NotFound` when HubSpot has nothing at `path`.

        The first answer also sets `first_answer_at`, by HubSpot's clock.
        """
        from hubspot.crm.objects.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        reason = ""
        for attempt in range(ATTEMPTS):
            try:
                data, _, headers = self._client.call_api(
                    path,
                    method,
                    query_params=query,
                    header_params={"Accept": "application/json"},
                    body=body,
                    response_types_map={200: "object", 207: "object"},
                    auth_settings=["oauth2"],
                    _request_timeout=TIMEOUT,
                )
            except ApiException as error:
                self._refuse(error.status, _problem(error.body), path)
                reason, wait = f"status {error.status}", self._wait(error.headers, attempt)
            except HTTPError as error:
                reason, wait = f"no answer: {error}", 2.0**attempt
            else:
                if not isinstance(data, dict):
                    raise BadInput(f"{self._where}: no HubSpot answers at {path}; correct the url")
                self.first_answer_at = self.first_answer_at or _date(headers)
                return data
            if attempt + 1 < ATTEMPTS:
                self._pause(wait)
        raise MaverickError(
            f"{self._where}: HubSpot did not serve {path} in {ATTEMPTS} attempts ({reason}); "
            "run it again later"
        )

    def items(self, path: str, **query: Any) -> Iterator[JsonObject]:
        """All results of a list endpoint. A result that stands on two pages comes twice."""
        after: JsonObject = {}
        while True:
            answer = self.call("GET", path, {"limit": PAGE_RESULTS, **query, **after})
            yield from answer["results"]
            next_page = answer.get("paging", {}).get("next")
            if not next_page:
                return
            after = {"after": next_page["after"]}

    def search(self, kind: str, since: datetime, properties: list[str]) -> Iterator[JsonObject]:
        """CRM objects that were modified at `since` or later, each once, ordered by id.

        HubSpot returns an object once it has indexed the change, moments later.
        """
        # Pages follow the id, which never changes. In order of modification, an object that is
        # modified during the search would move between pages. Many objects of one moment, or
        # HubSpot's limit of 10,000 results per query, would also end the search early.
        last = 0
        while True:
            filters = [
                _filter("hs_lastmodifieddate", "GTE", int(since.timestamp() * 1000)),
                _filter("hs_object_id", "GT", last),
            ]
            body = {
                "filterGroups": [{"filters": filters}],
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "properties": properties,
                "limit": SEARCH_RESULTS,
            }
            answer = self.call("POST", f"/crm/v3/objects/{kind}/search", body=body)
            yield from answer["results"]
            if not answer.get("paging"):
                return
            last = max(int(item["id"]) for item in answer["results"])
            self._pause(SEARCH_PAUSE)

    def _refuse(self, status: int, problem: JsonObject, path: str) -> None:
        """Raise for an error that another attempt would not change. Return for any other."""
        message = str(problem.get("message", ""))[:200]
        if status == 401:
            raise BadInput(
                f"{self._where}: HubSpot refuses the token in {self._variable}; put the access "
                "token of a private app there"
            )
        if status == 403:
            scopes = ", ".join(_scopes(problem)) or message
            raise BadInput(
                f"{self._where}: the token in {self._variable} may not read {path}; give its "
                f"private app the scope: {scopes}"
            )
        if status == 404:
            raise NotFound(f"{self._where}: HubSpot has no {path}")
        if status == 429 and problem.get("policyName") == "DAILY":
            raise MaverickError(
                f"{self._where}: the HubSpot account has used up its requests of the day; run it "
                "again tomorrow"
            )
        if status != 429 and status < 500:
            raise MaverickError(f"{self._where}: HubSpot refuses {path}: {status} {message}")

    def _wait(self, headers: Any, attempt: int) -> float:
        """Seconds until the next attempt: what HubSpot asks for, else 1, 2, 4, ..."""
        retry_after = str(headers.get("Retry-After", ""))
        wait = float(retry_after) if retry_after.isdigit() else 2.0**attempt
        if wait > LONGEST_PAUSE:
            raise MaverickError(
                f"{self._where}: HubSpot wants no request for {wait:.0f} s; run it again later"
            )
        return wait


def _filter(name: str, operator: str, value: int) -> JsonObject:
    return {"propertyName": name, "operator": operator, "value": str(value)}


def _problem(body: str | None) -> JsonObject:
    """The JSON object in the body of an error; empty where it has none."""
    try:
        problem = json.loads(body or "")
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _scopes(problem: JsonObject) -> list[str]:
    """The scopes that a refusal names."""
    contexts = [error.get("context") or {} for error in problem.get("errors") or []]
    names = ("requiredGranularScopes", "requiredScopes")
    return [scope for context in contexts for name in names for scope in context.get(name, [])]


def _date(headers: Any) -> datetime:
    """The time of an answer by HubSpot's clock; ours where it names none."""
    value = headers.get("Date")
    return parsedate_to_datetime(value).astimezone(UTC) if value else datetime.now(UTC)
