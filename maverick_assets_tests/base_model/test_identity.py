"""What a base is known by: every file that changes what it computes, and no other."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from maverick_assets.base_model.identity import file_digests, identity_of
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets_tests.base_model.conftest import tiny_base

__all__ = ["tiny_base"]


@pytest.fixture
def own(tiny_base: PreparedBase, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_base.directory, tmp_path / "own"))


def identity(directory: Path) -> str:
    return identity_of(file_digests(directory))


def add(name: str) -> Callable[[Path], object]:
    return lambda own: (own / name).write_bytes(b"{}")


ANOTHER = {
    "an index of shards": add("model.safetensors.index.json"),
    "another shard": add("model-00002-of-00002.safetensors"),
    "a SentencePiece vocabulary": add("tokenizer.model"),
    "merges of a slow tokenizer": add("merges.txt"),
    "a slow tokenizer's vocabulary": add("vocab.json"),
    "added tokens": add("added_tokens.json"),
    "a template beside the first": add("tool_use.jinja"),
    "two files that swapped their names": lambda own: [
        (own / "config.json").rename(own / "x"),
        (own / "tokenizer_config.json").rename(own / "config.json"),
        (own / "x").rename(own / "tokenizer_config.json"),
    ],
}
THE_SAME = {
    "another date": lambda own: os.utime(own / "model.safetensors", (1, 1)),
    "a licence": add("LICENSE"),
    "code of its own, which is not run": add("modeling_own.py"),
    "another format of the weights": add("pytorch_model.bin"),
    "a GGUF file": add("own.f16.gguf"),
    "an optimizer's state": add("optimizer.pt"),
    "a folder named like a part": lambda own: (own / "model.safetensors.d").mkdir(),
}


@pytest.mark.parametrize("what", ANOTHER)
def test_another_base(own: Path, what: str) -> None:
    before = identity(own)
    ANOTHER[what](own)
    assert identity(own) != before


@pytest.mark.parametrize("what", THE_SAME)
def test_the_same_base(own: Path, what: str) -> None:
    before = identity(own)
    THE_SAME[what](own)
    assert identity(own) == before


def test_the_place_of_a_base_is_no_part_of_it(own: Path, tmp_path: Path) -> None:
    before = identity(own)
    (tmp_path / "link").symlink_to(own)
    assert identity(tmp_path / "link") == before
    own.rename(tmp_path / "elsewhere")
    assert identity(tmp_path / "elsewhere") == before
