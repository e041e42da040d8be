"""Reports below Dagster's page, so that a link in its metadata opens in the same browser."""

import asyncio

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.reports.library import NoSuchReport, ReportLibrary
from maverick_assets.evaluation.reports.page import POLICY
from maverick_assets.web.report_links import FLEET, REPORTS


class ReportPages:
    """ASGI application: the reports below `REPORTS`, and `app` for everything else."""

    def __init__(self, app: ASGIApp, library: ReportLibrary) -> None:
        self._app = app
        self._library = library

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(REPORTS):
            await self._app(scope, receive, send)
            return
        response = await self._response(Request(scope))
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("reports are read, by GET\n", 405)
        parts = [part for part in request.url.path.removeprefix(REPORTS).split("/") if part]
        try:
            page = await asyncio.to_thread(self._page, parts)
        except NoSuchReport as error:
            return PlainTextResponse(f"{error}\n", 404)
        except MaverickError as error:
            return PlainTextResponse(f"{error}\n", 500)
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})

    def _page(self, parts: list[str]) -> str:
        """Whoever passed the door of Dagster's page is the owner, who may read all."""
        if not parts:
            return self._library.index(lambda _: True)
        if len(parts) != 2:
            raise NoSuchReport("no report has that address")
        if parts[0] == FLEET:
            return self._library.fleet(parts[1])
        return self._library.evaluation(self._library.manifest(*parts))
