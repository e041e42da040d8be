"""The door of the API: who calls, by which name, how often, and with how much.

Programs show their token in a header, browsers in the page's cookie.

ASGI middleware around the whole application, so that no route can be forgotten.
"""

import logging
import time
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maverick_assets.api.page.login import LOGIN_PATH, cookie_name
from maverick_assets.api.replies import Problem, response_of
from maverick_assets.api.tokens import Token, TokenBook
from maverick_assets.strict_model import StrictModel
from maverick_assets.web.origin import (
    HEADERS,
    Refused,
    check_host,
    check_own_page,
    check_site,
)
from maverick_assets.web.peer import comes_from

OPEN_PATHS = frozenset({"/healthz", "/readyz"})  # say nothing but that the server runs
OTHER_ACCOUNT = "On this machine the page is for browsers of the account alone that serves it.\n"
TOKEN = "maverick.token"  # key of the caller's token in the ASGI scope
_BODY_BYTES = 1 << 20
_LOGINS_PER_MINUTE = 10  # of all callers together
_DEFAULT_HEADERS = {  # of what is no page
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_log = logging.getLogger(__name__)


class ApiRules(StrictModel):
    """By which address the API is called, and how often."""

    names: frozenset[str]  # host names, lower case
    https: bool  # browsers come by TLS, which a proxy in front ends
    requests_per_minute: int  # of each token
    accounts: frozenset[int] | None  # user ids of this machine whose cookies count; None: all


@dataclass
class _Bucket:
    """Requests that a token has left: all of a minute's at once, then as the minute goes by."""

    left: float
    at: float


@dataclass
class _Rate:
    per_minute: int
    buckets: dict[str, _Bucket] = field(default_factory=dict)

    def take(self, name: str) -> None:
        """Raise `Problem` for a request too many."""
        now = time.monotonic()
        bucket = self.buckets.setdefault(name, _Bucket(self.per_minute, now))
        earned = (now - bucket.at) * self.per_minute / 60
        bucket.left, bucket.at = min(self.per_minute, bucket.left + earned), now
        if bucket.left < 1:
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too many requests; wait a little")
        bucket.left -= 1


class ApiDoor:
    """ASGI application: `app`, for those who show a token, with their `Token` in the scope.

    `page` holds the paths of the chat page, which everybody may read; `refused` counts a request
    that goes no further, by its status.
    """

    def __init__(
        self,
        app: ASGIApp,
        rules: ApiRules,
        tokens: TokenBook,
        page: Collection[str],
        refused: Callable[[int], None],
    ) -> None:
        self._app = app
        self._rules = rules
        self._tokens = tokens
        self._refused = refused
        self._open_paths = OPEN_PATHS.union(page)
        self._rate = _Rate(rules.requests_per_minute)
        self._logins = _Rate(_LOGINS_PER_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no route speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        path, started = scope["path"], False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                for name, value in _DEFAULT_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            with _internal_errors():
                token, bounded = self._let_in(scope, receive)
                await self._app({**scope, TOKEN: token}, bounded, guarded)
        except Problem as problem:
            if not started:
                await response_of(path, problem)(scope, receive, guarded)

    def _let_in(self, scope: Scope, receive: Receive) -> tuple[Token | None, Receive]:
        """Whose request it is, and its body. Raises `Problem`."""
        try:
            return self._caller(HTTPConnection(scope)), _bounded(scope, receive, self._refused)
        except Problem as problem:
            self._refused(problem.status)
            raise

    def _caller(self, connection: HTTPConnection) -> Token | None:
        """Whose request it is; None for one that needs no token. Raises `Problem`."""
        path = connection.scope["path"]
        try:
            check_host(connection, self._rules.names)
            check_site(connection, https=self._rules.https)
            if path in self._open_paths:
                return None
            if path == LOGIN_PATH:
                check_own_page(connection)
                self._logins.take(path)
                return None
            token = self._tokens.find(self._secret(connection))
        except Refused as refusal:
            raise Problem(refusal.status, str(refusal).strip()) from None
        if token is None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "show a token: `Authorization: Bearer ...`; `maverick serve` says where it is",
                "invalid_api_key",
            )
        self._rate.take(token.name)
        return token

    def _secret(self, connection: HTTPConnection) -> str:
        """The secret that a request shows. Raises `Refused` for a cookie that counts for nothing.

        A browser adds the cookie to whatever any page has it send, so that it counts for this
        server's page alone.
        """
        header = connection.headers.get("authorization")
        if header is not None:
            scheme, _, secret = header.partition(" ")
            return secret.strip() if scheme.lower() == "bearer" else ""
        secret = connection.cookies.get(cookie_name(connection, https=self._rules.https), "")
        if secret:
            check_own_page(connection)
            # Ports share cookies: a server of another account, once visited, has that of the page.
            accounts = self._rules.accounts
            if accounts is not None and not comes_from(connection.scope, accounts):
                raise Refused(OTHER_ACCOUNT)
        return secret


@contextmanager
def _internal_errors() -> Iterator[None]:
    """Log where an error arose that nobody foresaw, without its words: they may quote a request."""
    try:
        yield
    except Problem:
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        _log.error("a request failed: %s in %s", type(error).__name__, place)
        raise Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR, "an error of the server; see its terminal"
        ) from None


def _bounded(scope: Scope, receive: Receive, refused: Callable[[int], None]) -> Receive:
    """`receive`, which raises `Problem` for a body that is too long, announced or not.

    `refused` counts what was not announced.
    """
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    too_long = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {_BODY_BYTES} bytes, please")
    if not announced.isdigit() or int(announced[:20]) > _BODY_BYTES:
        raise too_long
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > _BODY_BYTES:
            refused(too_long.status)
            raise too_long
        return message

    return bounded
