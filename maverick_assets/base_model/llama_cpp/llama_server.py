"""llama.cpp's server inside this process: a base and adapters in GGUF files."""

import http.client
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from maverick_assets.errors import MaverickError

_SECONDS = 600  # that an answer may take: a prompt waits for those before it

_SILENT = -1  # llama.cpp's verbosity: not even errors reach the terminal

# Takes a chunk of a streamed answer; what it returns says whether to stop.
OnChunk = Callable[[dict[str, Any]], bool]


class LlamaServer:
    """One base with adapters, each at the scale that a request gives it.

    llama.cpp opens a port on the loopback interface although only in-process calls are used, and
    one for token ids. A random API key that nobody else knows closes it.
    """

    def __init__(
        self, base: Path, adapters: Sequence[Path], context: int, threads: int, slots: int = 1
    ) -> None:
        """Load all files. `context` limits the tokens of prompt and answer together.

        `slots` requests are computed at once, each with a context of its own. Raises
        `MaverickError` that names the file that is missing, corrupt, or does not fit.
        """
        self._key = secrets.token_urlsafe(32)
        self._server = _start(base, adapters, context, threads, slots, self._key)
        # xllamacpp 2026.10 waits for ever in the destructor of a server that never had a request.
        first: dict[str, Any] = {"prompt": "a", "n_predict": 1}
        self.complete(first | {"lora": [{"id": at, "scale": 0.0} for at in range(len(adapters))]})

    @property
    def address(self) -> str:
        return str(self._server.listening_address)

    def complete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """llama.cpp's answer to a completion; what it refuses holds an `error`."""
        response: dict[str, Any] = self._server.handle_completions(dict(request))
        return response

    def stream_completion(self, request: Mapping[str, Any], on_chunk: OnChunk) -> None:
        """Have a completion's chunks taken by `on_chunk`, in this thread, until it stops them.

        What llama.cpp refuses is a chunk with an `error`. A stopped request frees its slot before
        the next token.
        """
        self._server.handle_completions(_streamed(request), on_chunk)

    def chat(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """llama.cpp's answer to a chat completion."""
        response: dict[str, Any] = self._server.handle_chat_completions(dict(request))
        return response

    def stream_chat(self, request: Mapping[str, Any], on_chunk: OnChunk) -> None:
        """What `stream_completion` does, for a chat completion."""
        self._server.handle_chat_completions(_streamed(request), on_chunk)

    def tokenize(self, text: str, *, add_special: bool) -> list[int]:
        """Token ids of `text` by the vocabulary in the GGUF file, special tokens read as such.

        `add_special` puts the start token first where the file says so.
        """
        question = {"content": text, "add_special": add_special, "parse_special": True}
        return [int(token) for token in self._post("/tokenize", question)["tokens"]]

    def prompt_text(self, messages: Sequence[Mapping[str, object]]) -> str:
        """The prompt of a chat completion, by the template in the GGUF file."""
        return str(self._post("/apply-template", {"messages": list(messages)})["prompt"])

    def generate(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """llama.cpp's own completion, which names the tokens of the answer."""
        return self._post("/completion", request)

    def _post(self, route: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """What a route of its port answers. Raises `MaverickError` where it refuses."""
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=_SECONDS)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            connection.request("POST", route, json.dumps(question).encode(), headers)
            response = connection.getresponse()
            content: dict[str, Any] = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise MaverickError(f"llama.cpp does not answer {route}: {error}") from error
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK:
            raise MaverickError(f"llama.cpp refuses {route}: {content}")
        return content


def _streamed(request: Mapping[str, Any]) -> dict[str, Any]:
    return {**request, "stream": True, "stream_options": {"include_usage": True}}


def _start(
    base: Path, adapters: Sequence[Path], context: int, threads: int, slots: int, key: str
) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.verbosity = _SILENT
    params.model.path = str(base)
    params.n_ctx = context * slots
    params.n_parallel = slots
    # A cache of its own for each slot. In a common one the cells of a request lie where the others
    # leave room, and its sums are rounded in another order.
    params.kv_unified = False
    # llama.cpp's flash attention takes another path for one token than for several, so that a
    # prompt's log-probabilities depend on what is computed beside it (0.05 on Q4_1).
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.warmup = False
    params.fit_params = False
    # No prompt cache: a prompt found there is computed in batches of another size, which rounds
    # differently. On Q4_1 weights the next token's log-probability moved by 0.08, enough to change
    # an answer.
    params.cache_prompt = False
    params.cache_ram_mib = 0
    # Any free slot, but for a prompt that a slot has just computed: requests that ask for the cache
    # (the phrases of a decision, one after another) find it there.
    params.slot_prompt_similarity = 0.99
    params.ui = False
    params.api_keys = [key]
    params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(path), 0.0) for path in adapters]
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise MaverickError(_why_not_loaded(base, adapters)) from error


def _why_not_loaded(base: Path, adapters: Sequence[Path]) -> str:
    """One line that names the file to blame; llama.cpp itself says only that loading failed."""
    from gguf import GGUFReader

    for path in (base, *adapters):
        if not path.is_file():
            return f"{path} is missing; restore it or release the version again"
        try:
            GGUFReader(path)
        except Exception:  # the reader raises whatever the damaged bytes lead to
            return f"{path} is not a complete GGUF file; restore it or release the version again"
    if not adapters:
        return f"llama.cpp cannot load {base}; is it a chat model that it supports?"
    names = ", ".join(str(path) for path in adapters)
    return f"llama.cpp cannot load {base} with {names}; do they fit together?"


def logprob(entry: Mapping[str, Any]) -> float:
    """The log-probability of an entry of `top_logprobs`, in nats.

    Raises `MaverickError` where llama.cpp computed none: JSON has null in the place of nan.
    """
    if entry["logprob"] is None:
        raise MaverickError(
            "llama.cpp computes no number with it: its weights do not fit into float16; train it "
            "again"
        )
    return float(entry["logprob"])
