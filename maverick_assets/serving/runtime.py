"""The embedded runtime: base model and adapters in llama.cpp, inside this process."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from maverick_assets.base_model.control_tokens import EMBEDDED_CONTROL_TOKENS
from maverick_assets.base_model.llama_cpp.llama_server import LlamaServer, logprob
from maverick_assets.base_model.prepare import EMBEDDED_SHA256, PreparedBase
from maverick_assets.base_model.sampling import REPEAT_PENALTY, TEMPERATURE, TOP_P
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.errors import BadInput, MaverickError

# Nats. The log-probabilities of one prompt computed twice are equal. An adapter whose B has the
# size of a single optimizer step (2e-4) moves them by 5e-3.
_VISIBLE_EFFECT = 1e-4

# llama.cpp says nothing of a token that is only a part of a character, so that the first one of
# which it says something may be a later one. No character has more bytes.
_FIRST_CHARACTER = 4

_UNLIMITED = 1_000_000  # tokens


class PromptEncoder(Protocol):
    """Gives prompts and answers the token ids that training gave them."""

    def __call__(self, messages: list[Message], /) -> list[int]:
        """Ids of a prompt, up to where the answer begins."""

    def answer_ids(self, messages: list[Message], answer: str) -> list[int]:
        """Ids of an answer behind a prompt, without the end of its turn."""


class ConversationTooLong(BadInput):
    """The messages have more tokens than the context holds."""


@dataclass(frozen=True)
class AdapterFile:
    """A GGUF adapter; one of the registry was verified when `Catalog.weights` gave its path."""

    path: Path


@dataclass(frozen=True)
class Sampling:
    """How the tokens of an answer are chosen."""

    max_tokens: int = 200
    temperature: float = TEMPERATURE  # 0: the likeliest token
    top_p: float = TOP_P
    seed: int | None = None  # None: another one for each answer
    stop: tuple[str, ...] = ()  # texts at which the answer ends, without them

    def options(self) -> dict[str, Any]:
        """The options as llama.cpp calls them."""
        options: dict[str, Any] = {
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "repeat_penalty": REPEAT_PENALTY,
        }
        if self.seed is not None:
            options["seed"] = self.seed
        if self.stop:
            options["stop"] = list(self.stop)
        return options


@dataclass(frozen=True)
class Answer:
    """A complete answer, or one that was cancelled: then its counts are 0."""

    text: str
    finish_reason: Literal["stop", "length", "cancelled"]
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Runtime:
    """One base model with named adapters; each request applies one of them, or none.

    Every prompt is computed afresh, so equal requests give equal answers whatever came before.
    """

    def __init__(
        self,
        base: Path,
        adapters: Mapping[str, AdapterFile],
        *,
        context: int = 2048,
        threads: int = 1,
        slots: int = 1,
        encode_prompt: PromptEncoder | None = None,
    ) -> None:
        """Load all files. `context` limits the tokens of prompt and answer together.

        `slots` is the number of requests that are computed at once; others wait for a free one.
        `encode_prompt` gives the token ids of a prompt; without it, for the embedded base alone,
        llama.cpp renders the template inside the GGUF file (`prompt_encoder` says which).
        One thread by default: on a CPU shared with other work, two are far slower than one. Raises
        `MaverickError` that names the file that is missing, corrupt, or does not fit the base.
        """
        self._names = list(adapters)
        self._encode_prompt = encode_prompt
        paths = [adapter.path for adapter in adapters.values()]
        self.server = LlamaServer(base, paths, context, threads, slots)

    def chat(
        self,
        messages: Sequence[Message],
        *,
        adapter: str | None,
        max_tokens: int = Sampling.max_tokens,
        temperature: float = Sampling.temperature,
        seed: int | None = None,
    ) -> str:
        """The assistant's next message. With `adapter` None the base model answers.

        Temperature 0 is greedy. Raises `BadInput` for an unknown adapter, `ConversationTooLong` for
        messages longer than the context, `MaverickError` when llama.cpp refuses the request.
        """
        return self.answer(messages, adapter, Sampling(max_tokens, temperature, seed=seed)).text

    def answer(
        self,
        messages: Sequence[Message],
        adapter: str | None,
        sampling: Sampling,
        on_text: Callable[[str], None] = lambda _: None,
        cancelled: threading.Event | None = None,
    ) -> Answer:
        """The assistant's next message, which `on_text` gets in pieces as they are computed.

        The pieces together are the answer's text. Once `cancelled` is set the answer ends with the
        next token. Raises what `chat` raises.
        """
        request = self._request(messages, adapter, sampling.options())
        collected = _Collected(on_text, cancelled or threading.Event())
        if self._encode_prompt:
            self.server.stream_completion(request, collected.take)
        else:
            self.server.stream_chat(request, collected.take)
        return collected.answer()

    def first_token_logprobs(
        self, messages: Sequence[Message], *, adapter: str | None, top: int = 20
    ) -> dict[str, float]:
        """Log-probability (nats, before sampling options) of the `top` likeliest first tokens."""
        options: dict[str, Any] = {
            "max_tokens": _FIRST_CHARACTER,
            "temperature": 0,
            # An answer that ends at once has no first token: another one is chosen, and the values,
            # which are those before any choice, stay the same.
            "ignore_eos": True,
        }
        # OpenAI's two interfaces ask for the same in two ways.
        options |= (
            {"logprobs": top} if self._encode_prompt else {"logprobs": True, "top_logprobs": top}
        )
        response = self._complete(messages, adapter, options)
        first_token = response["choices"][0]["logprobs"]["content"][0]
        return {entry["token"]: logprob(entry) for entry in first_token["top_logprobs"]}

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of a prompt, up to where the answer begins."""
        if self._encode_prompt:
            return self._encode_prompt(list(messages))
        return self.server.tokenize(self.server.prompt_text(_plain(messages)), add_special=False)

    def answer_ids(self, messages: Sequence[Message], answer: str) -> list[int]:
        """Token ids of an answer to `messages`, control tokens in it read as text."""
        if self._encode_prompt:
            return self._encode_prompt.answer_ids(list(messages), answer)
        plain = EMBEDDED_CONTROL_TOKENS.plain(answer)
        return self.server.tokenize(plain, add_special=False)

    def complete_ids(
        self, prompt: Sequence[int], adapter: str | None, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """llama.cpp's completion of token ids, in the shape of OpenAI's API.

        Raises what `chat` raises.
        """
        request = {"lora": self._adapter_scales(adapter), "prompt": list(prompt), **options}
        response = self.server.complete(request)
        _raise_refusal(response)
        return response

    def _complete(
        self, messages: Sequence[Message], adapter: str | None, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A completion or chat completion, in the shape of OpenAI's API."""
        request = self._request(messages, adapter, options)
        response = (
            self.server.complete(request) if self._encode_prompt else self.server.chat(request)
        )
        _raise_refusal(response)
        return response

    def _request(
        self, messages: Sequence[Message], adapter: str | None, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        request: dict[str, Any] = {"lora": self._adapter_scales(adapter), **options}
        if self._encode_prompt:
            return request | {"prompt": self._encode_prompt(list(messages))}
        return request | {"messages": _plain(messages)}

    def _adapter_scales(self, adapter: str | None) -> list[dict[str, float]]:
        """The scale of every adapter: 1 for the one asked for, 0 for all others.

        The list is always complete. An adapter that a request leaves out keeps the scale of the
        request before it, and would shape this answer, too.
        """
        if adapter is not None and adapter not in self._names:
            loaded = ", ".join(self._names) or "none"
            raise BadInput(f"no adapter {adapter!r} is loaded; those that are: {loaded}")
        return [{"id": at, "scale": float(name == adapter)} for at, name in enumerate(self._names)]


@dataclass
class Pieces:
    """The pieces of an answer, which neither begins nor ends with white space."""

    text: str = ""
    _spaces: str = ""  # not passed on until a word follows

    def add(self, piece: str) -> str:
        """What can be passed on once a piece has come; it may be empty."""
        piece = self._spaces + piece
        if not self.text:
            piece = piece.lstrip()
        words = piece.rstrip()
        self._spaces = piece[len(words) :]
        self.text += words
        return words


@dataclass
class _Collected:
    """The chunks of a streamed answer so far."""

    on_text: Callable[[str], None]
    cancelled: threading.Event
    pieces: "Pieces" = field(default_factory=lambda: Pieces())
    finish_reason: Literal["stop", "length", "cancelled"] = "cancelled"
    usage: dict[str, int] = field(default_factory=dict)
    refusal: dict[str, Any] | None = None
    error: Exception | None = None

    def take(self, chunk: dict[str, Any]) -> bool:
        """Whether llama.cpp is to stop: it calls this for each chunk, and swallows errors."""
        try:
            self._take(chunk)
        except Exception as error:
            self.error = error
        return self.error is not None or self.refusal is not None or self.cancelled.is_set()

    def _take(self, chunk: dict[str, Any]) -> None:
        if "error" in chunk:
            self.refusal = chunk
            return
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk["choices"]:
            self.finish_reason = choice["finish_reason"] or self.finish_reason
            # OpenAI's two interfaces name the same in two ways.
            text = choice["text"] if "text" in choice else choice["delta"].get("content")
            if words := self.pieces.add(text or ""):
                self.on_text(words)

    def answer(self) -> Answer:
        if self.error is not None:
            raise self.error
        _raise_refusal(self.refusal or {})
        return Answer(
            self.pieces.text,
            self.finish_reason,
            self.usage.get("prompt_tokens", 0),
            self.usage.get("completion_tokens", 0),
        )


def _plain(messages: Sequence[Message]) -> list[dict[str, str]]:
    """`messages` for llama.cpp's own template: it reads control tokens wherever they stand."""
    plain = EMBEDDED_CONTROL_TOKENS.plain
    return [{"role": each["role"], "content": plain(each["content"])} for each in messages]


def _raise_refusal(response: Mapping[str, Any]) -> None:
    """Raise why llama.cpp refused a request, if it did."""
    error = response.get("error")
    if error is None:
        return
    if error.get("type") == "exceed_context_size_error":
        raise ConversationTooLong(
            f"the conversation has {error['n_prompt_tokens']} tokens, "
            f"the context {error['n_ctx']}; shorten it"
        )
    raise MaverickError(f"llama.cpp refused the request: {error.get('message')}")


@dataclass(frozen=True)
class _TrainedIds:
    """The `PromptEncoder` of a base's own tokenizer."""

    tokenizer: ChatTokenizer

    def __call__(self, messages: list[Message], /) -> list[int]:
        return self.tokenizer.encode_prompt(messages)

    def answer_ids(self, messages: list[Message], answer: str) -> list[int]:
        said = [*messages, Message(role="assistant", content=answer)]
        encoded = self.tokenizer.encode(said, _UNLIMITED)
        ids = encoded.input_ids[encoded.n_prompt :]
        return ids[:-1] if ids[-1] in self.tokenizer.stop_ids else ids


def prompt_encoder(base: PreparedBase) -> PromptEncoder | None:
    """What gives a base's prompts the very token ids that training gave them.

    None for the embedded base: llama.cpp renders its template to the same ids, and a conversation
    need not wait seconds for transformers to load. For any other base llama.cpp's rendering cannot
    be relied on: it thinks where the template may, and knows nothing of a system message that was
    put into the user's.
    """
    if base.digest == EMBEDDED_SHA256:
        return None
    return _TrainedIds(ChatTokenizer(base.directory))


def trial_answer(runtime: Runtime, name: str, messages: Sequence[Message]) -> str:
    """The greedy answer of an exported adapter, which proves that it works in llama.cpp.

    Raises `MaverickError` when the adapter does not change the log-probabilities of the first
    token, or answers nothing.
    """
    plain = runtime.first_token_logprobs(messages, adapter=None)
    adapted = runtime.first_token_logprobs(messages, adapter=name)
    common = plain.keys() & adapted.keys()
    effect = max((abs(plain[token] - adapted[token]) for token in common), default=float("inf"))
    if effect < _VISIBLE_EFFECT:
        raise MaverickError(f"{name} does not change the base model's answers; retrain it")
    answer = runtime.chat(messages, adapter=name, max_tokens=40, temperature=0)
    if not answer:
        raise MaverickError(f"{name} answers nothing in llama.cpp; retrain it")
    return answer
