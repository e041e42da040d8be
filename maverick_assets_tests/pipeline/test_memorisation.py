"""Audits of memorisation: of which personalities, with which spec, and what is said of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maverick_assets.errors import MaverickError
from maverick_assets.pipeline.memorisation import (
    audit_file,
    audit_personality,
    audit_report,
    audit_sentence,
    recent_audit,
    require_audit,
    training_digest,
    version_audit,
)
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import load_recipes
from maverick_assets_tests.audits import FakeAudit, audit_figures, write_audit
from maverick_assets_tests.registry.conftest import AddVersion

ROBBIE = load_recipes()["robbie"]


def test_personalities_in_service_are_audited_on_the_dataset_of_their_version(
    run: RunContext, add_version: AddVersion, audits: FakeAudit
) -> None:
    add_version("v1.0")
    run.registry.release("robbie", "v1.0")
    add_version("v1.1")  # a candidate, on another dataset
    figures = audit_personality(run, ROBBIE)
    [spec] = audits.specs
    assert (spec.recipe.name, spec.dataset_version, figures.personality) == ("robbie", 1, "robbie")
    assert spec.work.is_relative_to(run.folder)
    assert not spec.work.is_relative_to(run.settings.models)
    assert recent_audit(run.settings, "robbie", datetime.now(UTC)) == figures
    assert recent_audit(run.settings, "gatekeeper", datetime.now(UTC)) is None


def test_without_a_version_in_service_there_is_nothing_to_audit(
    run: RunContext, audits: FakeAudit
) -> None:
    with pytest.raises(MaverickError, match="robbie has no version in service"):
        audit_personality(run, ROBBIE)
    assert audits.specs == []


def test_an_audit_that_is_killed_leaves_no_canary(
    run: RunContext, add_version: AddVersion, audits: FakeAudit
) -> None:
    """Neither the one whose process is killed, nor the one whose machine was switched off."""
    add_version("v1.0")
    run.registry.release("robbie", "v1.0")
    folders = [run.settings.runs / name / "robbie" / "canaries" for name in ("run", "earlier")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "adapter.safetensors").touch()
    audits.failure = MaverickError("ended with exit code -9")
    with pytest.raises(MaverickError, match="exit code -9"):
        audit_personality(run, ROBBIE)
    assert audits.specs[0].work == folders[0]
    assert not any(folder.exists() for folder in folders)


def test_an_audit_of_the_month_before_last_says_nothing_any_more(
    run: RunContext, add_version: AddVersion, audits: FakeAudit
) -> None:
    add_version("v1.0")
    run.registry.release("robbie", "v1.0")
    figures = audit_personality(run, ROBBIE)
    assert recent_audit(run.settings, "robbie", figures.at + timedelta(days=30)) == figures
    assert recent_audit(run.settings, "robbie", figures.at + timedelta(days=32)) is None


def test_a_sentence_says_how_an_audit_ended(run: RunContext) -> None:
    now = datetime.now(UTC)
    valid, void = audit_figures("robbie", now), audit_figures("robbie", now, ("unfair",))
    assert audit_sentence(valid).startswith("1 of 200 canaries given away that were read up to 4")
    assert audit_sentence(void) == "void: unfair"
    assert audit_sentence(None).startswith("no audit in 31 days")
    text, path = audit_report(run.settings, valid)
    assert path.read_text() == text
    assert "| random | 16 | 100 | 9 | 1.0 |" in text


def test_an_audit_is_made_where_there_is_no_recent_one_of_a_training_like_the_versions(
    run: RunContext, add_version: AddVersion, audits: FakeAudit
) -> None:
    add_version("v1.0")
    version = run.registry.release("robbie", "v1.0")
    require_audit(run, ROBBIE, version)
    require_audit(run, ROBBIE, version)
    assert len(audits.specs) == 1
    assert audits.specs[0].training_digest == training_digest(version.recipe.training)
    assert (run.settings.reports / "memorisation" / "robbie.md").exists()
    changed = version.recipe.model_copy(
        update={"training": version.recipe.training.model_copy(update={"epochs": 50})}
    )
    for other in ({"recipe": changed}, {"base_digest": "another"}):
        require_audit(run, ROBBIE, version.model_copy(update=other))
    assert len(audits.specs) == 3


def test_what_an_audit_says_of_a_version(run: RunContext, add_version: AddVersion) -> None:
    version, now = add_version("v1.0"), datetime.now(UTC)
    missing = version_audit(run.settings, version, now)
    assert (missing.at, missing.given_away) == (None, None)
    assert "`maverick run memorisation --personality robbie` makes one" in missing.problems[0]
    write_audit(run.settings, version, given_away=2)
    found = version_audit(run.settings, version, now)
    assert (found.given_away, found.n, found.problems) == (2, 200, ())
    late = version_audit(run.settings, version, now + timedelta(days=40))
    assert late == missing


def test_an_audit_that_nobody_can_read_or_that_is_of_a_day_to_come_is_made_again(
    run: RunContext, add_version: AddVersion, audits: FakeAudit
) -> None:
    add_version("v1.0")
    version, now = run.registry.release("robbie", "v1.0"), datetime.now(UTC)
    write_audit(run.settings, version)
    assert recent_audit(run.settings, "robbie", now - timedelta(seconds=1))  # a clock set back
    assert recent_audit(run.settings, "robbie", now - timedelta(days=400)) is None
    path = audit_file(run.settings, "robbie")
    for content in (path.read_bytes()[:-20], b'{"another": "release"}'):
        path.write_bytes(content)
        assert version_audit(run.settings, version, now).problems
        require_audit(run, ROBBIE, version)
    assert len(audits.specs) == 2


def test_an_audit_trains_in_the_memory_that_its_node_leaves_to_trainings(
    run: RunContext, add_version: AddVersion, audits: FakeAudit, tmp_path: Path
) -> None:
    add_version("v1.0")
    run.registry.release("robbie", "v1.0")
    fleet = tmp_path / "fleet.yaml"
    for where, expected in (("", 6.0), ("host: card, ", None)):
        fleet.write_text(
            f"name: one\nnodes:\n  - {{name: card, {where}training_gb: 6, quantize: nf4}}\n"
        )
        settings = run.settings.model_copy(update={"fleet": str(fleet)})
        audit_personality(RunContext(settings, "run", run.log), ROBBIE)
        node = audits.specs[-1].node
        assert (node.name, node.quantize, node.training_gb) == ("card", "nf4", expected)
        assert node.remote_hosts == []
