"""A simulation of the Hub's side of a push, which cannot be reached from here.

Its routes are those that huggingface_hub calls: who a token belongs to, repositories made and
described, upload modes, git LFS's batch and upload, commits (NDJSON), tags. It has no store of Xet,
as a Hub of one's own has none. A commit is atomic, and one on top of another parent is refused with
412.
"""

import base64
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

TOKEN = "hf_writes0123456789"
ACCOUNT = "allan"
_LARGE = (".safetensors", ".gguf")


@dataclass
class Commit:
    """One commit: its title, and all files as they are after it."""

    title: str
    files: dict[str, bytes]


@dataclass
class Repository:
    """Commits by id, oldest first; tags by name."""

    private: bool = True
    commits: dict[str, Commit] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.add(Commit("initial commit", {".gitattributes": b"*.gguf filter=lfs\n"}))

    @property
    def head(self) -> str:
        return [*self.commits][-1]

    def add(self, commit: Commit) -> str:
        name = hashlib.sha1(f"{len(self.commits)} {commit.title}".encode()).hexdigest()
        self.commits[name] = commit
        return name


@dataclass
class PushHub:
    """The repositories, every byte that arrived, and what goes wrong."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)  # bodies of all requests, decoded
    requests: list[str] = field(default_factory=list)  # method and path
    lfs: dict[str, bytes] = field(default_factory=dict)
    failures: list[tuple[str, int, str]] = field(default_factory=list)  # path, status, words; once
    cuts: int = 0  # uploads whose connection breaks in the middle
    makes_public: bool = False  # an organisation whose repositories are public
    url: str = ""

    def count(self, pattern: str) -> int:
        """Requests that match."""
        return sum(re.search(pattern, each) is not None for each in self.requests)


@contextmanager
def running_push_hub() -> Iterator[PushHub]:
    hub = PushHub()
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
    hub: PushHub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def _serve(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{method} {path}")
        size = int(self.headers.get("Content-Length", 0))
        if method == "PUT" and self.hub.cuts:
            self.hub.cuts -= 1
            self.rfile.read(size // 2)
            self.close_connection = True
            self.connection.close()
            return
        body = self.rfile.read(size)
        self.hub.received.append(body)
        for failure in self.hub.failures:
            if re.search(failure[0], path):
                self.hub.failures.remove(failure)
                self._refuse(failure[1], failure[2])
                return
        if method != "PUT" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._refuse(401, "Invalid credentials in Authorization header")
            return
        self._route(method, path, body)

    def _route(self, method: str, path: str, body: bytes) -> None:
        if path == "/api/whoami-v2":
            self._json({"name": ACCOUNT, "type": "user", "auth": {}})
        elif path == "/api/repos/create":
            self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            self._json({"errors": [], "warnings": []})
        elif match := re.fullmatch(r"/lfs/([0-9a-f]{64})", path):
            self._upload(match[1], body)
        elif match := re.fullmatch(r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
            self._batch(json.loads(body))
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/([a-z]+)(?:/(.+))?)?", path):
            self._of_repository(method, match[1], match[2] or "", match[3] or "", body)
        else:
            self._refuse(404, f"no route {method} {path}")

    def _create(self, wanted: dict[str, Any]) -> None:
        name = f"{wanted.get('organization') or ACCOUNT}/{wanted['name']}"
        if name in self.hub.repositories:
            self._refuse(409, "You already created this model repo")
            return
        private = wanted.get("visibility") == "private" and not self.hub.makes_public
        self.hub.repositories[name] = Repository(private)
        self._json({"url": f"{self.hub.url}/{name}", "name": name, "id": "1"})

    def _of_repository(self, method: str, name: str, what: str, rest: str, body: bytes) -> None:
        repository = self.hub.repositories.get(name)
        if repository is None:
            self._refuse(404, "Repository not found", "RepoNotFound")
        elif what == "" and method == "GET":
            self._describe(name, repository)
        elif what == "refs":
            tags = [
                {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": commit}
                for tag, commit in repository.tags.items()
            ]
            self._json({"branches": [], "converts": [], "tags": tags})
        elif what == "commits":
            self._json([_listed(*each) for each in reversed(repository.commits.items())])
        elif what == "preupload":
            self._modes(json.loads(body))
        elif what == "commit":
            self._commit(repository, body)
        elif what == "tag":
            self._tag(repository, rest, json.loads(body)["tag"])
        else:
            self._refuse(404, f"no route {what}")

    def _describe(self, name: str, repository: Repository) -> None:
        files = repository.commits[repository.head].files
        siblings = [{"rfilename": each} for each in files]
        described = {"id": name, "sha": repository.head, "private": repository.private}
        self._json(described | {"siblings": siblings})

    def _modes(self, wanted: dict[str, Any]) -> None:
        modes = []
        for file in wanted["files"]:
            self.hub.received.append(base64.b64decode(file["sample"]))
            mode = "lfs" if file["path"].endswith(_LARGE) else "regular"
            modes.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False})
        self._json({"files": modes})

    def _batch(self, wanted: dict[str, Any]) -> None:
        objects = []
        for each in wanted["objects"]:
            entry = {"oid": each["oid"], "size": each["size"]}
            if each["oid"] not in self.hub.lfs:
                href = f"{self.hub.url}/lfs/{each['oid']}"
                entry["actions"] = {"upload": {"href": href, "header": {}}}
            objects.append(entry)
        self._json({"transfer": "basic", "objects": objects})

    def _upload(self, oid: str, body: bytes) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            self._refuse(400, "the content is not what its digest says")
            return
        self.hub.lfs[oid] = body
        self._answer(200, b"", {"ETag": '"x"'})

    def _commit(self, repository: Repository, body: bytes) -> None:
        lines = [json.loads(line) for line in body.splitlines()]
        header = next(line["value"] for line in lines if line["key"] == "header")
        if header.get("parentCommit") not in (None, repository.head):
            self._refuse(412, "A commit has happened since. Please refresh and try again.")
            return
        files = dict(repository.commits[repository.head].files)
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
                self.hub.received.append(files[value["path"]])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.lfs[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        oid = repository.add(Commit(header["summary"], files))
        self._json({"success": True, "commitOid": oid, "commitUrl": f"{self.hub.url}/commit/{oid}"})

    def _tag(self, repository: Repository, revision: str, tag: str) -> None:
        if tag in repository.tags:
            self._refuse(409, "Tag reference exists already")
            return
        repository.tags[tag] = revision
        self._json({})

    def _json(self, content: Any) -> None:
        self._answer(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _refuse(self, status: int, words: str, code: str = "") -> None:
        headers = {"X-Error-Message": words, "Content-Type": "application/json"}
        if code:
            headers["X-Error-Code"] = code
        self._answer(status, json.dumps({"error": words}).encode(), headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _listed(oid: str, commit: Commit) -> dict[str, Any]:
    date = "2026-11-01T00:00:00.000Z"
    return {"id": oid, "title": commit.title, "message": "", "date": date, "authors": []}
