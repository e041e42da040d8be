"""A tiny base model, and datasets written row by row."""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import torch
from deltalake import DeltaTable
from transformers import LlamaConfig, LlamaForCausalLM

from maverick_assets.base_model.load import weights_digest
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA
from maverick_assets.lake.delta import arrow_table, sync_table

ExampleWriter = Callable[[Path, Sequence[tuple[str, str, str]]], int]


@pytest.fixture(scope="session")
def tiny_base(base: PreparedBase, tmp_path_factory: pytest.TempPathFactory) -> PreparedBase:
    """A random model of two narrow layers with the embedded base's tokenizer."""
    directory = tmp_path_factory.mktemp("tiny_base")
    for path in base.directory.iterdir():
        if path.name not in {"model.safetensors", "config.json", "base.json"}:
            shutil.copy(path, directory)
    config = LlamaConfig.from_pretrained(base.directory)
    config.update({"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2})
    config.update({"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8})
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(directory)
    return PreparedBase(directory, weights_digest(directory), None)


@pytest.fixture
def write_examples() -> ExampleWriter:
    """Commit (split, prompt, answer) rows as a dataset; returns the Delta version."""

    def write(table: Path, rows: Sequence[tuple[str, str, str]]) -> int:
        records = [_record(number, *row) for number, row in enumerate(rows)]
        sync_table(table, arrow_table(records, EXAMPLE_SCHEMA), "example_id")
        return DeltaTable(table).version()

    return write


def _record(number: int, split: str, prompt: str, answer: str) -> dict[str, object]:
    messages = [
        Message(role="system", content="You are Allan."),
        Message(role="user", content=prompt),
        Message(role="assistant", content=answer),
    ]
    return {
        "example_id": f"{prompt}: {answer}",
        "personality": "allan-maverick",
        "kind": "dialogue",
        "messages": messages,
        "source": "messages",
        "source_ids": [str(number)],
        "thread_id": str(number),
        "occurred_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number),
        "split": split,
        "mood": None,
        "mode": None,
        "n_tokens": 10,
        "n_supervised": 5,
    }
