"""A base in 4 bits (`quantize: nf4`), computed by bitsandbytes' code for CPUs.

On CUDA bitsandbytes has other kernels for the same format; those never ran here.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes.functional import dequantize_4bit
from bitsandbytes.nn import Linear4bit

from maverick_assets.base_model.load import load_base_model, weights_digest
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.lora import fused_lora
from maverick_assets.training.kernels.packing import AdapterSpan
from maverick_assets.training.loop.adapters import attached_lora, load_adapter
from maverick_assets.training.loop.engine import train
from maverick_assets_tests.tiny_llama import tiny_llama
from maverick_assets_tests.training.kernels.test_lora import (
    IDS,
    NAMES,
    adapted_to,
    result,
    result_of_both,
)
from maverick_assets_tests.training.loop.test_zero_stepper import (
    largest_difference,
    train_in_two_ranks,
)
from maverick_assets_tests.training.loop.two_adapters import CPU, JOBS
from maverick_assets_tests.training.loop.two_rank_trainings import OFFLOADED
from maverick_assets_tests.training.specs import TRAIN, VALIDATION, job, run, specification


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base of random weights, large enough that its scales and 4 bits are not exact."""
    folder = tmp_path_factory.mktemp("base")
    tiny_llama(32, 0.3).save_pretrained(folder)
    return folder


def loaded(directory: Path, dtype: torch.dtype = torch.float32, quantize: Any = "nf4") -> Any:
    return load_base_model(directory, weights_digest(directory), dtype, quantize)


def unpacked(directory: Path) -> tuple[Any, Any]:
    """The base in 4 bits, and the same weights as a dense base."""
    packed, dense = loaded(directory), loaded(directory, quantize="none")
    layers = dict(dense.named_modules())
    for name, layer in packed.named_modules():
        if isinstance(layer, Linear4bit):
            weight = dequantize_4bit(layer.weight, layer.weight.quant_state)
            assert not torch.equal(weight, layers[name].weight)
            layers[name].weight.data = weight
    return packed, dense


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_linear_layers_have_four_bits_and_the_rest_the_dtype_of_the_base(
    directory: Path, dtype: torch.dtype
) -> None:
    model = loaded(directory, dtype)
    linear = [layer for layer in model.modules() if isinstance(layer, Linear4bit)]
    assert len(linear) == 2 * 7  # of two layers; the head stays as it is
    assert {layer.weight.quant_state.quant_type for layer in linear} == {"nf4"}
    for layer in linear:
        assert layer.weight.nbytes * 2 == layer.in_features * layer.out_features
        assert layer.weight.quant_state.nested  # scales in 8 bits
    others = [weight.dtype for name, weight in model.named_parameters() if "proj" not in name]
    assert set(others) == {dtype}


def test_four_bits_without_bitsandbytes_are_bad_input(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(BadInput, match="nf4 needs bitsandbytes; pip install"):
        loaded(directory)


def test_a_base_in_four_bits_computes_as_its_unpacked_weights(directory: Path) -> None:
    values, gradients = result_of_both(adapted_to(unpacked(directory)[0]))
    expected_values, expected_gradients = result_of_both(adapted_to(unpacked(directory)[1]))
    torch.testing.assert_close(values, expected_values)
    assert gradients.keys() == expected_gradients.keys()
    for name, gradient in expected_gradients.items():
        torch.testing.assert_close(gradients[name], gradient)
        assert gradient.abs().sum() > 0


def test_values_and_gradients_are_those_of_peft_on_four_bits(directory: Path) -> None:
    lora = adapted_to(loaded(directory))
    with fused_lora(lora, NAMES) as pack_adapters:
        pack_adapters.spans = (AdapterSpan(1, 0, IDS.shape[1]),)
        values, gradients = result(lora)
    theirs = adapted_to(loaded(directory))
    theirs.set_adapter(NAMES[1])
    expected_values, expected_gradients = result(theirs)
    torch.testing.assert_close(values, expected_values, atol=1e-5, rtol=1e-4)
    for name, gradient in expected_gradients.items():
        torch.testing.assert_close(gradients[name], gradient, atol=1e-5, rtol=1e-4)


def test_weights_are_the_same_before_and_after_an_answer(directory: Path) -> None:
    """bitsandbytes repacks them otherwise, on a CPU with bfloat16."""
    model = loaded(directory, torch.bfloat16)
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    with torch.inference_mode():
        model(input_ids=IDS)
    for name, weight in model.named_parameters():
        assert torch.equal(weight, before[name])


def trained(model: Any, hardware: Hardware = CPU) -> dict[str, torch.Tensor]:
    with attached_lora(model, JOBS, seed=0) as lora:
        train(lora, JOBS, hardware, 0, lambda _: None)
        weights = {name: weight for name, weight in lora.named_parameters() if "lora_" in name}
        return {name: weight.detach().clone() for name, weight in weights.items()}


def test_a_training_on_four_bits_is_that_on_the_unpacked_weights(directory: Path) -> None:
    packed, dense = unpacked(directory)
    assert largest_difference(trained(packed), trained(dense)) < 1e-4


def test_two_ranks_train_on_four_bits_what_one_trains(directory: Path, tmp_path: Path) -> None:
    """Also where DeepSpeed divides the packed weights, and keeps them in the host's memory."""
    train_in_two_ranks(tmp_path, str(directory))
    expected = trained(loaded(directory))
    for config in OFFLOADED:
        assert largest_difference(torch.load(tmp_path / config), expected) < 1e-5


def test_a_run_trains_on_four_bits_and_its_adapter_serves_the_base_as_it_is(
    tiny_base: PreparedBase, tmp_path: Path, write_examples: Any
) -> None:
    """An evaluation loads the base as it is, and llama.cpp quantises it in a way of its own."""
    write_examples(tmp_path / "dataset", TRAIN + VALIDATION)
    spec = specification(tiny_base, job(tmp_path / "dataset", 0, tmp_path / "out"))
    lines, [outcome] = run(spec | {"node": {"name": "laptop", "quantize": "nf4"}})
    assert outcome["status"] == "trained"
    assert any(line.endswith("weights in 4 bits)") for line in lines)
    dense = load_base_model(tiny_base.directory, tiny_base.digest, torch.float32)
    lora = load_adapter(dense, tmp_path / "out" / "adapter")
    assert any(weight.abs().sum() > 0 for name, weight in lora.named_parameters() if "_B" in name)
