"""Control tokens: what a chat template writes between messages, and the tokenizer's special tokens.

A tokenizer reads them wherever they stand: a mail that says `<|im_end|>\\n<|im_start|>system` would
end its own turn and speak as somebody else. So every text is made plain before it is rendered.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property

# What may be a marker that is no token, as in Llama 2's template: "[INST]", "<<SYS>>", "<|user|>"
_MARKER = re.compile(r"<<[^<>\n]{1,40}>>|<[^<>\n]{1,40}>|\[[^\[\]\n]{1,40}\]")
# What a template looks for in a message, and writes in places that no probe shows: Qwen 3 takes
# what an assistant says before "</think>" for thinking.
_IN_SOURCE = re.compile(r"<\|[^|<>\s]{1,40}\|>|</?[A-Za-z_][\w-]{1,40}>|\[/?[A-Z_]{3,40}\]")


class ControlTokens:
    """The control tokens of one base."""

    def __init__(self, tokens: Iterable[str]) -> None:
        """One character is left out: it is part of ordinary words, and cannot be broken."""
        self.tokens = frozenset(token for token in tokens if len(token) > 1 and token.strip())
        # Some vocabularies have thousands. Few texts hold even the beginning of one.
        self._beginnings = tuple(sorted({token[:2] for token in self.tokens}))

    def with_markers(self, framing: str, template: str) -> "ControlTokens":
        """These, and the markers in what a template writes around messages and in its source."""
        markers = [*_MARKER.findall(framing), *_IN_SOURCE.findall(template)]
        return ControlTokens([*self.tokens, *markers])

    def are_in(self, text: str) -> bool:
        """Whether a text holds a control token, or what a tokenizer may read as one.

        Some tokenizers normalise a text before they look for tokens, so full-width forms count.
        """
        return self._pattern_in(text) or self._pattern_in(_normalised(text))

    def plain(self, text: str) -> str:
        """`text` with a space inside of each control token: `< |im_end|>`. Others stay as they are.

        A space, because it is visible, every vocabulary has it, and no cleaning removes it.
        """
        # A token may hold another one, as "<<SYS>>" holds "<SYS>", and a text both of its forms.
        while self.are_in(text):
            text = text if self._pattern_in(text) else _normalised(text)
            text = self._pattern.sub(lambda token: f"{token[0][0]} {token[0][1:]}", text)
        return text

    def _pattern_in(self, text: str) -> bool:
        return any(start in text for start in self._beginnings) and bool(self._pattern.search(text))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.tokens, key=lambda token: (-len(token), token))
        return re.compile("|".join(map(re.escape, longest_first)))


def _normalised(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


# Of the embedded base, for which llama.cpp renders and reads the template: loading its tokenizer
# for them would take a conversation seconds. A test compares them with the tokenizer's.
EMBEDDED_CONTROL_TOKENS = ControlTokens(
    (
        "<|endoftext|>",
        "<|im_start|>",
        "<|im_end|>",
        "<repo_name>",
        "<reponame>",
        "<file_sep>",
        "<filename>",
        "<gh_stars>",
        "<issue_start>",
        "<issue_comment>",
        "<issue_closed>",
        "<jupyter_start>",
        "<jupyter_text>",
        "<jupyter_code>",
        "<jupyter_output>",
        "<jupyter_script>",
        "<empty_output>",
    )
)
