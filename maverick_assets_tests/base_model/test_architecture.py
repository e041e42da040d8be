"""What LoRA cannot train is refused from config.json alone, in one line with a remedy."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig

from maverick_assets.base_model.architecture import check_architecture, lora_targets
from maverick_assets.errors import BadInput
from maverick_assets_tests.architectures import ARCHITECTURES, REFUSED, tiny_model


def written(directory: Path, model_type: str, **settings: Any) -> Path:
    AutoConfig.for_model(model_type, **settings).save_pretrained(directory)
    return directory


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_can_be_trained_is_accepted(name: str, tmp_path: Path) -> None:
    architecture = ARCHITECTURES[name]
    check_architecture(written(tmp_path, architecture.model_type, **architecture.settings))


@pytest.mark.parametrize(
    ("model_type", "reason"),
    [
        ("t5", "t5 is an encoder and a decoder"),
        ("bart", "bart is an encoder and a decoder"),
        ("gemma3", "gemma3 reads more than text"),
        ("llava", "llava reads more than text"),
        ("vit", "vit is no causal language model"),
    ],
)
def test_other_kinds_of_models_are_refused(model_type: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=f"base model org/name cannot be trained: {reason}"):
        check_architecture(written(tmp_path, model_type), "org/name")


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_engine_would_refuse_is_refused_before(name: str, tmp_path: Path) -> None:
    architecture = REFUSED[name]
    directory = written(tmp_path, architecture.model_type, **architecture.settings)
    with pytest.raises(BadInput, match=f"cannot be trained: {architecture.model_type} is"):
        check_architecture(directory)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quantization_config": {"quant_method": "gptq"}}, "weights are quantized \\(gptq\\)"),
        ({"model_type": "brand_new"}, "brand_new is unknown"),
        (
            {"model_type": "house_made", "auto_map": {"AutoModelForCausalLM": "m.M"}},
            "house_made needs code of its own, which is not run",
        ),
        ({"num_attention_heads": "many"}, "config.json is not accepted"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused(
    changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    llama = ARCHITECTURES["Llama"]
    path = written(tmp_path, llama.model_type, **llama.settings) / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(BadInput, match=reason) as refused:
        check_architecture(tmp_path)
    assert "\n" not in str(refused.value)


def test_lora_adapts_all_linear_layers_and_no_router() -> None:
    assert lora_targets(tiny_model(ARCHITECTURES["Llama"])) == "all-linear"
    assert lora_targets(tiny_model(ARCHITECTURES["GPT-2 (Conv1D, dropout)"])) == "all-linear"
    targets = lora_targets(tiny_model(ARCHITECTURES["Phi 3.5 MoE"]))
    assert {name.rsplit(".", 1)[-1] for name in targets} == {"q_proj", "k_proj", "v_proj", "o_proj"}


def test_checking_takes_no_memory_for_weights(tmp_path: Path) -> None:
    """A Llama of 8 billion parameters would take 32 GB."""
    llama = {"hidden_size": 4096, "num_hidden_layers": 32, "intermediate_size": 14336}
    before = torch.random.get_rng_state()
    check_architecture(written(tmp_path, "llama", **llama, vocab_size=128256))
    assert torch.equal(torch.random.get_rng_state(), before)
