"""What the routes answer, for `/openapi.json`: a schema and an example each.

Tests hold the examples, and real answers, to the schemas.
"""

from datetime import datetime
from types import ModuleType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from maverick_assets.strict_model import StrictModel

_TIME = "2026-11-01T09:00:00+00:00"
ALLAN, _SESSION = "allan-maverick", "maverick-1f8a0c5e9d3b7a24"


def example(content: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [content]})


def answers(
    model: type[BaseModel], status: int = 200, events: str = ""
) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route whose answer has this shape; `events`: an example of its stream."""
    described: dict[str, Any] = {"model": model}
    if events:
        described["content"] = {"text/event-stream": {"example": events}}
    return {status: described}


def with_whole_examples(description: dict[str, Any], *modules: ModuleType) -> dict[str, Any]:
    """The description with the examples of modules as they stand: FastAPI leaves every null out."""
    schemas = description["components"]["schemas"]
    for name, model in (item for module in modules for item in vars(module).items()):
        if isinstance(model, type) and issubclass(model, BaseModel) and name in schemas:
            extra = model.model_config.get("json_schema_extra")
            if isinstance(extra, dict) and "examples" in extra:
                schemas[name]["examples"] = extra["examples"]
    return description


class Problem(StrictModel):
    """Why a request gets no answer."""

    model_config = example({"error": "the message is empty"})

    error: str = Field(description="one line, without a word of the request")


class Status(StrictModel):
    model_config = example({"status": "ok"})

    status: str


class Usage(StrictModel):
    """Tokens, in OpenAI's words."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


USAGE = {"prompt_tokens": 61, "completion_tokens": 9, "total_tokens": 70}


class ChatAnswer(StrictModel):
    model_config = example(
        {
            "response": "Tue works, 10am.",
            "personality": ALLAN,
            "version": "v1.0",
            "node": "workstation",
            "finish_reason": "stop",
            "usage": USAGE,
            "session": _SESSION,
            "user_message_id": f"{_SESSION}-00001",
            "message_id": f"{_SESSION}-00002",
            "dropped_messages": 0,
        }
    )

    response: str
    personality: str
    version: str
    node: str = Field(description="the computer that answered")
    finish_reason: str
    usage: Usage
    session: str | None = Field(None, description="this and the next three: in a session only")
    user_message_id: str | None = None
    message_id: str | None = None
    dropped_messages: int | None = Field(None, description="turns that did not fit")
    decision: dict[str, Any] | None = Field(
        None, description="as of `POST /api/decide`, or its `error`; where one is asked for"
    )


_PERSONALITY = {
    "name": ALLAN,
    "title": "Allan",
    "description": "Writes, decides and replies as Allan does.",
    "moods": {},
    "modes": {},
    "version": "v1.0",
    "released_at": _TIME,
    "report": f"/api/reports/{ALLAN}/v1.0/",
    "lineage": "https://dagster.maverick.localhost/assets/allan_maverick/release?view=lineage",
}


class PersonalityEntry(StrictModel):
    name: str
    title: str
    description: str
    moods: dict[str, str]
    modes: dict[str, str]
    version: str
    released_at: datetime
    report: str | None = Field(description="address; null: the token may not read it")
    lineage: str | None = Field(description="address; null: Dagster's page is not served")


class PersonalityList(RootModel[list[PersonalityEntry]]):
    model_config = example([_PERSONALITY])


class SessionEntry(StrictModel):
    """A session without its messages."""

    id: str
    personality: str
    mood: str | None
    mode: str | None
    title: str = Field(description="the first words")
    updated_at: datetime
    device: str | None


_ENTRY = {
    "id": _SESSION,
    "personality": ALLAN,
    "mood": None,
    "mode": None,
    "title": "Shall we meet on Tuesday?",
    "updated_at": _TIME,
    "device": "phone",
}


class SessionList(StrictModel):
    model_config = example({"sessions": [_ENTRY]})

    sessions: list[SessionEntry]


class MessageEntry(StrictModel):
    id: str
    role: Literal["user", "assistant"]
    text: str
    at: datetime
    version: str | None = Field(description="who answered")
    device: str | None = Field(description="where it was written")
    context: dict[str, Any] | None = Field(description="what the message was about")


