"""Finds secrets in texts: those that machines issue, those that people phrase, and, as a second
opinion, what a classifier of our own takes for one."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from maverick_assets.datasets.secrets.classifier.model import find_by_classifier
from maverick_assets.datasets.secrets.issued.issued_rules import ISSUED_RULES
from maverick_assets.datasets.secrets.phrased import PHRASED_RULES
from maverick_assets.datasets.secrets.rules import Rule

_RULES = (*ISSUED_RULES, *PHRASED_RULES)
_CLASSIFIER = Rule("classifier", (), find_by_classifier)

EXCERPT_CONTEXT = 40  # characters shown on either side of a secret
MAX_EXCERPTS = 3


@dataclass(frozen=True, order=True)
class Finding:
    """A secret in a text, at `text[start:end]`."""

    start: int
    end: int
    rule: str  # name of the rule that found it


def find_secrets(text: str) -> list[Finding]:
    """The secrets in a text, in order of position. Findings of two rules may overlap.

    Takes time linear in the length of the text.
    """
    of_rules = find_by_rules(text)
    starts = [finding.start for finding in of_rules]
    ends = [0, *accumulate((finding.end for finding in of_rules), max)]  # of the first so many
    second_opinion = [
        finding
        for finding in _findings(text, (_CLASSIFIER,))
        if finding.end > ends[bisect_right(starts, finding.start)]  # no rule's finding covers it
    ]
    return sorted([*of_rules, *second_opinion])


def find_by_rules(text: str) -> list[Finding]:
    """As `find_secrets`, without the classifier."""
    return sorted(_findings(text, _RULES))


def _findings(text: str, rules: Sequence[Rule]) -> Iterator[Finding]:
    lowered = _lower(text)
    for rule in rules:
        if not rule.stems or any(stem in lowered for stem in rule.stems):
            for start, end in rule.search(text, lowered):
                yield Finding(start, end, rule.name)


def excerpt(text: str, findings: Sequence[Finding]) -> str:
    """The text around the first secrets in one line, with `[rule]` in place of each secret."""
    if not findings:
        return ""
    parts: list[str] = []
    shown = position = 0
    for finding in sorted(findings):
        if finding.start < position:  # overlaps the one before
            position = max(position, finding.end)
            continue
        if shown == MAX_EXCERPTS:
            break
        between = text[position : finding.start]
        parts += [_shortened(between, first=not parts), f"[{finding.rule}]"]
        shown, position = shown + 1, finding.end
    next_starts = [finding.start for finding in findings if finding.start >= position]
    rest = text[position : min([position + EXCERPT_CONTEXT, len(text), *next_starts])]
    return " ".join("".join([*parts, rest]).split())


def _shortened(between: str, first: bool) -> str:
    """The text before the first secret, or between two, cut to what an excerpt shows."""
    if first:
        return ("…" if len(between) > EXCERPT_CONTEXT else "") + between[-EXCERPT_CONTEXT:]
    if len(between) > 2 * EXCERPT_CONTEXT:
        return f"{between[:EXCERPT_CONTEXT]} … {between[-EXCERPT_CONTEXT:]}"
    return between


def _lower(text: str) -> str:
    """The text in lower case, with every character at its old position."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    # Some letters grow: the Turkish "İ" becomes two characters.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
