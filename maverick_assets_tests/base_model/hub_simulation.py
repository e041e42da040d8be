"""A simulation of the Hugging Face hub, which cannot be reached from here: its documented routes.

`GET /api/models/ORG/NAME[/revision/REVISION]?blobs=True` lists a commit's files with size and
digest; `/ORG/NAME/resolve/REVISION/FILE` gives their bytes, in ranges. Errors carry X-Error-Code.
"""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

API = re.compile(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?")
RESOLVE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
LARGE = (".safetensors", "tokenizer.json", ".gguf")  # kept with LFS, whose digest is a SHA-256


@dataclass
class Hub:
    """Models by `org/name`, each with its commits, the newest last; and what goes wrong."""

    commits: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)  # without a token of an account that accepted
    token: str = "hf_accepted"
    breaks_after: int | None = None  # bytes of an answer, once
    ignores_ranges: bool = False
    damages: str | None = None  # a file that arrives with a flipped bit
    requests: list[str] = field(default_factory=list)  # paths, with the range that was asked for
    url: str = ""

    def publish(self, model: str, files: dict[str, bytes]) -> str:
        """Add a commit; its hash."""
        before = self.commits.setdefault(model, {})
        content = repr((len(before), sorted(files.items())))
        commit = hashlib.sha1(content.encode()).hexdigest()
        before[commit] = files
        return commit


@contextmanager
def running_hub() -> Iterator[Hub]:
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        wanted = self.headers.get("Range", "")
        self.hub.requests.append(f"{path} {wanted}".strip())
        if match := API.fullmatch(path):
            self._describe(*match.groups())
        elif match := RESOLVE.fullmatch(path):
            self._send_file(*match.groups(), wanted)
        else:
            self._refuse(404, "EntryNotFound")

    def _describe(self, model: str, revision: str | None) -> None:
        commit = self._commit(model, revision)
        if commit is None:
            return
        files = self.hub.commits[model][commit]
        siblings = [_sibling(name, content) for name, content in files.items()]
        gated = "manual" if model in self.hub.gated else False
        body: dict[str, Any] = {"id": model, "sha": commit, "gated": gated, "siblings": siblings}
        self._answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _send_file(self, model: str, revision: str, name: str, wanted: str) -> None:
        commit = self._commit(model, revision)
        if commit is None:
            return
        if model in self.hub.gated and self.headers.get("Authorization") != (
            f"Bearer {self.hub.token}"
        ):
            self._refuse(401 if "Authorization" not in self.headers else 403, "GatedRepo")
            return
        content = self.hub.commits[model][commit][name]
        if name == self.hub.damages:
            content = bytes([content[0] ^ 1]) + content[1:]
        start = int(wanted.removeprefix("bytes=").rstrip("-") or 0)
        if self.hub.ignores_ranges:
            start = 0
        headers = {"ETag": '"x"', "X-Repo-Commit": commit}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._answer(206 if start else 200, content[start:], headers)

    def _commit(self, model: str, revision: str | None) -> str | None:
        commits = self.hub.commits.get(model)
        if commits is None:
            self._refuse(404, "RepoNotFound")
            return None
        commit = [*commits][-1] if revision in (None, "main") else str(revision)
        if commit not in commits:
            self._refuse(404, "RevisionNotFound")
            return None
        return commit

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        limit = self.hub.breaks_after
        if limit is not None and len(body) > limit:
            self.hub.breaks_after = None
            self.wfile.write(body[:limit])
            self.close_connection = True
            return
        self.wfile.write(body)

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, b"", {"X-Error-Code": code, "X-Error-Message": code})

    def log_message(self, *_: object) -> None:
        pass


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
    if name.endswith(LARGE):
        digest = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 133}
    return entry
