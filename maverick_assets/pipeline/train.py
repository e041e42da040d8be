"""Training of the personalities of one node: planned, trained together, and registered.

One process loads the base once and trains all of them. The caller passes in how it is started:
Dagster opens Pipes around it, the command line may run it as a plain child process.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.datasets.owner import owner_of
from maverick_assets.datasets.quality.checks import check_dataset
from maverick_assets.datasets.quality.foreign_words import learned_foreign_words
from maverick_assets.errors import MaverickError
from maverick_assets.files import write_atomically
from maverick_assets.fleets import Node
from maverick_assets.lake.delta import open_table
from maverick_assets.lake.paths import dataset_path, token_cache_path
from maverick_assets.pipeline import code_versions
from maverick_assets.pipeline.base.prepare import require_base
from maverick_assets.pipeline.candidates import add_candidates
from maverick_assets.pipeline.leftovers import clear_leftovers
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.pipeline.trainings import progress_path
from maverick_assets.processes import write_spec
from maverick_assets.recipes import Recipe
from maverick_assets.records import TrainingSummary
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.plan import TrainingPlan, plan_training
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.store import Registry
from maverick_assets.registry.training_inputs import TrainingInputs, dataset_digest
from maverick_assets.registry.versions import Kind, next_version
from maverick_assets.serving.nodes.memory import models_brought_back
from maverick_assets.training.spec import AdapterJobSpec, BaseSpec, TrainingSpec, read_json

# Starts `python -m maverick_assets.training.driver` on a spec's file and waits for it. Returns, by
# personality, why the process refused to train it.
Driver = Callable[[Path], Mapping[str, str]]


@dataclass(frozen=True)
class PlannedTraining:
    """What one personality's training depends on, and what to do about it."""

    recipe: Recipe
    inputs: TrainingInputs
    plan: TrainingPlan
    dataset_rows: int


def train_on_node(
    run: RunContext, node: Node, recipes: Sequence[Recipe], kind: Kind, drive: Driver
) -> list[Manifest]:
    """Train what has changed, in one process; returns the versions to evaluate.

    A personality whose dataset is unfit is refused, and one without anything new is skipped. A
    version that an earlier run trained and did not put in service is returned as it is. The log
    says which and why.
    """
    base = require_base(run.settings)
    clear_leftovers(run, node.name)
    to_train: list[PlannedTraining] = []
    to_evaluate: list[Manifest] = []
    for recipe in recipes:
        planned = plan_personality(run, base, recipe, kind)
        if planned is None:
            continue
        plan = planned.plan
        run.log.info(f"{recipe.name}: {plan.action} ({plan.kind}): {plan.reason}")
        if plan.action == "train":
            to_train.append(planned)
        elif plan.action == "resume" and plan.version:
            to_evaluate.append(plan.version)
    if to_train:
        to_evaluate += _train_together(run, node, base, to_train, drive)
    add_candidates(run, to_evaluate, recipes)
    return to_evaluate


def plan_personality(
    run: RunContext, base: PreparedBase, recipe: Recipe, kind: Kind
) -> PlannedTraining | None:
    """The plan of one personality; None, and an error in the log, when its dataset is unfit."""
    settings = run.settings
    path = dataset_path(settings.lake, recipe.name)
    table = open_table(path)
    if table is None:
        raise MaverickError(
            f"{recipe.name} has no dataset; materialize {recipe.asset_prefix}/dataset"
        )
    version = table.version()
    examples = read_examples(path, version)
    owner = owner_of(settings)
    checks = check_dataset(settings.lake, recipe, owner, version, examples)
    problems = [check.problem for check in checks if check.problem and not check.only_warns]
    if problems:
        run.log.error(f"{recipe.name}: not trained: {problems[0]}")
        return None
    inputs = TrainingInputs(
        recipe=RecordedRecipe.model_validate(recipe),
        dataset_version=version,
        dataset_digest=dataset_digest(examples),
        base_digest=base.digest,
        code_version=code_versions.TRAINING,
    )
    if kind == "incremental" and _parent_learned_foreign_words(run, recipe):
        run.log.warning(
            f"{recipe.name}: the version in service learned words that are another's: trained anew "
            "from the base"
        )
        kind = "full"
    plan = plan_training(run.registry, inputs, kind)
    return PlannedTraining(recipe, inputs, plan, len(examples))


