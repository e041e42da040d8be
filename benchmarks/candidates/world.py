"""A run home with a small base and one personality, whose first version is in service.

The base is a Llama of two layers 64 wide with 600 pieces, trained on mails of the sample CRM that
its owner did not write. The personality's examples are those of the sample CRM, in two versions of
its dataset: the topics of its first months, and all.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import torch
from transformers import AutoModelForCausalLM

from maverick_assets.base_model.prepare import PreparedBase, ensure_base
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.crm.sample import sample_crm
from maverick_assets.crm.sample.world import OWNER_EMAIL
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA, Example
from maverick_assets.datasets.examples.repetition import long_sentences, quoted_answers
from maverick_assets.evaluation import evaluate as evaluation_process
from maverick_assets.evaluation.spec import EvaluationSpec
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.pipeline import evaluate, release
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.processes import Log
from maverick_assets.recipes import Recipe, load_recipes
from maverick_assets.records import TrainingSummary
from maverick_assets.serving.export import gate, publish
from maverick_assets.settings import Settings
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.loop.run import run_training
from maverick_assets.training.spec import AdapterJobSpec, BaseSpec, TrainingSpec, read_json
from maverick_assets_tests.corpora.model_families import FAMILIES

NAME = "gatekeeper"
OTHERS = ("robbie", "business-mentor", "technical-mentor", "health-monitor")
FAMILY = "Llama 2 chat"
_SHARE = {"validation": 0.14, "test": 0.24}  # of the threads, up to this hash


class QuietLog:
    """Takes no note."""

    def info(self, msg: str) -> None: ...

    def warning(self, msg: str) -> None: ...

    def error(self, msg: str) -> None: ...


@dataclass(frozen=True)
class Trained:
    """An adapter, and what its training says of itself."""

    adapter: Path
    summary: TrainingSummary


@dataclass(frozen=True)
class World:
    """Where candidates are made and judged."""

    settings: Settings
    base: PreparedBase
    recipe: Recipe
    examples: Mapping[str, Sequence[Example]]  # by personality
    factor: int  # of the sample CRM

    def run(self, number: str) -> RunContext:
        return RunContext(self.settings, number, QuietLog())

    @property
    def train(self) -> list[Example]:
        return [example for example in self.examples[NAME] if example.split == "train"]

    @property
    def old_train(self) -> list[Example]:
        return [example for example in self.train if is_old(example)]

    def commit(self, examples: Sequence[Example]) -> int:
        """Make the personality's dataset hold these examples; its Delta version."""
        path = dataset_path(self.settings.lake, NAME)
        return _commit(path, examples)

    def trained(self, name: str, examples: Sequence[Example], **training: Any) -> Trained:
        """An adapter that the engine trained on all these examples, whatever their split."""
        folder = self.settings.home / "trainings" / name
        as_train = [replace(e, split="train", personality=NAME) for e in examples]
        version = _commit(folder / "dataset", as_train)
        settings = self.recipe.training.model_copy(update=training)
        job = AdapterJobSpec(
            personality=NAME,
            dataset=folder / "dataset",
            dataset_version=version,
            recipe=self.recipe.model_copy(update={"training": settings}),
            out=folder / "out",
        )
        base = BaseSpec(directory=self.base.directory, digest=self.base.digest)
        spec = TrainingSpec(base=base, jobs=[job], checks=self.settings.engine_checks)
        refusals: list[Mapping[str, Any]] = []
        run_training(spec, Reporter(lambda _: None, refusals.append))
        if not (job.out / "training.json").exists():
            raise RuntimeError(f"{name} was not trained: {refusals}")
        return Trained(job.out / "adapter", read_json(job.out / "training.json", TrainingSummary))


def is_old(example: Example) -> bool:
    """Whether an example is of the topics of the first months."""
    return example.kind == "old"


