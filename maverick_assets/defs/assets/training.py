"""`base_model` and `<p>/adapter`: one process per node loads the base once and trains them all."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dagster import (
    AssetKey,
    AssetsDefinition,
    DataVersion,
    GraphIn,
    GraphOut,
    In,
    MaterializeResult,
    MetadataValue,
    Nothing,
    OpExecutionContext,
    Out,
    Output,
    PipesSubprocessClient,
    asset,
    graph,
    op,
)

from maverick_assets.base_model.prepare import PreparedBase, find_base
from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.quality.checks import check_dataset
from maverick_assets.defs.runs.tags import TRAINING_STEP, TRAINING_TAG
from maverick_assets.errors import MaverickError
from maverick_assets.fleets import Node
from maverick_assets.lake.delta import open_table
from maverick_assets.lake.paths import dataset_path, token_cache_path
from maverick_assets.processes import child_environment, run_module, write_spec
from maverick_assets.recipes import Recipe
from maverick_assets.records import TrainingSummary
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.plan import TrainingPlan, plan_training
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.store import Registry
from maverick_assets.registry.training_inputs import TrainingInputs, dataset_digest
from maverick_assets.registry.versions import Kind, next_version
from maverick_assets.settings import Settings, load_settings
from maverick_assets.training.spec import AdapterJobSpec, BaseSpec, TrainingSpec, read_json

CODE_VERSION = "1"


@asset(description="The frozen causal language model that all adapters share, pinned by digest.")
def base_model(context: OpExecutionContext) -> MaterializeResult:
    settings = load_settings()
    if find_base(settings) is None:
        context.log.info("unpacking the base model, once for this run home")
        run_module("maverick_assets.base_model.prepare", log=context.log)
    base = require_base(settings)
    return MaterializeResult(
        metadata={"path": MetadataValue.path(base.directory), "digest": base.digest},
        data_version=DataVersion(base.digest),
    )


def require_base(settings: Settings) -> PreparedBase:
    """The unpacked base model; `MaverickError` when there is none yet."""
    base = find_base(settings)
    if base is None:
        raise MaverickError("the base model is not unpacked yet; materialize base_model first")
    return base


@dataclass(frozen=True)
class Job:
    """One personality's training in this run."""

    inputs: TrainingInputs
    plan: TrainingPlan
    out: Path
    rows: int


def train_selected(
    context: OpExecutionContext, node: Node, recipes: list[Recipe]
) -> list[Manifest]:
    """Train what has changed, in one process; returns the versions to evaluate.

    A personality whose dataset is unfit is refused, and one with nothing new is skipped; both say
    why in the log, and the others go on.
    """
    settings = load_settings()
    base = require_base(settings)
    registry = Registry(settings.models)
    kind: Kind = "incremental" if context.run_tags.get(TRAINING_TAG) == "incremental" else "full"
    jobs, ready = [], []
    for recipe in recipes:
        job = _plan(context, settings, base, registry, recipe, kind)
        if job is None:
            continue
        context.log.info(f"{recipe.name}: {job.plan.action} ({job.plan.kind}): {job.plan.reason}")
        if job.plan.action == "train":
            jobs.append(job)
        elif job.plan.action == "resume" and job.plan.version:
            ready.append(job.plan.version)
    return ready + (_run_driver(context, settings, node, base, registry, jobs) if jobs else [])


def _plan(
    context: OpExecutionContext,
    settings: Settings,
    base: PreparedBase,
    registry: Registry,
    recipe: Recipe,
    kind: Kind,
) -> Job | None:
    path = dataset_path(settings.lake, recipe.name)
    table = open_table(path)
    if table is None:
        raise MaverickError(
            f"{recipe.name} has no dataset; materialize {recipe.asset_prefix}/dataset"
        )
    examples = read_examples(path, table.version())
    owner = Owner(settings.owner_emails, settings.owner_user_ids)
    checks = check_dataset(settings.lake, recipe, owner, table.version(), examples)
    problems = [check.problem for check in checks if check.problem and not check.only_warns]
    if problems:
        context.log.error(f"{recipe.name}: not trained: {problems[0]}")
        return None
    inputs = TrainingInputs(
        RecordedRecipe.model_validate(recipe),
        table.version(),
        dataset_digest(examples),
        base.digest,
        CODE_VERSION,
    )
    plan = plan_training(registry, inputs, kind)
    out = settings.runs / context.run_id / recipe.name
    return Job(inputs, plan, out, len(examples))


def _run_driver(
    context: OpExecutionContext,
    settings: Settings,
    node: Node,
    base: PreparedBase,
    registry: Registry,
    jobs: list[Job],
) -> list[Manifest]:
    spec = TrainingSpec(
        base=BaseSpec(directory=base.directory, digest=base.digest),
        jobs=[_job_spec(settings, registry, job) for job in jobs],
        checkpoints=settings.runs / "checkpoints" / node.name,
        curves=settings.tensorboard,
        node=node,
        tokens=token_cache_path(settings.lake),
    )
    path = write_spec(settings.runs / context.run_id, "train", spec)
    command = [sys.executable, "-m", "maverick_assets.training.driver", str(path)]
    messages = (
        PipesSubprocessClient()
        .run(context=context, command=command, env=child_environment())
        .get_custom_messages()
    )
    reports = {message["personality"]: message for message in messages}
    added = []
    for job in jobs:
        report = reports.get(job.inputs.recipe.name, {"reason": "its process said nothing"})
        if not (job.out / "training.json").is_file():
            context.log.error(f"{job.inputs.recipe.name}: not trained: {report.get('reason')}")
            continue
        added.append(registry.add_candidate(candidate_of(registry, job), job.out / "adapter"))
        shutil.rmtree(job.out)
    return added


