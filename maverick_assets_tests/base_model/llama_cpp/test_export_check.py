"""A base that llama.cpp cannot serve is refused when it is prepared, in one line with a remedy."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing
from transformers import DeepseekV3Config, DeepseekV3ForCausalLM, OPTConfig, OPTForCausalLM

from maverick_assets.base_model.llama_cpp.export_check import check_export
from maverick_assets.base_model.llama_cpp.gguf_files import base_gguf_path
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput

DIGEST = "c" * 64


@pytest.fixture
def own_base(tiny_base: PreparedBase, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_base.directory, tmp_path / "own"))


def refusal(directory: Path, folder: Path) -> str:
    with pytest.raises(BadInput) as caught:
        check_export(directory, DIGEST, folder, "org/own")
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith("llama.cpp cannot serve base model org/own, so nothing is trained on it")
    assert "; take another base" in line
    return line


def test_a_base_that_llama_cpp_serves_leaves_the_file_that_serving_needs(
    own_base: Path, tmp_path: Path
) -> None:
    check_export(own_base, DIGEST, tmp_path / "base", "org/own")
    gguf = base_gguf_path(DIGEST, tmp_path / "base")
    assert sorted((tmp_path / "base").iterdir()) == [gguf, gguf.with_suffix(".sha256")]


def test_a_vocabulary_that_the_converter_does_not_know_is_refused(
    own_base: Path, tmp_path: Path
) -> None:
    path = own_base / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path))
    start = [("<|im_start|>", tokenizer.token_to_id("<|im_start|>"))]
    tokenizer.post_processor = TemplateProcessing(
        single=["<|im_start|>", "$A"], special_tokens=start
    )
    tokenizer.save(str(path))
    assert "BPE pre-tokenizer was not recognized" in refusal(own_base, tmp_path)


def test_an_architecture_that_the_converter_does_not_know_is_refused(
    own_base: Path, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "ffn_dim": 48, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = OPTConfig(vocab_size=49152, word_embed_proj_dim=32, **sizes)
    OPTForCausalLM(config).save_pretrained(own_base)
    assert "OPTForCausalLM is not supported" in refusal(own_base, tmp_path)


def test_an_architecture_whose_adapters_cannot_be_converted_is_refused(
    own_base: Path, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "intermediate_size": 48, "num_hidden_layers": 1}
    latent = {"q_lora_rank": 16, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "v_head_dim": 8}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "qk_rope_head_dim": 8}
    experts = {"n_routed_experts": 4, "moe_intermediate_size": 16, "n_group": 1, "topk_group": 1}
    config = DeepseekV3Config(
        vocab_size=49152, **sizes, **latent, **heads, **experts, num_experts_per_tok=2
    )
    DeepseekV3ForCausalLM(config).save_pretrained(own_base)
    assert "adapter cannot be converted to GGUF" in refusal(own_base, tmp_path)


def test_a_vocabulary_that_llama_cpp_reads_otherwise_is_refused(
    own_base: Path, tmp_path: Path
) -> None:
    """The text by which the converter knows a vocabulary has no word "off"."""
    path = own_base / "tokenizer.json"
    content = json.loads(path.read_text())
    content["normalizer"] = {"type": "Replace", "pattern": {"String": "off"}, "content": "of"}
    path.write_text(json.dumps(content))
    assert "as other tokens than the base's tokenizer" in refusal(own_base, tmp_path)
