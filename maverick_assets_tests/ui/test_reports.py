"""Reports below Dagster's page: what the registry names, and nothing else of the run home."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from maverick_assets.evaluation.reports.library import ReportLibrary
from maverick_assets.registry.store import Registry
from maverick_assets.ui.door import Door
from maverick_assets.ui.reports import ReportPages
from maverick_assets.web.report_links import evaluation_link, fleet_link
from maverick_assets_tests.registry.conftest import (
    AddVersion,
    adapter_dir,
    add_version,
    make_manifest,
    registry,
)
from maverick_assets_tests.ui.test_door import HOST, RULES

__all__ = ["adapter_dir", "add_version", "make_manifest", "registry"]


async def dagster(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"Dagster {request.url.path}")


@pytest.fixture
def client(registry: Registry, add_version: AddVersion, tmp_path: Path) -> TestClient:
    report, fleet = tmp_path / "report", tmp_path / "reports"
    for folder in (report, fleet):
        folder.mkdir()
    (report / "report.html").write_text("<h1>robbie</h1>")
    (fleet / "monthly-2026-11.html").write_text("<h1>November</h1>")
    (fleet / "monthly-2026-11.md").write_text("text")
    (fleet / "private.html").write_text("<h1>private</h1>")
    add_version("v1.0")
    add_version("v1.1")
    registry.attach("robbie", "v1.0", report, "report")
    pages = ReportPages(
        Starlette(routes=[Route("/{path:path}", dagster)]), ReportLibrary(registry, fleet)
    )
    client = TestClient(Door(pages, RULES), base_url=f"http://{HOST}", follow_redirects=False)
    client.cookies.set(RULES.cookie, RULES.token)
    return client


def test_the_links_in_metadata_open_the_reports(client: TestClient) -> None:
    answer = client.get(evaluation_link(None, "robbie", "v1.0"))
    assert (answer.status_code, answer.text) == (200, "<h1>robbie</h1>")
    policy = ", ".join(answer.headers.get_list("content-security-policy"))
    assert "default-src 'none'" in policy
    assert client.get(fleet_link(None, "monthly-2026-11")).text == "<h1>November</h1>"
    index = client.get("/maverick/reports/").text
    assert 'href="robbie/v1.0/"' in index
    assert "v1.1" not in index  # it has no page
    assert 'href="fleet/monthly-2026-11"' in index


def test_behind_a_proxy_the_link_leads_to_the_api() -> None:
    origin = "https://maverick.example"
    assert evaluation_link(origin, "robbie", "v1.0") == f"{origin}/api/reports/robbie/v1.0/"
    assert fleet_link(origin, "monthly-2026-11") == f"{origin}/api/reports/fleet/monthly-2026-11"


@pytest.mark.parametrize(
    "path",
    [
        "robbie/v1.1/",
        "robbie/v9.0/",
        "nobody/v1.0/",
        "fleet/private",
        "fleet/monthly-2026-11.md",
        "fleet/..%2fkeys",
        "%2e%2e/%2e%2e/keys",
        "robbie/v1.0/report.html",
        "robbie",
    ],
)
def test_what_no_report_names_is_not_there(client: TestClient, path: str) -> None:
    assert client.get(f"/maverick/reports/{path}").status_code == 404


def test_a_report_that_was_changed_is_not_shown(client: TestClient, registry: Registry) -> None:
    page = registry.directory("robbie", "v1.0") / "report" / "report.html"
    page.write_text("better")
    answer = client.get("/maverick/reports/robbie/v1.0/")
    assert (answer.status_code, "better" in answer.text) == (500, False)


def test_everything_else_is_dagsters(client: TestClient) -> None:
    assert client.get("/assets/robbie").text == "Dagster /assets/robbie"
    assert client.post("/maverick/reports/").status_code == 405


def test_without_the_token_no_report_is_shown(client: TestClient) -> None:
    client.cookies.clear()
    assert client.get("/maverick/reports/robbie/v1.0/").status_code == 403
