"""Chat messages as token ids, with one supervised completion."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict

from maverick_assets.files import sha256_of

_TOKENIZER_SUFFIXES = (".json", ".jinja", ".model", ".txt")  # of files that a tokenizer reads


class Message(TypedDict):
    """One message of a chat."""

    role: str  # system, user or assistant
    content: str


@dataclass(frozen=True)
class Encoded:
    """Token ids of one example."""

    input_ids: list[int]
    n_prompt: int  # ids from here on are supervised, end-of-turn included
    cut_prompt: bool = False  # whether the end of the prompt was too long and is missing
    cut_answer: bool = False  # whether the end of the completion is

    @property
    def n_supervised(self) -> int:
        return len(self.input_ids) - self.n_prompt


class ChatTokenizer:
    """The base model's tokenizer and chat template, read from its directory."""

    def __init__(self, base_dir: Path) -> None:
        from transformers import AutoTokenizer  # takes seconds to import: only when it is needed

        self._directory = base_dir
        self._tokenizer: Any = AutoTokenizer.from_pretrained(base_dir, local_files_only=True)
        self._end_of_turn = self._find_end_of_turn()

    @cached_property
    def digest(self) -> str:
        """Hash of everything that token ids depend on: files, libraries, this module."""
        suffixes = _TOKENIZER_SUFFIXES
        files = sorted(path for path in self._directory.iterdir() if path.suffix in suffixes)
        parts = [sha256_of(path) for path in (*files, Path(__file__))]
        parts += [version(library) for library in ("transformers", "tokenizers")]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def encode(self, messages: list[Message], max_length: int) -> Encoded:
        """Encode `messages`, whose last one is the completion, in at most `max_length` tokens.

        Prompt and completion are tokenized apart, as they are at inference. A long example is cut
        at the ends of two messages: first the last one of the prompt, down to a quarter of
        `max_length`, then the completion, which then has no end-of-turn token.
        """
        completion = self._ids(messages[-1]["content"] + self._end_of_turn)
        prompt = self.encode_prompt(messages[:-1])
        excess = len(prompt) + len(completion) - max_length
        if excess <= 0:
            return Encoded(prompt + completion, len(prompt))
        prompt = self.encode_prompt(self._shorten(messages[:-1], excess, max_length // 4))
        kept = completion[: max(0, max_length - len(prompt))]
        return Encoded(prompt + kept, len(prompt), True, len(kept) < len(completion))

    def count(self, text: str) -> int:
        """The number of tokens of `text`."""
        return len(self._ids(text))

    def round_trips(self, text: str) -> bool:
        """Whether the tokens of `text` decode to it again; not every vocabulary has all bytes."""
        ids = self._ids(text)
        return str(self._tokenizer.decode(ids, clean_up_tokenization_spaces=False)) == text

    def has_control_tokens(self, text: str) -> bool:
        """Whether `text` holds a token that the template writes between messages."""
        return any(token in text for token in self._tokenizer.all_special_tokens)

    def encode_prompt(self, messages: list[Message]) -> list[int]:
        """Ids of `messages`, followed by the opening of the assistant's turn."""
        return self._ids(self.render_prompt(messages))

    def render_prompt(self, messages: list[Message]) -> str:
        """The text that `encode_prompt` tokenizes."""
        return str(
            self._tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True
            )
        )

    def _shorten(self, messages: list[Message], excess: int, keep: int) -> list[Message]:
        """`messages`, the last one `excess` tokens shorter but no shorter than `keep` tokens."""
        content = self._ids(messages[-1]["content"])
        kept = content[: max(len(content) - excess, min(keep, len(content)))]
        last = Message(role=messages[-1]["role"], content=self._tokenizer.decode(kept))
        return [*messages[:-1], last]

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _find_end_of_turn(self) -> str:
        """What the template puts after an assistant's words (`<|im_end|>` in ChatML).

        Found behind a character that no template writes, so that any template will do.
        """
        probe = [Message(role="user", content="u"), Message(role="assistant", content="\x1f")]
        whole = str(self._tokenizer.apply_chat_template(probe, tokenize=False))
        return whole[whole.index("\x1f") + 1 :].rstrip("\n")
