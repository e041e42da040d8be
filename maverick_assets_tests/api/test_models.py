"""Versions are listed and rolled back over HTTP, and what the server does is measured."""

import re

import httpx
from prometheus_client.parser import text_string_to_metric_families

from maverick_assets_tests.api.conftest import Server
from maverick_assets_tests.processes import wait_for
from maverick_assets_tests.serving.test_nearest import write

QUESTION = {"message": "Qwertzuiop?", "personality": "persona", "max_tokens": 8, "temperature": 0}


def samples(client: httpx.Client) -> dict[str, float]:
    """Values of metrics by name and labels."""
    response = client.get("/metrics")
    assert response.status_code == 200
    return {
        f"{sample.name} {' '.join(sample.labels.values())}".strip(): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_versions_are_listed_and_rolled_back(server: Server) -> None:
    server.home.release("persona", "v2.0", "adapter-2")
    with server.client() as client:
        wait_for(lambda: client.post("/api/chat", json=QUESTION).json()["version"] == "v2.0")
        listed = client.get("/api/models").json()["models"]
        states = {(m["personality"], m["version"]): m["state"] for m in listed}
        assert states["persona", "v2.0"] == "released"
        assert states["persona", "v1.0"] == "archived"
        assert all(m["training"]["epochs"] >= 1 for m in listed)
        back = client.post("/api/rollback", json={"personality": "persona"})
        assert (back.status_code, back.json()["version"]) == (200, "v1.0")
        wait_for(lambda: client.post("/api/chat", json=QUESTION).json()["version"] == "v1.0")
        for body, status in (
            ({"personality": "persona"}, 400),  # nothing before it
            ({"personality": "persona", "to": "v9.9"}, 400),
            ({"personality": "persona", "to": "../../keys"}, 400),
            ({"personality": "nobody"}, 404),
            ({"personality": "../keys"}, 404),
            ({}, 422),
        ):
            assert client.post("/api/rollback", json=body).status_code == status
    with server.client(server.token("no-admin", "chat", "train", "owner")) as other:
        assert other.post("/api/rollback", json={"personality": "persona"}).status_code == 403
        assert other.get("/api/models").status_code == 403


def test_a_prompt_is_put_to_base_release_and_candidate_beside_the_owners_text(
    server: Server,
) -> None:
    pairs = {"Can you give us a discount?": "Ten percent. My PIN is 4471.", "Lunch?": "No."}
    write(server.home.settings.lake, pairs)
    body = {"prompt": "What discount can you give?", "personality": "persona", "max_tokens": 8}
    with server.client() as client:
        without = client.post("/api/test", json=body).json()
        assert without["candidate"] is None
        server.home.add("persona", "v3.0", "adapter-3")
        told = client.post("/api/test", json=body).json()
        assert client.post("/api/test", json=body).json() == told
        asked = {"message": body["prompt"], "max_tokens": 8, "temperature": 0}
        answer = client.post("/api/chat", json=asked | {"personality": "persona"}).json()
        assert client.post("/api/test", json=body | {"personality": "../x"}).status_code == 404
    assert told["released"] == {"version": answer["version"], "response": answer["response"]}
    assert told["candidate"]["version"] == "v3.0"
    answers = {told[who]["response"] for who in ("base", "released", "candidate")}
    assert len(answers) == 3
    assert told["nearest"][0]["row_ids"] == ["m0"]
    assert "Ten percent" in told["nearest"][0]["text"]
    assert "4471" not in told["nearest"][0]["text"]
    with server.client(server.token("tester", "train")) as tester:
        assert tester.post("/api/test", json=body).json()["nearest"] is None
    with server.client(server.token("chatty", "chat", "owner")) as chatty:
        assert chatty.post("/api/test", json=body).status_code == 403


def test_metrics_count_and_hold_no_word_and_no_name(server: Server) -> None:
    with server.client() as client:
        before = samples(client)
        client.post("/api/chat", json=QUESTION | {"session": "new"})
        client.get("/api/sessions/maverick-secret-id")
        client.get("/no/such/route/Dana")
        after = samples(client)
        text = client.get("/metrics").text
    assert after["maverick_version persona v1.0"] == 1
    answers, tokens = "maverick_answers_total persona v1.0", "maverick_tokens_total persona v1.0"
    assert after[answers] == before.get(answers, 0) + 1
    completed = tokens.replace("total", "total completion")  # labels in alphabetical order
    assert after[completed] == before.get(completed, 0) + 8
    asked = "maverick_request_seconds_count POST /api/chat 200"
    assert after[asked] == before.get(asked, 0) + 1
    assert after["maverick_answers_waiting"] == 0
    assert "maverick_request_seconds_count GET /api/sessions/{session_id} 404" in after
    for word in ("Qwertzuiop", "secret-id", "Dana", "first"):
        assert not re.search(rf"\b{word}\b", text)


def test_what_the_door_refuses_is_counted_by_its_status(server: Server) -> None:
    def refuse(client: httpx.Client) -> dict[str, int]:
        long = b"a" * ((1 << 20) + 1)
        refused = [
            client.get("/v1/models/Dana", headers={"Authorization": "Bearer nobody"}),
            client.get("/v1/models", headers={"Origin": "https://evil.example"}),
            client.get("/v1/models", headers={"Host": "evil.example"}),
            client.post("/api/chat", content=long),
            client.post("/api/chat", content=iter([b'{"message": "', long])),
        ]
        login = {"Origin": server.address, "Sec-Fetch-Site": "same-origin"}
        for _ in range(11):
            last = client.post("/api/login", json={"token": "x"}, headers=login)
        statuses = [response.status_code for response in [*refused, last]]
        assert statuses == [401, 403, 421, 413, 413, 429]
        return {
            f"maverick_refused_requests_total {each}": statuses.count(each) for each in statuses
        }

    with server.client() as client:
        before = samples(client)
        counts = refuse(client)
        after = samples(client)
    assert {name: after[name] - before.get(name, 0) for name in counts} == counts


def test_metrics_need_the_scope_admin(server: Server) -> None:
    with server.client(server.token("watcher", "chat", "owner")) as other:
        assert other.get("/metrics").status_code == 403
    with server.client("nobody") as stranger:
        assert stranger.get("/metrics").status_code == 401


def test_every_route_is_described_with_examples(server: Server) -> None:
    document = server.client().get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), (method, path)
            body = operation.get("requestBody")
            if body is None:
                continue
            [content] = body["content"].values()
            name = content["schema"]["$ref"].rpartition("/")[2]
            assert document["components"]["schemas"][name]["examples"], (method, path)
