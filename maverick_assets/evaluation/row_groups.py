"""Examples in groups that are scored together, and keep together when others come or go."""

import hashlib
from array import array
from collections.abc import Mapping, Sequence

from maverick_assets.base_model.tokenizer import Encoded

RowGroup = Mapping[str, Encoded]
"""Rows that one pass scores, by digest, in the order of their digests."""

_DIGEST_BYTES = 16


def row_groups(rows: Sequence[Encoded], tokens: int) -> list[RowGroup]:
    """Distinct rows in groups of at most `tokens` tokens each, or of one row that is longer.

    Rows that share the first bits of their digests are together. A row more or less therefore
    changes its own group and no other, so that the losses of the others can be kept: beside other
    rows, a product may be computed by another kernel, which rounds differently.
    """
    by_digest = {row_digest(row): row for row in rows}
    return _split(dict(sorted(by_digest.items())), tokens, bit=0)


def row_digest(row: Encoded) -> str:
    """Digest of a row's token ids, and of which of them are supervised."""
    content = array("q", [row.n_prompt, *row.input_ids]).tobytes()
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).hexdigest()


def _split(group: RowGroup, tokens: int, bit: int) -> list[RowGroup]:
    """A group halved by the next bits of the digests until each part is small enough."""
    if not group:
        return []
    if len(group) == 1 or sum(len(row.input_ids) for row in group.values()) <= tokens:
        return [group]
    halves: tuple[dict[str, Encoded], dict[str, Encoded]] = ({}, {})
    for digest, row in group.items():
        halves[int(digest, 16) >> (8 * _DIGEST_BYTES - 1 - bit) & 1][digest] = row
    return [*_split(halves[0], tokens, bit + 1), *_split(halves[1], tokens, bit + 1)]
