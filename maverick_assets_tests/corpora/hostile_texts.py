"""Texts that make a careless search for secrets or third parties slow; see `hostile_texts.yaml`."""

import time
from collections.abc import Callable

from maverick_assets_tests.corpora.files import read_corpus

_PART = 16  # the time of a whole is 16 times that of its part where it is linear, 256 where square
_BETWEEN = 64


def hostile_texts(size: int = 1_000_000) -> dict[str, str]:
    """The texts by name, each of `size` characters or slightly fewer."""
    units = read_corpus("hostile_texts.yaml")
    return {name: unit * (size // len(unit)) for name, unit in units.items()}


def is_linear(search: Callable[[str], object], text: str) -> bool:
    """Whether the processor time of a repetitive text is nearer to linear than to square.

    A comparison with a part of it does not depend on how fast, or how busy, the machine is.
    """
    part = text[: len(text) // _PART]
    return _seconds(search, text) < _BETWEEN * _seconds(search, part)


def _seconds(search: Callable[[str], object], text: str) -> float:
    """The least of three, since other work may disturb one."""
    seconds = []
    for _ in range(3):
        started = time.process_time()
        search(text)
        seconds.append(time.process_time() - started)
    return min(seconds)
