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
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from maverick_assets_tests.serving.nodes.simulated_ollama import Loaded, Ollama, rendered
from maverick_assets_tests.serving.nodes.simulated_store import Refused, Store, write

_SLOW = 4.0  # seconds that a slow request takes longer


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
            prompt = rendered(loaded.model, [{"role": "user", "content": prompt}])
        self._answer(name, loaded, prompt, body, lambda text: {"response": text})

    def _chat(self, body: dict[str, Any]) -> None:
        name = body.get("model", "")
        name = name if ":" in name else f"{name}:latest"
        loaded = self.ollama.load(name, body.get("keep_alive"))
        template = self.ollama.otherwise.get("template")
        prompt = rendered(loaded.model, body["messages"], template)
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
