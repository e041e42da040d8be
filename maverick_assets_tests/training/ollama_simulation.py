"""A simulation of the part of Ollama's API (docs/api.md) that lists and unloads models.

Ollama itself cannot be installed here. Simulated are GET /api/ps, and POST /api/generate with
`keep_alive` 0 and no prompt, which unloads a model: the answer comes at once, and the model goes
when its last request is done.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class OllamaSimulation:
    """A server with some models in memory."""

    loaded: list[str]  # names of the models in memory at the start
    seconds: float = 0.0  # how long unloading one takes
    url: str = ""  # set while it serves
    unloaded_at: dict[str, float] = field(default_factory=dict)  # on the monotonic clock

    def running(self) -> list[str]:
        now = time.monotonic()
        return [name for name in self.loaded if now < self.unloaded_at.get(name, now + 1)]

    def ps(self) -> dict[str, Any]:
        return {"models": [_model(name) for name in self.running()]}

    def generate(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name = request["model"]
        if name not in self.loaded:
            return 404, {"error": f"model '{name}' not found"}
        unloading = {"model": name, "stream": False, "keep_alive": 0}
        assert request == unloading, "generating is not simulated"
        self.unloaded_at.setdefault(name, time.monotonic() + self.seconds)
        return 200, {
            "model": name,
            "created_at": "2024-09-12T03:54:03.516566Z",
            "response": "",
            "done": True,
            "done_reason": "unload",
        }


def _model(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "model": name,
        "size": 5137025024,
        "digest": "2ae6f6dd7a3dd734790bbbf58b8909a606e0e7e97e94b7604e0aa7ae4490e6d8",
        "details": {
            "parent_model": "",
            "format": "gguf",
            "family": "llama",
            "families": ["llama"],
            "parameter_size": "7.2B",
            "quantization_level": "Q4_0",
        },
        "expires_at": "2024-06-04T14:38:31.83753-07:00",
        "size_vram": 5137025024,
    }


@contextmanager
def serving(ollama: OllamaSimulation) -> Iterator[OllamaSimulation]:
    """On a port of its own, at `ollama.url`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(ollama))
    ollama.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield ollama
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(ollama: OllamaSimulation) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*((200, ollama.ps()) if self.path == "/api/ps" else (404, {})))

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = self.path == "/api/generate"
            self._answer(*(ollama.generate(request) if known else (404, {})))

        def _answer(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    return Handler
