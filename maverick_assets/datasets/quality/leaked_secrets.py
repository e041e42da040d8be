"""Secrets that reached a dataset. detect-secrets finds them, which shares no rule with ours."""

import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from maverick_assets.datasets.examples.example import Example

# Plugins that take any random string or any IP address for a secret. With them, ids, hashes and
# links in ordinary mails would fail every dataset.
_TOO_EAGER = ("Base64HighEntropyString", "HexHighEntropyString", "IPPublicDetector")
# The library's expressions take quadratic time: that of keywords in the length of a word, others in
# that of a line. A secret has fewer characters than either.
_WORD_START = re.compile(r"\w{100}")
_LINE_CHARACTERS = 4_000
_OVERLAP = 500


def leaked_secrets(examples: Sequence[Example], released: Collection[str] = ()) -> list[str]:
    """Examples whose prompt or completion holds a secret, with its kind, never the secret itself.

    `released`: ids of examples that an operator released, which are not searched.
    """
    leaks = []
    kinds_of = cache(_kinds_of_line)  # the examples of a conversation repeat its lines
    for example in examples:
        if example.example_id not in released:
            content = "\n".join(message["content"] for message in example.messages[1:])
            kinds = {kind for line in content.splitlines() for kind in kinds_of(line)}
            leaks += [f"example {example.example_id}: {kind}" for kind in sorted(kinds)]
    return leaks


def secret_kinds(text: str) -> list[str]:
    """The kinds of secret that a text holds, sorted."""
    return sorted({kind for line in set(text.splitlines()) for kind in _kinds_of_line(line)})


def _kinds_of_line(line: str) -> list[str]:
    step = _LINE_CHARACTERS - _OVERLAP
    pieces = [
        line[at : at + _LINE_CHARACTERS] for at in range(0, max(len(line) - _OVERLAP, 1), step)
    ]
    by_words = [_WORD_START.sub(r"\g<0> ", piece) for piece in pieces]
    return [
        plugin.secret_type
        for plugin in _plugins()
        if any(
            any(plugin.analyze_string(piece))
            for piece in (by_words if type(plugin).__name__ == "KeywordDetector" else pieces)
        )
    ]


@cache
def _plugins() -> list[Any]:
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    kinds: dict[str, Any] = get_mapping_from_secret_type_to_class()
    return [kind() for kind in kinds.values() if kind.__name__ not in _TOO_EAGER]
