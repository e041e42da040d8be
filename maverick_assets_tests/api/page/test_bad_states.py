"""Whatever goes wrong, the page says one sentence, and what was written is not lost."""

import json
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from maverick_assets_tests.api.page.conftest import Served, Tab
from maverick_assets_tests.processes import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

WORDS = "What I wrote"


def problem(page: "Page") -> str:
    """The sentence that the page shows."""
    alert = page.locator("#problem")
    alert.wait_for()
    return str(alert.locator("span").inner_text())


def kept(page: "Page") -> str:
    return str(page.get_by_label("Message", exact=True).input_value())


def test_without_a_version_the_page_says_how_to_get_one(tab: Tab) -> None:
    tab.page.route("**/api/personalities", lambda route: route.fulfill(json=[]))
    page = tab.open()
    page.get_by_role("heading", name="No personality answers yet").wait_for()
    page.get_by_text("maverick run weekly").wait_for()
    assert page.get_by_role("button", name="Send", exact=True).is_disabled()
    page.unroute("**/api/personalities")
    page.get_by_role("button", name="Look again").click()
    page.get_by_role("heading", name="Persona").wait_for()


def test_a_token_that_is_removed_leads_to_the_login(served: Served, tab: Tab) -> None:
    page = tab.open()
    tab.log_in(served.add_token("lost", "chat"))
    page.reload()
    page.get_by_role("heading", name="Persona").wait_for()
    served.tokens.remove("lost")
    tab.say(WORDS)
    page.get_by_role("alert").get_by_text("somebody removed it").wait_for()
    page.get_by_label("Token").fill(served.secret)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Persona").wait_for()
    assert kept(page) == WORDS
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("button", name="Rate").wait_for()


def test_a_connection_that_breaks_leaves_what_came_and_tries_again(
    served: Served, tab: Tab
) -> None:
    page = tab.open()
    served.wire.slow = True
    tab.say(WORDS)
    wait_for(lambda: page.locator("article.answer .text").inner_text() or None)
    served.wire.cut()
    assert problem(page) == "The connection broke before the end of the answer."
    page.get_by_text("Cut off.").wait_for()
    assert page.locator("article.question .text").inner_text() == WORDS
    served.wire.slow = False
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("button", name="Rate").wait_for()
    assert page.locator("article.question .text").all_inner_texts() == [WORDS]
    assert page.locator("#problem").is_hidden()


CUT = "The connection broke before the end of the answer."


@pytest.mark.parametrize("beginning", [b'[{"name"', b'{"sessions":', b'"messages":'])
def test_a_body_that_breaks_off_has_a_sentence_and_is_asked_for_again(
    served: Served, tab: Tab, beginning: bytes
) -> None:
    with served.client() as client:
        body = {"message": WORDS, "personality": "persona", "session": "new"}
        session = client.post("/api/chat", json=body).json()["session"]
    served.wire.breaks_after = beginning
    tab.log_in()
    page = tab.page
    page.goto(f"{served.address}/#chat={session}")
    assert problem(page) == CUT
    served.wire.breaks_after = None
    page.get_by_role("button", name="Try again").click()
    page.locator("#session-list").get_by_text(WORDS).wait_for()
    page.locator("article.question").get_by_text(WORDS).wait_for()
    assert page.locator("#problem").is_hidden()


def test_a_body_that_ends_early_has_a_sentence(tab: Tab) -> None:
    """A proxy may close the connection as if the answer were complete."""
    page = tab.open()
    page.route("**/api/sessions", lambda route: route.fulfill(body='{"sessions": ['))
    tab.ask(WORDS)
    assert problem(page) == CUT


def test_try_again_repeats_all_that_failed(served: Served, tab: Tab) -> None:
    page = tab.open()
    page.route("**/api/chat", lambda route: route.abort(), times=1)
    tab.say(WORDS)
    page.get_by_text("The server does not answer").wait_for()
    served.wire.breaks_after = b'{"sessions":'
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_text(CUT).wait_for()
    served.wire.breaks_after = None
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("button", name="Rate").wait_for()
    page.locator("#session-list").get_by_text(WORDS).wait_for()


