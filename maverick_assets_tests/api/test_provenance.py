"""A version's report and lineage: for the owner, and by names that the registry has."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from maverick_assets.api.app import api_rules, create_app
from maverick_assets.api.door import ApiRules
from maverick_assets.api.provenance import lineage_url, report_url
from maverick_assets.api.routes.sessions import Sessions
from maverick_assets.api.tokens import TokenBook
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version
from maverick_assets.serving.service import ChatService
from maverick_assets.serving.sessions.store import SessionStore
from maverick_assets.settings import Settings
from maverick_assets_tests.registry.conftest import recipe_of

REPORT = """# robbie: evaluation

| model | loss |
|---|---|
| base | 3.1 |

![loss](loss.png)

<script>alert(1)</script> [here](javascript:alert(1))

    <img src=x onerror=alert(1)>
"""
ADDRESS = "/api/reports/robbie/v1.0/"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def manifest(settings: Settings, tmp_path: Path) -> Manifest:
    """Of a version with a report, which quotes an intimate mode."""
    adapter, report = tmp_path / "adapter", tmp_path / "report"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    report.mkdir()
    (report / "report.md").write_text(REPORT)
    (report / "samples.json").write_text("[]")
    Image.new("P", (4, 4)).save(report / "loss.png")
    registry = Registry(settings.models)
    described = Manifest(
        personality="robbie",
        version=Version.parse("v1.0"),
        kind="full",
        created_at="2026-11-01T00:00:00Z",  # type: ignore[arg-type]
        fingerprint="f",
        base_digest="b",
        dataset_version=0,
        recipe=RecordedRecipe(**recipe_of("robbie") | {"modes": {"intimate": "close"}}),
        code_version="1",
    )
    registry.add_candidate(described, adapter)
    return registry.attach("robbie", "v1.0", report, "report")


@pytest.fixture
def tokens(settings: Settings) -> TokenBook:
    return TokenBook(settings.home / "keys")


@pytest.fixture
def client(settings: Settings, tokens: TokenBook, manifest: Manifest) -> Iterator[TestClient]:
    rules = ApiRules(**api_rules(settings, "127.0.0.1").model_dump() | {"accounts": None})
    sessions = Sessions(SessionStore(settings), "owner")
    app = create_app(ChatService(settings), sessions, settings, rules, tokens)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        path = tokens.add("owner", ["chat", "owner", "intimate"])
        client.headers["Authorization"] = f"Bearer {path.read_text().strip()}"
        yield client


def test_a_report_is_a_page_in_which_no_text_is_markup(client: TestClient) -> None:
    answer = client.get(ADDRESS)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<td>base</td>" in answer.text
    assert '<img src="loss.png" alt="loss"' in answer.text
    for markup in ("<script", "onerror=alert(1)>", 'href="javascript'):
        assert markup not in answer.text
    picture = client.get(f"{ADDRESS}loss.png")
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "path",
    [
        "robbie/v9.0/",
        "robbie/final/",
        "nobody/v1.0/",
        "robbie/%2e%2e/",
        "..%2f..%2fkeys/v1.0/",
        "robbie/v1.0/samples.json",
        "robbie/v1.0/manifest.json",
        "robbie/v1.0/..%2fmanifest.json",
        "robbie/v1.0%00/",
    ],
)
def test_what_the_registry_does_not_name_is_not_there(client: TestClient, path: str) -> None:
    assert client.get(f"/api/reports/{path}").status_code == 404


def test_a_page_of_the_evaluation_takes_the_place_of_the_text(
    client: TestClient, settings: Settings, tmp_path: Path
) -> None:
    report = tmp_path / "report"
    (report / "report.html").write_text("<h1>The page</h1>")
    Registry(settings.models).attach("robbie", "v1.0", report, "report")
    answer = client.get(ADDRESS)
    assert answer.text == "<h1>The page</h1>"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert 'href="robbie/v1.0/"' in client.get("/api/reports/").text


def test_reports_on_all_personalities_are_the_owners(
    client: TestClient, settings: Settings, tokens: TokenBook
) -> None:
    settings.reports.mkdir(parents=True)
    (settings.reports / "quarterly-2026Q3.html").write_text("<h1>Quarter</h1>")
    address = "/api/reports/fleet/quarterly-2026Q3"
    assert client.get(address).text == "<h1>Quarter</h1>"
    assert client.get("/api/reports/fleet/quarterly-2026Q2").status_code == 404
    secret = tokens.add("chatter", ["chat"]).read_text().strip()
    shown = {"Authorization": f"Bearer {secret}"}
    for path in (address, "/api/reports/"):
        assert client.get(path, headers=shown).status_code == 403


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(["chat"], 403), (["chat", "owner"], 404), (["owner", "intimate"], 200)],
)
def test_a_report_quotes_examples_and_is_for_those_who_may_read_them_all(
    client: TestClient, tokens: TokenBook, manifest: Manifest, scopes: list[str], status: int
) -> None:
    secret = tokens.add("reader", scopes).read_text().strip()  # type: ignore[arg-type]
    shown = {"Authorization": f"Bearer {secret}"}
    assert client.get(ADDRESS, headers=shown).status_code == status
    token = tokens.find(secret)
    assert token is not None
    assert report_url(token, manifest) == (ADDRESS if status == 200 else None)


def test_a_report_that_was_changed_is_not_shown(client: TestClient, settings: Settings) -> None:
    path = settings.models / "robbie" / "v1.0" / "report" / "report.md"
    path.write_text("better")
    answer = client.get(ADDRESS)
    assert (answer.status_code, "better" in answer.text) == (500, False)
    assert str(settings.home) not in answer.text


def test_lineage_is_a_link_while_dagsters_page_is_served(
    settings: Settings, manifest: Manifest
) -> None:
    recipe = manifest.recipe
    assert lineage_url(settings, recipe) is None
    with socket.create_server(("127.0.0.1", 0)) as page:
        port = page.getsockname()[1]
        (settings.sockets / f"ui-{port}").mkdir(parents=True)
        expected = f"http://127.0.0.1:{port}/assets/robbie/release?view=lineage"
        assert lineage_url(settings, recipe) == expected
        # Browsers of other machines reach no address of this one.
        behind = settings.model_copy(update={"serving_origin": "https://maverick.example"})
        assert lineage_url(behind, recipe) is None
    assert lineage_url(settings, recipe) is None  # what is left of one that was killed
    proxied = settings.model_copy(update={"ui_origin": "https://dagster.example"})
    address = "https://dagster.example/assets/robbie/release?view=lineage"
    assert lineage_url(proxied, recipe) == address
