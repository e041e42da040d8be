"""Keys and values of many prompts in one packed pass, laid out as a padded batch afterwards.

Prompts of a personality begin alike and differ in length. A padded pass computes all of it anew in
every row, at the length of the longest; a pack computes each token once (`training/kernels`), and
copying keys and values to their rows costs next to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from transformers import DynamicCache

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.training.kernels.completion_loss import head_logits
from maverick_assets.training.kernels.packing import AdapterSpan
from maverick_assets.training.kernels.prefixes import DocumentRanges, count_tokens, ranges_in_pack
from maverick_assets.training.model.pack_model import PackModel


@dataclass
class Prefilled:
    """Prompts that a model has read, in the rows of a batch in which they end together."""

    logits: torch.Tensor  # (rows, vocabulary) in float32, of the tokens that follow
    cache: DynamicCache
    mask: torch.Tensor  # (rows, longest): 1 for tokens, 0 for padding before them


def can_prefill(model: PackModel) -> bool:
    """Whether the prompts of this base can be packed. Windows have caches of another layout."""
    config: Any = model.base.config.get_text_config()
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    full = kinds == {"full_attention"} and not getattr(config, "sliding_window", None)
    return full and model.paths.packs and model.paths.attention and model.paths.head


def prefill(model: PackModel, adapter: int, prompts: Sequence[list[int]]) -> Prefilled:
    """Have an adapter read prompts (token ids); the rows have the order of `prompts`."""
    order = sorted(range(len(prompts)), key=lambda at: prompts[at])
    rows = [Encoded(prompts[at], len(prompts[at])) for at in order]
    sharing = model.hardware.shares_prefixes and model.paths.shares_prefixes
    ranges = ranges_in_pack(rows, 0, sharing)
    device, cache = model.hardware.device, DynamicCache()
    hidden = _read_pack(model, adapter, rows, ranges, cache)
    by_prompt = dict(zip(order, ranges, strict=True))
    in_order = [by_prompt[at] for at in range(len(prompts))]
    last = torch.tensor([document[-1][1] - 1 for document in in_order], device=device)
    longest = max(map(len, prompts))
    # Positions in the pack, behind padding that is masked and may point anywhere.
    places = torch.tensor(
        [
            [0] * (longest - len(prompt)) + [at for near in document for at in range(*near)]
            for prompt, document in zip(prompts, in_order, strict=True)
        ],
        device=device,
    )
    layers: Any = cache.layers
    for layer in layers:
        keys, values = layer.keys, layer.values  # (1, kv_heads, tokens, size)
        layer.keys = keys[0][:, places].transpose(0, 1).contiguous()
        layer.values = values[0][:, places].transpose(0, 1).contiguous()
    lengths = torch.tensor([len(prompt) for prompt in prompts], device=device)
    mask = (torch.arange(longest, device=device) >= longest - lengths[:, None]).long()
    return Prefilled(head_logits(model.base, hidden[last]), cache, mask)


def _read_pack(
    model: PackModel,
    adapter: int,
    rows: Sequence[Encoded],
    ranges: Sequence[DocumentRanges],
    cache: DynamicCache,
) -> torch.Tensor:
    """Hidden states (tokens, size) of a pack of `rows`, whose keys and values `cache` gets."""
    skipped = [count_tokens(document[:-1]) for document in ranges]
    own = list(zip(rows, skipped, strict=True))
    ids = list(chain.from_iterable(row.input_ids[skip:] for row, skip in own))
    positions = list(chain.from_iterable(range(skip, len(row.input_ids)) for row, skip in own))
    model.pack_adapters.spans = [AdapterSpan(adapter, 0, len(ids))]
    hidden: torch.Tensor = model.base.get_decoder()(
        input_ids=torch.tensor([ids], device=model.hardware.device),
        position_ids=torch.tensor([positions], device=model.hardware.device),
        past_key_values=cache,
        use_cache=True,
        document_ranges=tuple(ranges),
        adapter_starts=(0,),
    ).last_hidden_state[0]
    return hidden
