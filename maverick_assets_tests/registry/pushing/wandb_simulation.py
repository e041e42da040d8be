"""A simulation of W&B's side of a push, which cannot be reached from here.

Its routes are those that the `wandb` program of this environment calls for a run that logs an
artifact: GraphQL operations by their names, the stream of a run's records, and a store that takes
uploads by PUT. As W&B does, it has one artifact of the same content once, and gives every new one
of a collection the next `v` number. An artifact shows once it is committed, and it is committed
only with a manifest whose files have all arrived, each with the MD5 that the manifest names.
"""

import base64
import gzip
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

KEY = "f00d" * 10
ENTITY = "allan"
_DATE = "2026-11-01T00:00:00Z"
_PROJECT_ID = "UHJvamVjdDox"


@dataclass
class StoredArtifact:
    """An artifact as the client created it, and the files that its manifest names."""

    id: str
    wanted: dict[str, Any]
    number: int = 0  # of its collection: v0, v1, ...
    committed: bool = False
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def aliases(self) -> list[str]:
        return sorted(each["alias"] for each in self.wanted["aliases"])

    @property
    def metadata(self) -> dict[str, Any]:
        return dict(json.loads(self.wanted["metadata"]))


@dataclass
class Wandb:
    """Artifacts in the order of their making, every byte that arrived, and what goes wrong."""

    artifacts: list[StoredArtifact] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)  # variables of `upsertBucket`
    received: list[bytes] = field(default_factory=list)  # bodies and headers, decoded
    operations: list[str] = field(default_factory=list)
    store: dict[str, bytes] = field(default_factory=dict)  # by path
    failures: dict[str, tuple[int, str]] = field(default_factory=dict)  # operation: status, words
    damages_uploads: bool = False
    url: str = ""

    def committed(self, collection: str) -> list[StoredArtifact]:
        """The artifacts of a collection that show."""
        return [
            each
            for each in self.artifacts
            if each.committed and each.wanted["artifactCollectionName"] == collection
        ]

    def answer(self, operation: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The `data` of an operation. Raises `ValueError` as W&B's `errors`."""
        answers = {
            "ServerFeaturesQuery": lambda _: {"serverInfo": {"features": []}},
            "Viewer": self._viewer,
            "GetDefaultEntity": self._viewer,
            "UpsertBucket": self._upsert_run,
            "RunResumeStatus": lambda _: {"model": None},
            "CreateRunFiles": self._create_run_files,
            "MarkRunFilesUploaded": lambda _: {"markRunFilesUploaded": {"success": True}},
            "CreateArtifact": self._create_artifact,
            "CreateArtifactManifest": self._create_manifest,
            "UpdateArtifactManifest": self._update_manifest,
            "CreateArtifactFiles": self._create_files,
            "CommitArtifact": self._commit,
            "ArtifactByID": self._artifact_by_id,
            "ArtifactType": self._artifact_type,
            "ArtifactMembershipByName": self._artifact_by_name,
        }
        if operation not in answers:
            raise ValueError(f"no operation {operation}")
        return answers[operation](variables)

    def _viewer(self, _: dict[str, Any]) -> dict[str, Any]:
        viewer = {"id": "1", "entity": ENTITY, "username": ENTITY, "email": "", "flags": "{}"}
        return {"viewer": viewer | {"teams": {"edges": []}}}

    def _upsert_run(self, wanted: dict[str, Any]) -> dict[str, Any]:
        self.runs.append(wanted)
        project = {"id": _PROJECT_ID, "name": wanted["project"]}
        bucket = {
            "id": wanted["id"] or "cnVu",
            "name": wanted["name"],
            "displayName": wanted["displayName"],
            "description": "",
            "config": wanted["config"],
            "sweepName": None,
            "project": project | {"entity": {"id": "1", "name": ENTITY}},
            "historyLineCount": 0,
        }
        return {"upsertBucket": {"bucket": bucket, "inserted": True}}

    def _create_run_files(self, wanted: dict[str, Any]) -> dict[str, Any]:
        files = [
            {"name": name, "uploadUrl": f"{self.url}/store/run/{name}"} for name in wanted["files"]
        ]
        created = {"runID": "cnVu", "uploadHeaders": [], "files": files}
        return {"createRunFiles": created}

    def _create_artifact(self, variables: dict[str, Any]) -> dict[str, Any]:
        wanted = variables["input"]
        shown = self.committed(wanted["artifactCollectionName"])
        artifact = next((each for each in shown if each.wanted["digest"] == wanted["digest"]), None)
        if artifact is None:
            artifact = StoredArtifact(f"QXJ0aWZhY3Q6{len(self.artifacts)}", wanted, len(shown))
            self.artifacts.append(artifact)
        latest = {"id": shown[-1].id} if shown else None
        described = {
            "id": artifact.id,
            "state": "COMMITTED" if artifact.committed else "PENDING",
            "artifactSequence": {"latestArtifact": latest},
        }
        return {"createArtifact": {"artifact": described}}

    def _create_manifest(self, wanted: dict[str, Any]) -> dict[str, Any]:
        return {
            "createArtifactManifest": {"artifactManifest": self._manifest(wanted["artifactID"])}
        }

    def _update_manifest(self, wanted: dict[str, Any]) -> dict[str, Any]:
        manifest = self._manifest(wanted["artifactManifestID"].removeprefix("manifest-"))
        return {"updateArtifactManifest": {"artifactManifest": manifest}}

    def _manifest(self, artifact: str) -> dict[str, Any]:
        url = f"{self.url}/store/{artifact}/manifest"
        file = {"id": f"file-{artifact}", "uploadUrl": url, "uploadHeaders": []}
        return {"id": f"manifest-{artifact}", "file": file}

    def _create_files(self, wanted: dict[str, Any]) -> dict[str, Any]:
        edges = []
        for file in wanted["artifactFiles"]:
            path = f"{file['artifactID']}/{file['name']}"
            node = {
                "storagePath": f"wandb_artifacts/{path}",
                "uploadUrl": f"{self.url}/store/{path}",
                "uploadHeaders": [f"Content-MD5:{file['md5']}"],
                "uploadMultipartUrls": None,
                "artifact": {"id": file["artifactID"]},
            }
            edges.append({"node": node})
        return {"createArtifactFiles": {"files": {"edges": edges}}}

    def _commit(self, wanted: dict[str, Any]) -> dict[str, Any]:
        artifact = self._with_id(wanted["artifactID"])
        manifest = json.loads(self.store[f"{artifact.id}/manifest"])
        for name, entry in manifest["contents"].items():
            content = self.store.get(f"{artifact.id}/{name}", b"")
            if _md5(content) != entry["digest"]:
                raise ValueError(f"{name} has not arrived as its digest says")
            artifact.files[name] = content
        artifact.committed = True
        digest = artifact.wanted["digest"]
        return {"commitArtifact": {"artifact": {"id": artifact.id, "digest": digest}}}

    def _artifact_type(self, variables: dict[str, Any]) -> dict[str, Any]:
        found = self._named(variables["name"])
        kind = found and {"artifactType": {"name": found.wanted["artifactTypeName"]}}
        return {"project": {"artifact": kind}}

    def _artifact_by_id(self, variables: dict[str, Any]) -> dict[str, Any]:
        return {"artifact": _described(self._with_id(variables["id"]))}

    def _artifact_by_name(self, variables: dict[str, Any]) -> dict[str, Any]:
        found = self._named(variables["name"])
        membership = found and {
            "__typename": "ArtifactCollectionMembership",
            "id": f"{found.id}-member",
            "versionIndex": found.number,
            "aliases": [_alias(alias) for alias in found.aliases],
            "artifactCollection": _collection(found),
            "artifact": _described(found),
        }
        return {"project": {"artifactCollectionMembership": membership}}

    def _with_id(self, wanted: str) -> StoredArtifact:
        return next(each for each in self.artifacts if each.id == wanted)

    def _named(self, name: str) -> StoredArtifact | None:
        """Of `collection:alias` the one that was given the alias last."""
        collection, _, alias = name.partition(":")
        shown = reversed(self.committed(collection))
        return next((each for each in shown if alias in each.aliases), None)


def _described(artifact: StoredArtifact) -> dict[str, Any]:
    wanted, collection = artifact.wanted, _collection(artifact)
    return {
        "__typename": "Artifact",
        "id": artifact.id,
        "artifactSequence": collection,
        "versionIndex": artifact.number,
        "artifactType": {"name": wanted["artifactTypeName"]},
        "description": wanted["description"],
        "metadata": wanted["metadata"],
        "ttlDurationSeconds": -2,  # as the collection has it
        "ttlIsInherited": True,
        "tags": [],
        "historyStep": None,
        "state": "COMMITTED" if artifact.committed else "PENDING",
        "size": sum(map(len, artifact.files.values())),
        "digest": wanted["digest"],
        "commitHash": "0" * 20,
        "fileCount": len(artifact.files),
        "createdAt": _DATE,
        "updatedAt": _DATE,
        "aliases": [_alias(name) | {"artifactCollection": collection} for name in artifact.aliases],
    }


def _collection(artifact: StoredArtifact) -> dict[str, Any]:
    project = {"id": _PROJECT_ID, "internalId": "UHJvamVjdEludGVybmFsSWQ6MQ=="}
    project |= {"name": artifact.wanted["projectName"], "entity": {"name": ENTITY}}
    name = artifact.wanted["artifactCollectionName"]
    return {"__typename": "ArtifactSequence", "name": name, "project": project}


def _alias(name: str) -> dict[str, Any]:
    return {"__typename": "ArtifactAlias", "id": name, "alias": name}


@contextmanager
def running_wandb() -> Iterator[Wandb]:
    wandb = Wandb()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"wandb": wandb}))
    wandb.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield wandb
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    wandb: Wandb
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        path, body = self._read()
        if self.headers.get("Authorization") != f"Basic {_basic('api', KEY)}":
            self._json(401, {"errors": [{"message": "user is not logged in"}]})
        elif path == "/graphql":
            self._graphql(json.loads(body))
        elif re.fullmatch(r"/files/[^/]+/[^/]+/[^/]+/file_stream", path):
            self._json(200, {"limits": {}})
        else:
            self._json(404, {"errors": [{"message": f"no route {path}"}]})

    def do_PUT(self) -> None:
        path, body = self._read()
        expected = self.headers.get("Content-MD5")
        if expected and _md5(body) != expected:
            self._json(400, {"errors": [{"message": "BadDigest"}]})
            return
        name = path.removeprefix("/store/")
        damaged = self.wandb.damages_uploads and not name.endswith("/manifest")
        self.wandb.store[name] = body[:-1] if damaged else body
        self._json(200, {})

    def handle(self) -> None:
        with suppress(ConnectionResetError):  # wandb-core ends without closing its connections
            super().handle()

    def _read(self) -> tuple[str, bytes]:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        path = unquote(urlsplit(self.path).path)
        self.wandb.received += [path.encode(), str(self.headers).encode(), body]
        return path, body

    def _graphql(self, request: dict[str, Any]) -> None:
        operation = request.get("operationName") or _operation(request["query"])
        self.wandb.operations.append(operation)
        if operation in self.wandb.failures:
            status, words = self.wandb.failures[operation]
            self._json(status, {"errors": [{"message": words}]})
            return
        try:
            data = self.wandb.answer(operation, request.get("variables") or {})
        except ValueError as error:
            self._json(200, {"errors": [{"message": str(error)}]})
            return
        self._json(200, {"data": data})

    def _json(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _operation(query: str) -> str:
    found = re.search(r"(?:query|mutation)\s+(\w+)", query)
    return found[1] if found else ""


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
