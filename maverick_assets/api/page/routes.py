"""`GET /` and the page's other files. They hold nobody's data, and need no token."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import Response

from maverick_assets.api.page.files import POLICY, PageFile


def page_router(files: Mapping[str, PageFile]) -> APIRouter:
    """A route for each file."""
    router = APIRouter(include_in_schema=False)
    for path, file in files.items():
        router.add_api_route(path, _answer(file), methods=["GET", "HEAD"])
    return router


def _answer(file: PageFile) -> Callable[[Request], Awaitable[Response]]:
    headers = {
        "ETag": file.etag,
        "Cache-Control": file.cache,
        "Content-Security-Policy": POLICY,
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }

    async def answer(request: Request) -> Response:
        known = request.headers.get("if-none-match", "")
        if file.etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(file.content, media_type=file.media_type, headers=headers)

    return answer
