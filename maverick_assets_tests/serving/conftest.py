"""Real PEFT adapters with an effect of known size on the real base model."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase, ensure_base
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.serving.export.adapter import export_adapter
from maverick_assets.serving.export.base import ensure_base_gguf
from maverick_assets.serving.runtime import AdapterFile, Runtime
from maverick_assets.settings import Settings
from maverick_assets_tests.serving.released_homes import ReleasedHome
from maverick_assets_tests.training.conftest import tiny_base

__all__ = ["tiny_base"]

QUESTION = [
    Message(role="system", content="You are Allan. You answer briefly."),
    Message(role="user", content="Should we give the new client a 30% discount?"),
]


@dataclass(frozen=True)
class Adapter:
    """One adapter in both formats, and what transformers computes with it.

    `logprobs` maps the 20 likeliest first answer tokens to QUESTION to their log-probability.
    """

    directory: Path
    gguf: Path
    logprobs: dict[str, float]


def make_adapter(base: PreparedBase, out: Path, seed: int, scale: float) -> dict[str, float]:
    """Save a LoRA adapter whose B has the deviation `scale`; returns its log-probabilities."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(base.directory, dtype=torch.float32)
    config = LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=8, target_modules="all-linear")
    peft = get_peft_model(model, config)
    for name, weight in peft.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=scale)
    peft.save_pretrained(str(out))
    tokenizer = AutoTokenizer.from_pretrained(base.directory)
    ids = torch.tensor([ChatTokenizer(base.directory).encode_prompt(QUESTION)])
    with torch.inference_mode():
        logits = peft(input_ids=ids).logits[0, -1]
    best = torch.log_softmax(logits.float(), -1).topk(20)
    return {
        str(tokenizer.decode([index])): value
        for index, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    }


@pytest.fixture(scope="session")
def adapters(base: PreparedBase, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Adapter]:
    folder = tmp_path_factory.mktemp("adapters")
    made = {}
    for seed, name in enumerate(("allan", "robbie")):
        logprobs = make_adapter(base, folder / name, seed, 0.06)
        export_adapter(folder / name, base.directory, folder / f"{name}.gguf")
        made[name] = Adapter(folder / name, folder / f"{name}.gguf", logprobs)
    return made


@pytest.fixture(scope="session")
def f16_base(base: PreparedBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base model converted from its Hugging Face directory."""
    return ensure_base_gguf(replace(base, gguf=None), tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def runtime(base: PreparedBase, adapters: dict[str, Adapter]) -> Runtime:
    assert base.gguf is not None
    return Runtime(base.gguf, {name: AdapterFile(a.gguf) for name, a in adapters.items()})


@pytest.fixture(scope="session")
def tiny_adapters(
    tiny_base: PreparedBase, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Path, Path]]:
    return make_tiny_adapters(tiny_base, tmp_path_factory.mktemp("tiny_adapters"))


def make_tiny_adapters(tiny_base: PreparedBase, folder: Path) -> dict[str, tuple[Path, Path]]:
    """Six adapters of the tiny base, as PEFT folder and GGUF file, each with a strong effect."""
    made = {}
    for seed in range(6):
        directory, gguf = folder / f"adapter-{seed}", folder / f"adapter-{seed}.gguf"
        make_adapter(tiny_base, directory, seed, 1.0)
        export_adapter(directory, tiny_base.directory, gguf)
        made[directory.name] = (directory, gguf)
    return made


@pytest.fixture(scope="session")
def prepared_tiny_base(tiny_base: PreparedBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `base` of a run home whose settings name the tiny base."""
    home = tmp_path_factory.mktemp("prepared")
    base = ensure_base(Settings(home=home, base_model=str(tiny_base.directory)))
    ensure_base_gguf(base, home / "base")
    return home / "base"


MakeHome = Callable[..., ReleasedHome]


@pytest.fixture(scope="session")
def make_released_home(
    tiny_base: PreparedBase,
    prepared_tiny_base: Path,
    tiny_adapters: dict[str, tuple[Path, Path]],
) -> MakeHome:
    """Makes run homes without a version, so far, below a folder."""

    def make(folder: Path, slots: int = 2, context: int = 512) -> ReleasedHome:
        home = folder / "home"
        home.mkdir(mode=0o700)
        (home / "base").symlink_to(prepared_tiny_base)
        settings = Settings(
            home=home,
            base_model=str(tiny_base.directory),
            serving_slots=slots,
            serving_context=context,
        )
        return ReleasedHome(settings, ensure_base(settings).digest, tiny_adapters)

    return make


@pytest.fixture
def released_home(make_released_home: MakeHome, tmp_path: Path) -> ReleasedHome:
    return make_released_home(tmp_path)
