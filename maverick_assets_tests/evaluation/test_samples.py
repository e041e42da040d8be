"""Sample answers of a base, whatever its tokenizer lacks."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import torch

from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.evaluation.samples import generate_samples
from maverick_assets.training.device.hardware import detect_hardware
from maverick_assets_tests.datasets.example_template import EXAMPLE


def test_a_base_without_a_pad_token_gives_the_same_samples(
    tiny_base: PreparedBase, tmp_path: Path
) -> None:
    directory = Path(shutil.copytree(tiny_base.directory, tmp_path / "base"))
    for name in ("tokenizer_config.json", "config.json", "generation_config.json"):
        content = json.loads((directory / name).read_text())
        content.pop("pad_token", None)
        content.pop("pad_token_id", None)
        (directory / name).write_text(json.dumps(content))
    examples = [
        replace(
            EXAMPLE,
            example_id=f"e{number}",
            messages=[
                Message(role="user", content="Why? " * number),
                Message(role="assistant", content="Because."),
            ],
        )
        for number in (1, 5)
    ]
    with_pad, without_pad = (
        generate_samples(
            load_base_model(folder, tiny_base.digest, torch.float32),
            examples,
            ChatTokenizer(folder),
            512,
            detect_hardware(),
        )
        for folder in (tiny_base.directory, directory)
    )
    assert without_pad == with_pad
    assert [sample["real"] for sample in without_pad] == ["Because."] * 2
