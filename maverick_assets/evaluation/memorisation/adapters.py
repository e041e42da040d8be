"""The two adapters of an audit: trained by the engine on datasets of their own."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from maverick_assets.base_model.load import quiet_transformers
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA, Example
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.memorisation.canaries import Canary, canary_examples
from maverick_assets.evaluation.memorisation.spec import AuditSpec
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.recipes import Recipe
from maverick_assets.training.loop.adapter_state import peak_learning_rate
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.loop.run import run_training
from maverick_assets.training.spec import AdapterJobSpec, TrainingSpec

CONTROL_RATE = 2.0  # factor of the learning rate of the positive control
CONTROL_EXAMPLES = 64  # of the dataset, which it reads beside its canaries
AUDITED, CONTROL = "audited", "positive-control"


def train_adapters(
    spec: AuditSpec,
    examples: Sequence[Example],
    canaries: Sequence[Canary],
    control_canaries: Sequence[Canary],
) -> dict[str, Path]:
    """The folders of both adapters, which one process trains together.

    AUDITED is trained as the recipe says, on all of `examples` and the canaries. CONTROL is trained
    to memorise: few examples, canaries read often, and a rate that is higher. Raises
    `MaverickError` when one of the two is refused.
    """
    recipe = spec.recipe
    rows_of = {
        AUDITED: [*examples, *_canary_rows(canaries, recipe)],
        CONTROL: [
            *[example for example in examples if example.split == "train"][:CONTROL_EXAMPLES],
            *_canary_rows(control_canaries, recipe),
        ],
    }
    recipes = {AUDITED: recipe, CONTROL: _overtrained(recipe, spec.base.directory)}
    training = TrainingSpec(
        base=spec.base,
        jobs=[_job(spec.work, name, recipes[name], rows) for name, rows in rows_of.items()],
        node=spec.node,
        checks=spec.checks,
    )
    results: list[Any] = []
    run_training(training, Reporter(print, results.append))
    for result in results:
        if result["status"] != "trained":
            raise MaverickError(f"{recipe.name}: not audited: {result['reason']}")
    return {name: spec.work / name / "adapter" for name in rows_of}


def _canary_rows(canaries: Sequence[Canary], recipe: Recipe) -> list[Example]:
    return canary_examples(canaries, recipe.name, recipe.prompt_for())


def _overtrained(recipe: Recipe, base: Path) -> Recipe:
    config = quiet_transformers().AutoConfig.from_pretrained(base, local_files_only=True)
    rate = peak_learning_rate(recipe.training, config.get_text_config().hidden_size)
    changes = {"learning_rate": CONTROL_RATE * rate, "epochs": 1}
    return recipe.model_copy(update={"training": recipe.training.model_copy(update=changes)})


def _job(work: Path, name: str, recipe: Recipe, rows: Sequence[Example]) -> AdapterJobSpec:
    dataset = work / f"{name}-dataset"
    table = arrow_table([asdict(row) for row in rows], EXAMPLE_SCHEMA)
    version = sync_table(dataset, table, "example_id").version
    return AdapterJobSpec(
        personality=name, dataset=dataset, dataset_version=version, recipe=recipe, out=work / name
    )
