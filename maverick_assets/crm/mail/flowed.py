"""Text whose lines a mail program broke to fit a screen (RFC 3676, `format=flowed`)."""

import re

_QUOTE = re.compile(r">*")
_SIGNATURE = "-- "


def unflow(text: str, delete_space: bool = False) -> str:
    """The text with its soft line breaks joined, and without the spaces that were stuffed.

    `delete_space` (DelSp): the space before a soft break is no part of the text, as in languages
    that write none between words.
    """
    lines: list[tuple[int, str]] = []  # depth of the quote, and the words
    is_open = False  # whether the last line goes on
    for line in text.split("\n"):
        depth = len(_QUOTE.match(line)[0])  # type: ignore[index]  # it matches nothing, too
        words = line[depth:]
        words = words[1:] if words.startswith(" ") else words
        is_signature = words == _SIGNATURE
        if is_open and lines[-1][0] == depth and not is_signature:
            before = lines[-1][1]
            lines[-1] = (depth, (before[:-1] if delete_space else before) + words)
        else:
            lines.append((depth, words))
        is_open = words.endswith(" ") and not is_signature
    return "\n".join(f"{'>' * depth} {words}" if depth else words for depth, words in lines)
