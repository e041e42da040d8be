"""Version numbers: v1.0, v1.1 (weekly, full), v1.1.1 (nightly, incremental), v2.0 (major)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from maverick_assets.errors import BadInput

Kind = Literal["full", "incremental", "major"]

# Nine digits at most: `int` refuses a number of thousands with an error of its own.
_PATTERN = re.compile(r"v([1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})(?:\.([1-9][0-9]{0,8}))?")


@dataclass(frozen=True, order=True)
class Version:
    """`v{major}.{minor}`, or `v{major}.{minor}.{patch}` with a patch of at least 1."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> "Version":
        """The inverse of `str`; `BadInput` for anything else (`1.0`, `v1`, `v1.0.0`, `v01.0`)."""
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise BadInput(f"{text!r} is not a version; write v1.0, or v1.0.1 for a nightly one")
        return cls(*(int(part or 0) for part in match.groups()))

    @staticmethod
    def is_version(text: str) -> bool:
        """Whether `parse` takes a text."""
        return _PATTERN.fullmatch(text) is not None

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}" + (f".{self.patch}" if self.patch else "")


def next_version(existing: Iterable[Version], kind: Kind, parent: Version | None) -> Version:
    """The number of a new version beside the `existing` ones; it is always free.

    Full: the next minor above the highest (v1.0 when there is none). Incremental: the next patch
    of its parent's minor. Major: the next major above the highest.
    Raises `BadInput` for an incremental version without a parent.
    """
    taken = list(existing)
    highest = max(taken, default=None)
    if kind == "incremental":
        if parent is None:
            raise BadInput("an incremental version needs a parent; train a full one first")
        minor = (parent.major, parent.minor)
        patches = [version.patch for version in taken if (version.major, version.minor) == minor]
        return Version(*minor, max([parent.patch, *patches]) + 1)
    if highest is None:
        return Version(1, 0)
    if kind == "major":
        return Version(highest.major + 1, 0)
    return Version(highest.major, highest.minor + 1)
