"""What documents begin with in common, computed once for all of them.

The rows of a personality begin with its system prompt. Keys and values of a token depend on what
stands before it alone, so the same beginning gives the same ones, and a document can attend to
those of another; the gradient of what is shared is the sum over all who share it (Liu et al. 2025,
"Prefix Grouper"). Beginnings are found as a server finds them: whatever is the same (Zheng et al.
2023, "SGLang").
"""

from collections.abc import Iterable

from maverick_assets.base_model.tokenizer import Encoded

MIN_SHARED_TOKENS = (
    8  # tokens: most system prompts are longer, and what chance makes alike is shorter
)

DocumentRanges = tuple[tuple[int, int], ...]
"""Where the tokens of a document stand, in their order, as (start, end): what it has in common with
documents before it, in one piece or several; last, the rest, which it has for itself."""


def shared_prefix_length(row: Encoded, before: Encoded) -> int:
    """How many tokens `row` begins with that need not be computed once more after `before`.

    What predicts its first supervised token is always its own.
    """
    most = min(row.n_prompt - 1, len(before.input_ids))
    pairs = zip(row.input_ids[:most], before.input_ids, strict=False)
    same = next((at for at, (one, other) in enumerate(pairs) if one != other), most)
    return same if same >= MIN_SHARED_TOKENS else 0


def ranges_in_pack(rows: Iterable[Encoded], start: int, sharing: bool) -> list[DocumentRanges]:
    """Of each row, the first at `start`; sorted by tokens, each has most in common with the row
    before it, and those have all that any have."""
    found: list[DocumentRanges] = []
    before: Encoded | None = None
    for row in rows:
        shared: DocumentRanges = ()
        if sharing and before:
            shared = _beginning(found[-1], shared_prefix_length(row, before))
        end = start + len(row.input_ids) - size(shared)
        found.append((*shared, (start, end)))
        start, before = end, row
    return found


def size(place: DocumentRanges) -> int:
    return sum(end - start for start, end in place)


def _beginning(place: DocumentRanges, tokens: int) -> DocumentRanges:
    """The first `tokens` of a place, less a last piece that is too short to be fetched."""
    found: list[tuple[int, int]] = []
    for start, end in place:
        taken = min(tokens, end - start)
        if taken < MIN_SHARED_TOKENS:
            break
        found.append((start, start + taken))
        tokens -= taken
    return tuple(found)
