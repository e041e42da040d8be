"""Tiny random models of many architectures, and which fast paths of the engine each cannot use.

Windows and chunks are 16 tokens, so that documents of some dozens exceed them.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

VOCABULARY = 128
WINDOW = 16

_SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_GROUPED = {**_SIZES, "num_key_value_heads": 2}
_HEADS = {**_GROUPED, "head_dim": 8}
_GPT2 = {
    "vocab_size": VOCABULARY,
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 4,
    "n_positions": 256,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_ONE_WINDOW = {"sliding_window": WINDOW}
_MIXED = {**_ONE_WINDOW, "layer_types": ["sliding_attention", "full_attention"]}
_EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
_LOCAL_EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}
_ROUTED = {
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "first_k_dense_replace": 1,
    "n_group": 1,
    "topk_group": 1,
}
_LATENT = {
    **_SIZES,
    "num_key_value_heads": 4,
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "v_head_dim": 8,
}
_LINEAR_ATTENTION = {
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
    "layer_types": ["linear_attention", "full_attention"],
}


@dataclass(frozen=True)
class Architecture:
    """A model family with some of its features."""

    model_type: str  # as transformers names it
    settings: dict[str, Any] = field(default_factory=dict)
    off: tuple[str, ...] = ()  # the fast paths that are wrong for it


_OWN_ATTENTION = ("attention",)  # written into the model; its masks keep documents apart
_ALONE = ("packs", "attention")  # neither we nor its masks keep documents apart
_RECURRENT = ("packs",)  # a state, a convolution or a rotary scale runs through all of a pass

ARCHITECTURES = {
    "Llama": Architecture("llama", _GROUPED),
    "Llama 3.1 (scaled rotary)": Architecture(
        "llama",
        {
            **_GROUPED,
            "rope_parameters": {
                "rope_type": "llama3",
                "rope_theta": 10000.0,
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 64,
            },
        },
    ),
    "Llama 4 (chunks, experts)": Architecture(
        "llama4_text",
        {
            **_HEADS,
            **_LOCAL_EXPERTS,
            "attention_chunk_size": WINDOW,
            "intermediate_size_mlp": 48,
            "no_rope_layers": [1, 0],
        },
        off=("head",),
    ),
    "Mistral (window)": Architecture("mistral", {**_GROUPED, **_ONE_WINDOW}),
    "Ministral (windows)": Architecture("ministral", {**_HEADS, **_ONE_WINDOW}),
    "Mixtral (experts)": Architecture("mixtral", {**_GROUPED, **_LOCAL_EXPERTS}),
    "Gemma (1 + weight in norms)": Architecture("gemma", _HEADS),
    "Gemma 2 (windows, soft caps)": Architecture("gemma2", {**_HEADS, **_MIXED}),
    "Gemma 3 (windows)": Architecture("gemma3_text", {**_HEADS, **_MIXED}),
    "Gemma 3n (windows, its own layers)": Architecture(
        "gemma3n_text",
        {
            **_HEADS,
            **_MIXED,
            "vocab_size_per_layer_input": VOCABULARY,
            "hidden_size_per_layer_input": 8,
            "num_kv_shared_layers": 0,
            "laurel_rank": 4,
        },
    ),
    "Qwen 2.5 (biases in attention)": Architecture("qwen2", _GROUPED),
    "Qwen 2 (windows)": Architecture(
        "qwen2", {**_GROUPED, **_ONE_WINDOW, "use_sliding_window": True, "max_window_layers": 1}
    ),
    "Qwen 3": Architecture("qwen3", _HEADS),
    "Qwen 3 MoE": Architecture("qwen3_moe", {**_HEADS, **_EXPERTS}),
    "Qwen 3.5 (linear attention)": Architecture(
        "qwen3_5_text", {**_HEADS, **_LINEAR_ATTENTION}, off=_RECURRENT
    ),
    "Phi 2 (bias in the head)": Architecture("phi", _SIZES),
    "Phi 3 (fused projections, window)": Architecture(
        "phi3", {**_GROUPED, **_ONE_WINDOW, "original_max_position_embeddings": 256}
    ),
    "Phi 3 (rotary scale by length)": Architecture(
        "phi3",
        {
            **_GROUPED,
            "original_max_position_embeddings": 48,
            "rope_parameters": {
                "rope_type": "longrope",
                "rope_theta": 10000.0,
                "short_factor": [1.0] * 4,
                "long_factor": [2.0] * 4,
                "original_max_position_embeddings": 48,
            },
        },
        off=_RECURRENT,
    ),
    "Phi 3.5 MoE": Architecture("phimoe", {**_GROUPED, **_LOCAL_EXPERTS}),
    "GPT-2 (Conv1D, dropout)": Architecture("gpt2", _GPT2),
    "GPT-J (bias in the head)": Architecture("gptj", {**_GPT2, "rotary_dim": 4}, _OWN_ATTENTION),
    "GPT-Neo (window)": Architecture(
        "gpt_neo",
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 4,
            "window_size": WINDOW,
            "attention_types": [[["global", "local"], 1]],
            "max_position_embeddings": 256,
        },
        _OWN_ATTENTION,
    ),
    "GPT-NeoX": Architecture("gpt_neox", _SIZES),
    "GPT-OSS (sinks, windows, experts)": Architecture(
        "gpt_oss", {**_HEADS, **_LOCAL_EXPERTS, **_MIXED}
    ),
    "StarCoder (one key head)": Architecture("gpt_bigcode", _GPT2),
    "StarCoder 2 (window)": Architecture("starcoder2", {**_GROUPED, **_ONE_WINDOW}),
    "CodeGen": Architecture("codegen", {**_GPT2, "rotary_dim": 4}, _OWN_ATTENTION),
    "OPT (projected embeddings)": Architecture(
        "opt",
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 32,
            "ffn_dim": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "word_embed_proj_dim": 16,
            "max_position_embeddings": 256,
            "do_layer_norm_before": False,
        },
    ),
    "BLOOM (ALiBi)": Architecture(
        "bloom", {"vocab_size": VOCABULARY, "hidden_size": 32, "n_layer": 2, "n_head": 4}, _ALONE
    ),
    "MPT (ALiBi)": Architecture(
        "mpt",
        {"vocab_size": VOCABULARY, "d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 256},
        _ALONE,
    ),
    "Falcon (ALiBi)": Architecture(
        "falcon",
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "alibi": True,
        },
        _ALONE,
    ),
    "StableLM": Architecture("stablelm", _GROUPED, _OWN_ATTENTION),
    "Nemotron": Architecture("nemotron", _HEADS, _OWN_ATTENTION),
    "Cohere (scaled logits)": Architecture("cohere", _GROUPED),
    "Cohere 2 (windows, scaled logits)": Architecture("cohere2", {**_GROUPED, **_MIXED}),
    "Granite (scales)": Architecture(
        "granite",
        {
            **_GROUPED,
            "logits_scaling": 8.0,
            "residual_multiplier": 0.5,
            "embedding_multiplier": 3.0,
            "attention_multiplier": 0.2,
        },
    ),
    "Granite MoE": Architecture(
        "granitemoe", {**_GROUPED, **_LOCAL_EXPERTS, "logits_scaling": 4.0}
    ),
    "OLMo 2": Architecture("olmo2", _GROUPED),
    "OLMo 3 (windows)": Architecture("olmo3", {**_GROUPED, **_MIXED}),
    "SmolLM 3": Architecture("smollm3", _GROUPED),
    "GLM 4": Architecture("glm4", _HEADS),
    "EXAONE 4 (windows)": Architecture("exaone4", {**_HEADS, **_MIXED}),
    "DeepSeek 3 (latent attention, experts)": Architecture("deepseek_v3", {**_LATENT, **_ROUTED}),
    "MiniCPM 3 (latent attention)": Architecture("minicpm3", _LATENT),
    "Seed-OSS": Architecture("seed_oss", _HEADS),
    "ModernBERT decoder (window)": Architecture(
        "modernbert-decoder",
        {**_SIZES, "local_attention": WINDOW, "cls_token_id": 1, "sep_token_id": 2},
        off=("head",),
    ),
    "LFM 2 (convolutions)": Architecture(
        "lfm2", {**_GROUPED, "layer_types": ["conv", "full_attention"]}, off=_RECURRENT
    ),
}

# What is no causal language model, or nothing that peft adapts.
REFUSED = {
    "BERT": Architecture("bert", _SIZES),
    "RoBERTa": Architecture("roberta", _SIZES),
    "XLNet": Architecture(
        "xlnet",
        {"vocab_size": VOCABULARY, "d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 48},
    ),
    "Mamba": Architecture(
        "mamba",
        {"vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 8},
    ),
    "Falcon H1": Architecture(
        "falcon_h1",
        {
            **_GROUPED,
            "mamba_d_ssm": 32,
            "mamba_n_heads": 4,
            "mamba_d_head": 8,
            "mamba_d_state": 8,
        },
    ),
}


def tiny_model(architecture: Architecture) -> Any:
    """A model in float32, with random biases and norms, too: nothing is zero or one by chance."""
    config = AutoConfig.for_model(architecture.model_type, **architecture.settings)
    torch.manual_seed(0)
    model: Any = AutoModelForCausalLM.from_config(config).float().eval()
    generator = torch.Generator().manual_seed(3)
    for weight in model.parameters():
        noise = torch.randn(weight.shape, generator=generator)
        weight.data = 0.2 * noise if weight.ndim > 1 else weight.data + 0.1 * noise
    return model
