"""Requests made from the API's own description are answered as it says, and never by an error."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from maverick_assets_tests.api.conftest import Server

NOT_CHECKED = (
    "positive_data_acceptance",  # rules between two fields, which a schema does not say
    "allow_header_conformance",  # of two methods of a path, Starlette names the first
)


def test_requests_by_the_description_are_answered_as_it_says(
    server: Server, tmp_path: Path
) -> None:
    # Neither `train` nor `admin`: what they change, the other tests would see.
    token = server.token("fuzzer", "chat", "owner", "intimate", "health")
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{server.address}/openapi.json",
            f"--header=Authorization: Bearer {token}",
            "--phases=examples,coverage,fuzzing",
            "--max-examples=10",
            f"--exclude-checks={','.join(NOT_CHECKED)}",
            "--generation-deterministic",
            "--no-color",
        ],
        cwd=tmp_path,  # it writes a folder of its own
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]


@pytest.fixture(scope="module")
def description(server: Server) -> dict[str, Any]:
    with server.client() as client:
        content: dict[str, Any] = client.get("/openapi.json").json()
        return content


def operations(description: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of each."""
    return [
        (method, path, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]


def examples(description: dict[str, Any], media: dict[str, Any]) -> list[Any]:
    """Those of a body, or of the schema that it has."""
    schema = media.get("schema", {})
    if "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return [media["example"]] if "example" in media else schema.get("examples", [])


def problems(description: dict[str, Any], schema: dict[str, Any], content: Any) -> list[str]:
    whole = {**schema, "components": description["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(content)]


def test_each_body_has_an_example_that_its_schema_allows(description: dict[str, Any]) -> None:
    checked = 0
    for method, path, operation in operations(description):
        bodies = [(status, each) for status, each in operation["responses"].items()]
        bodies += [("request", operation["requestBody"])] if "requestBody" in operation else []
        for status, body in bodies:
            for kind, media in body.get("content", {}).items():
                if kind.startswith("image/"):
                    continue
                where = f"{method} {path} {status} {kind}"
                shown = examples(description, media)
                assert shown, where
                if kind == "application/json":
                    assert media["schema"], where
                    for content in shown:
                        assert problems(description, media["schema"], content) == [], where
                        checked += 1
    assert checked > 50
    # What has no body: a session that is deleted.
    silent = [
        path
        for _, path, operation in operations(description)
        if not any("content" in r for s, r in operation["responses"].items() if s.startswith("2"))
    ]
    assert silent == ["/api/sessions/{session_id}"]


def test_real_answers_have_the_shapes_of_the_description(
    server: Server, description: dict[str, Any]
) -> None:
    asked = {"message": "Well?", "personality": "persona", "max_tokens": 4, "session": "new"}
    completion = {"model": "persona", "messages": [{"role": "user", "content": "Well?"}]}
    rating = {"personality": "persona", "version": "v1.0", "prompt": "a", "response": "b"}
    with server.client() as client:
        answer = client.post("/api/chat", json=asked)
        session = answer.json()["session"]
        answers: list[tuple[str, httpx.Response]] = [
            ("/api/chat", answer),
            ("/api/chat", client.post("/api/chat", json={**asked, "personality": "nobody"})),
            ("/v1/chat/completions", client.post("/v1/chat/completions", json=completion)),
            ("/v1/chat/completions", client.post("/v1/chat/completions", json={})),
            ("/api/feedback", client.post("/api/feedback", json=rating | {"rating": 5})),
            ("/api/test", client.post("/api/test", json={"prompt": "a", "personality": "persona"})),
            ("/api/sessions/{session_id}", client.get(f"/api/sessions/{session}")),
        ]
        paths = ["/healthz", "/readyz", "/api/personalities", "/api/models", "/api/sessions"]
        paths += ["/api/training/status", "/v1/models"]
        answers += [(path, client.get(path)) for path in paths]
    for path, response in answers:
        responses = description["paths"][path][response.request.method.lower()]["responses"]
        status = str(response.status_code)
        body = responses.get(status) or responses[f"{status[0]}XX"]
        schema = body["content"]["application/json"]["schema"]
        assert problems(description, schema, response.json()) == [], (path, status)
