"""What a night costs and keeps: a few new examples on top of a version, against training anew.

`python -m benchmarks.night --home DIR [--personality NAME]`: DIR is the run home of a demo.
The newest hundredth of the training examples is taken for new: one adapter is trained on the rest
and goes on with the new ones and a replay, as the nightly job does; another is trained on all.
"""

import argparse
import os
import tempfile
from pathlib import Path

from benchmarks.demo import machine
from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.prepare import find_base
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

NEW = 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--personality", default="allan-maverick")
    arguments = parser.parse_args()
    os.environ["MAVERICK_HOME"] = str(arguments.home)
    print(report(arguments.personality))


def report(name: str) -> str:
    settings = load_settings()
    base = find_base(settings)
    path = dataset_path(settings.lake, name)
    table = open_table(path)
    assert base is not None and table is not None, "run `maverick demo` there first"
    training = load_recipes()[name].training
    tokenizer = ChatTokenizer(base.directory)

    def encoded(examples: list[Example]) -> list[Encoded]:
        return [tokenizer.encode(each.messages, training.max_length) for each in examples]

    train_rows = read_examples(path, table.version(), "train")
    held_out = encoded(read_examples(path, table.version(), "validation"))
    ordered = sorted(train_rows, key=lambda example: (example.occurred_at, example.example_id))
    old = ordered[: -max(1, round(NEW * len(ordered)))]
    known = {example.example_id for example in old}
    tonight = with_replay(ordered, known, training.replay, SEED)

    prepare_process()
    hardware = detect_hardware()
    model = load_base_model(base.directory, base.digest, hardware.dtype)
    with tempfile.TemporaryDirectory() as folder:
        both = [
            AdapterJob("full", encoded(ordered), training, validation_rows=held_out),
            AdapterJob("parent", encoded(old), training, validation_rows=held_out),
        ]
        train_and_save(model, both, Path(folder))
        parent = Path(folder) / "parent"
        night = AdapterJob("night", encoded(tonight), training, parent, held_out)
        train_and_save(model, [night], Path(folder))
        scores = {}
        for adapter in ("full", "parent", "night"):
            lora = load_adapter(model, Path(folder) / adapter)
            scores[adapter] = perplexity(model, held_out, hardware).loss
            lora.unload()
    share = night.n_tokens / both[0].n_tokens
    return "\n".join(
        [
            machine(),
            "",
            f"- {name}: {len(ordered)} examples, {len(ordered) - len(old)} of them new",
            f"- tokens of a night against a full training: {100 * share:.1f} %",
            f"- held-out loss: {scores['full']:.4f} in full, {scores['parent']:.4f} without the "
            f"new ones, {scores['night']:.4f} after the night "
            f"({100 * (scores['night'] / scores['full'] - 1):+.2f} %)",
        ]
    )


def train_and_save(model: object, jobs: list[AdapterJob], folder: Path) -> None:
    with attached_lora(model, jobs, SEED) as lora:
        train(lora, jobs, detect_hardware(), SEED, lambda _: None)
        for job in jobs:
            save_adapter(lora, job.name, folder / job.name)


if __name__ == "__main__":
    main()