def test_a_server_that_is_gone_gets_the_message_later(served: Served, tab: Tab) -> None:
    page = tab.open()
    served.wire.down = True
    served.wire.cut()
    tab.say(WORDS)
    assert problem(page).startswith("The server does not answer.")
    assert kept(page) == WORDS
    assert page.locator("article").count() == 0
    served.wire.down = False
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("button", name="Rate").wait_for()
    assert kept(page) == ""


def test_offline_the_message_waits(tab: Tab) -> None:
    page = tab.open()
    tab.context.set_offline(True)
    assert problem(page).startswith("This device is offline")
    tab.say(WORDS)
    page.get_by_text("Try again when it is back").wait_for()
    assert kept(page) == WORDS
    tab.context.set_offline(False)
    page.locator("#problem").wait_for(state="hidden")


def request_long_answer(served: Served) -> socket.socket:
    """Send a request whose answer takes minutes; it ends when the connection is closed."""
    body = {"message": "All.", "personality": "persona", "max_tokens": 60_000, "stream": True}
    payload = json.dumps(body)
    lines = (
        "POST /api/chat HTTP/1.1",
        f"Host: 127.0.0.1:{served.port}",
        f"Authorization: Bearer {served.secret}",
        "Content-Type: application/json",
        f"Content-Length: {len(payload)}",
        "",
        payload,
    )
    connection = socket.create_connection(("127.0.0.1", served.port), 60)
    connection.sendall("\r\n".join(lines).encode())
    return connection


@contextmanager
def all_places_taken(served: Served) -> Iterator[None]:
    """One request is answered, and another waits."""
    with ExitStack() as stack:
        answered = stack.enter_context(request_long_answer(served))
        assert answered.recv(4096).startswith(b"HTTP/1.1 200")
        others = [stack.enter_context(request_long_answer(served)) for _ in range(2)]
        # One place is left to wait in: the other request is refused.
        (refused,) = select.select(others, [], [], 60)[0]
        assert refused.recv(4096).startswith(b"HTTP/1.1 503")
        yield


def test_a_full_queue_gives_the_message_back(served: Served, tab: Tab) -> None:
    page = tab.open()
    with all_places_taken(served):
        tab.say(WORDS)
        assert problem(page) == "1 requests wait already; try again later."
        assert kept(page) == WORDS
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("button", name="Rate").wait_for()


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (429, "Too many requests"),
        (500, "The server failed"),
        (413, "too long"),
        (502, "The server does not answer"),
        (400, "The messages have"),
    ],
)
def test_each_refusal_has_its_sentence(tab: Tab, status: int, sentence: str) -> None:
    page = tab.open()
    error = {"error": "the messages have 9000 tokens"}
    page.route("**/api/chat", lambda route: route.fulfill(status=status, json=error))
    tab.say(WORDS)
    assert sentence in problem(page)
    assert kept(page) == WORDS


def test_a_version_that_is_revoked_meanwhile_is_cut_off(tab: Tab) -> None:
    page = tab.open()
    error = "persona v1.0 was revoked: it leaked; train a new one"
    events = [{"text": "Half an"}, {"error": error}]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    page.route(
        "**/api/chat", lambda route: route.fulfill(body=body, content_type="text/event-stream")
    )
    tab.say(WORDS)
    assert problem(page) == f"{error}."
    assert page.locator("article.answer .text").inner_text() == "Half an"
    page.get_by_text("Cut off.").wait_for()


def test_what_is_written_survives_a_reload(tab: Tab) -> None:
    page = tab.open()
    page.get_by_label("Message", exact=True).fill(WORDS)
    page.reload()
    page.get_by_role("heading", name="Persona").wait_for()
    assert kept(page) == WORDS
    # So does what was sent and not answered yet.
    page.route("**/api/chat", lambda _: None)  # no answer comes
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("button", name="Stop", exact=True).wait_for()
    assert kept(page) == ""
    page.reload()
    page.get_by_role("heading", name="Persona").wait_for()
    assert kept(page) == WORDS
