"""Figures of audits with canaries, as their process leaves them."""

import json
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.evaluation.memorisation.spec import AuditSpec
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.memorisation import AuditFigures, CanaryFigures
from maverick_assets.files import write_atomically
from maverick_assets.pipeline.memorisation import audit_file, training_digest
from maverick_assets.registry.manifest import Manifest
from maverick_assets.settings import Settings
from maverick_assets.training.spec import read_json


def share(value: float) -> Interval:
    return Interval(value=value, low=0, high=1, n=100)


def audit_figures(
    personality: str, at: datetime, problems: tuple[str, ...] = (), given_away: int = 1
) -> AuditFigures:
    """100 canaries read once, 100 read four times, of which some are given away, 100 sixteen."""
    rows = [
        CanaryFigures(
            kind="random", repeats=times, n=100, extracted=given, exposure=1, membership=share(0)
        )
        for times, given in ((1, 0), (4, given_away), (16, 9))
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


def write_audit(
    settings: Settings, version: Manifest, problems: tuple[str, ...] = (), given_away: int = 0
) -> None:
    """Leave what an audit of a version's personality leaves that was made just now."""
    figures = audit_figures(version.personality, datetime.now(UTC), problems, given_away)
    digests = {
        "base_digest": version.base_digest,
        "training_digest": training_digest(version.recipe.training),
    }
    path = audit_file(settings, version.personality)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, figures.model_copy(update=digests).model_dump_json())


class FakeAudit:
    """In place of the process that audits: leaves the figures of an audit that found nothing."""

    def __init__(self) -> None:
        self.specs: list[AuditSpec] = []
        self.problems: tuple[str, ...] = ()
        self.given_away = 0
        self.failure: Exception | None = None

    def __call__(self, _module: str, path: str, **_: object) -> None:
        spec = read_json(Path(path), AuditSpec)
        self.specs.append(spec)
        if self.failure:
            raise self.failure
        figures = audit_figures(spec.recipe.name, datetime.now(UTC), self.problems, self.given_away)
        digests = {"base_digest": spec.base.digest, "training_digest": spec.training_digest}
        spec.out.parent.mkdir(parents=True, exist_ok=True)
        content = figures.model_dump(mode="json") | digests
        spec.out.write_text(json.dumps(content))
