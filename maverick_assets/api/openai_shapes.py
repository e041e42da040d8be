"""What the routes below /v1 answer: OpenAI's shapes, and which version on which node it was."""

from typing import Literal

from maverick_assets.api.shapes import ALLAN, USAGE, Usage, example
from maverick_assets.strict_model import StrictModel


class OpenAIError(StrictModel):
    """The same below /v1."""

    message: str
    type: str
    param: None = None
    code: str | None


class OpenAIProblem(StrictModel):
    model_config = example(
        {
            "error": {
                "message": "no personality of that name and mode answers you",
                "type": "not_found_error",
                "param": None,
                "code": "model_not_found",
            }
        }
    )

    error: OpenAIError


class ModelEntry(StrictModel):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    version: str


class ModelList(StrictModel):
    model_config = example(
        {
            "object": "list",
            "data": [
                {
                    "id": ALLAN,
                    "object": "model",
                    "created": 1793523600,
                    "owned_by": "maverick",
                    "version": "v1.0",
                }
            ],
        }
    )

    object: Literal["list"]
    data: list[ModelEntry]


class Choice(StrictModel):
    index: int
    message: dict[str, str]
    logprobs: None
    finish_reason: str


class Completion(StrictModel):
    model_config = example(
        {
            "id": "chatcmpl-5f0d2c7be19a4c63a1b2c3d4",
            "created": 1793523600,
            "object": "chat.completion",
            "model": ALLAN,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "Tue works, 10am."},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": USAGE,
            "system_fingerprint": f"{ALLAN}-v1.0",
            "version": "v1.0",
            "node": "workstation",
        }
    )

    id: str
    created: int
    object: Literal["chat.completion"]
    model: str
    choices: list[Choice]
    usage: Usage
    system_fingerprint: str
    version: str
    node: str
