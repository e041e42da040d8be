"""Decisions by a server, over its HTTP API."""

import http.client
import json
import ssl
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pydantic import ValidationError

from maverick_assets.errors import BadInput, MaverickError, first_line
from maverick_assets.serving.allanbot.decision import Decision
from maverick_assets.web.origin import is_loopback

_SECONDS = 600  # a decision waits for its turn
_MOST_BYTES = 16 << 20  # of an answer


class RemoteBot:
    """A personality behind an address. No redirect is followed: a token is for one server."""

    def __init__(self, model: str, url: str, token: str) -> None:
        """Raises `BadInput` for an address that is none, or to which a token must not be sent."""
        self._model = model
        self._address = _checked(url)
        if not token or not token.isascii() or not token.isprintable():
            raise BadInput("the server wants a token; `maverick tokens add NAME` makes one")
        self._token = token

    def decide(self, context: str | Mapping[str, Any], options: Sequence[str]) -> Decision:
        """See `AllanBot.make_decision`."""
        about = context if isinstance(context, str) else dict(context)
        body = {"context": about, "options": list(options), "personality": self._model}
        status, content = self._post("/api/decide", body)
        if status == HTTPStatus.OK:
            try:
                return Decision.model_validate_json(content)
            except ValidationError as error:
                raise MaverickError(
                    f"{self._address.netloc} answers otherwise than this release; are both the "
                    f"same? {first_line(error)}"
                ) from None
        problem = _problem(content) or HTTPStatus(status).phrase
        raise (BadInput if status < 500 else MaverickError)(f"{self._address.netloc}: {problem}")

    def _post(self, path: str, body: Mapping[str, Any]) -> tuple[int, bytes]:
        address = self._address
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        connection = _connection(address)
        try:
            connection.request("POST", address.path + path, json.dumps(body), headers)
            response = connection.getresponse()
            content = response.read(_MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise MaverickError(
                f"{address.netloc} does not answer: {first_line(error)}; does `maverick serve` run?"
            ) from error
        finally:
            connection.close()
        if len(content) > _MOST_BYTES:
            raise MaverickError(f"{address.netloc} answers with more than {_MOST_BYTES} bytes")
        return response.status, content


def _checked(url: str) -> SplitResult:
    address = urlsplit(url.rstrip("/"))
    try:
        named = address.hostname is not None and (address.port or 1) > 0
    except ValueError:
        named = False
    if address.scheme not in ("http", "https") or not named or address.username or address.query:
        raise BadInput(f"url {url!r}: name a server, such as http://127.0.0.1:8000")
    assert address.hostname is not None
    if address.scheme == "http" and not is_loopback(address.hostname):
        raise BadInput(
            f"url {url!r}: the token would cross the network in the clear; use the https address"
        )
    return address


def _connection(address: SplitResult) -> http.client.HTTPConnection:
    assert address.hostname is not None
    if address.scheme == "https":
        return http.client.HTTPSConnection(
            address.hostname, address.port, timeout=_SECONDS, context=ssl.create_default_context()
        )
    return http.client.HTTPConnection(address.hostname, address.port, timeout=_SECONDS)


def _problem(content: bytes) -> str | None:
    """The sentence of an error in the API's shape."""
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return None
