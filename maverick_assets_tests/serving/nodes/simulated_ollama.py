"""What a simulated Ollama does, apart from HTTP: models are made, shown, loaded and asked."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maverick_assets.base_model.llama_cpp.llama_server import LlamaServer
from maverick_assets_tests.serving.export.go_template_simulation import render
from maverick_assets_tests.serving.nodes.simulated_store import (
    LAYER_TYPES,
    Model,
    Refused,
    Store,
)

_DEFAULT_KEEP_ALIVE = 300.0
_FOR_EVER = 10_000 * 365 * 86_400.0  # what a negative keep_alive means


@dataclass
class Loaded:
    """A model in memory."""

    model: Model
    base: Path  # that is loaded: a disk may lie
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

    @property
    def otherwise(self) -> dict[str, Any]:
        """What it does otherwise than it was told: another `template` or `base`, no `stop` words.

        As a release that has a template of its own for a family, or a disk that lies.
        """
        path = self.faults.parent / "otherwise.json"
        content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return content

    def running(self) -> dict[str, Loaded]:
        with self.lock:
            for name in [n for n, each in self.loaded.items() if each.expires_at < time.time()]:
                del self.loaded[name]
            return dict(self.loaded)

    def load(self, name: str, keep_alive: Any = None) -> Loaded:
        model = self.store.model(name)
        with self.lock:
            base = Path(self.otherwise.get("base", model.base))
            now = self.loaded.get(name)
            if now is None or (now.model.digest, now.base) != (model.digest, base):
                self.loaded.clear()
                adapters = [model.adapter] if model.adapter else []
                context = int(model.parameters.get("num_ctx", 2048))
                try:
                    server = LlamaServer(base, adapters, context, threads=1)
                except Exception as error:
                    raise Refused(500, f"llama-server process has terminated: {error}") from error
                now = self.loaded[name] = Loaded(model, base, server, 0.0)
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
                layers.append(_layer(LAYER_TYPES[kind], digest, path))
                yield {"status": f"using existing layer {digest}"}
        for kind in ("template", "system", "parameters"):
            if request.get(kind):
                value = request[kind]
                if kind == "parameters" and self.otherwise.get("stop") is False:
                    value = {name: value[name] for name in value if name != "stop"}
                text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
                digest = self.store.keep(text.encode())
                layers.append(_layer(LAYER_TYPES[kind], digest, self.store.blob(digest)))
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


def rendered(model: Model, messages: list[dict[str, Any]], template: str | None = None) -> str:
    """The prompt of messages, by the model's template."""
    has_system = any(message["role"] == "system" for message in messages)
    if model.system and not has_system:
        messages = [{"role": "system", "content": model.system}, *messages]
    return render(template or model.template, messages)  # type: ignore[arg-type]
