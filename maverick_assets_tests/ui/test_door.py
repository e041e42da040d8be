"""Who passes the door, by HTTP and by WebSocket; `abuse/` tries it on the real page."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from maverick_assets.ui.door import BY_POST, WITHOUT_TOKEN, Door
from maverick_assets.ui.rules import DoorRules
from maverick_assets.web.origin import OTHER_NAME, OTHER_SITE

HOST = "127.0.0.1:3000"
RULES = DoorRules(
    token="the-token",
    cookie="maverick-ui-3000",
    names=frozenset({"127.0.0.1", "localhost", "[::1]"}),
    https=False,
    accounts=None,
)
COOKIE = {"Cookie": "maverick-ui-3000=the-token"}


async def page(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.method} {request.url.path} {request.url.query}")


async def greet(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


APP = Starlette(
    routes=[
        WebSocketRoute("/graphql", greet),
        Route("/{path:path}", page, methods=["GET", "POST"]),
    ]
)


@pytest.fixture
def client() -> TestClient:
    return TestClient(Door(APP, RULES), base_url=f"http://{HOST}", follow_redirects=False)


def test_the_token_opens_the_page_and_leaves_the_address(client: TestClient) -> None:
    answer = client.get("/runs?token=the-token&view=all")
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs?view=all")
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/"} <= set(cookie.split("; "))
    assert client.get("/runs").text == "GET /runs "  # the client keeps the cookie


def test_a_path_with_two_slashes_leads_to_no_other_host(client: TestClient) -> None:
    answer = client.get(f"http://{HOST}//foreign.example?token=the-token")
    assert answer.headers["location"] == "/foreign.example"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Cookie": "maverick-ui-3000=another"}, {"Cookie": "maverick-ui-3001=the-token"}],
)
def test_without_token_or_cookie_nobody_passes(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/?token=another", headers=headers)
    assert (answer.status_code, answer.text) == (403, WITHOUT_TOKEN)


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:3000", "LOCALHOST:3000"])
def test_this_machine_may_be_called_by_its_names_at_any_port(client: TestClient, host: str) -> None:
    """A tunnel has a port of its own."""
    assert client.get("/", headers={**COOKIE, "Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["foreign.example", "127.0.0.1.foreign.example", "", "[::1", "@"])
def test_other_names_are_refused(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={**COOKIE, "Host": host})
    assert (answer.status_code, answer.text) == (421, OTHER_NAME)


FOREIGN_HEADERS = [
    {"Origin": "http://foreign.example"},
    {"Origin": "http://127.0.0.1:4000"},
    {"Origin": "https://127.0.0.1:3000"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN_HEADERS)
def test_what_other_pages_send_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/graphql", headers=COOKIE | headers)
    assert (answer.status_code, answer.text) == (403, OTHER_SITE)
    assert client.get("/?token=the-token", headers=headers).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/graphql", headers=COOKIE | headers),
    ):
        pass


@pytest.mark.parametrize(
    "headers", [{"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}, {}]
)
def test_the_page_itself_and_programs_with_its_cookie_pass(
    client: TestClient, headers: dict[str, str]
) -> None:
    sent = {"Host": HOST, **COOKIE, **headers}
    assert client.post("/graphql", headers=sent).text == "POST /graphql "
    with client.websocket_connect(f"ws://{HOST}/graphql", headers=sent) as socket:
        assert socket.receive_text() == "hello"


def test_a_websocket_without_the_cookie_is_refused(client: TestClient) -> None:
    for address in ("/graphql", "/graphql?token=the-token"):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"ws://{HOST}{address}"):
            pass


@pytest.mark.parametrize("path", ["/graphql", "/graphql/", "/%67raphql"])
def test_graphql_by_get_is_refused(client: TestClient, path: str) -> None:
    answer = client.get(f"{path}?query=mutation", headers=COOKIE)
    assert (answer.status_code, answer.text) == (405, BY_POST)


def test_every_answer_may_be_framed_and_guessed_by_nobody(client: TestClient) -> None:
    for headers in (COOKIE, {}):
        sent = client.get("/", headers=headers).headers
        assert sent["content-security-policy"] == "frame-ancestors 'none'"
        assert sent["x-content-type-options"] == "nosniff"
        assert sent["referrer-policy"] == "no-referrer"


def test_behind_tls_the_cookie_is_secure_and_the_origin_https() -> None:
    rules = RULES.model_copy(update={"https": True, "names": frozenset({"maverick.example"})})
    client = TestClient(
        Door(APP, rules), base_url="http://maverick.example", follow_redirects=False
    )
    assert "secure" in client.get("/?token=the-token").headers["set-cookie"].lower()
    sent = {**COOKIE, "Origin": "https://maverick.example"}
    assert client.post("/graphql", headers=sent).status_code == 200
