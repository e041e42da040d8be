"""`POST /api/train` and `GET /api/training/status`: trainings are started and followed.

A training is a process of its own, as `maverick run` in a terminal is: it lives on when the server
ends, and the server finds it again when it is back.
"""

import asyncio
import hashlib
import subprocess
import sys
import threading
import time
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse

from maverick_assets.api.asking import require_scope
from maverick_assets.api.replies import Problem, finite
from maverick_assets.api.routes.chat import Short
from maverick_assets.api.shapes import TrainingStarted, TrainingState, answers
from maverick_assets.errors import BadInput
from maverick_assets.files import write_atomically
from maverick_assets.pipeline.trainings import (
    AlreadyTraining,
    Training,
    last_ended,
    new_training,
    note_end,
    only_starter,
    progress_of,
    require_none,
    under_way,
)
from maverick_assets.recipes import TrainingOverrides, load_recipes, recipe_named
from maverick_assets.records import TrainingProgress
from maverick_assets.settings import Settings
from maverick_assets.strict_model import StrictModel

router = APIRouter(tags=["training"])
PROGRESS = "/api/training/status"
_START_SECONDS = 60  # in which the process of a training says that it runs
_KEPT_KEYS = 1000
_IDEMPOTENCY_KEY = Header(
    None,
    alias="Idempotency-Key",
    max_length=200,
    description="the same key and body get the answer of the first request, and start nothing",
)


