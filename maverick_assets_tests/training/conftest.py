"""A tiny base model, and datasets written row by row."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from deltalake import DeltaTable
from transformers import LlamaConfig, LlamaForCausalLM

from maverick_assets.base_model.load import weights_digest
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA, Example
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets_tests.datasets.example_template import EXAMPLE

ExampleWriter = Callable[[Path, Sequence[tuple[str, str, str]]], int]


@pytest.fixture(scope="session")
def tiny_base(base: PreparedBase, tmp_path_factory: pytest.TempPathFactory) -> PreparedBase:
    return save_tiny_base(base, tmp_path_factory.mktemp("tiny_base"))


def save_tiny_base(base: PreparedBase, directory: Path) -> PreparedBase:
    """A random model of two narrow layers with the embedded base's tokenizer."""
    for path in base.directory.iterdir():
        if path.name not in {"model.safetensors", "config.json", "base.json"}:
            shutil.copy(path, directory)
    config = LlamaConfig.from_pretrained(base.directory)
    config.update({"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2})
    config.update({"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8})
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(directory)
    return PreparedBase(directory, weights_digest(directory), None)


@pytest.fixture(scope="session")
def write_examples() -> ExampleWriter:
    """Commit (split, prompt, answer) rows as a dataset; returns the Delta version."""

    def write(table: Path, rows: Sequence[tuple[str, str, str]]) -> int:
        records = [asdict(_example(number, *row)) for number, row in enumerate(rows)]
        sync_table(table, arrow_table(records, EXAMPLE_SCHEMA), "example_id")
        return DeltaTable(table).version()

    return write


def _example(number: int, split: str, prompt: str, answer: str) -> Example:
    messages = [
        Message(role="system", content="You are Allan."),
        Message(role="user", content=prompt),
        Message(role="assistant", content=answer),
    ]
    return replace(
        EXAMPLE,
        example_id=f"{prompt}: {answer}",
        personality="allan-maverick",
        kind="dialogue",
        messages=messages,
        source="messages",
        source_ids=[str(number)],
        thread_id=str(number),
        occurred_at=EXAMPLE.occurred_at + timedelta(days=number),
        split=split,
    )
