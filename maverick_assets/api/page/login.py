"""How a browser shows its token: in a cookie that `POST /api/login` sets, and no script reads."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import HTTPConnection
from starlette.responses import Response

from maverick_assets.api.replies import Problem
from maverick_assets.api.tokens import TokenBook

LOGIN_PATH = "/api/login"
_KEPT_SECONDS = 90 * 24 * 3600  # by the browser; a token that is removed opens nothing at once
_WRONG_TOKEN = "no token of this server; it stands in the file that `maverick serve` named"
_WRONG_CODE = "this link was used already, or is older than five minutes"


class Login(BaseModel):
    """A token, or the code of the address that `maverick serve` printed."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field("", max_length=200)
    code: str = Field("", max_length=200)


def cookie_name(connection: HTTPConnection, *, https: bool) -> str:
    """All ports of a host share their cookies; by https none but this server can set this one."""
    port = connection.headers.get("host", "").rpartition(":")[2]
    return "__Host-maverick" if https else f"maverick-{port if port.isdecimal() else 80}"


def login_router(tokens: TokenBook, *, https: bool) -> APIRouter:
    """The routes; the door lets the page alone ask them."""
    router = APIRouter(include_in_schema=False)

    @router.post(LOGIN_PATH)
    async def login(request: Request, body: Login) -> Response:
        """Set the cookie."""
        secret = body.token.strip()
        if body.code:
            secret = tokens.redeem(body.code) or ""
        if tokens.find(secret) is None:
            wrong = _WRONG_CODE if body.code else _WRONG_TOKEN
            raise Problem(HTTPStatus.UNAUTHORIZED, wrong)
        answer = Response(status_code=HTTPStatus.NO_CONTENT)
        name = cookie_name(request, https=https)
        answer.set_cookie(
            name, secret, _KEPT_SECONDS, secure=https, httponly=True, samesite="strict"
        )
        return answer

    @router.delete(LOGIN_PATH)
    async def logout(request: Request) -> Response:
        """Remove the cookie."""
        answer = Response(status_code=HTTPStatus.NO_CONTENT)
        name = cookie_name(request, https=https)
        answer.delete_cookie(name, secure=https, httponly=True, samesite="strict")
        return answer

    return router
