"""Audits of memorisation: of a personality in service, by a child process."""

import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.evaluation.memorisation.spec import AuditSpec
from maverick_assets.figures.memorisation import SERVICE_REPEATS, AuditFigures, VersionAudit
from maverick_assets.files import write_atomically
from maverick_assets.fleets import Node, load_fleet
from maverick_assets.lake.paths import dataset_path
from maverick_assets.pipeline.base.prepare import require_base
from maverick_assets.pipeline.leftovers import CANARIES, clear_canaries
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.processes import run_module, write_spec
from maverick_assets.recipes import Recipe, Training
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.nodes.memory import models_brought_back
from maverick_assets.settings import Settings
from maverick_assets.training.spec import BaseSpec, read_json

MAX_DAYS = 31  # an older audit says nothing about today's versions


def audit_personality(run: RunContext, recipe: Recipe) -> AuditFigures:
    """Audit one personality on the dataset of its version in service, as that was trained.

    It trains on this machine, in the memory that the personality's node leaves to trainings.
    Raises `MaverickError` where no version is in service, or where a training is refused.
    """
    current = run.registry.in_service(recipe.name)
    if current is None:
        raise MaverickError(f"{recipe.name} has no version in service; run the weekly job first")
    base, now = require_base(run.settings), datetime.now(UTC)
    folder, training = run.folder / recipe.name, current.recipe.training
    node = _on_this_machine(load_fleet(run.settings.fleet).training_node(recipe.name))
    spec = AuditSpec(
        base=BaseSpec(directory=base.directory, digest=base.digest),
        recipe=recipe.model_copy(update={"training": training}),
        training_digest=training_digest(training),
        dataset=dataset_path(run.settings.lake, recipe.name),
        dataset_version=current.dataset_version,
        work=folder / CANARIES,
        out=audit_file(run.settings, recipe.name),
        seed=now.year * 100 + now.month,
        node=node,
        checks=run.settings.engine_checks,
    )
    path = write_spec(folder, "memorisation", spec)
    clear_canaries(run)
    try:
        with models_brought_back(node, run.log):
            run_module("maverick_assets.evaluation.memorisation.audit", str(path), log=run.log)
    finally:  # a process that was killed, such as one out of memory, deletes nothing
        shutil.rmtree(spec.work, ignore_errors=True)
    figures = read_json(spec.out, AuditFigures)
    run.log.info(f"{recipe.name}: {audit_sentence(figures)}")
    return figures


def audit_file(settings: Settings, personality: str) -> Path:
    """The figures of a personality's last audit."""
    return settings.reports / "memorisation" / f"{personality}.json"


def recent_audit(settings: Settings, personality: str, now: datetime) -> AuditFigures | None:
    """The last audit, if it is no older than a month.

    None also for figures that are damaged or of another release, and for those of a clock that was
    wrong, which would be recent for years.
    """
    path = audit_file(settings, personality)
    try:
        figures = read_json(path, AuditFigures)
    except BadInput:
        return None
    return figures if abs(now - figures.at) <= timedelta(days=MAX_DAYS) else None


def require_audit(run: RunContext, recipe: Recipe, version: Manifest) -> None:
    """Audit a personality unless its last audit is recent and of a training like the version's.

    Raises as `audit_personality` does.
    """
    if audit_of(run.settings, version, datetime.now(UTC)) is None:
        run.log.info(
            f"{version.personality}: an audit of memorisation comes before a major version"
        )
        audit_report(run.settings, audit_personality(run, recipe))


def audit_of(settings: Settings, version: Manifest, now: datetime) -> AuditFigures | None:
    """The last audit, if it is recent, on the version's base, and of a training like its own."""
    figures = recent_audit(settings, version.personality, now)
    if figures is None:
        return None
    audited = (figures.base_digest, figures.training_digest)
    return (
        figures
        if audited == (version.base_digest, training_digest(version.recipe.training))
        else None
    )


def version_audit(settings: Settings, version: Manifest, now: datetime) -> VersionAudit:
    """What the gate of a major version reads."""
    figures = audit_of(settings, version, now)
    if figures is None:
        return VersionAudit(
            problems=(
                f"no audit in {MAX_DAYS} days of a training like this one; `maverick run "
                f"memorisation --personality {version.personality}` makes one",
            )
        )
    given_away, n = figures.extracted(SERVICE_REPEATS)
    return VersionAudit(at=figures.at, given_away=given_away, n=n, problems=figures.problems)


def _on_this_machine(node: Node) -> Node:
    """The node where it is this machine. The addresses of another one mean nothing here."""
    return Node(name=node.name, quantize=node.quantize) if node.remote_hosts else node


def training_digest(training: Training) -> str:
    """What an audit must share with a version to say anything of it."""
    settings = json.dumps(training.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(settings.encode()).hexdigest()


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
