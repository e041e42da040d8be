"""Chat messages as token ids, with one supervised completion."""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from maverick_assets.base_model import chat_template, control_tokens
from maverick_assets.base_model.chat_template import ChatTemplate, Message
from maverick_assets.errors import BadInput
from maverick_assets.files import sha256_of

__all__ = ["ChatTokenizer", "Encoded", "Message"]

_TOKENIZER_SUFFIXES = (".json", ".jinja", ".model", ".txt")  # of files that a tokenizer reads


# Beginnings of answers that a vocabulary may join with what stands before them.
_FIRST_WORDS = ("Yes.", "no", "30 %", "Über", "(a)", "- one", "<b>", "'s", '"Q"', "…", "你好")


# Shapes of prompts: a first question, a conversation, and one that the personality begins.
_CHECKED_ROLES = (
    ("system", "user"),
    ("user",),
    ("system", "user", "assistant", "user"),
    ("system", "assistant", "user"),
)
_CHECKED_ANSWERS = ("Yes, at 9:30.", " Two\n\nparagraphs, \tone tab.\n", "30 % off")
_UNLIMITED = 1_000_000  # tokens


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

    def __init__(self, base_dir: Path, name: str | None = None) -> None:
        """Read the tokenizer; messages call the base `name`, or its directory.

        Raises `BadInput` for a base whose tokenizer or chat template cannot be used.
        """
        from transformers import AutoTokenizer  # takes seconds to import: only when it is needed

        self._directory = base_dir
        self._name = name or str(base_dir)
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(base_dir, local_files_only=True)
        # Whatever the files lead to: another library that is missing, a damaged file, an old class.
        except Exception as error:
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise BadInput(
                f"the tokenizer of base model {self._name} cannot be loaded: {reason}; "
                "copy its tokenizer files (tokenizer.json, tokenizer_config.json) again"
            ) from error
        self._template = ChatTemplate(self._tokenizer, self._name)
        self._start = self._find_start()
        self._joins_completion = self._joins()

    @cached_property
    def digest(self) -> str:
        """Hash of everything that token ids depend on: files, libraries, this code."""
        suffixes = _TOKENIZER_SUFFIXES
        files = sorted(path for path in self._directory.iterdir() if path.suffix in suffixes)
        code = (Path(__file__), Path(chat_template.__file__), Path(control_tokens.__file__))
        parts = [sha256_of(path) for path in (*files, *code)]
        parts += [version(library) for library in ("transformers", "tokenizers")]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def check(self) -> None:
        """Encode conversations of every shape that examples and service have.

        Raises `BadInput` when one does not come back as it was, so that a base is refused before
        anything is trained on it.
        """
        for roles in _CHECKED_ROLES:
            messages = [Message(role=role, content=f"{role}'s words") for role in roles]
            for answer in _CHECKED_ANSWERS:
                said = Message(role="assistant", content=answer)
                encoded = self.encode([*messages, said], _UNLIMITED)
                completion = encoded.input_ids[encoded.n_prompt :]
                if completion[-1] not in self.stop_ids:
                    raise BadInput(
                        f"an answer of base model {self._name} does not end with one token; add "
                        f"{self._template.stop_tokens[0]!r} to the special tokens of its tokenizer"
                    )
                if self.decode(completion).strip() != answer.strip():
                    raise BadInput(
                        f"base model {self._name} does not reproduce {answer!r}: its tokenizer or "
                        "chat template changes what is said; take another base"
                    )

    @property
    def template_traits(self) -> list[str]:
        """What the chat template does, a phrase each."""
        return self._template.traits

    @property
    def vocabulary_size(self) -> int:
        """Tokens, with those added to the vocabulary."""
        return len(self._tokenizer)

    def encode(self, messages: list[Message], max_length: int) -> Encoded:
        """Encode `messages`, whose last one is the completion, in at most `max_length` tokens.

        Control tokens inside of a message are read as text, never as tokens.
        Prompt and completion are tokenized apart, as they are at inference. A long example is cut
        at the ends of two messages: first the last one of the prompt, down to a quarter of
        `max_length`, then the completion, which then has no end-of-turn token.
        """
        text = self._template.prompt(messages[:-1])
        ids = self._ids(text)
        answer = self._template.completion(messages[-1]["content"])
        completion = self._completion_ids(text, ids, answer)
        prompt = self._start_with(ids)
        excess = len(prompt) + len(completion) - max_length
        if excess <= 0:
            return Encoded(prompt + completion, len(prompt))
        prompt = self.encode_prompt(self._shorten(messages[:-1], excess, max_length // 4))
        kept = completion[: max(0, max_length - len(prompt))]
        return Encoded(prompt + kept, len(prompt), True, len(kept) < len(completion))

    def count(self, text: str) -> int:
        """The number of tokens of `text`."""
        return len(self._ids(text))

    def ids(self, text: str) -> list[int]:
        """Token ids of `text` as it stands, without a start token."""
        return self._ids(text)

    def round_trips(self, text: str) -> bool:
        """Whether the tokens of `text` decode to it again; not every vocabulary has all bytes."""
        ids = self._ids(text)
        return str(self._tokenizer.decode(ids, clean_up_tokenization_spaces=False)) == text

    def has_control_tokens(self, text: str) -> bool:
        """Whether `text` holds a control token, which `encode` would make plain."""
        return self._template.control_tokens.are_in(text)

    def encode_prompt(self, messages: list[Message]) -> list[int]:
        """Ids of `messages`, followed by the opening of the assistant's turn.

        They begin with the token that the tokenizer puts at the start of a text, where there is
        one and the template has not written it.
        """
        return self._start_with(self._ids(self._template.prompt(messages)))

    def prompt_text(self, messages: list[Message]) -> str:
        """The text whose ids `encode_prompt` gives, but for the start token that it may add.

        Whoever tokenizes it must read the template's tokens as such: no message holds one.

        White space is left out where the tokenizer drops it, as Phi-3's does behind special tokens:
        llama.cpp reads a text that has none in the same way.
        """
        text = self._template.prompt(messages)
        for token in self._tokenizer.added_tokens_decoder.values():
            before, behind = r"\s*" * token.lstrip, r"\s*" * token.rstrip
            if before or behind:
                written = token.content
                pattern = before + re.escape(written) + behind
                text = re.sub(pattern, written.replace("\\", r"\\"), text)
        return text

    def token(self, token_id: int) -> str:
        """A token as its vocabulary writes it."""
        return str(self._tokenizer.convert_ids_to_tokens(token_id))

    @property
    def stop_tokens(self) -> list[str]:
        """Tokens at which generation stops."""
        return self._template.stop_tokens

    @cached_property
    def stop_ids(self) -> list[int]:
        """Ids of the tokens at which generation stops."""
        return list(self._tokenizer.convert_tokens_to_ids(self._template.stop_tokens))

    @property
    def pad_id(self) -> int:
        """The id that fills up a batch: any will do, because padding is masked."""
        pad = self._tokenizer.pad_token_id
        return int(self.stop_ids[0] if pad is None else pad)

    def decode(self, ids: list[int]) -> str:
        """The text of `ids`, without special tokens."""
        options = {"skip_special_tokens": True, "clean_up_tokenization_spaces": False}
        return str(self._tokenizer.decode(ids, **options))

    @property
    def control_tokens(self) -> frozenset[str]:
        """Special tokens of the vocabulary, and what the template writes between messages."""
        return self._template.control_tokens.tokens

    def _shorten(self, messages: list[Message], excess: int, keep: int) -> list[Message]:
        """`messages`, the last one `excess` tokens shorter but no shorter than `keep` tokens."""
        content = self._ids(self._template.control_tokens.plain(messages[-1]["content"]))
        kept = content[: max(len(content) - excess, min(keep, len(content)))]
        last = Message(role=messages[-1]["role"], content=self._tokenizer.decode(kept))
        return [*messages[:-1], last]

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _completion_ids(self, prompt: str, prompt_ids: list[int], completion: str) -> list[int]:
        """Ids of `completion` as they follow `prompt`, whose ids are `prompt_ids`."""
        if not self._joins_completion:
            return self._ids(completion)
        whole = self._ids(prompt + completion)
        if whole[: len(prompt_ids)] == prompt_ids:
            return whole[len(prompt_ids) :]
        # The last token of the prompt would be another one before this completion. In service the
        # prompt comes first and keeps its tokens.
        return self._ids(completion)

    def _joins(self) -> bool:
        """Whether a completion has other ids behind a prompt than alone.

        Vocabularies of SentencePiece begin every text with a space, which is none of the answer's
        inside a conversation.
        """
        text = self._template.prompt([Message(role="user", content="u")])
        before = self._ids(text)
        completions = map(self._template.completion, _FIRST_WORDS)
        return any(self._ids(text + each) != before + self._ids(each) for each in completions)

    def _find_start(self) -> list[int]:
        """Ids that the tokenizer puts before every text on its own account."""
        plain, whole = self._ids("a"), list(self._tokenizer("a")["input_ids"])
        at = next((at for at in range(len(whole)) if whole[at : at + len(plain)] == plain), 0)
        return whole[:at]

    def _start_with(self, ids: list[int]) -> list[int]:
        return ids if ids[: len(self._start)] == self._start else self._start + ids
