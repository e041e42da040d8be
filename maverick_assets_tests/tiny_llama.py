"""A random model of two narrow layers: real code paths in milliseconds."""

import torch
from transformers import LlamaConfig, LlamaForCausalLM


def tiny_llama(vocabulary: int, initializer_range: float) -> LlamaForCausalLM:
    """The same weights at each call. A wide range makes its predictions confident."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=initializer_range,
    )
    return LlamaForCausalLM(config).eval()
