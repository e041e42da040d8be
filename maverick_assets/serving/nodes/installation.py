"""One version on one node: brought there, compared, asked, put in service, and removed.

Every step may be repeated, and finds what an earlier attempt left.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from maverick_assets.registry.versions import Version
from maverick_assets.serving.nodes.ollama_api import MOVING, OllamaApi, model_name
from maverick_assets.serving.nodes.package import Blob, Package
from maverick_assets.serving.nodes.parity import require_parity
from maverick_assets.serving.nodes.problems import NodeProblem, NodeRefused, Unfit, Unlike

SMOKE_QUESTION = "What should we do first this week?"
_SMOKE_TOKENS = 48
_NO_ADAPTERS = "adapters are no longer supported"
_FIRST_WITHOUT_ADAPTERS = (0, 34, 1)
_LAYER = re.compile(r"^(FROM|ADAPTER) \S*sha256[-:]([0-9a-f]{64})\s*$", re.MULTILINE)


def prepare(
    api: OllamaApi, package: Package, verified: str | None, accept: Callable[[Unlike], bool]
) -> str:
    """Have a node hold a version that answers as its files do; the digest of its manifest there.

    `verified` is the digest that had answered before. `accept` says whether a version is taken
    that answers otherwise. What fails is removed again, so that no half-made model can be asked.
    Raises `NodeProblem`.
    """
    models = api.models()
    digest = models.get(package.name)
    is_verified = digest is not None and digest == verified
    if digest and is_verified and models.get(package.moving_name) == digest:
        return digest
    try:
        if not is_verified and (digest is None or not _is_right(api, package)):
            _make(api, package)
            _require_right(api, package)
        _ask(api, package)
        if not is_verified:
            _compare(api, package, accept)
        return _digest_of(api, package.name)
    except NodeProblem as error:
        _remove_failed(api, package.name, error)
        raise


def switch(api: OllamaApi, package: Package, digest: str) -> None:
    """Put a prepared version in service on a node: move the tag, and see that it moved."""
    if _digest_of(api, package.name) != digest:
        raise Unfit(f"{package.name} is no longer the model that answered")
    if api.models().get(package.moving_name) != digest:
        api.copy(package.name, package.moving_name)
    if _digest_of(api, package.moving_name) != digest:
        raise Unfit(f"{package.moving_name} did not become {package.name}")


def withdraw(
    api: OllamaApi, personality: str, revoked: Collection[str], usable: Mapping[str, str]
) -> list[str]:
    """Remove revoked versions from a node, the moving tag before all where it is one of them.

    `usable` are digests of versions that may answer, by version. Returns the names removed.
    """
    models = api.models()
    moving = models.get(model_name(personality, MOVING))
    allowed = {
        digest
        for version, digest in versions_on(models, personality).items()
        if version not in revoked
    }
    doomed = [version for version in versions_on(models, personality) if version in revoked]
    removed = []
    # A model of unknown making counts as a revoked one: nothing else can be said of it.
    if moving is not None and moving not in allowed | set(usable.values()):
        removed.append(model_name(personality, MOVING))
    removed += [model_name(personality, version) for version in doomed]
    for name in removed:
        api.delete(name)
    return removed


def remove_old(api: OllamaApi, personality: str, keep: Collection[str]) -> list[str]:
    """Remove a personality's versions but those in `keep`, and never the one in service."""
    models = api.models()
    moving = models.get(model_name(personality, MOVING))
    removed = [
        model_name(personality, version)
        for version, digest in versions_on(models, personality).items()
        if version not in keep and digest != moving
    ]
    for name in removed:
        api.delete(name)
    return removed


def versions_on(models: Mapping[str, str], personality: str) -> dict[str, str]:
    """Digests of a personality's versions among a node's models. Other tags are none of ours."""
    versions = {}
    for name, digest in models.items():
        owner, _, tag = name.partition(":")
        if owner == personality and Version.is_version(tag):
            versions[tag] = digest
    return versions


