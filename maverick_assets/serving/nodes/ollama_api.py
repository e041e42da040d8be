"""Ollama's HTTP API, as far as versions are brought to a node and tried there.

Written on the transport instead of on the client of the `ollama` package, which follows redirects,
reads answers of any size, and takes an error inside a stream for the end of it in some calls.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maverick_assets.printable import one_line
from maverick_assets.serving.nodes.endpoints import Endpoint, socket_of
from maverick_assets.serving.nodes.patience import Patience
from maverick_assets.serving.nodes.problems import NodeDown, NodeFull, NodeProblem, NodeRefused

_LARGEST = 8 << 20  # bytes of an answer, or of a stream together
_CHUNK = 1 << 20  # bytes of a file that are read at once
_LONGEST_REASON = 300
_FULL = re.compile(r"no space left on device|disk quota exceeded|not enough space", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
MOVING = "latest"  # the tag that Ollama's clients mean when they name none


def model_name(personality: str, tag: str) -> str:
    """`personality:tag`. Raises `NodeRefused` for what Ollama does not take as a name."""
    for part in (personality, tag):
        if not _NAME.fullmatch(part):
            raise NodeRefused(
                f"Ollama takes no {part[:90]!r} in a name: at most 80 letters, digits, dots, "
                "hyphens and underscores; rename the personality"
            )
    return f"{personality}:{tag}"


@dataclass(frozen=True)
class Generated:
    """An answer, and why it ended."""

    text: str
    reason: str  # `stop`: the model ended it; `length`: the limit of tokens did
    prompt_tokens: int


class OllamaApi:
    """One server. Every call raises `NodeDown` or `NodeRefused`, with a reason of one line."""

    def __init__(self, http: Any, endpoint: Endpoint, patience: Patience) -> None:
        self._http = http
        self._endpoint = endpoint
        self._patience = patience

    def version(self) -> str:
        """Ollama's own version."""
        return str(self._call("GET", "/api/version").get("version", ""))

    def models(self) -> dict[str, str]:
        """Digest of each model's manifest by its full name. Equal digests are equal models."""
        return model_digests(self._call("GET", "/api/tags"))

    def loaded(self) -> dict[str, str]:
        """When each model that is in memory leaves it (ISO 8601), by name."""
        return {
            str(model.get("name", "")): str(model.get("expires_at", ""))
            for model in _models(self._call("GET", "/api/ps"))
        }

    def show(self, name: str) -> dict[str, Any]:
        """What a model is made of: its Modelfile, template, system prompt and parameters."""
        return self._call("POST", "/api/show", {"model": name})

    def has_blob(self, digest: str) -> bool:
        """Whether the file of this SHA-256 is there."""
        with self._exchange("HEAD", f"/api/blobs/sha256:{digest}") as response:
            if response.status_code == 404:
                return False
            self._require_success(response)
            return True

    def upload(self, path: Path, digest: str) -> None:
        """Send a file. The server compares what came with the SHA-256 before it keeps it."""
        end = time.monotonic() + self._patience.upload

        def content() -> Iterator[bytes]:
            with path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    if time.monotonic() > end:
                        raise NodeDown(f"{path.name} did not arrive in {self._patience.upload:g} s")
                    yield chunk

        headers = {
            "Content-Length": str(path.stat().st_size),
            "Content-Type": "application/octet-stream",
        }
        with self._exchange(
            "POST",
            f"/api/blobs/sha256:{digest}",
            content=content(),
            headers=headers,
            seconds=self._patience.create,  # it hashes the file before it answers
        ) as response:
            self._require_success(response)

    def create(self, request: Mapping[str, Any]) -> None:
        """Make a model; returns once the server says `success`."""
        last: dict[str, Any] = {}
        for last in self._stream("/api/create", request, self._patience.create):  # noqa: B007
            pass
        if last.get("status") != "success":
            raise NodeDown(f"the making of {request['model']} broke off")

    def copy(self, source: str, destination: str) -> None:
        """Give a model a second name, which another model may have had."""
        self._call("POST", "/api/copy", {"source": source, "destination": destination})

    def delete(self, name: str) -> None:
        """Remove a name, and the files that no other name needs. Nothing happens without it."""
        with self._exchange("DELETE", "/api/delete", {"model": name}) as response:
            if response.status_code != 404:
                self._require_success(response)

    def load(self, name: str, keep_alive: int | None = None) -> None:
        """Bring a model into memory. `keep_alive` -1: for good; None: as the server is set up."""
        request: dict[str, Any] = {"model": name, "stream": False}
        if keep_alive is not None:
            request["keep_alive"] = keep_alive
        self._call("POST", "/api/generate", request, self._patience.load)

    def generate(self, request: Mapping[str, Any]) -> Generated:
        """A whole answer to a prompt."""
        return self._whole("/api/generate", request, lambda line: line.get("response", ""))

    def chat(self, request: Mapping[str, Any]) -> Generated:
        """A whole answer to messages, which the server renders by the model's template."""
        return self._whole("/api/chat", request, _message_text)

    def _whole(
        self, route: str, request: Mapping[str, Any], text_of: Callable[[dict[str, Any]], Any]
    ) -> Generated:
        pieces: list[str] = []
        last: dict[str, Any] = {}
        for last in self._stream(route, request, self._patience.load):
            pieces.append(str(text_of(last)))
        if last.get("done") is not True:
            raise NodeDown("the answer broke off")
        count = last.get("prompt_eval_count")
        tokens = count if isinstance(count, int) else 0
        return Generated("".join(pieces), str(last.get("done_reason", "")), tokens)

    def _call(
        self, method: str, route: str, body: Any = None, seconds: float | None = None
    ) -> dict[str, Any]:
        with self._exchange(method, route, body, seconds=seconds) as response:
            self._require_success(response)
            content = self._read(response)
        return parsed(content) if content.strip() else {}

    def _stream(self, route: str, body: Any, seconds: float) -> Iterator[dict[str, Any]]:
        """The lines of an answer. An error among them, which comes with status 200, is raised."""
        end = time.monotonic() + seconds
        with self._exchange("POST", route, body, seconds=seconds) as response:
            self._require_success(response)
            for line in _lines(response, end):
                content = parsed(line)
                if "error" in content:
                    raise refusal(str(content["error"]))
                yield content

    @contextmanager
    def _exchange(
        self,
        method: str,
        route: str,
        body: Any = None,
        *,
        content: Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Iterator[Any]:
        """A request and the beginning of its answer. `seconds`: how long that may take."""
        patience = self._patience
        timeout = timeouts(patience, seconds or patience.answer)
        data = {"content": content} if content is not None else {}
        if body is not None:
            data = {"json": body}
        with (
            errors_of_transport(),
            self._http.stream(
                method, self._endpoint.url + route, headers=headers, timeout=timeout, **data
            ) as response,
        ):
            yield response

    def _require_success(self, response: Any) -> None:
        if 200 <= response.status_code < 300:
            return
        content = self._read(response)
        try:
            reason = str(parsed(content).get("error", ""))
        except NodeProblem:
            reason = ""
        raise refusal(reason or f"HTTP status {response.status_code}")

    def _read(self, response: Any) -> bytes:
        end = time.monotonic() + self._patience.load
        return b"".join(_bounded(response, end))


@contextmanager
def open_api(endpoint: Endpoint, patience: Patience) -> Iterator[OllamaApi]:
    """A connection to a server, through SSH where it is on another host."""
    import httpx2  # a tenth of a second, for fleets with Ollama only

    with socket_of(endpoint, patience) as socket:
        # No proxy and no password of the environment (trust_env); redirects lead elsewhere.
        transport = httpx2.HTTPTransport(uds=str(socket) if socket else None, trust_env=False)
        plain = {"Accept-Encoding": "identity"}  # a bound on what is unpacked comes too late
        with httpx2.Client(
            transport=transport, headers=plain, trust_env=False, follow_redirects=False
        ) as http:
            yield OllamaApi(http, endpoint, patience)


def timeouts(patience: Patience, answer: float) -> Any:
    """For httpx2: how long to wait for a connection, for bytes, and for bytes to be taken."""
    import httpx2

    return httpx2.Timeout(
        connect=patience.connect, read=answer, write=patience.answer, pool=patience.connect
    )


@contextmanager
def errors_of_transport() -> Iterator[None]:
    """What the transport raises, as `NodeDown`."""
    import httpx2

    try:
        yield
    except httpx2.TimeoutException as error:
        raise NodeDown("it does not answer in time") from error
    except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
        reason = one_line(str(error))[:_LONGEST_REASON] or type(error).__name__
        raise NodeDown(f"the connection failed: {reason}") from error


def refusal(reason: str) -> NodeRefused:
    """An error that the server wrote."""
    text = one_line(reason)[:_LONGEST_REASON]
    if _FULL.search(text):
        return NodeFull(f"its disk is full: {text}")
    return NodeRefused(text)


def parsed(content: bytes) -> dict[str, Any]:
    """An object of JSON. Raises `NodeRefused` for anything else."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NodeRefused("its answer is no JSON; is it an Ollama?") from error
    if not isinstance(value, dict):
        raise NodeRefused("its answer is no object; is it an Ollama?")
    return value


def _message_text(line: Mapping[str, Any]) -> Any:
    message = line.get("message")
    return message.get("content", "") if isinstance(message, dict) else ""


def _models(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    models = content.get("models")
    if not isinstance(models, list) or not all(isinstance(each, dict) for each in models):
        raise NodeRefused("its list of models is none; is it an Ollama?")
    return models


def model_digests(tags: Mapping[str, Any]) -> dict[str, str]:
    """Digests by name, from an answer of /api/tags."""
    return {str(model.get("name", "")): str(model.get("digest", "")) for model in _models(tags)}


def _bounded(response: Any, end: float) -> Iterator[bytes]:
    size = 0
    for chunk in response.iter_raw():
        size += len(chunk)
        if size > _LARGEST:
            raise NodeRefused(f"its answer has more than {_LARGEST >> 20} MiB; is it an Ollama?")
        if time.monotonic() > end:
            raise NodeDown("its answer does not end")
        yield chunk


def _lines(response: Any, end: float) -> Iterator[bytes]:
    rest = b""
    for chunk in _bounded(response, end):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())
    if rest.strip():
        yield rest