def _job_spec(settings: Settings, registry: Registry, job: Job) -> AdapterJobSpec:
    recipe, parent = job.inputs.recipe, job.plan.parent
    folder = registry.directory(recipe.name, parent.version) if parent else None
    return AdapterJobSpec(
        personality=recipe.name,
        dataset=dataset_path(settings.lake, recipe.name),
        dataset_version=job.inputs.dataset_version,
        recipe=recipe,
        out=job.out,
        mode=job.plan.kind,
        parent_adapter=folder / "adapter" if folder else None,
        parent_dataset_version=parent.dataset_version if parent else None,
    )


def candidate_of(registry: Registry, job: Job) -> Manifest:
    name, parent = job.inputs.recipe.name, job.plan.parent
    known = registry.list(name) if name in registry.personalities() else []
    return Manifest(
        personality=name,
        version=next_version(
            [manifest.version for manifest in known],
            job.plan.kind,
            parent.version if parent else None,
        ),
        kind=job.plan.kind,
        created_at=datetime.now(UTC),
        fingerprint=job.inputs.fingerprint(job.plan.kind),
        base_digest=job.inputs.base_digest,
        dataset_version=job.inputs.dataset_version,
        dataset_rows=job.rows,
        recipe=job.inputs.recipe,
        parent=parent.version if parent else None,
        ancestors=parent.chain if parent else (),
        code_version=job.inputs.code_version,
        training=read_json(job.out / "training.json", TrainingSummary),
    )


def adapter_assets(node: Node, recipes: list[Recipe]) -> AssetsDefinition:
    """`<p>/adapter` of every personality on a node: a subsettable graph of two ops.

    Only the first op opens Pipes: after a Pipes session every selected output of its op must be
    emitted, and a personality that was skipped or refused must not be.
    """
    suffix = node.name.replace("-", "_")  # what Dagster allows
    by_output = {f"{recipe.asset_prefix}_adapter": recipe for recipe in recipes}
    by_key = {AssetKey([r.asset_prefix, "adapter"]): r for r in recipes}
    inputs = {
        f"{recipe.asset_prefix}_dataset": AssetKey([recipe.asset_prefix, "dataset"])
        for recipe in recipes
    } | {"base_model": AssetKey("base_model")}

    @op(
        name=f"{TRAINING_STEP}_{suffix}",  # of each node another one in the same job
        ins={name: In(Nothing) for name in inputs},
        out=Out(list[dict[str, str]]),
        pool=f"gpu_{suffix}",
    )
    def deepspeed_train(context: OpExecutionContext) -> Iterator[Output[list[dict[str, str]]]]:
        selected = [by_key[key] for key in sorted(context.selected_asset_keys) if key in by_key]
        versions = train_selected(context, node, selected)
        yield Output([{"personality": m.personality, "version": str(m.version)} for m in versions])

    @op(
        name=f"publish_{suffix}",
        out={name: Out(Nothing, is_required=False) for name in by_output},
    )
    def publish(
        _context: OpExecutionContext, trained: list[dict[str, str]]
    ) -> Iterator[Output[None]]:
        registry = Registry(load_settings().models)
        for result in trained:
            manifest = registry.get(result["personality"], result["version"])
            yield Output(
                None,
                output_name=f"{manifest.personality.replace('-', '_')}_adapter",
                metadata=_metadata(manifest, registry),
                data_version=DataVersion(f"{manifest.version} {manifest.fingerprint[:12]}"),
            )

    @graph(
        name=f"adapters_{suffix}",
        ins={name: GraphIn() for name in inputs},
        out={name: GraphOut() for name in by_output},
    )
    def adapters(**datasets: Any) -> dict[str, Any]:
        trained = deepspeed_train.alias(TRAINING_STEP)(**datasets)
        outputs = publish.alias("publish")(trained)
        if len(by_output) == 1:  # Dagster then gives that output itself
            return dict.fromkeys(by_output, outputs)
        return {name: getattr(outputs, name) for name in by_output}

    return AssetsDefinition.from_graph(
        adapters,
        keys_by_input_name=inputs,
        keys_by_output_name={
            name: AssetKey([r.asset_prefix, "adapter"]) for name, r in by_output.items()
        },
        internal_asset_deps={
            name: {AssetKey([r.asset_prefix, "dataset"]), AssetKey("base_model")}
            for name, r in by_output.items()
        },
        descriptions_by_output_name={
            name: f"LoRA weights of {r.title}, trained on node {node.name}."
            for name, r in by_output.items()
        },
        can_subset=True,
    )


def _metadata(manifest: Manifest, registry: Registry) -> dict[str, Any]:
    shown = {"n_examples", "n_tokens", "steps", "seconds", "tokens_per_second", "peak_memory_mb"}
    shown |= {"roofline_share", "curves"}
    training = manifest.training.model_dump(include=shown) if manifest.training else {}
    chain = [f"base {manifest.base_digest[:12]}", *(str(link.version) for link in manifest.chain)]
    return {
        "version": str(manifest.version),
        "kind": manifest.kind,
        "chain": " -> ".join(chain),
        "dataset_version": manifest.dataset_version,
        "path": MetadataValue.path(registry.directory(manifest.personality, manifest.version)),
        **{name: value for name, value in training.items() if value},
    }
