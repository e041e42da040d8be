"""The nightly training against a full one: how many tokens it takes, and how well it ends.

    python -m benchmarks.incremental --home DIR [--personality NAME]

DIR is the run home of a demo. The newest hundredth of the training examples stands for tonight's
new ones. One adapter is trained on the rest and then on the new ones with a replay, as the nightly
job does it. Another is trained on all of them from scratch. Prints Markdown.
"""

import argparse
import os
import tempfile
from itertools import chain
from pathlib import Path

from benchmarks.machine import machine_line
from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.prepare import PreparedBase, find_base
from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded
from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.evaluation.metrics import perplexity
from maverick_assets.lake.delta import open_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.recipes import load_recipes
from maverick_assets.settings import load_settings
from maverick_assets.training.device.hardware import detect_hardware, prepare_process
from maverick_assets.training.loop.adapter_job import AdapterJob, with_replay
from maverick_assets.training.loop.adapters import attached_lora, load_adapter, save_adapter
from maverick_assets.training.loop.engine import train
from maverick_assets.training.loop.run import SEED

NEW_FRACTION = 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--personality", default="allan-maverick")
    arguments = parser.parse_args()
    os.environ["MAVERICK_HOME"] = str(arguments.home)
    print(report(arguments.personality))


def report(name: str) -> str:
    """Trains the three adapters of a personality and compares them."""
    settings = load_settings()
    base = find_base(settings)
    path = dataset_path(settings.lake, name)
    table = open_table(path)
    assert base is not None and table is not None, "run `maverick demo` there first"
    training = load_recipes()[name].training
    tokenizer = ChatTokenizer(base.directory)

    def encoded(examples: list[Example]) -> list[Encoded]:
        return [tokenizer.encode(example.messages, training.max_length) for example in examples]

    examples = read_examples(path, table.version(), "train")
    examples.sort(key=lambda example: (example.occurred_at, example.example_id))
    old = examples[: -max(1, round(NEW_FRACTION * len(examples)))]
    trained_on = {example.example_id for example in old}
    tonight = with_replay(examples, trained_on, training.replay, SEED)
    validation = encoded(read_examples(path, table.version(), "validation"))
    with tempfile.TemporaryDirectory() as folder:
        full, parent = (
            AdapterJob(label, encoded(rows), training, validation_rows=validation)
            for label, rows in (("full", examples), ("parent", old))
        )
        parent_adapter = Path(folder) / parent.name
        night = AdapterJob("night", encoded(tonight), training, parent_adapter, validation)
        losses = train_and_measure(base, [[full, parent], [night]], Path(folder))
    return "\n".join(
        [
            machine_line(),
            "",
            f"- {name}: {len(examples)} examples, {len(examples) - len(old)} of them new",
            f"- tokens of a night against a full training: {night.n_tokens / full.n_tokens:.1%}",
            f"- validation loss: {losses['full']:.4f} in full, {losses['parent']:.4f} without the "
            f"new ones, {losses['night']:.4f} after the night "
            f"({losses['night'] / losses['full'] - 1:+.2%})",
        ]
    )


def train_and_measure(
    base: PreparedBase, rounds: list[list[AdapterJob]], folder: Path
) -> dict[str, float]:
    """Train each round's adapters together, one round after the other; validation loss by name."""
    prepare_process()
    hardware = detect_hardware()
    model = load_base_model(base.directory, base.digest, hardware.dtype)
    for jobs in rounds:
        train_and_save(model, jobs, folder)
    losses = {}
    for job in chain(*rounds):
        lora = load_adapter(model, folder / job.name)
        losses[job.name] = perplexity(model, job.validation_rows, hardware).loss
        lora.unload()
    return losses


def train_and_save(model: object, jobs: list[AdapterJob], folder: Path) -> None:
    with attached_lora(model, jobs, SEED) as lora:
        train(lora, jobs, detect_hardware(), SEED, lambda _: None)
        for job in jobs:
            save_adapter(lora, job.name, folder / job.name)


if __name__ == "__main__":
    main()
