"""Whether a message asks for a decision: a yes/no question about something to do.

The evidence is grammar. A question that puts a modal verb before "we", "I" or "one" ("Should we
...?", "Sollen wir ...?", "Faut-il ...?") deliberates on an action, and yes or no answers it; the
other questions with a verb first ask what is the case ("Is the report done?") or for a favour ("Can
you send it?"), and questions with "what" or "when" have other answers. A choice ("sign or wait?")
is not answered by yes either. In doubt it is none: whoever wants a decision can name the options.

To add a language, add an entry to `_LANGUAGES`, spelt as `fold` spells it.
"""

import re
from dataclasses import dataclass

from maverick_assets.crm.people.folding import fold


@dataclass(frozen=True)
class _Language:
    deliberates: str  # verb and subject, at the beginning of a clause
    either: str  # "or"
    answers: tuple[str, str]  # yes and no


_LANGUAGES = (
    _Language(
        r"(?:should|shouldn't|shall|must|may|might|can|could) (?:we|i)\b"
        r"|(?:do|did) (?:we|i) (?:need|have|want|ought) to\b"
        r"|ought (?:we|i) to\b|are we (?:ok|okay|happy|willing|going) to\b"
        r"|(?:is it|would it be) (?:ok|okay|fine|wise|worth|better|right|sensible|fair)\b",
        r"\bor\b(?! not\b)",
        ("Yes", "No"),
    ),
    _Language(  # German
        r"(?:soll|sollen|sollte|sollten|darf|durfen|durften|kann|konnen|konnte|konnten|muss|mussen"
        r"|mussten|wollen|wollten) (?:wir|ich|man)\b",
        r"\boder\b(?! nicht\b)",
        ("Ja", "Nein"),
    ),
    _Language(  # French
        r"(?:devons|devrions|pouvons|pourrions|voulons)[- ]nous\b|(?:dois|devrais|puis)[- ]je\b"
        r"|(?:doit|devrait|peut|pourrait)[- ]on\b|(?:faut|faudrait)[- ]il\b"
        r"|est[- ]ce qu(?:e |')(?:on|nous|je|il) (?:doit|devrait|devons|devrions|dois|faut|peut)\b",
        r"\bou\b(?! (?:non|pas)\b)",
        ("Oui", "Non"),
    ),
    _Language(  # Spanish
        r"\u00bf(?:debemos|deberiamos|debo|deberia|podemos|podriamos|tenemos que|hay que|conviene)"
        r"\b",
        r"\bo\b(?! no\b)",
        ("S\u00ed", "No"),
    ),
    _Language(  # Italian
        r"(?:dobbiamo|dovremmo|devo|dovrei|potremmo|conviene)\b",
        r"\bo\b(?! no\b)",
        ("S\u00ec", "No"),
    ),
    _Language(  # Portuguese
        r"(?:devemos|deveriamos|devo|deveria|poderiamos|temos que)\b",
        r"\bou\b(?! nao\b)",
        ("Sim", "N\u00e3o"),
    ),
    _Language(  # Dutch
        r"(?:moeten|zullen|kunnen|mogen|zouden) (?:we|wij)\b|(?:moet|zal|kan|mag|zou) ik\b",
        r"\bof\b(?! niet\b)",
        ("Ja", "Nee"),
    ),
    _Language(  # Danish, Norwegian, Swedish
        r"(?:skal|skulle|bor|burde|kan|kunne|ma|ska|skall|borde|far|maste) (?:vi|jeg|jag|man)\b",
        r"\beller\b(?! (?:ikke|inte|ej)\b)",
        ("Ja", "Nej"),
    ),
    _Language(  # Polish
        r"czy (?:powinni\w+|powinie\w+|powinna\w*|mamy|mozemy|musimy|mam|warto)\b",
        r"\b(?:czy|albo|lub)\b(?<!^czy)(?! nie\b)",
        ("Tak", "Nie"),
    ),
)
# "Hi Allan, should we ...", "So should we ...", "Their offer ends: should we ..."
_CONNECTIVES = (
    "so|and|but|then|well|now|or|und|also|aber|dann|oder|et|alors|donc|mais|ou|y|e|entonces|pero|allora"
    "|quindi|ma|entao|mas|en|dus|maar|og|sa|och|men|wiec|i|a"
)
_CLAUSE = rf"(?:^|[,;:.!\u2013\u2014-] ?)(?:(?:{_CONNECTIVES}) )?"
_PATTERNS = tuple(re.compile(_CLAUSE + f"(?:{each.deliberates})") for each in _LANGUAGES)
_EITHER = tuple(re.compile(each.either) for each in _LANGUAGES)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_ASKING = re.compile("|".join(f"(?<!\\w)(?:{each.deliberates})" for each in _LANGUAGES))
_LONGEST = 4_000  # characters: a longer message is a document, whose questions are others'


def yes_and_no(message: str) -> tuple[str, str] | None:
    """The two answers to a message that asks for a decision, in its language; None for others.

    The message must end with that question.
    """
    text = message.strip()
    if len(text) > _LONGEST or not text.endswith("?"):
        return None
    question = fold(_SENTENCE.split(text)[-1]).replace("\u2019", "'")
    for language, pattern, either in zip(_LANGUAGES, _PATTERNS, _EITHER, strict=True):
        match = pattern.search(question)
        if match is not None:
            return None if either.search(question, match.end()) else language.answers
    return None


def subject_of(text: str) -> str:
    """`text`, folded, without the words that make it a question: what it is about."""
    return _ASKING.sub(" ", fold(text).replace("\u2019", "'"))
