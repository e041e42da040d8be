"""A browser shows its token in a cookie, which counts for this server's own page alone."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from maverick_assets.api.app import api_rules, create_app
from maverick_assets.api.door import ApiRules
from maverick_assets.api.routes.sessions import Sessions
from maverick_assets.api.tokens import TokenBook
from maverick_assets.serving.service import ChatService
from maverick_assets.serving.sessions.store import SessionStore
from maverick_assets.settings import Settings
from maverick_assets.web.origin import NO_PAGE, OTHER_SITE

HOST = "127.0.0.1:8000"
OWN = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
READS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def tokens(settings: Settings) -> TokenBook:
    book = TokenBook(settings.home / "keys")
    assert book.ensure_first() is not None
    return book


@pytest.fixture
def secret(tokens: TokenBook) -> str:
    code = tokens.new_code()
    assert code
    found = tokens.redeem(code)
    assert found
    return found


def client_of(settings: Settings, tokens: TokenBook, origin: str = "") -> TestClient:
    if origin:
        settings = settings.model_copy(update={"serving_origin": origin})
    rules = api_rules(settings, "127.0.0.1")
    # No socket of this test is in the kernel's table of connections.
    rules = ApiRules(**rules.model_dump() | {"accounts": None})
    sessions = Sessions(SessionStore(settings), "owner")
    app = create_app(ChatService(settings), sessions, settings, rules, tokens)
    return TestClient(app, base_url=origin or f"http://{HOST}", follow_redirects=False)


@pytest.fixture
def client(settings: Settings, tokens: TokenBook) -> Iterator[TestClient]:
    with client_of(settings, tokens) as client:
        yield client


def logged_in(client: TestClient, secret: str) -> TestClient:
    assert client.post("/api/login", json={"token": secret}, headers=OWN).status_code == 204
    return client


def test_the_cookie_is_read_by_no_script_and_sent_by_no_other_site(
    client: TestClient, secret: str
) -> None:
    answer = client.post("/api/login", json={"token": f" {secret}\n"}, headers=OWN)
    assert answer.status_code == 204
    parts = set(answer.headers["set-cookie"].lower().split("; "))
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert "secure" not in parts
    assert client.get("/v1/models", headers=READS).status_code == 200
    # Another port of this host has a cookie of its own.
    other = {"Host": "127.0.0.1:9000", "Cookie": f"maverick-8000={secret}"}
    assert client.get("/v1/models", headers=READS | other).status_code == 401


def test_by_https_the_cookie_is_secure_and_this_hosts_own(
    settings: Settings, tokens: TokenBook, secret: str
) -> None:
    with client_of(settings, tokens, origin="https://maverick.example") as client:
        sent = {"Origin": "https://maverick.example", "Sec-Fetch-Site": "same-origin"}
        answer = client.post("/api/login", json={"token": secret}, headers=sent)
        name, *parts = answer.headers["set-cookie"].split("; ")
        assert name == f"__Host-maverick={secret}"
        assert {"Secure", "HttpOnly", "Path=/"} <= set(parts)
        assert client.get("/v1/models", headers=READS).status_code == 200


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, NO_PAGE),  # an old browser, or a program that stole the cookie
        ({"Origin": f"http://{HOST}"}, None),
        ({"Origin": "https://evil.example"}, OTHER_SITE),
        ({"Origin": "null"}, OTHER_SITE),
        ({"Origin": "http://127.0.0.1:9000", "Sec-Fetch-Site": "same-site"}, OTHER_SITE),
        ({"Sec-Fetch-Site": "cross-site"}, OTHER_SITE),
        ({"Sec-Fetch-Site": "same-origin"}, NO_PAGE),  # a form's GET turned into a POST has none
    ],
)
def test_what_changes_something_must_come_from_this_origin(
    client: TestClient, secret: str, headers: dict[str, str], reason: str | None
) -> None:
    logged_in(client, secret)
    answer = client.post("/api/chat", json={}, headers=headers)
    if reason is None:
        assert answer.status_code == 422
    else:
        assert (answer.status_code, answer.json()) == (403, {"error": reason.strip()})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),  # entered into the address bar
        ({}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_what_reads_must_come_from_this_site(
    client: TestClient, secret: str, headers: dict[str, str], status: int
) -> None:
    logged_in(client, secret)
    assert client.get("/openapi.json", headers=headers).status_code == status


@pytest.mark.parametrize("shown", ["Bearer wrong", "Basic abc", "Bearer", ""])
def test_a_wrong_bearer_is_not_saved_by_the_cookie(
    client: TestClient, secret: str, shown: str
) -> None:
    logged_in(client, secret)
    answer = client.get("/v1/models", headers=READS | {"Authorization": shown})
    assert answer.status_code == 401


def test_a_token_that_is_removed_closes_its_browsers(client: TestClient, tokens: TokenBook) -> None:
    lost = tokens.add("phone", ["chat"]).read_text().strip()
    logged_in(client, lost)
    assert client.get("/v1/models", headers=READS).status_code == 200
    tokens.remove("phone")
    assert client.get("/v1/models", headers=READS).status_code == 401


def test_logging_out_removes_the_cookie(client: TestClient, secret: str) -> None:
    logged_in(client, secret)
    assert client.delete("/api/login").status_code == 403
    assert client.delete("/api/login", headers=OWN).status_code == 204
    assert client.get("/v1/models", headers=READS).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"token": "wrong"},
        {"token": "é\x00"},
        {"token": ""},
        {},
        {"code": "wrong"},
        {"code": "é"},
    ],
)
def test_a_wrong_token_opens_nothing(client: TestClient, body: dict[str, str]) -> None:
    answer = client.post("/api/login", json=body, headers=OWN)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [{"token": 1}, {"token": "a" * 201}, {"name": "x"}, [], "token"])
def test_what_is_no_login_is_refused(client: TestClient, body: object) -> None:
    assert client.post("/api/login", json=body, headers=OWN).status_code == 422


def test_half_a_character_is_no_error_of_the_server(client: TestClient) -> None:
    for body in (b'{"token": "\\ud800"}', b'{"code": "\\udc80"}'):
        sent = OWN | {"Content-Type": "application/json"}
        assert client.post("/api/login", content=body, headers=sent).status_code in (401, 422)


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}])
def test_no_other_page_logs_a_browser_in_or_spends_its_attempts(
    client: TestClient, secret: str, headers: dict[str, str]
) -> None:
    for _ in range(20):
        answer = client.post("/api/login", json={"token": secret}, headers=headers)
        assert answer.status_code == 403
    logged_in(client, secret)


def test_attempts_to_log_in_are_counted_for_all_callers_together(
    client: TestClient, secret: str
) -> None:
    tries = [client.post("/api/login", json={"token": "x"}, headers=OWN) for _ in range(11)]
    assert [answer.status_code for answer in tries] == [401] * 10 + [429]
    assert client.post("/api/login", json={"token": secret}, headers=OWN).status_code == 429
    # Programs with a token are not kept out.
    shown = {"Authorization": f"Bearer {secret}"}
    assert client.get("/v1/models", headers=shown).status_code == 200


def test_a_code_logs_in_once(client: TestClient, tokens: TokenBook) -> None:
    body = {"code": tokens.new_code()}
    assert client.post("/api/login", json=body, headers=OWN).status_code == 204
    assert client.get("/v1/models", headers=READS).status_code == 200
    again = client.post("/api/login", json=body, headers=OWN)
    assert (again.status_code, "five minutes" in again.json()["error"]) == (401, True)


def test_a_code_is_worthless_after_five_minutes(
    client: TestClient, tokens: TokenBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"code": tokens.new_code()}
    later = time.monotonic() + 301
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert client.post("/api/login", json=body, headers=OWN).status_code == 401


def test_there_is_no_code_once_the_first_tokens_file_is_moved_or_the_token_removed(
    tokens: TokenBook, settings: Settings
) -> None:
    file = settings.home / "keys" / "api-token-first"
    kept = file.read_text()
    file.unlink()
    assert tokens.new_code() is None
    file.write_text("of another home\n")
    assert tokens.new_code() is None
    file.write_text(kept)
    assert tokens.new_code() is not None


def test_only_a_login_counts_as_one(client: TestClient, secret: str) -> None:
    for path in ("/api/login/", "/api/login%3Fx", "/page/", "/page/..%2f..", "/%3Fx", "/%2e"):
        assert client.get(path, headers=READS).status_code == 401
    assert client.get("/api/login", headers=OWN).status_code == 405
    # No port, and a port that is none, are no error of the server.
    for host in ("127.0.0.1", "127.0.0.1:99999999", "127.0.0.1:x", "[::1]"):
        sent = {"Host": host, "Sec-Fetch-Site": "same-origin"}
        assert client.get("/v1/models", headers=sent).status_code in (401, 421)