def _parent_learned_foreign_words(run: RunContext, recipe: Recipe) -> bool:
    """Whether an incremental training would start from words that the personality may not hold.

    An adapter keeps what it learned, whatever its dataset has lost since.
    """
    parent = run.registry.in_service(recipe.name)
    versions = {link.dataset_version for link in parent.chain} if parent else set()
    return learned_foreign_words(run.settings.lake, recipe, versions)


def _train_together(
    run: RunContext,
    node: Node,
    base: PreparedBase,
    trainings: Sequence[PlannedTraining],
    drive: Driver,
) -> list[Manifest]:
    settings = run.settings
    jobs = [_job_spec(run, planned) for planned in trainings]
    spec = TrainingSpec(
        base=BaseSpec(directory=base.directory, digest=base.digest),
        jobs=jobs,
        checkpoints=settings.checkpoints / node.name,
        curves=settings.tensorboard,
        progress=progress_path(settings, run.run_id, node.name),
        node=_for_its_hosts(node, run.folder),
        checks=settings.engine_checks,
        tokens=token_cache_path(settings.lake),
    )
    with models_brought_back(node, run.log):
        refusals = drive(write_spec(run.folder, "train", spec))
    candidates = []
    for planned, job in zip(trainings, jobs, strict=True):
        if not (job.out / "training.json").is_file():
            reason = refusals.get(job.personality, "its process said nothing")
            run.log.error(f"{job.personality}: not trained: {reason}")
            continue
        candidate = candidate_manifest(run.registry, planned, job.out)
        candidates.append(run.registry.add_candidate(candidate, job.out / "adapter"))
        shutil.rmtree(job.out)
    return candidates


def _for_its_hosts(node: Node, folder: Path) -> Node:
    """The node with its DeepSpeed file in the run home, which other hosts see; the fleet's folder
    they need not."""
    if not node.remote_hosts or node.deepspeed is None:
        return node
    copy = folder / "deepspeed.json"
    write_atomically(copy, node.deepspeed.read_text(encoding="utf-8"))
    return node.model_copy(update={"deepspeed": copy})


def _job_spec(run: RunContext, planned: PlannedTraining) -> AdapterJobSpec:
    name, parent = planned.recipe.name, planned.plan.parent
    return AdapterJobSpec(
        personality=name,
        dataset=dataset_path(run.settings.lake, name),
        dataset_version=planned.inputs.dataset_version,
        recipe=planned.recipe,
        out=run.folder / name,
        mode=planned.plan.kind,
        parent_adapter=parent and run.registry.weights(name, parent.version, "adapter"),
        parent_dataset_version=parent and parent.dataset_version,
    )


def candidate_manifest(registry: Registry, planned: PlannedTraining, out: Path) -> Manifest:
    """The manifest of a new version, whose training left its results in `out`."""
    inputs, kind, parent = planned.inputs, planned.plan.kind, planned.plan.parent
    name = inputs.recipe.name
    taken = [manifest.version for manifest in registry.versions_of(name)]
    return Manifest(
        personality=name,
        version=next_version(taken, kind, parent.version if parent else None),
        kind=kind,
        created_at=datetime.now(UTC),
        fingerprint=inputs.fingerprint(kind),
        base_digest=inputs.base_digest,
        dataset_version=inputs.dataset_version,
        dataset_rows=planned.dataset_rows,
        recipe=inputs.recipe,
        parent=parent.version if parent else None,
        ancestors=parent.chain if parent else (),
        code_version=inputs.code_version,
        training=read_json(out / "training.json", TrainingSummary),
    )
