"""Does the twin decide as its owner did? Many deals of the sample's owner, learnt and held out.

    python -m benchmarks.decisions FOLDER [--factor 12] [--epochs 2] [--other ADAPTER]

Draws the sample's closed deals, trains the twin on 85 % of them with the real engine (on decisions
alone: the twin's other examples would take a CPU hours), and measures its decisions on all others,
as every evaluation does. FOLDER keeps base, dataset and adapter: called again, it only measures.
ADAPTER is another personality's on the same base, which decides beside the twin. Prints Markdown.
"""

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.machine import machine_line
from maverick_assets.base_model.prepare import PreparedBase, ensure_base
from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded, Message
from maverick_assets.crm.sample.deals import deal_rows
from maverick_assets.crm.sample.world import OWNER_EMAIL
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA, Example, read_examples
from maverick_assets.datasets.layout import decision_prompt, outcome_in
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.fields import deal_fields
from maverick_assets.datasets.turns.marks import known_personalities
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.decisions.measure import Deciders, measure_decisions
from maverick_assets.evaluation.evidence import Arm, Evidence
from maverick_assets.evaluation.kept_results import BASE, adapter_digest
from maverick_assets.evaluation.loaded_base import adapted_base, load_base
from maverick_assets.evaluation.scoring import PackedScorer
from maverick_assets.evaluation.spec import EvaluationSpec
from maverick_assets.figures.decisions import DecisionFigures, DecisionScores
from maverick_assets.lake.delta import arrow_table, open_table, sync_table
from maverick_assets.recipes import Recipe, load_recipes
from maverick_assets.settings import Settings
from maverick_assets.training.kernels.fast_paths import ALL_FAST
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.launch.start import start_training
from maverick_assets.training.loop.reporting import terminal_reporter
from maverick_assets.training.spec import AdapterJobSpec, BaseSpec, TrainingSpec

TWIN = "allan-maverick"
SEED = 7  # of the sample
HELD_OUT = 3  # of 20 deals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--factor", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--other", type=Path, help="another personality's adapter")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    recipe = load_recipes()[TWIN]
    training = recipe.training.model_copy(update={"epochs": arguments.epochs})
    recipe = recipe.model_copy(update={"training": training})
    base = ensure_base(Settings(home=folder))
    dataset = folder / "dataset"
    if open_table(dataset) is None:
        rows = [asdict(example) for example in deal_examples(recipe, arguments.factor)]
        sync_table(dataset, arrow_table(rows, EXAMPLE_SCHEMA), "example_id")
    if not (folder / "twin" / "adapter").exists():
        train(base, dataset, recipe, folder / "twin")
    figures = measure(base, dataset, folder / "twin" / "adapter", arguments.other)
    print(f"{machine_line()}\n")
    print_figures(figures)


def deal_examples(recipe: Recipe, factor: int) -> list[Example]:
    """The closed deals of a sample, with the names of companies as they stand."""
    owner = Owner((OWNER_EMAIL,), ())
    examples = []
    for row in deal_rows(SEED, factor):
        fields = deal_fields(row, owner, known_personalities())
        if outcome_in(fields["text"]) is None:
            continue
        row_id = str(row["id"])
        place = int(hashlib.sha256(row_id.encode()).hexdigest(), 16) % 20
        examples.append(
            Example(
                example_id=hashlib.sha256((row_id + fields["text"]).encode()).hexdigest()[:32],
                personality=TWIN,
                kind="decision",
                messages=[
                    Message(role="system", content=recipe.system_prompt),
                    Message(role="user", content=decision_prompt(fields["context"])),
                    Message(role="assistant", content=fields["text"]),
                ],
                source="crm_deals",
                source_ids=[row_id],
                thread_id=f"deal:{row_id}",
                occurred_at=fields["occurred_at"],
                split="validation" if place < HELD_OUT else "train",
                mood=None,
                mode=None,
                n_tokens=0,
                n_supervised=0,
            )
        )
    return examples


