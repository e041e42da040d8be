"""What arrives from others: what of it is left out, and what of it can be stored."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SkippedInput:
    """Input that was left out."""

    name: str  # of a file, a message or a line, by which the user finds it
    reason: str


def storable(text: str) -> str:
    """`text` without what PostgreSQL cannot store: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
