"""The bases that Maverick is tested with, and the memory that each takes to train and to serve.

Memory is computed from the configuration, in GiB, for all six packaged personalities at once:

training = weights + adapters + activations + head + OVERHEAD
- weights: 2 bytes each in bf16. In NF4 linear layers take 4.127 bits (Dettmers et al. 2023: 4 for
  the value, the rest for scales that are quantised themselves), embedding and head stay in bf16.
- adapters: LoRA on every linear layer, 16 bytes a parameter: float32 weight, gradient, two moments.
- activations: what the backward pass needs of one step's tokens, in bf16.
- head: three float32 tensors (rows, vocabulary) of the chunk that is computed at a time.

serving = weights + adapters + KV cache + buffer
- weights: 16, 8.5 (Q8_0) or 4.5 (Q4_0) bits; in Q4_0 llama.cpp keeps the head in Q6_K, 6.56 bits.
- adapters in f16; keys and values of one context in f16; llama.cpp's buffer of float32 logits.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from maverick_assets.strict_model import StrictModel
from maverick_assets.yaml_files import load_yaml

GIB = 2**30
PERSONALITIES = 6  # the packaged ones
RANK = 16  # of their LoRA matrices
STEP_TOKENS = 512  # of one optimizer step
HEAD_ROWS = 256  # rows of logits at once, in training
CONTEXT = 2048  # tokens of a conversation in service
BUFFER_ROWS = 512  # rows of logits for which llama.cpp reserves memory
OVERHEAD = 1.0  # GiB: CUDA itself, its libraries' workspaces, fragments
CARD_LOSS = 0.8  # GiB: a card sold as 24 GB has 23.6, and a desktop takes its share
WORTH_QUANTIZING = 1.5  # times the parameters that fit unquantised, for 4 bits to be worth it

_TRAINING_BITS = {"none": 16.0, "nf4": 4.127}
_SERVING_BITS = {"f16": (16.0, 16.0), "q8": (8.5, 8.5), "q4": (4.5, 6.5625)}  # weights, head

Quantize = Literal["none", "nf4"]
ServingType = Literal["f16", "q8", "q4"]


class BaseConfig(StrictModel):
    """Keys of a model's config.json."""

    model_type: str
    num_hidden_layers: int
    hidden_size: int
    intermediate_size: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    vocab_size: int
    tie_word_embeddings: bool


class Tested(StrictModel):
    """What the tests have seen of a base."""

    chat_template: str  # the format
    architecture: str  # whose arithmetic equals that of transformers
    family: str | None = None  # trained, exported and answering through llama.cpp
    real_weights: bool = False  # False: its format on random weights


class TestedBase(StrictModel):
    """One base."""

    name: str
    hub_id: str
    revision: str | None = Field(None, pattern=r"^[0-9a-f]{40}$")
    licence: str
    gated: bool = False  # the hub wants an account that has accepted the licence
    parameters: int
    config: BaseConfig
    tested: Tested

    def training_gib(self, quantize: Quantize) -> float:
        """GiB of a card that a training of all personalities takes."""
        config = self.config
        linear = self.parameters - self._embedding_parameters
        weights = linear * _TRAINING_BITS[quantize] / 8 + self._embedding_parameters * 2
        adapters = 16 * PERSONALITIES * self._lora_parameters
        attention = 2 * self._query_width + 2 * self._value_width
        widths = 6 * config.hidden_size + attention + 4 * config.intermediate_size
        activations = 2 * config.num_hidden_layers * widths * STEP_TOKENS
        head = 3 * 4 * HEAD_ROWS * config.vocab_size
        return (weights + adapters + activations + head) / GIB + OVERHEAD

    def serving_gib(self, kind: ServingType) -> float:
        """GiB that the base and the adapters of all personalities take in llama.cpp."""
        bits, head_bits = _SERVING_BITS[kind]
        head = self.config.vocab_size * self.config.hidden_size
        weights = ((self.parameters - head) * bits + head * head_bits) / 8
        adapters = 2 * PERSONALITIES * self._lora_parameters
        cache = 2 * 2 * self.config.num_hidden_layers * self._value_width * CONTEXT
        buffer = 4 * BUFFER_ROWS * self.config.vocab_size
        return (weights + adapters + cache + buffer) / GIB

    @property
    def _query_width(self) -> int:
        return self.config.num_attention_heads * self.config.head_dim

    @property
    def _value_width(self) -> int:
        return self.config.num_key_value_heads * self.config.head_dim

    @property
    def _embedding_parameters(self) -> int:
        """Of the embedding, and of the head where it is not the same."""
        matrices = 1 if self.config.tie_word_embeddings else 2
        return matrices * self.config.vocab_size * self.config.hidden_size

    @property
    def _lora_parameters(self) -> int:
        """Of one adapter: rank times input and output width of every linear layer."""
        config = self.config
        width, query, value = config.hidden_size, self._query_width, self._value_width
        attention = 2 * (width + query) + 2 * (width + value)
        feed_forward = 3 * (width + config.intermediate_size)
        return RANK * config.num_hidden_layers * (attention + feed_forward)


class _TestedBases(StrictModel):
    bases: list[TestedBase]


@cache
def tested_bases() -> Sequence[TestedBase]:
    """All of them, the smallest first."""
    content = load_yaml(Path(__file__).with_suffix(".yaml"), _TestedBases)
    return tuple(sorted(content.bases, key=lambda base: base.parameters))


def recommend(card_gb: float) -> tuple[TestedBase, Quantize]:
    """The largest base that anybody may pull and that trains on a card of this size.

    In 4 bits only where that allows for a much larger one. Raises `ValueError` for a card on which
    none trains.
    """
    free = card_gb - CARD_LOSS
    bases = [base for base in tested_bases() if not base.gated]
    whole = [base for base in bases if base.training_gib("none") <= free]
    in_4_bits = [base for base in bases if base.training_gib("nf4") <= free]
    if not in_4_bits:
        raise ValueError(f"no base trains in {card_gb:g} GB")
    if whole and in_4_bits[-1].parameters < WORTH_QUANTIZING * whole[-1].parameters:
        return whole[-1], "none"
    return in_4_bits[-1], "nf4"
