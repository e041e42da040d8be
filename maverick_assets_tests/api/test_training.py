"""A training is started over HTTP: once, whoever asks how often, and it outlives the server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from maverick_assets.pipeline.trainings import last_ended, under_way
from maverick_assets_tests.api.conftest import Server, documented, maverick_of, serving
from maverick_assets_tests.command import import_rows
from maverick_assets_tests.processes import wait_for
from maverick_assets_tests.serving.conftest import MakeHome

REQUEST: dict[str, Any] = {
    "epochs": 2,
    "learning_rate": 0.003,
    "batch_size": 2,
    "max_length": 128,
    "personalities": ["robbie"],
}
SAMPLES = [
    {
        "id": f"s{number:03d}",
        "personality": "robbie",
        "prompt": f"What do you think of number {number}?",
        "response": f"I like {number} best when it is quiet, and {number + 1} when it rains.",
        "created_at": datetime(2026, 10, 1 + number % 28, tzinfo=UTC).isoformat(),
    }
    for number in range(40)
]


@pytest.fixture(scope="module")
def trainer(
    make_released_home: MakeHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    home = make_released_home(tmp_path_factory.mktemp("trained"))
    home.release("persona", "v1.0", "adapter-0")
    with serving(home) as server:
        yield server


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 0},
        {"epochs": 101},
        {"epochs": "many"},
        {"learning_rate": 0},
        {"learning_rate": 1},
        {"batch_size": 0},
        {"max_length": 31},
        {"max_length": 1 << 40},
        {"mode": "monthly"},
        {"personalities": []},
        {"personalities": ["nobody"]},
        {"personalities": ["--help"]},
        {"personalities": ["../robbie"]},
        {"base": "evil/model"},
    ],
)
def test_what_cannot_be_trained_is_refused(trainer: Server, change: dict[str, object]) -> None:
    with trainer.client() as client:
        response = client.post(f"{trainer.trainer}/api/train", json=REQUEST | change)
        assert response.status_code in (400, 422)
        assert client.get("/api/training/status").json()["state"] == "not running"


def test_a_token_needs_the_scope(trainer: Server) -> None:
    with trainer.client(trainer.token("talker", "chat", "admin", "owner")) as talker:
        assert talker.post("/api/train", json=REQUEST).status_code == 403
        assert talker.get("/api/training/status").status_code == 403


def test_a_training_that_fails_at_once_says_so(trainer: Server) -> None:
    with trainer.client() as client:
        # Its CRM is empty.
        answer = documented(trainer, "/api/train ")
        assert (answer["job"], answer["progress"]) == ("weekly", "/api/training/status")
        status = documented(trainer, "/api/training/status")
        assert answer["run_id"] in (status.get("run_id"), (status.get("last") or {}).get("run_id"))
        ended = wait_for(lambda: last_ended(trainer.home.settings), 120)
        wait_for(lambda: client.get("/api/training/status").json()["state"] == "not running", 60)
        assert ended.failed_steps
        last = client.get("/api/training/status").json()["last"]
        assert (last["succeeded"], last["mode"]) == (False, "full")


def post(client: httpx.Client, number: int, **change: object) -> httpx.Response:
    headers = {"Idempotency-Key": f"key-{number}"}
    return client.post("/api/train", json=REQUEST | change, headers=headers, timeout=120)


def test_one_training_runs_and_outlives_its_server(trainer: Server, tmp_path: Path) -> None:
    home = trainer.home
    import_rows(maverick_of(home), {"personality_samples": SAMPLES}, tmp_path)
    with trainer.client() as client, ThreadPoolExecutor(50) as pool:
        responses = list(pool.map(lambda number: post(client, number), range(50)))
        assert sorted(response.status_code for response in responses) == [202] + [409] * 49
        first = next(r for r in responses if r.status_code == 202)
        number = responses.index(first)
        assert first.headers["Location"] == "/api/training/status"
        # The same key gets the same answer, but not for another body.
        assert (post(client, number).status_code, post(client, number).json()) == (
            202,
            first.json(),
        )
        assert post(client, number, epochs=1).status_code == 422
        status = client.get("/api/training/status").json()
        assert status["state"] in ("preparing", "training", "evaluating")
        assert status["run_id"] == first.json()["run_id"]
        assert status["overrides"] == {k: v for k, v in REQUEST.items() if k != "personalities"}
    trainer.process.kill()
    trainer.process.wait()
    running = under_way(home.settings)
    assert running is not None
    assert running.run_id == first.json()["run_id"]
    seen: list[dict[str, Any]] = []
    with serving(home) as server, server.client() as client:
        assert post(client, number).json() == first.json()

        def ended() -> dict[str, Any] | None:
            status: dict[str, Any] = client.get("/api/training/status").json()
            seen.append(status)
            return status if status["state"] == "not running" else None

        last = wait_for(ended, 600)["last"]
    log = (home.settings.home / "logs" / "trainings" / f"{last['run_id']}.log").read_text()
    assert last["run_id"] == first.json()["run_id"], log
    assert last["succeeded"], log
    training = [status for status in seen if status["state"] in ("training", "evaluating")]
    assert training
    assert training[-1]["personality"] == "robbie"
    assert training[-1]["loss"] > 0
    assert training[-1]["step"] == training[-1]["steps"]
    manifest = home.registry.newest("robbie")
    assert manifest is not None
    trained_by = manifest.recipe.training
    assert (trained_by.epochs, trained_by.learning_rate) == (2, 0.003)
    assert (trained_by.max_length, trained_by.batch_tokens) == (128, 256)
    assert dict(manifest.recipe.stored)["training"]["learning_rate"] == 0.003
