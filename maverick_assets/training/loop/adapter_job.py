"""What one adapter is trained on: its examples as tokens, and its settings."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded
from maverick_assets.datasets.examples.example import CANARY, Example, read_examples
from maverick_assets.datasets.examples.token_cache import TokenCache
from maverick_assets.errors import MaverickError
from maverick_assets.recipes import Training
from maverick_assets.training.spec import AdapterJobSpec


@dataclass(frozen=True)
class AdapterJob:
    """An adapter to train."""

    name: str
    rows: Sequence[Encoded]  # each has at least one supervised token
    settings: Training
    parent: Path | None = None  # directory of the adapter to start from; None: fresh weights
    validation_rows: Sequence[Encoded] = ()  # scored after each epoch; decide when to stop early
    n_canaries: int = 0  # rows of the dataset that an audit made up

    @property
    def n_tokens(self) -> int:
        """Tokens of one epoch."""
        return sum(len(row.input_ids) for row in self.rows)


def make_job(
    spec: AdapterJobSpec, tokenizer: ChatTokenizer, seed: int, tokens: Path | None = None
) -> AdapterJob:
    """Read and encode the examples of a job; `tokens` is the directory of cached token ids.

    Raises `MaverickError` when there is nothing to train on.
    """
    settings = spec.recipe.training
    examples = training_examples(spec, seed)
    dataset = read_examples(spec.dataset, spec.dataset_version)
    validation = [example for example in dataset if example.split == "validation"]
    cache = TokenCache(tokenizer, spec.dataset, spec.dataset_version, tokens)
    encoded = cache.encode([*examples, *validation], settings.max_length)
    rows = _supervised(encoded[: len(examples)])
    if not rows:
        raise MaverickError(
            f"{spec.dataset} has no training example at version {spec.dataset_version}"
        )
    parent = spec.parent_adapter if spec.mode == "incremental" else None
    validation_rows = _supervised(encoded[len(examples) :])
    # Of the whole dataset: the parent of an incremental training may have read them.
    n_canaries = sum(example.kind == CANARY for example in dataset)
    return AdapterJob(spec.personality, rows, settings, parent, validation_rows, n_canaries)


def _supervised(rows: Sequence[Encoded]) -> list[Encoded]:
    """A row whose prompt fills the whole length has no token left to learn from."""
    return [row for row in rows if row.n_supervised > 0]


def training_examples(spec: AdapterJobSpec, seed: int) -> list[Example]:
    """The training examples of a job: all, or in mode incremental the new ones and a replay.

    Raises `MaverickError` when an incremental job names no parent, or has nothing new.
    """
    examples = read_examples(spec.dataset, spec.dataset_version, "train")
    if spec.mode == "full":
        return examples
    if spec.parent_adapter is None or spec.parent_dataset_version is None:
        raise MaverickError(f"{spec.personality}: incremental training needs a parent version")
    trained_on = read_examples(spec.dataset, spec.parent_dataset_version, "train")
    known_ids = {example.example_id for example in trained_on}
    return with_replay(examples, known_ids, spec.recipe.training.replay, seed)


def with_replay(
    examples: Sequence[Example], known_ids: set[str], replay: float, seed: int
) -> list[Example]:
    """Examples whose id is not in `known_ids`, and `replay` known ones for each, drawn by `seed`.

    The replay keeps the adapter from forgetting (Rolnick et al. 2019). Raises `MaverickError` when
    no example is new.
    """
    new = [example for example in examples if example.example_id not in known_ids]
    old = [example for example in examples if example.example_id in known_ids]
    if not new:
        raise MaverickError("no new training example since the parent version")
    return new + random.Random(seed).sample(old, min(round(replay * len(new)), len(old)))
