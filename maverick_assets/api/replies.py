"""The shapes of errors: OpenAI's below /v1, one line elsewhere. None holds a word of a request."""

import math
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.serving.asked import ContextRefused
from maverick_assets.serving.runtime import ConversationTooLong
from maverick_assets.serving.turns import Busy

_TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}
_HEADERS = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": "5"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "5"},
}


class Problem(HTTPException):
    """A request that gets no answer, with the sentence for its sender. `status` is of HTTP."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.code = code  # OpenAI's word for it, if it has one


def problem_of(error: MaverickError) -> Problem:
    """What an error of serving is to the sender of the request.

    Only bad input is explained. What else fails may name a file of the run home.
    """
    if isinstance(error, Busy):
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
    if isinstance(error, ConversationTooLong):
        return Problem(HTTPStatus.BAD_REQUEST, str(error), "context_length_exceeded")
    if isinstance(error, ContextRefused):
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
    if isinstance(error, BadInput):
        return Problem(HTTPStatus.BAD_REQUEST, str(error))
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the model failed; see the server's terminal")


def finite(figure: float | None) -> float | None:
    """A figure as JSON can have it, which knows neither NaN nor infinity."""
    return figure if figure is not None and math.isfinite(figure) else None


def body_of(path: str, problem: Problem) -> dict[str, Any]:
    """The JSON of an answer to a request of `path`."""
    if not path.startswith("/v1/"):
        return {"error": problem.message}
    kind = _TYPES.get(HTTPStatus(problem.status))
    if kind is None:
        kind = "server_error" if problem.status >= 500 else "invalid_request_error"
    return {
        "error": {"message": problem.message, "type": kind, "param": None, "code": problem.code}
    }


def response_of(path: str, problem: Problem) -> JSONResponse:
    """The answer to a request of `path`."""
    return JSONResponse(
        body_of(path, problem), problem.status, _HEADERS.get(HTTPStatus(problem.status))
    )
