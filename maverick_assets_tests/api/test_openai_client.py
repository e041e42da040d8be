"""OpenAI's own Python client works unchanged."""

from collections.abc import Iterator

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from maverick_assets_tests.api.conftest import Server

MESSAGES: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "You are somebody else."},
    {"role": "user", "content": "Well?"},
]


def client_of(server: Server, token: str | None = None) -> openai.OpenAI:
    if token is None:
        token = (server.home.settings.home / "keys" / "api-token-first").read_text().strip()
    return openai.OpenAI(
        base_url=f"{server.address}/v1",
        api_key=token,
        max_retries=0,
        http_client=httpx.Client(trust_env=False, timeout=60),
    )


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[openai.OpenAI]:
    with client_of(server) as client:
        yield client


def text_of(client: openai.OpenAI, seed: int, temperature: float = 1.5) -> str:
    completion = client.chat.completions.create(
        model="persona", messages=MESSAGES, max_tokens=16, temperature=temperature, seed=seed
    )
    return completion.choices[0].message.content or ""


def test_models_are_listed(client: openai.OpenAI) -> None:
    models = {model.id: model for model in client.models.list()}
    assert models.keys() == {"persona", "robbie"}
    assert models["robbie"].owned_by == "maverick"


def test_an_answer_has_its_usage_and_ends_where_it_must(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(
        model="persona", messages=MESSAGES, max_completion_tokens=9, temperature=0
    )
    [choice] = completion.choices
    assert (choice.finish_reason, choice.message.role) == ("length", "assistant")
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 9
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + 9
    assert completion.system_fingerprint == "persona-v1.0"
    text = choice.message.content or ""
    stopped = client.chat.completions.create(
        model="persona", messages=MESSAGES, max_tokens=9, temperature=0, stop=text[4:7]
    )
    assert stopped.choices[0].finish_reason == "stop"
    assert text[4:7] not in (stopped.choices[0].message.content or "")


def test_a_stream_is_the_answer_in_pieces(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(
        model="persona", messages=MESSAGES, max_tokens=12, temperature=0
    )
    chunks = list(
        client.chat.completions.create(
            model="persona",
            messages=MESSAGES,
            max_tokens=12,
            temperature=0,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    deltas = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert len([delta for delta in deltas if delta]) > 1
    assert "".join(deltas) == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_seed_repeats_an_answer_and_another_does_not(client: openai.OpenAI) -> None:
    assert text_of(client, 5) == text_of(client, 5)
    assert len({text_of(client, seed) for seed in range(5)}) > 1
    assert len({text_of(client, seed, temperature=0) for seed in range(3)}) == 1


def test_a_stream_that_is_closed_ends_its_answer(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="persona", messages=MESSAGES, max_tokens=400, stream=True
    )
    next(iter(stream))
    stream.close()
    assert text_of(client, 1)


def test_errors_are_of_the_clients_types(server: Server, client: openai.OpenAI) -> None:
    ask = client.chat.completions.create
    with pytest.raises(openai.NotFoundError) as unknown:
        ask(model="nobody", messages=MESSAGES)
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as too_long:
        ask(model="persona", messages=[{"role": "user", "content": "word " * 3000}])
    assert too_long.value.code == "context_length_exceeded"
    with pytest.raises(openai.UnprocessableEntityError):
        ask(model="persona", messages=MESSAGES, temperature=7)
    with client_of(server, "not-a-token") as stranger, pytest.raises(openai.AuthenticationError):
        stranger.models.list()
    with (
        client_of(server, server.token("openai-admin", "admin")) as admin,
        pytest.raises(openai.PermissionDeniedError),
    ):
        admin.models.list()