def serving_version(
    models: Mapping[str, str], personality: str, verified: Mapping[str, str], wanted: str | None
) -> str | None:
    """The version behind the moving tag; None for none, or for a model not known to us.

    Versions may be equal, as a major version is to the one that it was made from: then it is the
    one that is `wanted`, or else the newest.
    """
    moving = models.get(model_name(personality, MOVING))
    known = {**verified, **versions_on(models, personality)}
    equal = [version for version, digest in known.items() if digest == moving]
    if wanted in equal:
        return wanted
    return max(equal, key=Version.parse, default=None)


def _make(api: OllamaApi, package: Package) -> None:
    if takes_adapters(api.version()):
        try:
            _create(api, package, {"files": package.base, "adapters": package.adapter})
            return
        except NodeRefused as error:
            if _NO_ADAPTERS not in str(error).lower():
                raise
    _create(api, package, {"files": package.merged()})


def takes_adapters(version: str) -> bool:
    """Whether an Ollama makes models with adapters, as it did before 0.34.1.

    A version that is none, such as that of a build of one's own, is asked.
    """
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    found = tuple(map(int, numbers.groups())) if numbers else (0, 0, 0)
    return found < _FIRST_WITHOUT_ADAPTERS


def _create(api: OllamaApi, package: Package, blobs: Mapping[str, Blob]) -> None:
    for blob in blobs.values():
        if not api.has_blob(blob.sha256):
            api.upload(blob.path, blob.sha256)
    api.create(
        {
            "model": package.name,
            **{field: {f"{field}.gguf": f"sha256:{blob.sha256}"} for field, blob in blobs.items()},
            "template": package.template,
            "system": package.system,
            "parameters": dict(package.parameters),
            "stream": True,
        }
    )


def _require_right(api: OllamaApi, package: Package) -> None:
    """Raise `Unfit` when the model that was made is not the version."""
    if not _is_right(api, package):
        raise Unfit(f"{package.name} was made, and is made of other things than were sent")


def _is_right(api: OllamaApi, package: Package) -> bool:
    """Whether a node's model of the version's name is made of the version's files and words."""
    shown = api.show(package.name)
    layers = dict(_LAYER.findall(str(shown.get("modelfile", ""))))
    parts = {"FROM": package.base.sha256, "ADAPTER": package.adapter.sha256}
    if "ADAPTER" not in layers and layers.get("FROM") != package.base.sha256:
        parts = {"FROM": package.merged().sha256}
    return (
        layers == parts
        and str(shown.get("template", "")) == package.template
        and str(shown.get("system", "")) == package.system
        and all(_quoted(stop) in str(shown.get("parameters", "")) for stop in package.stops)
    )


def _has_adapter(api: OllamaApi, package: Package) -> bool:
    return "ADAPTER" in dict(_LAYER.findall(str(api.show(package.name).get("modelfile", ""))))


def _quoted(stop: str) -> str:
    """A stop word as Ollama shows it: quoted as Go does, which keeps what can be printed."""
    return '"' + stop.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _ask(api: OllamaApi, package: Package) -> None:
    """Raise `Unfit` unless the version answers a question, and the answer ends."""
    request: dict[str, Any] = {
        "model": package.name,
        "prompt": SMOKE_QUESTION,
        "stream": True,
        "options": {"temperature": 0, "seed": 0, "num_predict": _SMOKE_TOKENS},
    }
    answer = api.generate(request)
    if not answer.text.strip():
        raise Unfit(f"{package.name} answers nothing")
    if answer.reason not in ("stop", "length"):
        raise Unfit(f"the answer of {package.name} does not end: {answer.reason[:40]!r}")
    if said := [stop for stop in package.stops if stop in answer.text]:
        raise Unfit(f"{package.name} speaks on behind its stop word {said[0]}")


def _compare(api: OllamaApi, package: Package, accept: Callable[[Unlike], bool]) -> None:
    expected = package.answers(_has_adapter(api, package))
    try:
        require_parity(api, package.name, expected, package.clean)
    except Unlike as difference:
        if not accept(difference):
            raise


def _digest_of(api: OllamaApi, name: str) -> str:
    digest = api.models().get(name)
    if digest is None:
        raise NodeRefused(f"it has no {name}")
    return digest


def _remove_failed(api: OllamaApi, name: str, error: NodeProblem) -> None:
    """Remove a model that is not known to answer. The error says where that failed, too."""
    try:
        api.delete(name)
    except NodeProblem:
        error.add_note(f"{name} may be left there")
