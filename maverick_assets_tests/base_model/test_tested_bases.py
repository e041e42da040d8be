"""The table of tested bases says what is so: parameters, memory, and what the tests have seen."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from maverick_assets.base_model import tested_bases as table
from maverick_assets.base_model.tested_bases import recommend
from maverick_assets_tests.architectures import ARCHITECTURES
from maverick_assets_tests.corpora.chat_templates import chat_formats
from maverick_assets_tests.corpora.model_families import FAMILIES


@pytest.mark.parametrize("base", table.tested_bases(), ids=lambda base: base.name)
def test_a_base_has_the_parameters_that_its_configuration_makes(base: table.TestedBase) -> None:
    config = base.config.model_dump()
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(
            AutoConfig.for_model(config.pop("model_type"), **config)
        )
    model.tie_weights()
    assert sum(weight.numel() for weight in model.parameters()) == base.parameters


def test_the_tests_have_seen_what_the_table_claims() -> None:
    formats = {each.family for each in chat_formats()}
    for base in table.tested_bases():
        tested = base.tested
        assert tested.chat_template in formats
        assert ARCHITECTURES[tested.architecture].model_type == base.config.model_type
        if tested.family:
            assert FAMILIES[tested.family].chat_format == tested.chat_template


def test_memory_by_hand() -> None:
    """Llama 3.1 8B: 8.03e9 weights of 2 bytes, six adapters of 41.9e6 parameters."""
    base = next(base for base in table.tested_bases() if base.name == "Llama 3.1 8B")
    assert base._lora_parameters == 41_943_040  # as peft counts rank 16 on all linear layers
    bf16 = 2 * 8_030_261_248 + 16 * 6 * 41_943_040
    activations = 2 * 32 * 512 * (6 * 4096 + 2 * 4096 + 2 * 1024 + 4 * 14336)
    head = 3 * 4 * 256 * 128_256
    assert base.training_gib("none") == pytest.approx((bf16 + activations + head) / 2**30 + 1)
    assert base.training_gib("nf4") < 16 < base.training_gib("none") < 24
    f16 = 2 * 8_030_261_248 + 2 * 6 * 41_943_040 + 2**28  # keys and values: 256 MiB
    assert base.serving_gib("f16") == pytest.approx((f16 + 4 * 512 * 128_256) / 2**30)
    assert base.serving_gib("q4") < base.serving_gib("q8") < base.serving_gib("f16")


@pytest.mark.parametrize("card_gb", [8, 16, 24])
def test_a_recommended_base_fits_and_asks_for_no_account(card_gb: float) -> None:
    base, quantize = recommend(card_gb)
    assert not base.gated
    assert base.training_gib(quantize) < card_gb


def test_a_larger_card_gets_no_smaller_base() -> None:
    sizes = [recommend(card)[0].training_gib(recommend(card)[1]) for card in (4, 8, 16, 24, 48)]
    assert sizes == sorted(sizes)
    with pytest.raises(ValueError, match="no base trains in 1 GB"):
        recommend(1)
