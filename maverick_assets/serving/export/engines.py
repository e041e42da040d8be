"""Engines that answer the prompts of the parity gate, all in the same shape."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from maverick_assets.base_model.llama_server import LlamaServer
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.errors import MaverickError

LIKELIEST = 5  # first tokens whose log-probabilities are compared


@dataclass(frozen=True)
class ParityPrompt:
    """A prompt under a name, as messages and as the token ids that training gives them."""

    name: str
    messages: Sequence[Message]
    ids: Sequence[int]


@dataclass(frozen=True)
class Reply:
    """A greedy answer.

    `logprobs` are those (nats) of the likeliest tokens at position `at` of the answer: the first of
    which the engine says something. `ids` is None for an engine that does not name tokens.
    """

    text: str
    stopped: bool  # by itself, not at the limit
    ids: Sequence[int] | None
    logprobs: Mapping[int, float]
    at: int = 0


class Engine(Protocol):
    """Answers prompts greedily, in their order."""

    @property
    def name(self) -> str: ...

    def answers(self, prompts: Sequence[ParityPrompt], max_tokens: int) -> Sequence[Reply]: ...


class LlamaEngine:
    """A llama.cpp of this process, with one of its adapters or none."""

    def __init__(self, name: str, server: LlamaServer, adapter: int | None, adapters: int) -> None:
        """`adapter` is the place of the adapter among the `adapters` that the server holds."""
        self.name = name
        self._server = server
        self._lora = [{"id": at, "scale": float(at == adapter)} for at in range(adapters)]

    def answers(self, prompts: Sequence[ParityPrompt], max_tokens: int) -> Sequence[Reply]:
        with ThreadPoolExecutor(len(prompts)) as waiting:
            return list(waiting.map(lambda prompt: self._answer(prompt, max_tokens), prompts))

    def _answer(self, prompt: ParityPrompt, max_tokens: int) -> Reply:
        response = self._server.generate(
            {
                "prompt": list(prompt.ids),
                "n_predict": max_tokens,
                "temperature": 0,
                "repeat_penalty": 1.0,
                "lora": self._lora,
                "n_probs": LIKELIEST,
                "return_tokens": True,
                "cache_prompt": False,
            }
        )
        ids = [int(token) for token in response["tokens"]]
        told = response.get("completion_probabilities") or []
        if not told:
            return Reply(response["content"], response["stop_type"] == "eos", ids, {})
        first: Mapping[str, Any] = told[0]
        logprobs = {int(e["id"]): float(e["logprob"]) for e in first["top_logprobs"]}
        at = ids.index(int(first["id"])) if int(first["id"]) in ids else 0
        return Reply(response["content"], response["stop_type"] == "eos", ids, logprobs, at)


class OllamaEngine:
    """A model of an Ollama server. `client` is one of the package `ollama`.

    Ollama renders messages itself and names no ids, so that its texts are compared.
    """

    def __init__(self, name: str, client: Any, model: str, token_id: Any) -> None:
        """`token_id` gives the id of a token as the vocabulary's decoder writes it, or None."""
        self.name = name
        self._client = client
        self._model = model
        self._token_id = token_id

    def answers(self, prompts: Sequence[ParityPrompt], max_tokens: int) -> Sequence[Reply]:
        """Raises `MaverickError` for whatever keeps the node from answering."""
        return [self._answer(prompt, max_tokens) for prompt in prompts]

    def _answer(self, prompt: ParityPrompt, max_tokens: int) -> Reply:
        options = {"temperature": 0, "num_predict": max_tokens, "repeat_penalty": 1.0}
        try:
            response = self._client.chat(
                model=self._model,
                messages=list(prompt.messages),
                options=options,
                logprobs=True,
                top_logprobs=LIKELIEST,
            )
        except Exception as error:  # the client passes on whatever its HTTP library raises
            raise MaverickError(f"{self.name} does not answer {prompt.name}: {error}") from error
        told = (response.logprobs or [None])[0]
        entries = (told.top_logprobs or []) if told else []
        named = {self._token_id(entry.token): float(entry.logprob) for entry in entries}
        logprobs = {token: value for token, value in named.items() if token is not None}
        text = response.message.content or ""
        return Reply(text, response.done_reason == "stop", None, logprobs)
