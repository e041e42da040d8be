"""What was trained: base and adapter in transformers, in float32 on the processor.

Answers need not be generated to be compared. A greedy answer is the reference's own if at each of
its tokens the reference would have chosen that token, which one forward pass over prompt and answer
tells.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.processes import thread_limit
from maverick_assets.serving.export.engines import Reply

NAME = "transformers, float32"


@dataclass(frozen=True)
class Comparison:
    """A reply beside what the reference would have said.

    `difference` is the largest between log-probabilities (nats) of tokens that the reply names.
    `parts_at` is the position in the answer from which on the reference says something else, with
    `instead`, the token that it prefers there by `margin` nats; None where it says the same.
    """

    difference: float
    parts_at: int | None = None
    instead: int | None = None
    margin: float = 0.0


class Reference:
    """The base in transformers; adapters take turns on it."""

    def __init__(self, base: PreparedBase) -> None:
        """Verify and load the base."""
        import torch

        # llama.cpp computes on another core meanwhile.
        torch.set_num_threads(max(1, thread_limit() - 1))
        self.tokenizer = ChatTokenizer(base.directory)
        self._model = load_base_model(base.directory, base.digest, torch.float32)
        self._adapted: Any = self._model

    @contextmanager
    def adapter(self, directory: Path) -> Iterator[None]:
        """Inside, the adapter of a directory is applied. Raises `MaverickError` if it is none."""
        from maverick_assets.training.loop.adapters import load_adapter

        lora = load_adapter(self._model, directory)
        self._adapted = lora
        try:
            yield
        finally:
            self._adapted = self._model
            lora.unload()

    def compare(self, prompt: Sequence[int], reply: Reply) -> Comparison:
        """Compare a reply, which names its tokens, with what the reference says to `prompt`."""
        import torch

        ids = reply.ids or []
        spoken = [*ids, None] if reply.stopped and not self._ends(ids) else list(ids)
        with torch.inference_mode():
            rows = (
                self._adapted(
                    input_ids=torch.tensor([[*prompt, *ids]]), logits_to_keep=len(ids) + 1
                )
                .logits[0]
                .float()
            )
        chosen = rows.argmax(-1).tolist()
        row = torch.log_softmax(rows[reply.at], -1)
        differences = [abs(row[token].item() - value) for token, value in reply.logprobs.items()]
        difference = max(differences, default=float("nan"))
        for at, token in enumerate(spoken):
            is_end = token is None and chosen[at] in self.tokenizer.stop_ids
            if chosen[at] != token and not is_end:
                margin = self._margin(rows[at], chosen[at], token)
                return Comparison(difference, at, int(chosen[at]), margin)
        return Comparison(difference)

    def answer(self, prompt: Sequence[int], begun: Sequence[int], max_tokens: int) -> str:
        """The greedy answer, whose first tokens are `begun`."""
        import torch

        ids = torch.tensor([[*prompt, *begun]])
        room = max_tokens - len(begun)
        if room > 0 and not self._ends(begun):
            with torch.inference_mode():
                ids = self._adapted.generate(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    max_new_tokens=room,
                    do_sample=False,
                    eos_token_id=self.tokenizer.stop_ids,
                    pad_token_id=self.tokenizer.pad_id,
                )
        return self.tokenizer.decode(ids[0, len(prompt) :].tolist())

    def _margin(self, row: Any, preferred: int, said: int | None) -> float:
        """By how many nats a token is likelier than the one that was said, or than any end."""
        others = self.tokenizer.stop_ids if said is None else [said]
        return float(row[preferred] - row[others].max())

    def _ends(self, ids: Sequence[int]) -> bool:
        return bool(ids) and ids[-1] in self.tokenizer.stop_ids
