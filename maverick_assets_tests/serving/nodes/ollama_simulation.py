"""A simulation of Ollama's server, in front of a real llama.cpp.

Ollama itself cannot be installed here. Simulated is what docs/api.md and the handlers of the
server say of blobs, models and answers: files by digest, compared before they are kept; models as
manifests of layers, so that equal models have equal digests; files without a model, which the next
start removes; errors inside a stream of status 200; templates in Go; models that are loaded and
unloaded. `--version` 0.34.1 and later refuse adapters, as those of Ollama do.

    python -m maverick_assets_tests.serving.nodes.ollama_simulation FOLDER --host H --port P

A file `faults/ROUTE@NUMBER` in FOLDER has one request of that route go wrong: see `_fault`.
"""

import argparse
import hashlib
import json
import os
import re
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from maverick_assets.base_model.llama_server import LlamaServer
from maverick_assets_tests.serving.export.go_template_simulation import render

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
_DIGEST = re.compile(r"sha256[:-][0-9a-f]{64}")
_TYPES = {
    "files": "application/vnd.ollama.image.model",
    "adapters": "application/vnd.ollama.image.adapter",
    "template": "application/vnd.ollama.image.template",
    "system": "application/vnd.ollama.image.system",
    "parameters": "application/vnd.ollama.image.params",
}
_DEFAULT_KEEP_ALIVE = 300.0
_SLOW = 4.0  # seconds that a slow request takes longer
_FOR_EVER = 10_000 * 365 * 86_400.0  # what a negative keep_alive means


