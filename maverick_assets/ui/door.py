"""The door of Dagster's page, which itself lets everybody in.

It is ASGI middleware around Dagster's own application, in the same process. A proxy in front would
need a second process, and a socket for Dagster that no other account reaches. So Dagster listens
nowhere, and HTTP and WebSocket pass the same checks.
"""

import hmac
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maverick_assets.ui.rules import TOKEN, DoorRules
from maverick_assets.web.origin import HEADERS, Refused, check_host, check_site
from maverick_assets.web.peer import comes_from

WITHOUT_TOKEN = "This page opens with the address that `maverick ui` printed in its terminal.\n"
OTHER_ACCOUNT = "`maverick ui` of another account of this machine shows this page to it alone.\n"
BY_POST = "GraphQL is asked by POST here.\n"


class Door:
    """ASGI application: `app`, for those whom the rules let in."""

    def __init__(self, app: ASGIApp, rules: DoorRules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        answer = self._answer(HTTPConnection(scope))
        if scope["type"] == "websocket" and answer is not self._app:
            await send({"type": "websocket.close", "code": 1008})  # the server answers 403
            return
        await answer(scope, receive, lambda message: _send_with_headers(send, message))

    def _answer(self, connection: HTTPConnection) -> ASGIApp:
        """The application, the way to it for who shows the token, or a refusal."""
        try:
            self._check_origin(connection)
            token = connection.query_params.get(TOKEN, "")
            if self._is_token(token):
                return self._welcome(connection)
            if not self._is_token(connection.cookies.get(self._rules.cookie, "")):
                raise Refused(WITHOUT_TOKEN)
            _require_post_for_graphql(connection)
        except Refused as refusal:
            return PlainTextResponse(str(refusal), refusal.status)
        return self._app

    def _check_origin(self, connection: HTTPConnection) -> None:
        """Raise `Refused` for what neither a page of this server nor its owner's program sends."""
        rules = self._rules
        # Ports share cookies: a server of another account, once visited, has that of this page.
        if rules.accounts is not None and not comes_from(connection.scope, rules.accounts):
            raise Refused(OTHER_ACCOUNT)
        check_host(connection, rules.names)
        check_site(connection, https=rules.https)

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self._rules.token.encode())

    def _welcome(self, connection: HTTPConnection) -> Response:
        """Move the token out of the address into a cookie."""
        rules, url = self._rules, connection.url
        rest = urlencode([item for item in parse_qsl(url.query) if item[0] != TOKEN])
        # With two slashes at its start a path would be the address of another host.
        path = "/" + url.path.lstrip("/\\")
        answer = RedirectResponse(
            f"{path}?{rest}" if rest else path, 303, {"Cache-Control": "no-store"}
        )
        answer.set_cookie(
            rules.cookie, rules.token, httponly=True, samesite="strict", secure=rules.https
        )
        return answer


def _require_post_for_graphql(connection: HTTPConnection) -> None:
    """Raise `Refused` for GraphQL by GET.

    Dagster executes its mutations, too, and a browser sends a GET for any picture in any page.
    """
    scope = connection.scope
    is_get = scope["type"] == "http" and scope["method"] != "POST"
    if is_get and scope["path"].rstrip("/") == "/graphql" and "query" in connection.query_params:
        raise Refused(BY_POST, 405)


async def _send_with_headers(send: Send, message: Message) -> None:
    if message["type"] == "http.response.start":
        headers = MutableHeaders(scope=message)
        headers.update(HEADERS)
        # Beside the application's own policy, if any: a browser obeys both.
        headers.append("Content-Security-Policy", "frame-ancestors 'none'")
    await send(message)
