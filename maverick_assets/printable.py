"""What a terminal may be given: text that moves no cursor, hides no word and turns none around.

Mails, models, file names and servers say what they like. A terminal obeys: `ESC ]52` fills the
clipboard, a carriage return covers what was printed, and U+202E shows words backwards.
"""

import io
import re

# Control characters but newline and tab, both sets; line separators; characters of no width;
# overrides of direction; tags; variation selectors beyond emoji; halves of characters.
UNPRINTABLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u200b\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\uffff"
    "\\ud800-\\udfff\\U000e0000-\\U000e0fff]"
)


def printable(text: str) -> str:
    """`text` with `\\x1b` for an escape character, and so on."""
    return UNPRINTABLE.sub(lambda match: ascii(match.group())[1:-1], text)


def one_line(text: str) -> str:
    """As `printable`, without newlines: a name that holds one must not forge a second line."""
    return printable(text.replace("\n", "\\n"))


class PrintableOutput(io.TextIOWrapper):
    """A stream whose every text is made printable, whoever writes it."""

    def write(self, text: str) -> int:
        super().write(printable(text))
        return len(text)

    def isatty(self) -> bool:
        """False, so that nobody colours what would not pass."""
        return False
