"""What the sections of `benchmarks.gpu` work on: shapes, bases of random weights, examples."""

import random
import shutil
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoModelForCausalLM, LlamaConfig

from benchmarks.mailbox import mailbox_rows
from benchmarks.train.sides import BenchmarkSpec
from maverick_assets.base_model.prepare import base_in, ensure_base
from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded
from maverick_assets.recipes import Training
from maverick_assets.settings import Settings
from maverick_assets.strict_model import StrictModel
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.spec import BaseSpec

ADAPTERS = [f"adapter-{number}" for number in range(1, 7)]
LARGE_CARD_GB = 70  # a card that trains a Llama of 8B in bfloat16

# Shapes of Llama 3.1 8B and of Llama 3.2 1B.
LLAMA_8B = LlamaConfig(
    vocab_size=128256,
    hidden_size=4096,
    intermediate_size=14336,
    num_hidden_layers=32,
    num_attention_heads=32,
    num_key_value_heads=8,
    max_position_embeddings=8192,
    tie_word_embeddings=False,
)
LLAMA_1B = LlamaConfig(
    vocab_size=128256,
    hidden_size=2048,
    intermediate_size=8192,
    num_hidden_layers=16,
    num_attention_heads=32,
    num_key_value_heads=8,
    max_position_embeddings=8192,
    tie_word_embeddings=True,
)
TINY = LlamaConfig(
    vocab_size=49152,
    hidden_size=64,
    intermediate_size=96,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    tie_word_embeddings=True,
)


class CardSetting(StrictModel):
    """How large the sections are, on which device; written once as setting.json."""

    device: Literal["cuda", "cpu"]
    tiny: bool  # a rehearsal: every section on a tiny base
    folder: Path  # for bases and adapters
    home: Path  # the run home that has, or gets, the embedded base; its tokenizer is used
    large: bool = False  # whether the card trains a Llama of 8B in bfloat16

    @property
    def table_base(self) -> tuple[str, LlamaConfig]:
        """Name and shape of the base that all sides train on."""
        if self.tiny:
            return "tiny", TINY
        return ("llama-8b", LLAMA_8B) if self.large else ("llama-1b", LLAMA_1B)

    @property
    def limited_base(self) -> tuple[str, LlamaConfig]:
        """Name and shape of the base that is trained in 16 GB."""
        return ("tiny", TINY) if self.tiny else ("llama-8b", LLAMA_8B)

    @property
    def limit_gb(self) -> float:
        return 1 if self.tiny else 16

    @property
    def rows(self) -> int:
        """Examples of each adapter."""
        return 4 if self.tiny else 240

    @property
    def step_tokens(self) -> int:
        return 256 if self.tiny else 4096


def prepare_bases(setting: CardSetting, hardware: Hardware) -> dict[str, BaseSpec]:
    """The bases of random weights, by name, and a spec for each, which the sections read."""
    embedded = ensure_base(Settings(home=setting.home, base_model=None)).directory
    bases = {}
    for name, config in dict([setting.table_base, setting.limited_base]).items():
        directory = random_base(setting.folder / name, config, embedded, hardware)
        prepared = base_in(directory)
        bases[name] = BaseSpec(directory=directory, digest=prepared.digest)
        tokenizer = ChatTokenizer(embedded)
        spec = BenchmarkSpec(
            base=bases[name],
            settings=Training(
                epochs=1, learning_rate=5e-4, batch_tokens=setting.step_tokens, max_length=512
            ),
            rows={
                adapter: mailbox_rows(tokenizer, setting.rows, adapter, "train")
                for adapter in ADAPTERS
            },
            validation={},
        )
        path = setting.folder / f"{name}.json"
        path.write_text(spec.model_dump_json(), encoding="utf-8")
    return bases


def random_base(folder: Path, config: LlamaConfig, tokenizer: Path, hardware: Hardware) -> Path:
    """A base of random weights: its products take as long as those of a trained one.

    Its tokenizer is the embedded base's, whose ids are all in the larger vocabulary.
    """
    torch.manual_seed(0)
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(hardware.device):
            model: Any = AutoModelForCausalLM.from_config(config)
    finally:
        torch.set_default_dtype(default)
    model.save_pretrained(folder, max_shard_size="2GB")
    for path in [*tokenizer.glob("tokenizer*"), *tokenizer.glob("*.jinja")]:
        shutil.copy(path, folder)
    return folder


def random_rows(vocabulary: int) -> list[Encoded]:
    """Six examples of random tokens, of lengths from 8 to 200."""
    rng = random.Random(0)
    lengths = (8, 46, 84, 123, 161, 200)
    return [
        Encoded([rng.randrange(3, vocabulary) for _ in range(length)], length // 2)
        for length in lengths
    ]
