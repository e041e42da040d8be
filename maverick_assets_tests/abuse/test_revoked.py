"""A revoked version answers nowhere: each surface refuses it, and its weights are gone."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

import maverick_assets
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.pipeline.evaluate import evaluate_next, evaluate_version
from maverick_assets.pipeline.promote import promote
from maverick_assets.pipeline.release import release_by_operator, release_next, release_version
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import load_recipes
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version
from maverick_assets.serving.chat import Conversation, open_chat
from maverick_assets.serving.export.publish import publish
from maverick_assets.serving.names.at_the_door import NoNames
from maverick_assets_tests.pipeline.child_processes import FakeEvaluation, FakeExport
from maverick_assets_tests.registry.conftest import AddVersion, MakeManifest, forget_signatures
from maverick_assets_tests.registry.test_kill_points import kill_everywhere

ROBBIE = load_recipes()["robbie"]
REVOKED = r"v1\.1 was revoked: forgotten"
LATEST = Version(1, 1)


@pytest.fixture
def revoked(run: RunContext, add_version: AddVersion, export: FakeExport) -> RunContext:
    """v1.0 in service; v1.1, which was in service after it, with GGUF and Modelfile, is revoked."""
    for version in ("v1.0", "v1.1"):
        release_version(run, add_version(version))
        page = run.settings.home / "Modelfile"
        page.write_text("FROM base")
        run.registry.attach("robbie", version, page, page.name)
    run.registry.revoke("robbie", [LATEST], "forgotten")
    export.exported.clear()
    return run


def _publish(run: RunContext) -> None:
    [published] = publish(run.settings, [("robbie", "v1.1")])
    raise BadInput(published.problem)


SURFACES: dict[str, Callable[[RunContext], object]] = {
    "chat": lambda run: open_chat(run.settings, ROBBIE, "v1.1", None, None),
    "export": _publish,
    "release command": lambda run: release_by_operator(run, "robbie", "v1.1", "because"),
    "release of a run": lambda run: release_version(run, run.registry.get("robbie", "v1.1")),
    "next release": lambda run: release_next(run, "robbie"),
    "registry": lambda run: run.registry.release("robbie", "v1.1", "because"),
    "rollback": lambda run: run.registry.rollback("robbie", "v1.1"),
    "evaluation": lambda run: evaluate_version(
        run, run.registry.get("robbie", "v1.1"), ROBBIE.gates
    ),
    "next evaluation": lambda run: evaluate_next(run, ROBBIE),
    "attached weights": lambda run: run.registry.attach(
        "robbie", "v1.1", run.settings.home / "x.gguf", "adapter.gguf"
    ),
    "adapter": lambda run: run.registry.weights("robbie", "v1.1", "adapter"),
    "GGUF": lambda run: run.registry.weights("robbie", "v1.1", "adapter.gguf"),
}


@pytest.mark.parametrize("surface", SURFACES)
def test_a_revoked_version_is_refused_by(
    revoked: RunContext, evaluation: FakeEvaluation, export: FakeExport, surface: str
) -> None:
    with pytest.raises(MaverickError, match=REVOKED):
        SURFACES[surface](revoked)
    assert export.exported == []
    assert evaluation.specs == []
    assert str(revoked.registry.get("robbie", "final").version) == "v1.0"


def test_a_conversation_ends_when_its_version_is_revoked(revoked: RunContext) -> None:
    class Loaded:
        def chat(self, *_: object, **__: object) -> str:
            raise AssertionError("answered")

    talk = Conversation(
        Loaded(),  # type: ignore[arg-type]
        LATEST,
        lambda _ask, _names: [Message(role="user", content="Still there?")],
        NoNames(),
        lambda: revoked.registry.usable("robbie", LATEST),
    )
    with pytest.raises(BadInput, match=REVOKED):
        talk.say("Still there?")


def test_nothing_is_trained_on_compared_with_or_promoted_from_a_revoked_version(
    revoked: RunContext, make_manifest: MakeManifest, adapter_dir: Path
) -> None:
    update = {"kind": "incremental", "parent": LATEST}
    night = make_manifest("v1.1.1").model_copy(update=update)
    with pytest.raises(BadInput, match=REVOKED):  # it was revoked while the night trained
        revoked.registry.add_candidate(night, adapter_dir)
    serving = revoked.registry.in_service("robbie")
    assert serving is not None
    assert str(serving.version) == "v1.0"
    revoked.registry.revoke("robbie", [Version(1, 0)], "forgotten")
    assert revoked.registry.in_service("robbie") is None
    assert promote(revoked, [ROBBIE]) == []
    assert not (revoked.settings.models / "robbie" / "final").is_symlink()


def names_in(folder: Path) -> list[str]:
    """Names of files beside the manifest's signature."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".sig")


def test_weights_are_deleted_and_the_manifest_says_so(revoked: RunContext) -> None:
    folder = revoked.settings.models / "robbie"
    assert names_in(folder / "v1.1") == ["manifest.json"]
    manifest = revoked.registry.get("robbie", "v1.1")
    assert manifest.revoked is not None
    assert manifest.revoked.weights_deleted
    assert manifest.files == {}
    revoked.registry.verify("robbie", "v1.1")
    assert (folder / "v1.0" / "adapter.gguf").exists()


def test_weights_that_an_earlier_release_left_go_with_the_next_change(
    run: RunContext, add_version: AddVersion
) -> None:
    manifest = add_version("v1.0")
    path = run.settings.models / "robbie" / "v1.0" / "manifest.json"
    revocation = '"revoked": {"reason": "forgotten", "at": "2026-11-01T00:00:00Z"}'
    path.write_text(path.read_text().replace('"revoked": null', revocation))
    forget_signatures(run.settings.models)
    assert run.registry.get("robbie", "v1.0").files == manifest.files
    run.registry.revoke("robbie", [], "forgotten")
    assert names_in(path.parent) == ["manifest.json"]


def test_a_revocation_can_be_killed_at_any_change(
    registry: Registry, add_version: AddVersion, tmp_path: Path
) -> None:
    add_version("v1.1")
    registry.release("robbie", "v1.1")

    def check() -> None:
        registry.verify("robbie", "v1.1")

    def revoke() -> None:
        registry.revoke("robbie", [LATEST], "forgotten")

    assert kill_everywhere(tmp_path / "models", revoke, check) > 3
    assert registry.in_service("robbie") is None
    assert names_in(tmp_path / "models/robbie/v1.1") == ["manifest.json"]


def test_no_code_outside_the_registry_finds_weights_by_itself() -> None:
    package = Path(maverick_assets.__file__).parent
    offenders = []
    for path in package.rglob("*.py"):
        source = path.read_text()
        if path.parent.name == "registry" or '"adapter' not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            # registry.directory(name, version) / "adapter"
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                named = isinstance(node.right, ast.Constant) and node.right.value in (
                    "adapter",
                    "adapter.gguf",
                )
                left = ast.unparse(node.left)
                if named and ("directory" in left or "models" in left or "final" in left):
                    offenders.append(f"{path.relative_to(package)}: {ast.unparse(node)}")
    assert offenders == []
