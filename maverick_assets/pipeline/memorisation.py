"""Audits of memorisation: of a personality in service, by a child process."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.memorisation.spec import AuditSpec
from maverick_assets.figures.memorisation import AuditFigures
from maverick_assets.files import write_atomically
from maverick_assets.lake.paths import dataset_path
from maverick_assets.pipeline.base.prepare import require_base
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.processes import run_module, write_spec
from maverick_assets.recipes import Recipe
from maverick_assets.settings import Settings
from maverick_assets.training.spec import BaseSpec, read_json

MAX_DAYS = 31  # an older audit says nothing about today's versions
SERVICE_REPEATS = 4  # texts that people repeat no more often than this must not be given away


def audit_personality(run: RunContext, recipe: Recipe) -> AuditFigures:
    """Audit one personality on the dataset of its version in service.

    Raises `MaverickError` where it has none, or where a training is refused.
    """
    current = run.registry.in_service(recipe.name)
    if current is None:
        raise MaverickError(f"{recipe.name} has no version in service; run the weekly job first")
    base, now = require_base(run.settings), datetime.now(UTC)
    folder = run.folder / recipe.name
    spec = AuditSpec(
        base=BaseSpec(directory=base.directory, digest=base.digest),
        recipe=recipe,
        dataset=dataset_path(run.settings.lake, recipe.name),
        dataset_version=current.dataset_version,
        work=folder / "canaries",
        out=audit_file(run.settings, recipe.name),
        seed=now.year * 100 + now.month,
        checks=run.settings.engine_checks,
    )
    path = write_spec(folder, "memorisation", spec)
    run_module("maverick_assets.evaluation.memorisation.audit", str(path), log=run.log)
    figures = read_json(spec.out, AuditFigures)
    run.log.info(f"{recipe.name}: {audit_sentence(figures)}")
    return figures


def audit_file(settings: Settings, personality: str) -> Path:
    """The figures of a personality's last audit."""
    return settings.reports / "memorisation" / f"{personality}.json"


def recent_audit(settings: Settings, personality: str, now: datetime) -> AuditFigures | None:
    """The last audit, if it is no older than a month."""
    path = audit_file(settings, personality)
    figures = read_json(path, AuditFigures) if path.exists() else None
    return figures if figures and now - figures.at <= timedelta(days=MAX_DAYS) else None


def audit_sentence(figures: AuditFigures | None) -> str:
    """How an audit ended, for people."""
    if figures is None:
        return f"no audit in {MAX_DAYS} days; `maverick run memorisation` makes one"
    if figures.problems:
        return f"void: {'; '.join(figures.problems)}"
    found, n = figures.extracted(SERVICE_REPEATS)
    return (
        f"{found} of {n} canaries given away that were read up to {SERVICE_REPEATS} times; the "
        f"positive control is found ({figures.detected.value:.0%} at 1 % false positives)"
    )


def audit_report(settings: Settings, figures: AuditFigures) -> tuple[str, Path]:
    """The page of an audit, and where it lies."""
    lines = [
        f"# Memorisation: {figures.personality}",
        f"\n{audit_sentence(figures)}.\n",
        "| canaries | read | number | given away | exposure (bits) | told from controls |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for of, rows in (("", figures.canaries), ("control: ", figures.positive_control)):
        for row in rows:
            share = row.membership
            found = f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"
            lines.append(
                f"| {of}{row.kind} | {row.repeats} | {row.n} | {row.extracted} "
                f"| {row.exposure:.1f} | {found} |"
            )
    path = audit_file(settings, figures.personality).with_suffix(".md")
    text = "\n".join([*lines, ""])
    write_atomically(path, text)
    return text, path
