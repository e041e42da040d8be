"""Prefixes that several documents of a pack share: computed once, attended to by all of them.

All rows of a personality begin with its system prompt. Under causal attention the keys and values
of a token depend only on the tokens up to it. So equal prefixes have equal keys and values, and one
copy in the pack serves every document. In the backward pass the gradient of that copy is the sum
over the documents that attended to it (Liu et al. 2025, "Prefix Grouper").

No prefix is declared: comparing token ids finds them, as SGLang's radix cache does when it serves
(Zheng et al. 2023). So a mood or a mode in the system prompt needs no special case: such prompts
share what stands before it.
"""

from collections.abc import Iterable

from maverick_assets.base_model.tokenizer import Encoded

# Each shared piece costs a concatenation of keys and values in every layer. A system prompt is
# longer than this; what two mails begin with by chance is shorter and not worth it.
MIN_SHARED_TOKENS = 8

TokenRange = tuple[int, int]
"""Positions `start` to `end` (exclusive) of a pack."""

DocumentRanges = tuple[TokenRange, ...]
"""Where the tokens of one document lie in a pack, in the document's order.

The last range holds the tokens that the document has for itself. The ranges before it, if any, lie
in earlier documents and hold the prefix that it shares with them:

    pack positions   0 .. 39            40 .. 89          90 .. 119
    holds            system prompt      rest of mail 1    rest of mail 2
    mail 1           ((0, 90),)
    mail 2           ((0, 40), (90, 120))
"""


def shared_prefix_length(row: Encoded, previous: Encoded) -> int:
    """How many leading tokens `row` can take from `previous` instead of computing them again.

    0 where the common prefix is shorter than `MIN_SHARED_TOKENS`. The last prompt token is never
    shared: its hidden state predicts the first supervised token of this document, so it must lie in
    the range that the document has for itself.
    """
    limit = min(row.n_prompt - 1, len(previous.input_ids))
    pairs = zip(row.input_ids[:limit], previous.input_ids, strict=False)
    common = next((at for at, (one, other) in enumerate(pairs) if one != other), limit)
    return common if common >= MIN_SHARED_TOKENS else 0


def ranges_in_pack(
    rows: Iterable[Encoded], start: int, share_prefixes: bool
) -> list[DocumentRanges]:
    """The ranges of each row of one adapter when the first is put at position `start` of a pack.

    The rows must be sorted by their token ids. Then no earlier row has more in common with a row
    than the one right before it, and comparing neighbours finds every shared prefix.
    """
    ranges: list[DocumentRanges] = []
    previous: Encoded | None = None
    for row in rows:
        shared: DocumentRanges = ()
        if share_prefixes and previous:
            # The previous row may itself have borrowed its beginning from rows further up, so the
            # prefix can lie in several pieces.
            shared = _leading_ranges(ranges[-1], shared_prefix_length(row, previous))
        end = start + len(row.input_ids) - count_tokens(shared)
        ranges.append((*shared, (start, end)))
        start, previous = end, row
    return ranges


def count_tokens(ranges: DocumentRanges) -> int:
    """Tokens in all ranges together."""
    return sum(end - start for start, end in ranges)


def _leading_ranges(ranges: DocumentRanges, tokens: int) -> DocumentRanges:
    """The ranges of a document's first `tokens` tokens.

    Stops before a piece of fewer than `MIN_SHARED_TOKENS`: such a piece is computed again, which is
    cheaper than concatenating it.
    """
    leading: list[TokenRange] = []
    for start, end in ranges:
        taken = min(tokens, end - start)
        if taken < MIN_SHARED_TOKENS:
            break
        leading.append((start, start + taken))
        tokens -= taken
    return tuple(leading)
