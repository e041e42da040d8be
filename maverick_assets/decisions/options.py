"""The options of a decision: phrases, in an order of their own."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.layout import Outcome, outcome_line
from maverick_assets.decisions.polarity import Polarity, polarity
from maverick_assets.errors import BadInput

FEWEST, MOST = 2, 20  # options of a decision
LONGEST = 200  # characters of an option
_OUTCOMES: dict[Polarity, Outcome] = {"yes": "won", "no": "lost"}


def checked_options(options: Sequence[str]) -> list[str]:
    """The options with plain spaces, sorted, so that their order is nobody's choice.

    Raises `BadInput` for too few, too many, an empty or too long one, one that cannot be printed,
    and for two that are one phrase: they differ in case, accents, spaces and punctuation alone, and
    the probability would be divided between them.
    """
    if not FEWEST <= len(options) <= MOST:
        raise BadInput(f"{len(options)} options; name {FEWEST} to {MOST}")
    phrases = [" ".join(unicodedata.normalize("NFC", option).split()) for option in options]
    seen: dict[str, int] = {}
    for number, phrase in enumerate(phrases, start=1):
        key = _words(phrase)
        if not key or not phrase.isprintable():
            raise BadInput(f"option {number} has no words that can be printed; write it out")
        if len(phrase) > LONGEST:
            raise BadInput(f"option {number} has {len(phrase)} characters; at most {LONGEST}")
        if key in seen:
            raise BadInput(f"options {seen[key]} and {number} are one phrase; name each once")
        seen[key] = number
    return sorted(phrases)


def as_answer(option: str) -> str:
    """An option as an answer begins with it: `yes` -> `Yes`, `iPhone` stays."""
    first, _, rest = option.partition(" ")
    return (
        " ".join(part for part in (first.capitalize(), rest) if part) if first.islower() else option
    )


def phrasings(
    options: Sequence[str], is_deal: bool, hide: Callable[[str], str] = str
) -> list[tuple[str, ...]]:
    """For each option the phrases with one of which the answer begins where it is taken.

    The answer on a deal begins with an outcome. An option that alone says yes, or no, is that
    outcome. Any other is the beginning of the call, behind the outcome that it says, or behind
    either. `hide` puts surrogates in the place of names.
    """
    answers = [as_answer(hide(option)) for option in options]
    if not is_deal:
        return [(answer,) for answer in answers]
    says = [polarity(option) for option in options]
    shared = Counter(says)
    phrases: list[tuple[str, ...]] = []
    for answer, said in zip(answers, says, strict=True):
        lines = [outcome_line(_OUTCOMES[each]) for each in ([said] if said else _OUTCOMES)]
        alone = said is not None and shared[said] == 1
        phrases.append(tuple(lines if alone else [f"{x}\n\n{answer}" for x in lines]))
    return phrases


def _words(phrase: str) -> str:
    """What makes a phrase the same as another one; `+5 %` and `5 %` differ."""
    kept = (
        char
        for char in fold(phrase)
        if not unicodedata.category(char).startswith("P") or char == "%"
    )
    return " ".join("".join(kept).split())
