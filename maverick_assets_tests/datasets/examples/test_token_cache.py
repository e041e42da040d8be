"""Cached token ids are those that the tokenizer gives, whatever the file holds."""

import random
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded, Message
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA, Example
from maverick_assets.datasets.examples.token_cache import TokenCache, forget_tokens
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import dataset_path, token_cache_path
from maverick_assets_tests.datasets.example_template import EXAMPLE

LENGTH = 24  # some are cut
Night = Callable[..., int]


class CountingTokenizer(ChatTokenizer):
    """A tokenizer that counts how many examples it was given."""

    encoded = 0

    def encode(self, messages: list[Message], max_length: int) -> Encoded:
        self.encoded += 1
        return super().encode(messages, max_length)


def example(number: int, answer: str | None = None) -> Example:
    messages: list[Message] = [
        Message(role="user", content=f"Question {number}"),
        Message(role="assistant", content=answer or "grüezi mitenand " * (number + 1)),
    ]
    return replace(EXAMPLE, example_id=f"e{number}", messages=messages)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def night(base: PreparedBase, lake: Path) -> Night:
    """Commit examples as a dataset and encode some, or all; returns how many were tokenized."""

    def run(
        examples: list[Example],
        some: list[Example] | None = None,
        length: int = LENGTH,
        folder: Path = base.directory,
    ) -> int:
        dataset = dataset_path(lake, "robbie")
        rows = [asdict(replace(each, messages=[])) for each in examples]
        version = sync_table(dataset, arrow_table(rows, EXAMPLE_SCHEMA), "example_id").version
        tokenizer = counting_tokenizer(folder)
        tokenizer.encoded = 0
        wanted = examples if some is None else some
        token_cache = TokenCache(tokenizer, dataset, version, token_cache_path(lake))
        encoded = token_cache.encode(wanted, length)
        tokenized = tokenizer.encoded
        assert encoded == [tokenizer.encode(each.messages, length) for each in wanted]
        return tokenized

    return run


@cache
def counting_tokenizer(folder: Path) -> CountingTokenizer:
    return CountingTokenizer(folder)


def cache_file(lake: Path) -> Path:
    [file] = token_cache_path(lake).iterdir()
    return file


def test_a_night_tokenizes_new_examples_only(night: Night) -> None:
    examples = [example(number) for number in range(8)]
    assert night(examples) == 8
    assert night(examples) == 0
    assert night([*examples, example(8)], [example(8), *examples[2:5]]) == 1
    assert night([*examples, example(8)]) == 0


def test_another_text_length_or_tokenizer_is_tokenized_anew(
    night: Night, base: PreparedBase, tmp_path: Path
) -> None:
    examples = [example(number) for number in range(4)]
    night(examples)
    assert night([*examples[:3], example(3, "Another answer")]) == 1
    assert night(examples[:3], length=12) == 3
    other = tmp_path / "other"
    shutil.copytree(base.directory, other, ignore=shutil.ignore_patterns("*.safetensors"))
    template = other / "chat_template.jinja"
    template.write_text(template.read_text().replace("<|im_end|>", "<|im_start|>"))
    assert night(examples[:3], length=12, folder=other) == 3
    assert night(examples[:3], length=12) == 3


def test_an_example_that_leaves_the_dataset_leaves_the_file_and_forgetting_removes_the_file(
    night: Night, lake: Path
) -> None:
    examples = [example(number) for number in range(4)]
    night(examples)
    size = cache_file(lake).stat().st_size
    night(examples[1:])
    assert cache_file(lake).stat().st_size < size
    assert '"e0"' not in cache_file(lake).read_text()
    forget_tokens(lake)
    assert not token_cache_path(lake).exists()
    forget_tokens(lake)
    assert night(examples[1:]) == 3


def test_nothing_is_taken_from_a_damaged_file_and_the_next_is_whole(
    night: Night, lake: Path
) -> None:
    examples = [example(number) for number in range(4)]
    night(examples)
    whole = cache_file(lake).read_bytes()
    rng = random.Random(0)
    damaged = [b"", b"\n", b"{}", b"{}\n{}", whole[:-1], whole[: len(whole) // 2], whole * 2]
    for _ in range(20):
        flipped = bytearray(whole)
        flipped[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        damaged.append(bytes(flipped))
    for content in damaged:
        cache_file(lake).write_bytes(content)
        assert night(examples) == 4
        assert cache_file(lake).read_bytes() == whole


def test_without_a_writable_folder_every_example_is_tokenized(night: Night, lake: Path) -> None:
    lake.mkdir()
    token_cache_path(lake).touch()
    assert night([example(number) for number in range(4)]) == 4
