"""Chat messages as token ids with one supervised completion."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict

from maverick_assets.files import sha256_of

_TOLD_BY = (".json", ".jinja", ".model", ".txt")  # files of a base that its tokenizer may read


class Message(TypedDict):
    """One chat message: `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Encoded:
    """Token ids of one example; those from `n_prompt` on are supervised (end-of-turn included).

    `cut_prompt`, `cut_answer`: part of it was too long and is not in.
    """

    input_ids: list[int]
    n_prompt: int
    cut_prompt: bool = False
    cut_answer: bool = False

    @property
    def n_supervised(self) -> int:
        return len(self.input_ids) - self.n_prompt


class ChatTokenizer:
    """The base model's tokenizer and chat template, read from its directory."""

    def __init__(self, base_dir: Path) -> None:
        from transformers import AutoTokenizer  # seconds to import: only when it is needed

        self._directory = base_dir
        self._tokenizer: Any = AutoTokenizer.from_pretrained(base_dir, local_files_only=True)
        self._close = self._end_of_turn()

    @cached_property
    def digest(self) -> str:
        """Of all that the ids of given messages depend on: files, libraries, this module."""
        files = sorted(path for path in self._directory.iterdir() if path.suffix in _TOLD_BY)
        parts = [sha256_of(path) for path in (*files, Path(__file__))]
        parts += [version(library) for library in ("transformers", "tokenizers")]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def encode(self, messages: list[Message], max_length: int) -> Encoded:
        """Encode `messages`, of which the last is the completion, in at most `max_length` tokens.

        Prompt and completion are tokenized apart, as they are at inference. What is too long is
        cut at the end: first the last user message, to a quarter of `max_length`; then the
        completion, which then has no end-of-turn token.
        """
        completion = self._ids(messages[-1]["content"] + self._close)
        prompt = self.encode_prompt(messages[:-1])
        excess = len(prompt) + len(completion) - max_length
        if excess <= 0:
            return Encoded(prompt + completion, len(prompt))
        prompt = self.encode_prompt(self._shorten(messages[:-1], excess, max_length // 4))
        kept = completion[: max(0, max_length - len(prompt))]
        return Encoded(prompt + kept, len(prompt), True, len(kept) < len(completion))

    def count(self, text: str) -> int:
        """How many tokens `text` is."""
        return len(self._ids(text))

    def spells(self, text: str) -> bool:
        """Whether the tokens of `text` decode to exactly it; not every vocabulary has all bytes."""
        ids = self._ids(text)
        return str(self._tokenizer.decode(ids, clean_up_tokenization_spaces=False)) == text

    def has_control_tokens(self, text: str) -> bool:
        """Whether `text` holds what the template writes between messages."""
        return any(token in text for token in self._tokenizer.all_special_tokens)

    def encode_prompt(self, messages: list[Message]) -> list[int]:
        """Ids of `messages` followed by the opening of the assistant's turn."""
        return self._ids(self.render_prompt(messages))

    def render_prompt(self, messages: list[Message]) -> str:
        return str(
            self._tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True
            )
        )

    def _shorten(self, messages: list[Message], excess: int, keep: int) -> list[Message]:
        content = self._ids(messages[-1]["content"])
        kept = content[: max(len(content) - excess, min(keep, len(content)))]
        last = Message(role=messages[-1]["role"], content=self._tokenizer.decode(kept))
        return [*messages[:-1], last]

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _end_of_turn(self) -> str:
        """What the template puts after an assistant's words (`<|im_end|>` in ChatML)."""
        probe = [Message(role="user", content="u"), Message(role="assistant", content="\x1f")]
        whole = str(self._tokenizer.apply_chat_template(probe, tokenize=False))
        return whole[whole.index("\x1f") + 1 :].rstrip("\n")
