"""Engines that answer the prompts of the parity gate, all in the same shape."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from maverick_assets.base_model.llama_cpp.llama_server import LlamaServer, logprob
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.serving.export.response_times import Timing, timing_of

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
    timing: Timing | None = None  # None for an engine that gives no times


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

    def answers_in_turn(self, prompts: Sequence[ParityPrompt], max_tokens: int) -> Sequence[Reply]:
        """What `answers` gives, one prompt after another, so that each is timed alone."""
        return [self._answer(prompt, max_tokens) for prompt in prompts]

    def _answer(self, prompt: ParityPrompt, max_tokens: int) -> Reply:
        response = self._generate(prompt, max_tokens)
        ids = [int(token) for token in response["tokens"]]
        told, at = response.get("completion_probabilities"), None
        if not told:
            # Of tokens that never make a whole character llama.cpp tells nothing. Of another token
            # in their place it tells what holds without the bias that puts it there.
            [other, *_] = self._server.tokenize("a", add_special=False)
            in_place = self._generate(prompt, 1, logit_bias=[[other, 1000.0]])
            told, at = in_place["completion_probabilities"], 0
        first: Mapping[str, Any] = told[0]
        logprobs = {int(e["id"]): logprob(e) for e in first["top_logprobs"]}
        if at is None:
            at = ids.index(int(first["id"])) if int(first["id"]) in ids else 0
        stopped, timing = response["stop_type"] == "eos", timing_of(response["timings"])
        return Reply(response["content"], stopped, ids, logprobs, at, timing)

    def _generate(self, prompt: ParityPrompt, max_tokens: int, **more: object) -> dict[str, Any]:
        return self._server.generate(
            {
                "prompt": list(prompt.ids),
                "n_predict": max_tokens,
                "temperature": 0,
                "repeat_penalty": 1.0,
                "lora": self._lora,
                "n_probs": LIKELIEST,
                "return_tokens": True,
                "cache_prompt": False,
                **more,
            }
        )