def make_world(folder: Path, embedded: PreparedBase, factor: int = 2, steps: int = 400) -> World:
    """`folder` gets the base and the run home; `factor` is that of the sample CRM."""
    rows = sample_crm(factor=factor)
    FAMILIES[FAMILY].save(folder / "model", embedded.directory)
    mails = [str(row["body"]) for row in rows["crm_emails"] if row["sender_email"] != OWNER_EMAIL]
    _pretrain(folder / "model", mails, steps)
    settings = Settings(home=folder / "home", base_model=str(folder / "model"))
    settings.runs.mkdir(parents=True)
    recipe = load_recipes()[NAME]
    training = recipe.training.model_copy(
        update={"epochs": 2, "batch_tokens": 512, "learning_rate": 0.01, "rank": 16}
    )
    own = recipe.model_copy(update={"training": training})
    examples = {name: samples_of(rows, name) for name in (NAME, *OTHERS)}
    return World(settings, ensure_base(settings), own, examples, factor)


def samples_of(rows: Mapping[str, Sequence[Mapping[str, Any]]], name: str) -> list[Example]:
    """A personality's samples in a sample CRM, as examples."""
    own = [row for row in rows["personality_samples"] if row["personality"] == name]
    return _examples(own, load_recipes()[name])


@contextmanager
def in_this_process(settings: Settings) -> Iterator[None]:
    """Inside, evaluations and exports run here: a process for each would take seconds to start.

    Each arm answers two prompts, and the parity gate compares eight tokens of each answer: no gate
    that is tested here looks at more.
    """
    home = {"MAVERICK_HOME": str(settings.home), "MAVERICK_BASE_MODEL": str(settings.base_model)}
    with (
        patch.dict(os.environ, home),
        patch.object(evaluate, "run_module", _runner(evaluation_process)),
        patch.object(release, "run_module", _runner(publish)),
        patch.object(evaluate, "EvaluationSpec", partial(EvaluationSpec, answers_each=2)),
        patch.object(gate, "MAX_TOKENS", 8),
    ):
        yield


def _runner(module: ModuleType) -> Callable[..., str]:
    def run(_name: str, *arguments: str, on_result: Callable[[str], None], log: Log) -> str:
        def tell(line: str) -> None:
            (on_result if line.startswith("{") else log.info)(line)

        with patch.object(module, "print", tell, create=True):
            module.main(arguments)
        return ""

    return run


def _commit(path: Path, examples: Sequence[Example]) -> int:
    rows = [asdict(example) for example in examples]
    return sync_table(path, arrow_table(rows, EXAMPLE_SCHEMA), "example_id").version


def _examples(rows: Sequence[Mapping[str, Any]], recipe: Recipe) -> list[Example]:
    """Samples of the CRM as examples, without training examples that repeat a held-out answer."""
    topics = sorted({str(row["tags"][0]) for row in rows})
    examples = [_example(row, recipe, topics.index(str(row["tags"][0])) % 2 == 0) for row in rows]
    sides = [
        {
            example.example_id: long_sentences(example.messages[-1]["content"])
            for example in examples
            if (example.split == "train") is is_train
        }
        for is_train in (False, True)
    ]
    quoting = {train for train, _ in quoted_answers(sides[0], sides[1].items())}
    return [example for example in examples if example.example_id not in quoting]


def _example(row: Mapping[str, Any], recipe: Recipe, is_old: bool) -> Example:
    key = str(row["id"])
    position = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) / 2**32
    split = next((name for name, edge in _SHARE.items() if position < edge), "train")
    messages = [
        Message(role="system", content=recipe.prompt_for(row["mood"], row["mode"])),
        Message(role="user", content=row["prompt"]),
        Message(role="assistant", content=row["response"]),
    ]
    return Example(
        example_id=hashlib.sha256(json.dumps(messages).encode()).hexdigest()[:16],
        personality=recipe.name,
        kind="old" if is_old else "new",
        messages=messages,
        source="personality_samples",
        source_ids=[key],
        thread_id=key,
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
        split=split,
        mood=row["mood"],
        mode=row["mode"],
        n_tokens=100,
        n_supervised=50,
    )


def _pretrain(directory: Path, texts: Sequence[str], steps: int) -> None:
    """Train all weights on texts, so that there is a language for adapters to change."""
    tokenizer = ChatTokenizer(directory)
    ids = [token for text in texts for token in tokenizer.ids(text)]
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    rows = torch.tensor(ids[: len(ids) // 128 * 128]).view(-1, 128)
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        batch = rows[torch.randint(len(rows), (8,), generator=generator)]
        loss = model(input_ids=batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(directory)
