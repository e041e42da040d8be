"""Release: what the gate passed is exported, tried and put in service; the rest stays out."""

from pathlib import Path

import pytest

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.pipeline.candidates import add_candidates
from maverick_assets.pipeline.release import release_by_operator, release_next, release_version
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import load_recipes
from maverick_assets_tests.pipeline.child_processes import FAILS, PASSES, TIES, FakeExport
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.registry.conftest import AddVersion


def in_service(run: RunContext) -> str | None:
    manifest = run.registry.in_service("robbie")
    return str(manifest.version) if manifest else None


def test_a_version_that_passed_is_exported_tried_and_put_in_service(
    run: RunContext, add_version: AddVersion, export: FakeExport, log: RecordingLog
) -> None:
    add_version("v1.0")
    released = release_next(run, "robbie")
    assert (released.manifest.state, released.answer) == ("released", "Tea first.")
    assert "adapter.gguf" in released.manifest.files
    assert in_service(run) == "v1.0"
    assert log.of_level("info") == ["robbie v1.0 is in service, after a trial answer"]


def test_a_version_that_its_gate_refused_is_not_even_exported(
    run: RunContext, add_version: AddVersion, export: FakeExport
) -> None:
    add_version("v1.0")
    release_next(run, "robbie")
    refused = add_version("v1.1", gate=FAILS)
    with pytest.raises(MaverickError, match=r"robbie v1\.1 is not released: worse than the base"):
        release_version(run, refused)
    assert export.exported == ["robbie v1.0"]
    assert in_service(run) == "v1.0"


def test_a_tie_leaves_the_version_in_service_in_place_and_says_why(
    run: RunContext, add_version: AddVersion, export: FakeExport, log: RecordingLog
) -> None:
    add_version("v1.0")
    release_next(run, "robbie")
    tie = add_version("v1.1", gate=TIES)
    released = release_next(run, "robbie")
    assert str(released.manifest.version) == "v1.0"
    assert released.kept == "v1.0 stays, because v1.1 is not better than the version in service"
    assert log.of_level("info")[-1] == f"robbie: {released.kept}"
    assert export.exported == ["robbie v1.0"]
    assert run.registry.get("robbie", "v1.1").state == "candidate"
    with pytest.raises(MaverickError, match=r"robbie v1\.1 is not released"):
        release_version(run, tie)
    assert release_by_operator(run, "robbie", "v1.1", "fresher words").state == "released"
    assert in_service(run) == "v1.1"


def test_a_version_without_evaluation_is_not_released(
    run: RunContext, add_version: AddVersion, export: FakeExport
) -> None:
    with pytest.raises(MaverickError, match="it was never evaluated"):
        release_version(run, add_version("v1.0", gate=None))
    assert in_service(run) is None


def test_a_version_that_does_not_answer_leaves_the_one_before_in_service(
    run: RunContext, add_version: AddVersion, export: FakeExport
) -> None:
    add_version("v1.0")
    release_next(run, "robbie")
    version = add_version("v1.1")
    export.fails = True
    with pytest.raises(MaverickError, match=r"llama\.cpp does not answer"):
        release_version(run, version)
    assert in_service(run) == "v1.0"


def test_an_operator_overrides_the_gate_with_a_reason_that_is_kept(
    run: RunContext, add_version: AddVersion, export: FakeExport
) -> None:
    add_version("v1.0", gate=FAILS)
    with pytest.raises(MaverickError, match="worse than the base"):
        release_by_operator(run, "robbie", "v1.0")
    released = release_by_operator(run, "robbie", "v1.0", "the test set is outdated")
    assert released.gate == FAILS.model_copy(update={"override": "the test set is outdated"})
    assert export.exported == ["robbie v1.0"]  # once: it is attached already


def test_an_operator_tries_again_what_could_not_be_exported(
    run: RunContext, add_version: AddVersion, export: FakeExport
) -> None:
    add_version("v1.0")
    export.fails = True
    with pytest.raises(MaverickError, match=r"llama\.cpp does not answer"):
        release_by_operator(run, "robbie", "v1.0")
    export.fails = False
    assert release_by_operator(run, "robbie", "v1.0").state == "released"
    assert export.processes == 2


def test_without_a_version_there_is_nothing_to_release(run: RunContext) -> None:
    with pytest.raises(MaverickError, match="robbie has no version"):
        release_next(run, "robbie")
    with pytest.raises(BadInput, match="no personality 'robbie' has a version"):
        release_by_operator(run, "robbie", "v1.0")


@pytest.fixture
def candidates(run: RunContext, add_version: AddVersion) -> list[str]:
    """Personalities of which the run has trained a version; the last one's was refused."""
    recipes = [load_recipes()[name] for name in ("gatekeeper", "robbie", "health-monitor")]
    versions = [
        add_version("v1.0", recipe.name, gate=gate)
        for recipe, gate in zip(recipes, (PASSES, PASSES, FAILS), strict=True)
    ]
    add_candidates(run, versions, recipes)
    return [recipe.name for recipe in recipes]


def test_the_first_release_of_a_run_exports_all_that_passed(
    run: RunContext, candidates: list[str], export: FakeExport
) -> None:
    for name in candidates[:2]:
        assert release_next(run, name).manifest.state == "released"
    assert export.exported == ["gatekeeper v1.0", "robbie v1.0"]
    assert export.processes == 1


def test_a_version_that_cannot_be_exported_stops_no_other(
    run: RunContext, candidates: list[str], export: FakeExport
) -> None:
    export.problems["gatekeeper"] = "gatekeeper v1.0 answers nothing"
    with pytest.raises(MaverickError, match="answers nothing"):
        release_next(run, "gatekeeper")
    assert release_next(run, "robbie").answer == "Tea first."
    assert export.processes == 1
    assert run.registry.in_service("gatekeeper") is None


def test_an_export_along_with_another_puts_nothing_in_service(
    run: RunContext, candidates: list[str], export: FakeExport
) -> None:
    release_next(run, "gatekeeper")
    assert "adapter.gguf" in run.registry.get("robbie", "v1.0").files
    assert in_service(run) is None


def test_an_export_that_answers_otherwise_leaves_the_one_before_in_service(
    run: RunContext, add_version: AddVersion, export: FakeExport
) -> None:
    add_version("v1.0")
    release_next(run, "robbie")
    version = add_version("v1.1")
    export.babbling = ["robbie"]
    with pytest.raises(MaverickError, match="answers otherwise than what was trained"):
        release_version(run, version)
    with pytest.raises(MaverickError, match="answers otherwise than what was trained"):
        release_by_operator(run, "robbie", "v1.1")
    assert in_service(run) == "v1.0"
    released = release_by_operator(run, "robbie", "v1.1", "only the mail differs")
    assert in_service(run) == "v1.1"
    assert released.parity is not None
    assert (released.parity.passed, released.parity.override) == (False, "only the mail differs")


def test_an_operator_s_release_compares_what_an_earlier_maverick_exported(
    run: RunContext, add_version: AddVersion, export: FakeExport, tmp_path: Path
) -> None:
    add_version("v1.0")
    (tmp_path / "old.gguf").write_bytes(b"GGUF")
    run.registry.attach("robbie", "v1.0", tmp_path / "old.gguf", "adapter.gguf")
    released = release_by_operator(run, "robbie", "v1.0")
    assert export.exported == ["robbie v1.0"]
    assert released.parity is not None
    assert released.parity.passed