def train(base: PreparedBase, dataset: Path, recipe: Recipe, out: Path) -> None:
    job = AdapterJobSpec(
        personality=TWIN, dataset=dataset, dataset_version=0, recipe=recipe, out=out
    )
    spec = TrainingSpec(
        base=BaseSpec(directory=base.directory, digest=base.digest),
        jobs=[job],
        checkpoints=out.parent / "checkpoints",
    )
    with terminal_reporter() as reporter:
        start_training(spec, reporter)


def measure(
    base: PreparedBase, dataset: Path, adapter: Path, other: Path | None
) -> DecisionFigures:
    spec = EvaluationSpec(
        personality=TWIN,
        dataset=dataset,
        dataset_version=0,
        adapter=adapter,
        max_length=512,
        gates=load_recipes()[TWIN].gates,
        out=dataset.parent,
        owner_emails=(OWNER_EMAIL,),
    )
    train_split, held_out = (read_examples(dataset, 0, split) for split in ("train", "validation"))
    evidence = Evidence(spec, held_out, [], {}, [], train_split)
    loaded = load_base(BaseSpec(directory=base.directory, digest=base.digest))
    adapters = [adapter, *([other] if other else [])]
    with adapted_base(loaded, adapters, ALL_FAST) as adapted:
        if adapted.problems:
            raise MaverickError("; ".join(map(str, adapted.problems.values())))

        def scorer(model: str) -> PackedLosses:
            return PackedLosses(PackedScorer(adapted), adapted.index(model))

        score: dict[Arm, PackedLosses] = {
            "candidate": scorer(adapter_digest(adapter)),
            "base": scorer(BASE),
        }
        if other:
            score["other"] = scorer(adapter_digest(other))
        deciders = Deciders(score, ChatTokenizer(base.directory))
        figures = measure_decisions(evidence, deciders, most=len(held_out))
    assert figures is not None
    return figures


class PackedLosses:
    """The losses of rows under one adapter."""

    def __init__(self, scorer: PackedScorer, adapter: int) -> None:
        self._scorer = scorer
        self._adapter = adapter

    def __call__(self, rows: Sequence[Encoded]) -> list[float]:
        return self._scorer.losses([Document(row, self._adapter) for row in rows])


def print_figures(figures: DecisionFigures) -> None:
    deals, habit = figures.deals, figures.habit
    assert deals is not None
    print("| decided by | accuracy | log-loss | Brier |")
    print("|---|---:|---:|---:|")
    for each in (deals.twin, *deals.beside):
        share = each.accuracy
        cell = f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"
        print(f"| {each.name} | {cell} | {each.log_loss:.3f} | {each.brier:.3f} |")
    print(f"\n{_line(deals)}\n")
    fitted = ", ".join(f"{name} {value:.2f}" for name, value in figures.weights.items())
    print(f"Fitted weights: {fitted}\n")
    print("| n | confidence | right |")
    print("|---:|---:|---:|")
    for each_bin in deals.reliability:
        print(f"| {each_bin.n} | {each_bin.confidence:.2f} | {each_bin.accuracy:.2f} |")
    if habit:
        followed = habit.followed
        print(
            f"\nHabit ({habit.habit}): followed in {followed.value:.1%} ({followed.low:.1%} to "
            f"{followed.high:.1%}) of {followed.n}; by his rules alone {habit.by_rules:.1%}, by "
            f"himself {habit.by_owner:.1%}"
        )


def _line(deals: DecisionScores) -> str:
    return (
        f"{deals.twin.accuracy.n} held out; ceiling {deals.ceiling or 0:.1%}, reached "
        f"{deals.of_ceiling or 0:.1%} of it; ECE {deals.expected_calibration_error:.3f} (by chance "
        f"{deals.calibration_error_by_chance:.3f}); order flips {deals.order_flips}; entropy "
        f"{deals.twin_entropy:.3f} beside the owner's {deals.owner_entropy:.3f}"
    )


if __name__ == "__main__":
    main()
