"""The API as one ASGI application: routes, the shapes of their errors, the door around them."""

import asyncio
import os
from http import HTTPStatus
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from maverick_assets.api import judging_shapes, openai_shapes, provenance, shapes
from maverick_assets.api.door import ApiDoor, ApiRules
from maverick_assets.api.page.files import page_files
from maverick_assets.api.page.login import login_router
from maverick_assets.api.page.routes import page_router
from maverick_assets.api.replies import Problem, response_of
from maverick_assets.api.routes import (
    chat,
    deciding,
    deciding_again,
    feedback,
    judging,
    metrics,
    models,
    openai,
    personalities,
    testing,
    training,
)
from maverick_assets.api.routes import sessions as sessions_routes
from maverick_assets.api.routes.metrics import Metrics, RequestMetrics
from maverick_assets.api.routes.sessions import Sessions
from maverick_assets.api.routes.training import Trainer
from maverick_assets.api.tokens import TokenBook
from maverick_assets.errors import BadInput
from maverick_assets.registry.catalog import Catalog
from maverick_assets.serving.allanbot.memory import DecisionMemory
from maverick_assets.serving.service import ChatService
from maverick_assets.settings import Settings
from maverick_assets.web.origin import LOOPBACK_NAMES, host_name, in_url, is_loopback

# For the description alone: the door asks for the token, and answers before any route.
_BEARER = HTTPBearer(auto_error=False, description="a token of `maverick tokens`")
_ROOMS = (
    *(
        chat,
        deciding,
        sessions_routes,
        feedback,
        deciding_again,
        judging,
        personalities,
        provenance,
        openai,
    ),
    *(training, testing, models, metrics),
)
# JSON also where the answer is a page or a picture.
_PROBLEM = {"application/json": {"schema": shapes.Problem.model_json_schema()}}
_ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "what is wrong with the request, in one line", "content": _PROBLEM},
    "503": {
        "description": "too much is asked at once, or nothing is in service",
        "content": _PROBLEM,
    },
}
_ROOT = 0  # reads everything anyway


def api_rules(settings: Settings, host: str) -> ApiRules:
    """The rules of an API at an address.

    Raises `BadInput` when other machines reach the address and no setting says that they come to it
    by https.
    """
    origin = settings.serving_origin
    if origin is None and not is_loopback(host):
        raise BadInput(
            f"--host {host}: other machines reach that address, and the API is served to them by "
            "https alone; put a proxy in front, and set MAVERICK_SERVING_ORIGIN to its address"
        )
    names = [*LOOPBACK_NAMES, in_url(host)] if origin is None else [origin.partition("://")[2]]
    return ApiRules(
        names=frozenset(host_name(name) if origin else name for name in names),
        https=origin is not None,
        requests_per_minute=settings.serving_requests_per_minute,
        # A proxy on this machine runs as an account of its own.
        accounts=frozenset({os.geteuid(), _ROOT}) if origin is None else None,
    )


def create_app(
    service: ChatService, sessions: Sessions, settings: Settings, rules: ApiRules, tokens: TokenBook
) -> ApiDoor:
    """The application behind its door, for a service that is open."""
    page = page_files()
    # Their pages load scripts from another host.
    app = FastAPI(title="Maverick", docs_url=None, redoc_url=None)
    app.state.service = service
    app.state.sessions = sessions
    app.state.settings = settings
    app.state.page = page
    app.state.trainer = Trainer(settings)
    app.state.metrics = Metrics(service)
    app.state.one_candidate = asyncio.Lock()
    app.add_middleware(RequestMetrics, metrics=app.state.metrics)
    app.state.catalog = Catalog(settings.models)
    app.state.decisions = DecisionMemory(settings)
    for room in _ROOMS:
        app.include_router(room.router, dependencies=[Depends(_BEARER)], responses=_ERRORS)
    app.include_router(page_router(page))
    app.include_router(login_router(tokens, https=rules.https))
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)

    @app.get("/healthz", responses={**shapes.answers(shapes.Status), "4XX": _ERRORS["4XX"]})
    def healthz() -> dict[str, str]:
        """Whether the server runs."""
        return {"status": "ok"}

    @app.get(
        "/readyz",
        responses={
            **shapes.answers(shapes.Status),
            **shapes.answers(shapes.Status, 503),
            "4XX": _ERRORS["4XX"],
        },
    )
    def readyz() -> JSONResponse:
        """Whether a personality answers."""
        if service.ready:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "no version is released"}, HTTPStatus.SERVICE_UNAVAILABLE)

    described, modules = app.openapi, (shapes, judging_shapes, openai_shapes)
    app.openapi = lambda: shapes.with_whole_examples(described(), *modules)  # type: ignore[method-assign]
    return ApiDoor(app, rules, tokens, page.keys(), app.state.metrics.refuse)


def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return response_of(request.url.path, error)


def _invalid(request: Request, error: Exception) -> Response:
    """Names the first field that is wrong, and not what it holds."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")[:100]
    what = "is not JSON" if first["type"] == "json_invalid" else first["msg"]
    return response_of(
        request.url.path, Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{where}: {what}".strip(": "))
    )


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = response_of(request.url.path, Problem(error.status_code, str(error.detail)))
    response.headers.update(error.headers or {})
    return response


def _unforeseen(request: Request, _error: Exception) -> Response:
    """The door logs it."""
    problem = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "an error of the server; see its terminal")
    return response_of(request.url.path, problem)
