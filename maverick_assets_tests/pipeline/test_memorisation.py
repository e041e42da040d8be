"""Audits of memorisation: of which personalities, with which spec, and what is said of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.memorisation.spec import AuditSpec
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.memorisation import AuditFigures, CanaryFigures
from maverick_assets.pipeline import memorisation
from maverick_assets.pipeline.memorisation import (
    audit_personality,
    audit_report,
    audit_sentence,
    recent_audit,
)
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import load_recipes
from maverick_assets.training.spec import read_json
from maverick_assets_tests.registry.conftest import AddVersion

ROBBIE = load_recipes()["robbie"]


def share(value: float) -> Interval:
    return Interval(value=value, low=0, high=1, n=100)


def figures_of(personality: str, at: datetime, problems: tuple[str, ...] = ()) -> AuditFigures:
    rows = [
        CanaryFigures(
            kind="random", repeats=times, n=100, extracted=given, exposure=1, membership=share(0)
        )
        for times, given in ((1, 0), (4, 1), (16, 9))
    ]
    return AuditFigures(
        personality=personality,
        at=at,
        seed=1,
        base_digest="b",
        dataset_version=1,
        n_controls=240,
        controls_extracted=0,
        blind=share(0.5),
        canaries=tuple(rows),
        positive_control=(),
        detected=share(0.6),
        problems=problems,
        seconds=1,
    )


@pytest.fixture
def specs(monkeypatch: pytest.MonkeyPatch) -> list[AuditSpec]:
    """The specs of the child processes, in whose place a function writes figures."""
    received: list[AuditSpec] = []

    def audited(_: str, path: str, **__: object) -> None:
        spec = read_json(Path(path), AuditSpec)
        received.append(spec)
        spec.out.parent.mkdir(parents=True, exist_ok=True)
        spec.out.write_text(figures_of(spec.recipe.name, datetime.now(UTC)).model_dump_json())

    monkeypatch.setattr(memorisation, "run_module", audited)
    return received


def test_personalities_in_service_are_audited_on_the_dataset_of_their_version(
    run: RunContext, add_version: AddVersion, specs: list[AuditSpec]
) -> None:
    add_version("v1.0")
    run.registry.release("robbie", "v1.0")
    add_version("v1.1")  # a candidate, on another dataset
    figures = audit_personality(run, ROBBIE)
    [spec] = specs
    assert (spec.recipe.name, spec.dataset_version, figures.personality) == ("robbie", 1, "robbie")
    assert spec.work.is_relative_to(run.folder)
    assert not spec.work.is_relative_to(run.settings.models)
    assert recent_audit(run.settings, "robbie", datetime.now(UTC)) == figures
    assert recent_audit(run.settings, "gatekeeper", datetime.now(UTC)) is None


def test_without_a_version_in_service_there_is_nothing_to_audit(
    run: RunContext, specs: list[AuditSpec]
) -> None:
    with pytest.raises(MaverickError, match="robbie has no version in service"):
        audit_personality(run, ROBBIE)
    assert specs == []


def test_an_audit_of_the_month_before_last_says_nothing_any_more(
    run: RunContext, add_version: AddVersion, specs: list[AuditSpec]
) -> None:
    add_version("v1.0")
    run.registry.release("robbie", "v1.0")
    figures = audit_personality(run, ROBBIE)
    assert recent_audit(run.settings, "robbie", figures.at + timedelta(days=30)) == figures
    assert recent_audit(run.settings, "robbie", figures.at + timedelta(days=32)) is None


def test_a_sentence_says_how_an_audit_ended(run: RunContext) -> None:
    now = datetime.now(UTC)
    valid, void = figures_of("robbie", now), figures_of("robbie", now, ("unfair",))
    assert audit_sentence(valid).startswith("1 of 200 canaries given away that were read up to 4")
    assert audit_sentence(void) == "void: unfair"
    assert audit_sentence(None).startswith("no audit in 31 days")
    text, path = audit_report(run.settings, valid)
    assert path.read_text() == text
    assert "| random | 16 | 100 | 9 | 1.0 |" in text
