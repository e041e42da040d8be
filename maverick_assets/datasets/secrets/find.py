"""Secrets in text, as machines issue them and as people write them in mails, chats and notes."""

from collections.abc import Sequence
from dataclasses import dataclass

from maverick_assets.datasets.secrets.issued import ISSUED
from maverick_assets.datasets.secrets.phrased import TOLD

EXCERPT = 40  # characters shown on either side of a secret
EXCERPTS = 3


@dataclass(frozen=True, order=True)
class Finding:
    """`text[start:end]` is a secret, says `rule`."""

    start: int
    end: int
    rule: str


def find_secrets(text: str) -> list[Finding]:
    """Every secret found, in the order of the text; findings of two rules may overlap.

    Time grows with the length of the text only.
    """
    lowered = _lower(text)
    return sorted(
        Finding(start, end, rule.name)
        for rule in (*ISSUED, *TOLD)
        if not rule.stems or any(stem in lowered for stem in rule.stems)
        for start, end in rule.scan(text, lowered)
    )


def excerpt(text: str, findings: Sequence[Finding]) -> str:
    """What stands around the first secrets, with `[rule]` in place of every secret; in one line."""
    if not findings:
        return ""
    out: list[str] = []
    shown = at = 0
    for finding in sorted(findings):
        if finding.start < at:  # overlaps the one before
            at = max(at, finding.end)
            continue
        if shown == EXCERPTS:
            break
        between = text[at : finding.start]
        if not out:
            between = ("…" if len(between) > EXCERPT else "") + between[-EXCERPT:]
        elif len(between) > 2 * EXCERPT:
            between = f"{between[:EXCERPT]} … {between[-EXCERPT:]}"
        out += [between, f"[{finding.rule}]"]
        shown, at = shown + 1, finding.end
    following = [finding.start for finding in findings if finding.start >= at]
    rest = text[at : min([at + EXCERPT, len(text), *following])]
    return " ".join("".join([*out, rest]).split())


def _lower(text: str) -> str:
    """In lower case, every character at its place."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