class TrainRequest(BaseModel):
    """What to train, and what this run does otherwise than the recipes say."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "epochs": 3,
                    "learning_rate": 0.0002,
                    "batch_size": 4,
                    "max_length": 512,
                    "personalities": ["allan-maverick"],
                    "mode": "full",
                }
            ]
        },
    )

    epochs: Annotated[int, Field(ge=1, le=100)] | None = None
    learning_rate: Annotated[float, Field(gt=0, le=0.1)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        None, description="examples of the full length in one optimizer step"
    )
    max_length: Annotated[int, Field(ge=32, le=32768)] | None = Field(
        None, description="tokens of one example; longer ones are left out"
    )
    personalities: Annotated[list[Short], Field(min_length=1, max_length=100)] | None = Field(
        None, description="unset: all"
    )
    mode: Literal["full", "incremental"] = Field(
        "full",
        description="`full`: from the base, as the weekly job; `incremental`: new examples on top "
        "of the version in service, as the nightly job, where recipe and overrides are its own",
    )

    def overrides(self) -> TrainingOverrides:
        names = TrainingOverrides.model_fields
        return TrainingOverrides(**{name: getattr(self, name) for name in names})


class _KeptAnswer(StrictModel):
    """The answer to a request with an idempotency key."""

    body: str  # hash of the request
    answer: dict[str, str]


class Trainer:
    """Starts trainings of a run home, one at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Requests wait here, and not in threads, of which chats need some, too.
        self._one_at_a_time = asyncio.Lock()

    async def start(self, caller: str, key: str | None, request: TrainRequest) -> dict[str, str]:
        """The answer to a request. Raises `Problem`."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._start, caller, key, request)

    def _start(self, caller: str, key: str | None, request: TrainRequest) -> dict[str, str]:
        body = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
        path = self._kept_path(caller, key) if key else None
        with only_starter(self._settings):
            if path and (kept := _kept_answer(path)):
                if kept.body != body:
                    raise Problem(
                        HTTPStatus.UNPROCESSABLE_ENTITY, "this key was used for another request"
                    )
                return kept.answer
            try:
                require_none(self._settings)
            except AlreadyTraining as error:
                raise Problem(HTTPStatus.CONFLICT, str(error)) from None
            training = new_training(
                str(uuid4()), request.mode, request.personalities or (), request.overrides()
            )
            self._spawn(training)
            answer = {"run_id": training.run_id, "job": training.job, "progress": PROGRESS}
            if path:
                self._keep(path, _KeptAnswer(body=body, answer=answer))
        return answer

    def _spawn(self, training: Training) -> None:
        """Start the process, and wait until it has said that it trains. Raises `Problem`."""
        logs = self._settings.home / "logs" / "trainings"
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (logs / f"{training.run_id}.log").open("xb") as log:
            process = subprocess.Popen(
                _command(training),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # no Ctrl-C of the server's terminal reaches it
            )
        threading.Thread(target=self._note_death, args=(process, training), daemon=True).start()
        said = self._settings.trainings / training.run_id
        deadline = time.monotonic() + _START_SECONDS
        while not said.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise Problem(
                    HTTPStatus.INTERNAL_SERVER_ERROR,
                    f"the training did not start; logs/trainings/{training.run_id}.log says why",
                )
            time.sleep(0.02)

    def _note_death(self, process: "subprocess.Popen[bytes]", training: Training) -> None:
        """Keep that a training was killed, which it cannot say itself."""
        code = process.wait()
        last = last_ended(self._settings)
        if code and (last is None or last.training.run_id != training.run_id):
            note_end(self._settings, training, ["process"])

    def _kept_path(self, caller: str, key: str) -> Path:
        # A key is any text, and a caller's own.
        name = hashlib.sha256(f"{caller}\n{key}".encode("utf-8", "surrogateescape")).hexdigest()
        return self._settings.trainings / "keys" / f"{name}.json"

    def _keep(self, path: Path, kept: _KeptAnswer) -> None:
        """Keep an answer, and forget the oldest of too many."""
        write_atomically(path, kept.model_dump_json())
        keys = sorted(path.parent.glob("*.json"), key=lambda each: each.stat().st_mtime)
        for old in keys[:-_KEPT_KEYS]:
            old.unlink(missing_ok=True)


@router.post("/api/train", status_code=202, responses=answers(TrainingStarted, 202))
async def train(
    request: Request, body: TrainRequest, idempotency_key: str | None = _IDEMPOTENCY_KEY
) -> JSONResponse:
    """Start a training: ingest, training, evaluation, and the release of what passes its gate.

    409 while any process trains. The overrides are those of this run alone; the manifests of its
    versions hold them.
    """
    token = require_scope(request, "train")
    trainer: Trainer = request.app.state.trainer
    if body.personalities is not None:
        try:
            recipes = await asyncio.to_thread(load_recipes)
            for name in body.personalities:
                recipe_named(recipes, name)
        except BadInput:
            raise Problem(HTTPStatus.BAD_REQUEST, "no personality of such a name") from None
    answer = await trainer.start(token.caller, idempotency_key, body)
    return JSONResponse(answer, HTTPStatus.ACCEPTED, {"Location": PROGRESS})


@router.get(PROGRESS, responses=answers(TrainingState))
async def training_status(request: Request) -> JSONResponse:
    """How far the training is that runs now, wherever it was started; else how the last ended."""
    require_scope(request, "train")
    return JSONResponse(await asyncio.to_thread(_status, request.app.state.settings))


def _status(settings: Settings) -> dict[str, Any]:
    training = under_way(settings)
    if training is None:
        last = last_ended(settings)
        ended = last and {
            **_about(last.training),
            "ended_at": last.ended_at.isoformat(),
            "succeeded": not last.failed_steps,
            "failed_steps": list(last.failed_steps),
        }
        return {"state": "not running", "last": ended}
    progress = progress_of(settings, training)
    if progress is None:
        return {"state": "preparing", **_about(training)}
    state = "training" if progress.step < progress.steps else "evaluating"
    return {"state": state, **_about(training), **_figures(progress)}


def _about(training: Training) -> dict[str, Any]:
    return {
        "run_id": training.run_id,
        "job": training.job,
        "mode": training.mode,
        "personalities": list(training.personalities) or None,
        "overrides": training.overrides.model_dump(exclude_none=True),
        "started_at": training.started_at.isoformat(),
    }


def _figures(progress: TrainingProgress) -> dict[str, Any]:
    """The figures of the run, and as `personality`, `step` and `loss` those of its longest adapter.

    All adapters of a node train at the same time.
    """
    name, longest = max(progress.adapters.items(), key=lambda item: item[1].steps - item[1].step)
    adapters = {
        name: {"step": each.step, "steps": each.steps, "loss": finite(each.loss)}
        for name, each in progress.adapters.items()
    }
    return {
        "personality": name,
        "step": longest.step,
        "steps": longest.steps,
        "loss": finite(longest.loss),
        "tokens_per_second": round(progress.tokens_per_second, 1),
        "seconds_left": round(progress.seconds_left),
        "adapters": adapters,
        "updated_at": progress.at.isoformat(),
    }


def _kept_answer(path: Path) -> _KeptAnswer | None:
    try:
        return _KeptAnswer.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _command(training: Training) -> list[str]:
    command = [sys.executable, "-m", "maverick_assets.cli", "run", training.job]
    command += ["--run-id", training.run_id]
    for name in training.personalities:
        command += ["--personality", name]
    for name, value in training.overrides.model_dump(exclude_none=True).items():
        command += [f"--{name.replace('_', '-')}", repr(value)]
    return command
