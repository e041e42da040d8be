"""Each service of compose.yaml runs by its own command, and the proxy keeps strangers out."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from maverick_assets_tests.compose.compose_file import FILLED, example_values, read_compose
from maverick_assets_tests.compose.one_host import (
    OneHost,
    needs_namespaces,
    one_host,
    start_postgres,
)
from maverick_assets_tests.serving.conftest import (
    MakeHome,
    make_released_home,
    prepared_tiny_base,
    tiny_adapters,
    tiny_base,
)

__all__ = ["make_released_home", "prepared_tiny_base", "tiny_adapters", "tiny_base"]

pytestmark = needs_namespaces
DOMAIN = example_values()["MAVERICK_DOMAIN"]
LOGIN = ("--user", "allan:figtree")
NOTE = {
    "id": "n1",
    "user_id": "allan",
    "title": "Fence",
    "content": "Ring the carpenter.",
    "tags": [],
    "created_at": "2026-11-01T09:00:00Z",
}
# In the place of Ollama, which cannot be had here: it tells which headers reached it.
ECHO = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = str(self.headers).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("127.0.0.1", 11434), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def host(
    make_released_home: MakeHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OneHost]:
    """All services, well by their own checks."""
    released = make_released_home(tmp_path_factory.mktemp("served"))
    released.release("persona", "v1.0", "adapter-0")
    folder = tmp_path_factory.mktemp("host")
    hashed = ["caddy", "hash-password", "--plaintext", "figtree"]
    login = subprocess.run(hashed, capture_output=True, text=True, check=True).stdout.strip()
    values = example_values() | FILLED | {"LOGIN_HASH": login}
    services = read_compose(values)["services"]
    for service in services.values():
        if service["image"] == "maverick":
            service["environment"]["MAVERICK_BASE_MODEL"] = str(released.settings.base_model)
    services["proxy"]["environment"] |= {"XDG_DATA_HOME": str(folder), "HOME": str(folder)}
    names = [DOMAIN, f"dagster.{DOMAIN}", f"ollama.{DOMAIN}"]
    with one_host(services, names, released.settings.home, folder) as host:
        start_postgres(host)
        prepared = host.finish("prepare")
        assert prepared.returncode == 0, prepared.stderr
        for name in ("code", "api"):
            host.start(name)
        host.start("ollama", sys.executable, "-c", ECHO)
        host.start("proxy", "caddy", "run", "--config=compose/Caddyfile", "--adapter=caddyfile")
        host.wait_until_healthy("code")
        for name in ("daemon", "webserver"):
            host.start(name)
        yield host


def ask(host: OneHost, path: str, *options: str, site: str = "") -> tuple[int, str]:
    """Status and body of a request to the proxy, as another machine sends it."""
    done = host.run(
        "curl", "--insecure", "--silent", "--show-error", "--write-out", "\n%{http_code}",
        *options, f"https://{site}{DOMAIN}{path}",
    )  # fmt: skip
    body, _, status = done.stdout.rpartition("\n")
    return int(status or 0), body


@pytest.mark.parametrize("name", ["api", "code", "daemon", "webserver", "proxy"])
def test_a_service_runs_by_its_own_command_and_says_that_it_is_well(
    host: OneHost, name: str
) -> None:
    host.wait_until_healthy(name)


def test_the_tables_are_made_once(host: OneHost) -> None:
    again = host.finish("prepare")
    assert again.returncode == 0, again.stderr


def test_the_crm_of_the_composition_is_mavericks_own(host: OneHost, tmp_path: Path) -> None:
    notes = tmp_path / "notes.jsonl"
    notes.write_text(json.dumps(NOTE), encoding="utf-8")
    done = host.run(
        sys.executable, "-m", "maverick_assets.cli", "crm", "import", "--jsonl",
        f"sticky_notes={notes}", **host.environment("prepare"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 imported" in done.stdout


def test_the_api_asks_for_its_own_token(host: OneHost) -> None:
    host.wait_until_healthy("api")
    assert ask(host, "/healthz") == (200, '{"status":"ok"}')
    assert ask(host, "/v1/models")[0] == 401
    token = (host.home / "keys" / "api-token-first").read_text().strip()
    status, body = ask(host, "/v1/models", "--header", f"Authorization: Bearer {token}")
    assert status == 200
    assert [model["id"] for model in json.loads(body)["data"]] == ["persona"]


@pytest.mark.parametrize("site", ["dagster.", "ollama."])
def test_a_server_without_a_login_is_behind_one(host: OneHost, site: str) -> None:
    host.wait_until_healthy("webserver")
    assert ask(host, "/server_info", site=site)[0] == 401
    assert ask(host, "/server_info", "--user", "allan:wrong", site=site)[0] == 401
    assert ask(host, "/server_info", *LOGIN, site=site)[0] == 200


@pytest.mark.parametrize("site", ["dagster.", "ollama."])
@pytest.mark.parametrize(
    "header",
    ["Origin: https://evil.example", f"Origin: https://{DOMAIN}", "Sec-Fetch-Site: cross-site",
     "Sec-Fetch-Site: same-site", "Origin: null"],
)  # fmt: skip
def test_a_page_of_another_site_cannot_use_the_login(host: OneHost, site: str, header: str) -> None:
    host.wait_until_healthy("webserver")
    status, _ = ask(host, "/server_info", *LOGIN, "--header", header, site=site)
    assert status == 403


def test_ollama_sees_no_login(host: OneHost) -> None:
    status, headers = ask(host, "/api/tags", *LOGIN, site="ollama.")
    assert status == 200
    assert "Authorization" not in headers
    assert "Host: localhost:11434" in headers


def test_dagster_finds_the_graph(host: OneHost) -> None:
    host.wait_until_healthy("webserver")
    query = json.dumps({"query": "{ workspaceOrError { ... on Workspace { locationEntries { name "
                                 "locationOrLoadError { __typename } } } } }"})  # fmt: skip
    status, body = ask(
        host, "/graphql", *LOGIN, "--header", "Content-Type: application/json",
        "--header", f"Origin: https://dagster.{DOMAIN}", "--data", query, site="dagster.",
    )  # fmt: skip
    assert status == 200
    [location] = json.loads(body)["data"]["workspaceOrError"]["locationEntries"]
    assert location == {
        "name": "maverick",
        "locationOrLoadError": {"__typename": "RepositoryLocation"},
    }


def test_the_page_links_to_the_lineage_behind_the_login(host: OneHost) -> None:
    token = (host.home / "keys" / "api-token-first").read_text().strip()
    shown = ("--header", f"Authorization: Bearer {token}")
    [persona] = json.loads(ask(host, "/api/personalities", *shown)[1])
    address, _, path = persona["lineage"].partition(f"dagster.{DOMAIN}")
    assert (address, path) == ("https://", "/assets/persona/release?view=lineage")
    assert ask(host, path, site="dagster.")[0] == 401
    status, page = ask(host, path, *LOGIN, site="dagster.")
    assert status == 200
    assert "Dagster" in page


def test_nothing_that_is_written_is_open_to_others(host: OneHost) -> None:
    for path in host.home.rglob("*"):
        assert path.is_symlink() or not path.stat().st_mode & 0o077, path
