"""Contacts' real data in answers: what the scan would replace, and the lake's raw rows hold.

The scan alone replaces every phone number, street and address, also those that a model makes up.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from maverick_assets.crm.raw_table import live_rows
from maverick_assets.datasets.outgoing import OutgoingText
from maverick_assets.lake.paths import raw_paths

_BETWEEN = re.compile(r"[\W_]+")  # a phone number is the same however it is spaced

_OWN_DIGITS = 8  # of a phone number, behind the prefixes of country and town


def count_leaks(answers: Sequence[str], scan: OutgoingText, lake: Path | None) -> int:
    """How many answers hold a contact's name, address, phone number or street; no surrogate is one.

    Without a `lake` everything counts that the scan replaces.
    """
    replaced = [_replaced(answer, scan) for answer in answers]
    wanted = set[str]().union(*replaced)
    real = _held(wanted, lake) if lake and wanted else wanted
    return sum(bool(each & real) for each in replaced)


def _replaced(answer: str, scan: OutgoingText) -> set[str]:
    people = scan.third_parties
    if people is None:
        return set()
    texts = {
        _plain(answer[each.start : each.end])
        for each in people.replacements(answer)
        if each.new != answer[each.start : each.end]
    }
    # A number may be written with or without the prefix of its country.
    return {text[-_OWN_DIGITS:] if text.isdigit() else text for text in texts}


def _held(wanted: set[str], lake: Path) -> set[str]:
    """Those of the `wanted` texts that stand in a raw row."""
    held: set[str] = set()
    for row in _raw_texts(lake):
        held |= {text for text in wanted - held if text in row}
        if held == wanted:
            break
    return held


def _raw_texts(lake: Path) -> Iterator[str]:
    for path in raw_paths(lake):
        for row in live_rows(path):
            yield _plain(" ".join(str(value) for value in row.values() if value is not None))


def _plain(text: str) -> str:
    return _BETWEEN.sub("", text.casefold())