class Refused(Exception):
    """An error with a status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Model:
    """What a manifest leads to."""

    digest: str
    base: Path
    adapter: Path | None
    template: str
    system: str
    parameters: dict[str, Any]


class Store:
    """Blobs and manifests on the disk, as Ollama lays them out."""

    def __init__(self, folder: Path) -> None:
        self.blobs = folder / "blobs"
        self.manifests = folder / "manifests"
        for path in (self.blobs, self.manifests):
            path.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()

    def blob(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise Refused(400, "invalid digest format")
        return self.blobs / digest.replace(":", "-")

    def keep(self, content: bytes) -> str:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        write(self.blob(digest), content)
        return digest

    def manifest(self, name: str) -> Path:
        model, _, tag = name.partition(":")
        tag = tag or "latest"
        if not _NAME.fullmatch(model) or not _NAME.fullmatch(tag):
            raise Refused(400, "invalid model name")
        return self.manifests / model / tag

    def names(self) -> dict[str, Path]:
        return {
            f"{path.parent.name}:{path.name}": path
            for path in sorted(self.manifests.glob("*/*"))
            if not path.name.startswith(".")
        }

    def model(self, name: str) -> Model:
        path = self.manifest(name)
        if not path.is_file():
            raise Refused(404, f"model '{name}' not found")
        content = path.read_bytes()
        layers = {layer["mediaType"]: layer["digest"] for layer in json.loads(content)["layers"]}

        def text(field: str) -> str:
            digest = layers.get(_TYPES[field])
            return self.blob(digest).read_text() if digest else ""

        adapter = layers.get(_TYPES["adapters"])
        return Model(
            hashlib.sha256(content).hexdigest(),
            self.blob(layers[_TYPES["files"]]),
            self.blob(adapter) if adapter else None,
            text("template"),
            text("system"),
            json.loads(text("parameters") or "{}"),
        )

    def set_manifest(self, name: str, content: bytes | None) -> None:
        """Replace a manifest, or remove it; the files that it alone needed go with it."""
        path = self.manifest(name)
        with self.lock:
            before = _digests(path) if path.is_file() else set()
            if content is None:
                path.unlink()
            else:
                write(path, content)
            self._remove(before)

    def prune(self) -> None:
        """Remove all files that no model needs."""
        self._remove({path.name for path in self.blobs.iterdir()})

    def _remove(self, candidates: set[str]) -> None:
        needed = {digest for path in self.names().values() for digest in _digests(path)}
        for name in candidates - needed:
            (self.blobs / name).unlink(missing_ok=True)


def _digests(manifest: Path) -> set[str]:
    """Names of the files that a manifest needs."""
    layers = json.loads(manifest.read_bytes())["layers"]
    return {layer["digest"].replace(":", "-") for layer in layers}


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".partial", delete=False) as stream:
        stream.write(content)
    Path(stream.name).rename(path)


@dataclass
class Loaded:
    """A model in memory."""

    model: Model
    server: LlamaServer
    expires_at: float


@dataclass
class Ollama:
    """The server's state. One model is in memory at a time, as on a small card."""

    store: Store
    faults: Path
    version: str
    loaded: dict[str, Loaded] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def running(self) -> dict[str, Loaded]:
        with self.lock:
            for name in [n for n, each in self.loaded.items() if each.expires_at < time.time()]:
                del self.loaded[name]
            return dict(self.loaded)

    def load(self, name: str, keep_alive: Any = None) -> Loaded:
        model = self.store.model(name)
        with self.lock:
            now = self.loaded.get(name)
            if now is None or now.model.digest != model.digest:
                self.loaded.clear()
                adapters = [model.adapter] if model.adapter else []
                context = int(model.parameters.get("num_ctx", 2048))
                try:
                    server = LlamaServer(model.base, adapters, context, threads=1)
                except Exception as error:
                    raise Refused(500, f"llama-server process has terminated: {error}") from error
                now = self.loaded[name] = Loaded(model, server, 0.0)
            now.expires_at = time.time() + _seconds(keep_alive)
            return now

    def create(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        name = request.get("model", "")
        self.store.manifest(name)
        if request.get("adapters") and not takes_adapters(self.version):
            raise Refused(400, "LoRA adapters are no longer supported")
        if "modelfile" in request or not request.get("files"):
            raise Refused(400, "neither 'from' or 'files' was specified")
        return self._create(name, request)

    def _create(self, name: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        layers: list[dict[str, Any]] = []
        for kind in ("files", "adapters"):
            for digest in (request.get(kind) or {}).values():
                yield {"status": "parsing GGUF"}
                path = self.store.blob(digest)
                if not path.is_file():
                    yield {"error": f"open {path}: no such file or directory"}
                    return
                if path.read_bytes()[:4] != b"GGUF":
                    yield {"error": "unknown type"}
                    return
                layers.append(_layer(_TYPES[kind], digest, path))
                yield {"status": f"using existing layer {digest}"}
        for kind in ("template", "system", "parameters"):
            if request.get(kind):
                value = request[kind]
                text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
                digest = self.store.keep(text.encode())
                layers.append(_layer(_TYPES[kind], digest, self.store.blob(digest)))
                yield {"status": f"creating new layer {digest}"}
        yield {"status": "writing manifest"}
        with self.store.lock:
            if missing := [x for x in layers if not self.store.blob(x["digest"]).is_file()]:
                yield {"error": f"open {missing[0]['digest']}: no such file or directory"}
                return
            content = {"schemaVersion": 2, "layers": layers}
            self.store.set_manifest(name, json.dumps(content).encode())
        yield {"status": "success"}

    def show(self, name: str) -> dict[str, Any]:
        model = self.store.model(name)
        lines = [f"FROM {model.base}"]
        if model.adapter:
            lines.append(f"ADAPTER {model.adapter}")
        lines.append(f'TEMPLATE """{model.template}"""')
        parameters = []
        for key, value in model.parameters.items():
            values = value if isinstance(value, list) else [value]
            parameters += [f"{key:30} {json.dumps(each, ensure_ascii=False)}" for each in values]
        return {
            "modelfile": '# Modelfile generated by "ollama show"\n' + "\n".join(lines) + "\n",
            "parameters": "\n".join(parameters),
            "template": model.template,
            "system": model.system,
            "details": {"format": "gguf", "family": "llama"},
        }

    def answer(
        self, loaded: Loaded, prompt: str, options: dict[str, Any], on_text: Callable[[str], bool]
    ) -> dict[str, Any]:
        """Have llama.cpp complete a prompt; `on_text` says whether to stop."""
        options = {**loaded.model.parameters, **options}
        request: dict[str, Any] = {
            "prompt": prompt,
            "lora": [{"id": 0, "scale": 1.0}] if loaded.model.adapter else [],
            "max_tokens": int(options.get("num_predict", 128)),
            "stop": options.get("stop", []),
        }
        for name in ("temperature", "top_p", "seed", "repeat_penalty"):
            if name in options:
                request[name] = options[name]
        end: dict[str, Any] = {"done_reason": "stop"}

        def take(chunk: dict[str, Any]) -> bool:
            if "error" in chunk:
                end["error"] = str(chunk["error"].get("message"))
                return True
            usage = chunk.get("usage") or {}
            if usage:
                end["prompt_eval_count"] = usage["prompt_tokens"]
                end["eval_count"] = usage["completion_tokens"]
            for choice in chunk["choices"]:
                end["done_reason"] = choice["finish_reason"] or end["done_reason"]
                if choice["text"] and on_text(choice["text"]):
                    return True
            return False

        loaded.server.stream_completion(request, take)
        return end


def takes_adapters(version: str) -> bool:
    return tuple(map(int, version.split("."))) < (0, 34, 1)


def _layer(media_type: str, digest: str, path: Path) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": path.stat().st_size}


def _seconds(keep_alive: Any) -> float:
    if keep_alive is None:
        return _DEFAULT_KEEP_ALIVE
    return _FOR_EVER if float(keep_alive) < 0 else float(keep_alive)


class OllamaServer(ThreadingHTTPServer):
    """An Ollama at an address."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], ollama: Ollama) -> None:
        super().__init__(address, Handler)
        self.ollama = ollama

    def handle_error(self, *_: object) -> None:
        """A client that went away is no error of the server."""


class Handler(BaseHTTPRequestHandler):
    """A request."""

    protocol_version = "HTTP/1.1"
    server: OllamaServer

    @property
    def ollama(self) -> Ollama:
        return self.server.ollama

    def do_HEAD(self) -> None:
        self._serve("blob-head", self._head_blob)

    def do_GET(self) -> None:
        routes = {
            "/api/tags": self._tags,
            "/api/ps": self._ps,
            "/api/version": lambda: self._json({"version": self.ollama.version}),
        }
        self._serve(self.path.removeprefix("/api/"), routes.get(self.path, self._unknown))

    def do_POST(self) -> None:
        if self.path.startswith("/api/blobs/"):
            self._serve("blob", self._take_blob)
            return
        routes = {
            "/api/create": self._create,
            "/api/show": lambda body: self._json(self.ollama.show(body.get("model", ""))),
            "/api/copy": self._copy,
            "/api/generate": self._generate,
            "/api/chat": self._chat,
        }
        action = routes.get(self.path)
        body = self._body()
        if action is None:
            self._serve("unknown", self._unknown)
        else:
            self._serve(self.path.removeprefix("/api/"), lambda: action(body))

    def do_DELETE(self) -> None:
        body = self._body()
        self._serve("delete", lambda: self._delete(body))

    def _serve(self, route: str, action: Callable[[], None]) -> None:
        try:
            if not self._fault(route):
                action()
        except Refused as error:
            self._json({"error": str(error)}, error.status)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _fault(self, route: str) -> bool:
        """Whether a fault that was planted for this route took the place of its answer."""
        with (self.ollama.faults.parent / "requests").open("a") as stream:
            stream.write(f"{route}\n")
        planted = sorted(self.ollama.faults.glob(f"{route}@*"))
        if not planted:
            return False
        try:
            claimed = planted[0].rename(self.ollama.faults / f".{planted[0].name}")
        except FileNotFoundError:  # another request was first
            return False
        kind = claimed.read_text()
        if kind == "restart":
            os._exit(1)
        if kind == "slow":
            time.sleep(_SLOW)
            return False
        if kind == "500":
            self._json({"error": "internal server error"}, 500)
            return True
        if kind == "full":
            return self._full(route)
        if kind == "corrupt":
            return self._corrupt(route)
        if kind == "cut":
            self._cut(route)
            return True
        if kind == "error line":
            self._start_stream()
            self._line({"status": "parsing GGUF"})
            self._line({"error": "unexpected EOF"})
            self._end_stream()
            return True
        raise AssertionError(kind)

    def _full(self, route: str) -> bool:
        message = f"write {self.ollama.store.blobs}/sha256-1: no space left on device"
        if route == "create":
            self._start_stream()
            self._line({"status": "parsing GGUF"})
            self._line({"error": message})
            self._end_stream()
        else:
            self._json({"error": message}, 500)
        return True

    def _corrupt(self, route: str) -> bool:
        """A byte of an upload flips on its way; a model is made of another adapter."""
        if route == "blob":
            content = bytearray(self._raw_body())
            content[len(content) // 2] ^= 1
            self._keep(bytes(content))
            return True
        raise AssertionError(route)

    def _cut(self, route: str) -> None:
        """The connection ends in the middle of the request or of its answer."""
        if route == "blob":
            self.rfile.read(1000)
        elif route in ("create", "generate"):
            self._start_stream()
            self._line({"status": "parsing GGUF"})
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _unknown(self) -> None:
        self._json({"error": "404 page not found"}, 404)

    def _head_blob(self) -> None:
        exists = self.ollama.store.blob(self.path.rpartition("/")[2]).is_file()
        self.send_response(200 if exists else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _take_blob(self) -> None:
        if self.ollama.store.blob(self.path.rpartition("/")[2]).is_file():
            self._raw_body()
            self._json({}, 200)
            return
        self._keep(self._raw_body())

    def _keep(self, content: bytes) -> None:
        wanted = self.path.rpartition("/")[2]
        actual = "sha256:" + hashlib.sha256(content).hexdigest()
        if actual != wanted:
            message = f'digest mismatch, expected "{wanted}", got "{actual}"'
            raise Refused(400, message)
        self.ollama.store.keep(content)
        self._json({}, 201)

    def _tags(self) -> None:
        models = []
        for name in self.ollama.store.names():
            digest = self.ollama.store.model(name).digest
            models.append({"name": name, "model": name, "size": 1, "digest": digest})
        self._json({"models": models})

    def _ps(self) -> None:
        models = [
            {
                "name": name,
                "model": name,
                "digest": each.model.digest,
                "expires_at": _moment(each.expires_at),
            }
            for name, each in self.ollama.running().items()
        ]
        self._json({"models": models})

    def _create(self, body: dict[str, Any]) -> None:
        lines = self.ollama.create(body)
        self._start_stream()
        for line in lines:
            self._line(line)
        self._end_stream()

    def _copy(self, body: dict[str, Any]) -> None:
        with self.ollama.store.lock:
            source = self.ollama.store.manifest(body.get("source", ""))
            if not source.is_file():
                raise Refused(404, f'model "{body.get("source")}" not found')
            self.ollama.store.set_manifest(body.get("destination", ""), source.read_bytes())
        self._plain(200)

    def _delete(self, body: dict[str, Any]) -> None:
        with self.ollama.store.lock:
            path = self.ollama.store.manifest(body.get("model", ""))
            if not path.is_file():
                raise Refused(404, f"model '{body.get('model')}' not found")
            self.ollama.store.set_manifest(body["model"], None)
        self._plain(200)

    def _generate(self, body: dict[str, Any]) -> None:
        name, prompt = body.get("model", ""), body.get("prompt", "")
        name = name if ":" in name else f"{name}:latest"
        keep_alive = body.get("keep_alive")
        if not prompt and keep_alive == 0:
            self.ollama.store.model(name)
            with self.ollama.lock:
                self.ollama.loaded.pop(name, None)
            self._json({"model": name, "response": "", "done": True, "done_reason": "unload"})
            return
        loaded = self.ollama.load(name, keep_alive)
        if not prompt:
            self._json({"model": name, "response": "", "done": True, "done_reason": "load"})
            return
        if not body.get("raw"):
            prompt = _rendered(loaded.model, [{"role": "user", "content": prompt}])
        self._answer(name, loaded, prompt, body, lambda text: {"response": text})

    def _chat(self, body: dict[str, Any]) -> None:
        name = body.get("model", "")
        name = name if ":" in name else f"{name}:latest"
        loaded = self.ollama.load(name, body.get("keep_alive"))
        prompt = _rendered(loaded.model, body["messages"])
        self._answer(
            name,
            loaded,
            prompt,
            body,
            lambda text: {"message": {"role": "assistant", "content": text}},
        )

    def _answer(
        self,
        name: str,
        loaded: Loaded,
        prompt: str,
        body: dict[str, Any],
        shape: Callable[[str], dict[str, Any]],
    ) -> None:
        options = body.get("options") or {}
        head = {"model": name, "created_at": _moment(time.time())}
        if body.get("stream") is False:
            pieces: list[str] = []
            end = self.ollama.answer(loaded, prompt, options, lambda t: bool(pieces.append(t)))
            if "error" in end:
                raise Refused(500, end["error"])
            self._json({**head, **shape("".join(pieces)), "done": True, **end})
            return
        self._start_stream()
        gone = False

        def on_text(text: str) -> bool:
            nonlocal gone
            try:
                self._line({**head, **shape(text), "done": False})
            except OSError:
                gone = True
            return gone

        end = self.ollama.answer(loaded, prompt, options, on_text)
        (self.ollama.faults.parent / "answers").open("a").write(f"{name} {int(gone)}\n")
        if gone:
            raise BrokenPipeError
        if "error" in end:
            self._line({"error": end["error"]})
        else:
            self._line({**head, **shape(""), "done": True, **end})
        self._end_stream()

    def _body(self) -> dict[str, Any]:
        content = self._raw_body()
        value = json.loads(content) if content else {}
        assert isinstance(value, dict)
        return value

    def _raw_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _json(self, content: dict[str, Any], status: int = 200) -> None:
        self._plain(status, json.dumps(content).encode())

    def _plain(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _start_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _line(self, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode() + b"\n"
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _end_stream(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *args: object) -> None:
        pass


def _rendered(model: Model, messages: list[dict[str, Any]]) -> str:
    has_system = any(message["role"] == "system" for message in messages)
    if model.system and not has_system:
        messages = [{"role": "system", "content": model.system}, *messages]
    return render(model.template, messages)  # type: ignore[arg-type]


def _moment(seconds: float) -> str:
    """As Go writes a time; one that never comes is far away."""
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return (start + timedelta(seconds=min(seconds, 9e10))).isoformat()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--version", default="0.33.3")
    options = parser.parse_args()
    faults = options.folder / "faults"
    faults.mkdir(parents=True, exist_ok=True)
    store = Store(options.folder)
    store.prune()  # as every start of Ollama does
    ollama = Ollama(store, faults, options.version)
    server = OllamaServer((options.host, options.port), ollama)
    write(options.folder / "port", str(server.server_port).encode())
    server.serve_forever()


if __name__ == "__main__":
    main()
