"""Answers of several adapters in batches, each token chosen as llama.cpp chooses it in service.

transformers' `generate` goes on with an answer that has ended until the longest of its batch has.
Here an answer leaves its batch when it ends, which halves the work: most are far shorter than the
limit. A batch is computed by one core, and each core has one of its own: products of single tokens
are too small to divide.

The random numbers of an answer depend on the seed and its prompt alone. What they are compared with
does not quite: in a batch of another width, attention rounds differently. So the same call gives
the same answers, and a prompt gets another one beside others only where a random number falls into
that difference.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any

import torch
from transformers import DynamicCache

from maverick_assets.base_model.sampling import TEMPERATURE
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.evaluation.answers.prefill import Prefilled, can_prefill, prefill
from maverick_assets.evaluation.answers.sampled_tokens import choose_tokens
from maverick_assets.evaluation.loaded_base import AdaptedBase
from maverick_assets.training.device.threads import PackThreads, pack_threads
from maverick_assets.training.kernels.lora import PackAdapters
from maverick_assets.training.kernels.packing import AdapterSpan
from maverick_assets.training.model.pack_model import PackModel

BATCH_ROWS = 24

_BATCHES_EACH = 2  # of a thread at once: while one ends early, it has another

MAX_NEW_TOKENS = 80


@dataclass(frozen=True)
class Question:
    """A prompt for one of the adapters, or the base."""

    messages: Sequence[Message]
    adapter: str  # its digest, or BASE
    seed: int = 0
    max_length: int = 512  # tokens at which training cuts an example, and this its prompt
    max_new_tokens: int = MAX_NEW_TOKENS
    temperature: float = TEMPERATURE  # 0: the likeliest token


@dataclass(frozen=True)
class Generated:
    """An answer."""

    text: str
    n_tokens: int  # without that of the end of turn
    ended: bool  # by itself, before the limit


@dataclass
class _Row:
    """An answer in the making."""

    at: int  # index of its question
    question: Question
    n_prompt: int
    draws: list[float]  # a random number for each token
    ids: list[int]  # of the prompt, and of the answer so far


@dataclass(frozen=True)
class BatchedGenerator:
    """Answers questions to the base and its adapters."""

    adapted: AdaptedBase

    def answers(self, questions: Sequence[Question]) -> list[Generated]:
        """The answer to each question."""
        hardware, paths = self.adapted.base.hardware, self.adapted.paths
        batches = _batches([self._row(at, each) for at, each in enumerate(questions)])
        answers: dict[int, Generated] = {}
        with pack_threads(hardware, paths.side_by_side) as threads:
            # The attention that reads packs is another one than that which writes answers, and a
            # model has one at a time. So a few batches at once are read, then answered.
            size = threads.count * _BATCHES_EACH
            for start in range(0, len(batches), size):
                for results in self._complete(batches[start : start + size], threads):
                    answers |= results
        return [answers[at] for at in range(len(questions))]

    def _complete(
        self, batches: Sequence[list[_Row]], threads: PackThreads
    ) -> list[dict[int, Generated]]:
        """The answers of each batch by the indices of their questions."""
        with self.adapted.packs() as model:
            read = partial(self._read, model)
            prefilled = list(threads.map(read, batches)) if can_prefill(model) else None
        with self.adapted.layers() as adapters:

            def complete(at: int) -> dict[int, Generated]:
                with torch.inference_mode():
                    batch = _Batch(self.adapted, adapters, batches[at])
                    return batch.complete(prefilled[at] if prefilled else None)

            return list(threads.map(complete, range(len(batches))))

    def _read(self, model: PackModel, batch: Sequence[_Row]) -> Prefilled:
        adapter = self.adapted.index(batch[0].question.adapter)
        with torch.inference_mode():
            return prefill(model, adapter, [row.ids for row in batch])

    def _row(self, at: int, question: Question) -> _Row:
        tokenizer = self.adapted.base.tokenizer
        empty = Message(role="assistant", content="")
        encoded = tokenizer.encode([*question.messages, empty], question.max_length)
        prompt = encoded.input_ids[: encoded.n_prompt]
        key = f"{question.seed} {' '.join(map(str, prompt))}"
        seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:7])
        generator = torch.Generator().manual_seed(seed)
        draws = torch.rand(question.max_new_tokens, generator=generator).tolist()
        return _Row(at, question, len(prompt), draws, list(prompt))


def question_digest(question: Question) -> str:
    """Digest of all that an answer depends on besides the model, given its tokenizer."""
    parts = [
        *(f"{message['role']}: {message['content']}" for message in question.messages),
        *(question.seed, question.max_length, question.max_new_tokens, question.temperature),
    ]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def _batches(rows: Sequence[_Row]) -> list[list[_Row]]:
    """Rows of one adapter and of similar length together, the longest first."""

    def kind(row: _Row) -> tuple[str, float]:
        return row.question.adapter, row.question.temperature

    batches: list[list[_Row]] = []
    order = sorted(rows, key=lambda row: (kind(row), row.n_prompt, row.at), reverse=True)
    for row in order:
        if not batches or kind(batches[-1][0]) != kind(row) or len(batches[-1]) == BATCH_ROWS:
            batches.append([])
        batches[-1].append(row)
    return batches


class _Batch:
    """Answers of one adapter that are computed together."""

    def __init__(self, adapted: AdaptedBase, adapters: PackAdapters, rows: list[_Row]) -> None:
        self._base = adapted.base
        self._model: Any = adapted.lora.get_base_model()
        self._adapters = adapters
        self._adapter = adapted.index(rows[0].question.adapter)
        self._temperature = rows[0].question.temperature
        self._rows = rows

    def complete(self, prefilled: Prefilled | None) -> dict[int, Generated]:
        """The answers by the indices of their questions; without `prefilled` prompts are padded."""
        done: dict[int, Generated] = {}
        read = prefilled or self._read()
        logits, cache, mask = read.logits, read.cache, read.mask
        while True:
            tokens = choose_tokens(
                logits,
                [row.ids for row in self._rows],
                self._temperature,
                [row.draws[len(row.ids) - row.n_prompt] for row in self._rows],
            )
            going_on = []
            for place, (row, token) in enumerate(zip(self._rows, tokens, strict=True)):
                if generated := self._ended(row, token):
                    done[row.at] = generated
                else:
                    going_on.append(place)
            if not going_on:
                return done
            if len(going_on) < len(self._rows):
                self._rows = [self._rows[place] for place in going_on]
                cache.batch_select_indices(torch.tensor(going_on, device=mask.device))
                mask = mask[going_on]
            ids = torch.tensor([row.ids[-1:] for row in self._rows], device=mask.device)
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], 1)
            logits = self._next_logits(ids, mask, cache)

    def _ended(self, row: _Row, token: int) -> Generated | None:
        """The answer of a row that ends with this token; the token is added to the others."""
        ended = token in self._base.tokenizer.stop_ids
        if not ended:
            row.ids.append(token)
        n_tokens = len(row.ids) - row.n_prompt
        if not ended and n_tokens < row.question.max_new_tokens:
            return None
        text = self._base.tokenizer.decode(row.ids[row.n_prompt :]).strip()
        return Generated(text, n_tokens, ended)

    def _read(self) -> Prefilled:
        """The prompts read in a padded pass by the model's own code."""
        prompts = [row.ids for row in self._rows]
        padded = pad_left(prompts, self._base.tokenizer.pad_id)
        ids, mask = (tensor.to(self._base.hardware.device) for tensor in padded)
        cache = DynamicCache(config=self._model.config)
        return Prefilled(self._next_logits(ids, mask, cache), cache, mask)

    def _next_logits(
        self, ids: torch.Tensor, mask: torch.Tensor, cache: DynamicCache
    ) -> torch.Tensor:
        """Logits (rows, vocabulary) in float32 behind `ids` (rows, new), which the cache gets.

        `mask` (rows, all): 1 for tokens, 0 for padding.
        """
        # For each product all tokens of the batch are those of one adapter.
        self._adapters.spans = [AdapterSpan(self._adapter, 0, ids.numel())]
        inputs: dict[str, Any] = {
            "input_ids": ids,
            "attention_mask": mask,
            "past_key_values": cache,
            "use_cache": True,
        }
        accepted = signature(self._model.forward).parameters
        if "position_ids" in accepted:
            positions = (mask.cumsum(-1) - 1).clamp_(min=0)
            inputs["position_ids"] = positions[:, -ids.shape[1] :]
        if "logits_to_keep" in accepted:
            # An index, not a number: of a slice of many tokens, torch makes a product that first
            # copies the whole head for each row.
            inputs["logits_to_keep"] = torch.tensor([ids.shape[1] - 1], device=ids.device)
        logits: torch.Tensor = self._model(**inputs).logits[:, -1]
        return logits.float()


def pad_left(rows: Sequence[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask [row, position] of rows that end together.

    By hand, because many bases (Llama 3, Mistral) have no pad token, and transformers then refuses.
    """
    longest = max(map(len, rows))
    ids = [[pad] * (longest - len(row)) + list(row) for row in rows]
    mask = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids), torch.tensor(mask)