class SessionContent(SessionEntry):
    """A session with its messages."""

    model_config = example(
        {
            **_ENTRY,
            "messages": [
                {
                    "id": f"{_SESSION}-00001",
                    "role": "user",
                    "text": "Shall we meet on Tuesday?",
                    "at": _TIME,
                    "version": None,
                    "device": "phone",
                    "context": None,
                },
                {
                    "id": f"{_SESSION}-00002",
                    "role": "assistant",
                    "text": "Tue works, 10am.",
                    "at": _TIME,
                    "version": "v1.0",
                    "device": None,
                    "context": None,
                },
            ],
        }
    )

    messages: list[MessageEntry]


class RatingKept(StrictModel):
    model_config = example({"id": "maverick-5f0d2c7be19a4c63a1b2c3d4"})

    id: str


class TrainingSettings(StrictModel):
    epochs: int
    learning_rate: float | None = Field(description="null: chosen by the training")
    batch_tokens: int
    max_length: int


class VersionEntry(StrictModel):
    """A version of a personality."""

    personality: str
    version: str
    state: Literal["candidate", "released", "archived", "revoked"]
    kind: str
    created_at: datetime
    released_at: datetime | None
    base: str = Field(description="the first digits of its digest")
    dataset_version: int
    parent: str | None
    perplexity_base: float | None
    perplexity_adapter: float | None
    ratio: float | None
    training: TrainingSettings


_VERSION = {
    "personality": ALLAN,
    "version": "v1.0",
    "state": "released",
    "kind": "full",
    "created_at": _TIME,
    "released_at": _TIME,
    "base": "5af571cbf074",
    "dataset_version": 3,
    "parent": None,
    "perplexity_base": 41.2,
    "perplexity_adapter": 12.9,
    "ratio": 0.31,
    "training": {"epochs": 3, "learning_rate": 0.0002, "batch_tokens": 2048, "max_length": 512},
}


class VersionList(StrictModel):
    model_config = example({"models": [_VERSION]})

    models: list[VersionEntry]


class NodeVersion(StrictModel):
    node: str
    state: Literal["level", "waiting", "down", "failed"]
    serves: str | None


class RolledBack(VersionEntry):
    """The version that is in service now, and what the nodes answer with."""

    model_config = example(
        {**_VERSION, "nodes": [{"node": "aurora", "state": "level", "serves": "v1.0"}]}
    )

    nodes: list[NodeVersion]


class Response(StrictModel):
    response: str


class VersionResponse(Response):
    version: str


class NearText(StrictModel):
    """A text of the owner."""

    prompt: str
    text: str
    table: str
    row_ids: list[str]
    score: float


class TrialAnswer(StrictModel):
    model_config = example(
        {
            "personality": ALLAN,
            "base": {"response": "Dear Sir, I would be delighted."},
            "released": {"version": "v1.0", "response": "Not past 10."},
            "candidate": None,
            "nearest": [
                {
                    "prompt": "Can you do 15 % off?",
                    "text": "10, if you sign today.",
                    "table": "crm_emails",
                    "row_ids": ["e-17"],
                    "score": 7.31,
                }
            ],
        }
    )

    personality: str
    base: Response
    released: VersionResponse
    candidate: VersionResponse | None
    nearest: list[NearText] | None = Field(description="null without scope `owner`")


class TrainingStarted(StrictModel):
    model_config = example(
        {
            "run_id": "2f1c8f4e-6a53-4d6e-9a55-0d4d3e0d8f10",
            "job": "weekly",
            "progress": "/api/training/status",
        }
    )

    run_id: str
    job: str
    progress: str


class TrainingState(StrictModel):
    """Where the training is, or how the last one ended."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {"state": "not running", "last": None},
                {
                    "state": "training",
                    "run_id": "2f1c8f4e-6a53-4d6e-9a55-0d4d3e0d8f10",
                    "job": "weekly",
                    "mode": "full",
                    "personalities": None,
                    "overrides": {"epochs": 3},
                    "started_at": _TIME,
                    "personality": ALLAN,
                    "step": 40,
                    "steps": 120,
                    "loss": 2.71,
                    "tokens_per_second": 812.5,
                    "seconds_left": 95,
                    "adapters": {ALLAN: {"step": 40, "steps": 120, "loss": 2.71}},
                    "updated_at": _TIME,
                },
            ]
        },
    )

    state: Literal["not running", "preparing", "training", "evaluating"]
    last: dict[str, Any] | None = Field(None, description="how the last training ended")
    run_id: str | None = None
    job: str | None = None
    mode: str | None = None
    personality: str | None = None
    step: int | None = None
    steps: int | None = None
    loss: float | None = None
    tokens_per_second: float | None = None
    seconds_left: int | None = None
