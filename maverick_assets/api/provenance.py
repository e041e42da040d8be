"""Where a version comes from: the report of its evaluation, and its lineage in Dagster's page."""

import html
import socket
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from markdown_it import MarkdownIt
from starlette.responses import HTMLResponse, Response

from maverick_assets.api.asking import may_talk_to, require_scope
from maverick_assets.api.replies import Problem, problem_of
from maverick_assets.api.tokens import Token
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.evaluation.reports.library import NoSuchReport, ReportLibrary, has_page
from maverick_assets.evaluation.reports.page import POLICY
from maverick_assets.recipes import Recipe
from maverick_assets.registry.catalog import Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.settings import Settings

router = APIRouter(tags=["personalities"])
_HTML: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/html": {"example": "<h1>robbie: evaluation</h1>"}}}
}
# Of evaluations that left no page, as manifests name them
_TEXT, _PICTURE = "report/report.md", "report/loss.png"
_TEXT_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'"


def report_url(token: Token, manifest: Manifest) -> str | None:
    """The address of a version's report, where it has one that the token may read."""
    if _TEXT not in manifest.files or not _may_read(token, manifest.recipe):
        return None
    return f"/api/reports/{quote(manifest.personality)}/{manifest.version}/"


def lineage_url(settings: Settings, recipe: Recipe) -> str | None:
    """The lineage of a personality's release in Dagster's page, while that page is served."""
    address = settings.ui_origin or _address_here(settings)
    return address and f"{address}/assets/{recipe.asset_prefix}/release?view=lineage"


def _address_here(settings: Settings) -> str | None:
    """Where `maverick ui` of this run home serves the page on this machine, if it does."""
    if settings.serving_origin:  # browsers are on other machines
        return None
    ports = [folder.name.removeprefix("ui-") for folder in settings.sockets.glob("ui-*")]
    for port in filter(str.isdecimal, sorted(ports)):
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                return f"{'https' if settings.ui_certificate else 'http'}://127.0.0.1:{port}"
    return None


def _may_read(token: Token, recipe: Recipe) -> bool:
    """A report quotes examples, of whatever mode."""
    modes = (None, *recipe.modes)
    return "owner" in token.scopes and all(may_talk_to(token, recipe, mode) for mode in modes)


@router.get("/api/reports/", response_class=HTMLResponse, responses=_HTML)
def reports(request: Request) -> Response:
    """A page with a link to each report."""
    token = require_scope(request, "owner")
    page = _library(request).index(lambda manifest: _may_read(token, manifest.recipe))
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})


@router.get("/api/reports/fleet/{name}", response_class=HTMLResponse, responses=_HTML)
def fleet_report(request: Request, name: str) -> Response:
    """The report on all personalities in a month or a quarter: figures, no text of an example."""
    require_scope(request, "owner")
    try:
        page = _library(request).fleet(name)
    except NoSuchReport as error:
        raise Problem(HTTPStatus.NOT_FOUND, str(error)) from None
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})


@router.get("/api/reports/{personality}/{version}/", response_class=HTMLResponse, responses=_HTML)
def report(request: Request, personality: str, version: str) -> Response:
    """The report of a version's evaluation, as a page."""
    library = _library(request)
    text = _file(request, personality, version, _TEXT).read_text(encoding="utf-8")
    manifest = library.catalog.get(personality, version)
    if not has_page(manifest):
        return _page_of(request, f"{personality} {version}", text)
    try:
        page = library.evaluation(manifest)
    except MaverickError as error:
        raise problem_of(error) from None
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})


def _page_of(request: Request, title: str, text: str) -> Response:
    """A report in Markdown as a page."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    style = next(path for path in request.app.state.page if path.endswith("/report.css"))
    page = (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{html.escape(title)}: report</title><link rel="stylesheet" href="{style}">\n'
        f"<main>\n{body}</main></html>\n"
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": _TEXT_POLICY})


def _library(request: Request) -> ReportLibrary:
    return ReportLibrary(request.app.state.catalog, request.app.state.settings.reports)


@router.get(
    "/api/reports/{personality}/{version}/loss.png",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
def loss(request: Request, personality: str, version: str) -> Response:
    """The picture in that report: loss by step."""
    content = _file(request, personality, version, _PICTURE).read_bytes()
    return Response(content, media_type="image/png")


def _file(request: Request, personality: str, version: str, name: str) -> Path:
    """A sound file of a report, where the registry has it and the token may read it."""
    token = require_scope(request, "owner")
    catalog: Catalog = request.app.state.catalog
    try:
        manifest = catalog.get(personality, version)
    except BadInput:
        manifest = None
    if manifest is None or name not in manifest.files or not _may_read(token, manifest.recipe):
        raise Problem(HTTPStatus.NOT_FOUND, "no report of that name; GET /api/personalities")
    try:
        return catalog.file(manifest.personality, manifest.version, name)
    except MaverickError as error:
        raise problem_of(error) from None
