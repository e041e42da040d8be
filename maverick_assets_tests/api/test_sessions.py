"""Conversations are carried on from another device, by those who may see them."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from maverick_assets_tests.api.conftest import Server, events
from maverick_assets_tests.processes import wait_for

QUESTION = {"message": "Well?", "personality": "persona", "max_tokens": 8, "temperature": 0}


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def begin(client: httpx.Client, **change: object) -> dict[str, Any]:
    response = client.post("/api/chat", json=QUESTION | {"session": "new"} | change)
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    return content


def test_a_request_without_a_session_leaves_nothing(client: httpx.Client) -> None:
    before = client.get("/api/sessions").json()
    assert "session" not in client.post("/api/chat", json=QUESTION).json()
    assert client.get("/api/sessions").json() == before


def test_a_session_is_carried_on_from_another_device(server: Server, client: httpx.Client) -> None:
    first = begin(client, device="phone")
    with server.client() as desk:
        second = desk.post(
            "/api/chat", json=QUESTION | {"session": first["session"], "device": "desk"}
        ).json()
        # The model sees the turn before.
        assert second["usage"]["prompt_tokens"] > first["usage"]["prompt_tokens"]
        assert second["dropped_messages"] == 0
        shown = desk.get(f"/api/sessions/{first['session']}").json()
    assert [(m["role"], m["device"], m["version"]) for m in shown["messages"]] == [
        ("user", "phone", None),
        ("assistant", None, "v1.0"),
        ("user", "desk", None),
        ("assistant", None, "v1.0"),
    ]
    assert [m["id"] for m in shown["messages"]][1::2] == [first["message_id"], second["message_id"]]
    assert shown["messages"][1]["text"] == first["response"]
    newest = client.get("/api/sessions").json()["sessions"][0]
    assert newest["id"] == first["session"]
    assert (newest["title"], newest["device"], newest["personality"]) == (
        "Well?",
        "desk",
        "persona",
    )


def test_what_a_message_was_about_is_carried_on(server: Server, client: httpx.Client) -> None:
    mail = {"mail": {"from": "dana@acme.example", "subject": "Offer", "body": "Can you do 20%?"}}
    first = begin(client, message="", context=mail)
    path = f"/api/sessions/{first['session']}"
    [asked, answered] = client.get(path).json()["messages"]
    assert (asked["text"], asked["context"], answered["context"]) == ("", mail, None)
    second = begin(client, session=first["session"])
    alone = begin(client)
    sizes = [each["usage"]["prompt_tokens"] for each in (first, second, alone)]
    # The mail, its answer and the message.
    assert sizes[1] > sizes[0] + first["usage"]["completion_tokens"]
    assert sizes[1] > sizes[2] + sizes[0] // 2


def test_a_streamed_answer_is_kept_too(client: httpx.Client) -> None:
    body = QUESTION | {"session": "new", "stream": True}
    *pieces, end = events(client.post("/api/chat", json=body))
    shown = client.get(f"/api/sessions/{end['session']}").json()
    assert shown["messages"][1]["text"] == "".join(piece["text"] for piece in pieces)
    assert shown["messages"][1]["id"] == end["message_id"]


def test_what_was_said_before_the_caller_hung_up_is_kept(client: httpx.Client) -> None:
    first = begin(client)
    path = f"/api/sessions/{first['session']}"
    body = QUESTION | {"session": first["session"], "stream": True, "max_tokens": 400}
    with client.stream("POST", "/api/chat", json=body) as response:
        line = next(line for line in response.iter_lines() if line)
    assert '"text"' in line
    wait_for(lambda: len(client.get(path).json()["messages"]) == 4)
    assert client.get(path).json()["messages"][3]["text"]
    # The next request does not wait for ever.
    assert begin(client, session=first["session"])["session"] == first["session"]


def test_a_message_is_edited_and_sent_again(client: httpx.Client) -> None:
    first = begin(client)
    session = first["session"]
    second = begin(client, session=session, message="Wrong?")
    body = {"session": session, "message": "Right?", "replaces": second["user_message_id"]}
    third = begin(client, **body)
    said = client.get(f"/api/sessions/{session}").json()["messages"]
    assert [m["text"] for m in said if m["role"] == "user"] == ["Well?", "Right?"]
    assert third["message_id"] == said[-1]["id"]
    for replaces in (second["user_message_id"], first["message_id"], "../x"):
        response = client.post("/api/chat", json=QUESTION | body | {"replaces": replaces})
        assert response.status_code == 404


def test_requests_of_one_session_are_answered_one_after_the_other(client: httpx.Client) -> None:
    session = begin(client)["session"]
    with ThreadPoolExecutor(5) as pool:
        answers = list(
            pool.map(lambda n: begin(client, session=session, message=f"No. {n}"), range(5))
        )
    said = client.get(f"/api/sessions/{session}").json()["messages"]
    assert len(said) == 12
    assert [m["role"] for m in said] == ["user", "assistant"] * 6
    texts = {m["id"]: m["text"] for m in said}
    assert all(texts[answer["message_id"]] == answer["response"] for answer in answers)


def test_the_oldest_turns_are_left_out_when_the_context_is_full(client: httpx.Client) -> None:
    session = begin(client, message="word " * 100)["session"]
    dropped = [
        begin(client, session=session, message="word " * 100)["dropped_messages"] for _ in range(4)
    ]
    assert dropped[0] == 0
    assert dropped[-1] >= 2
    assert all(number % 2 == 0 for number in dropped)
    assert len(client.get(f"/api/sessions/{session}").json()["messages"]) == 10


def test_a_session_is_seen_by_who_began_it_and_by_the_owner(server: Server) -> None:
    owner = server.client()
    guest = server.client(server.token("guest", "chat"))
    other = server.client(server.token("other", "chat"))
    session = begin(guest)["session"]
    of_owner = begin(owner)["session"]

    def seen(client: httpx.Client) -> set[str]:
        return {each["id"] for each in client.get("/api/sessions").json()["sessions"]}

    assert {session, of_owner} <= seen(owner)
    assert seen(guest) == {session}
    assert seen(other) == set()
    for path in (f"/api/sessions/{session}", f"/api/sessions/{of_owner}"):
        assert other.get(path).status_code == 404
        assert other.delete(path).status_code == 404
    body = QUESTION | {"session": of_owner}
    assert guest.post("/api/chat", json=body).status_code == 404
    assert guest.delete(f"/api/sessions/{session}").status_code == 204
    assert owner.get(f"/api/sessions/{session}").status_code == 404


def test_sensitive_sessions_are_hidden_from_tokens_without_the_scope(server: Server) -> None:
    owner = server.client()
    half = server.client(server.token("half", "chat", "owner"))
    body = {"personality": "robbie", "mode": "intimate"}
    session = begin(owner, **body)["session"]
    # A word in another mode makes it no less intimate.
    begin(owner, personality="robbie", session=session)
    assert session in {s["id"] for s in owner.get("/api/sessions").json()["sessions"]}
    assert session not in {s["id"] for s in half.get("/api/sessions").json()["sessions"]}
    assert half.get(f"/api/sessions/{session}").status_code == 404
    plain = QUESTION | {"personality": "robbie", "session": session}
    assert half.post("/api/chat", json=plain).status_code == 404


def test_a_session_stays_with_its_personality(client: httpx.Client) -> None:
    session = begin(client)["session"]
    response = client.post(
        "/api/chat", json=QUESTION | {"session": session, "personality": "robbie"}
    )
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"session": "maverick-0000"}, 404),
        ({"session": "../../keys"}, 404),
        ({"session": "' or 1=1 --"}, 404),
        ({"session": "a\0b"}, 404),
        ({"session": "\ud800"}, 422),
        ({"session": "x" * 101}, 422),
        ({"session": 1}, 422),
        ({"session": "new", "replaces": "x"}, 400),
        ({"replaces": "x"}, 400),
        ({"session": "new", "device": '{"mode": "health"}'}, 422),
        ({"session": "new", "device": "x" * 41}, 422),
        ({"session": "new", "personality": "nobody"}, 404),
    ],
)
def test_hostile_sessions_are_refused(
    client: httpx.Client, change: dict[str, object], status: int
) -> None:
    content = json.dumps(QUESTION | change).encode()
    headers = {"Content-Type": "application/json"}
    response = client.post("/api/chat", content=content, headers=headers)
    assert response.status_code == status, response.text


def test_the_owner_rates_an_answer(server: Server, client: httpx.Client) -> None:
    answer = begin(client, personality="robbie", mood="joy")
    rating = {
        "personality": "robbie",
        "version": answer["version"],
        "prompt": "Well?",
        "response": answer["response"] or "-",
        "rating": 3,
        "correction": "Tea first.",
    }
    kept = client.post("/api/feedback", json=rating)
    assert (kept.status_code, bool(kept.json()["id"])) == (201, True)
    named = {"session": answer["session"], "message_id": answer["message_id"]}
    assert client.post("/api/feedback", json=rating | named).status_code == 201
    for change, status in (
        ({"rating": 11}, 422),
        ({"rating": 0}, 422),
        ({"version": "v9.9"}, 404),
        ({"version": "../keys"}, 404),
        ({"personality": "nobody"}, 404),
        ({"message_id": answer["message_id"]}, 400),
        ({"session": answer["session"], "message_id": "x"}, 404),
    ):
        assert client.post("/api/feedback", json=rating | change).status_code == status
    # Corrections are learnt word by word: nobody else's may be.
    with server.client(server.token("rater", "chat", "train", "admin")) as other:
        assert other.post("/api/feedback", json=rating).status_code == 403


def test_personalities_are_listed_with_what_may_be_asked_of_them(server: Server) -> None:
    persona, robbie = server.client().get("/api/personalities").json()
    assert persona["name"] == "persona"
    assert (robbie["name"], robbie["title"], robbie["version"]) == ("robbie", "Robbie", "v1.2")
    assert (robbie["moods"], robbie["modes"]) == ({"joy": "glad"}, {"intimate": "close"})
    with server.client(server.token("listener", "chat")) as listener:
        _, robbie = listener.get("/api/personalities").json()
        assert (robbie["modes"], robbie["report"]) == ({}, None)
    with server.client(server.token("no-chat", "admin")) as nobody:
        assert nobody.get("/api/personalities").status_code == 403
