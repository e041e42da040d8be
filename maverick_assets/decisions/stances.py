"""Decisions in mail and chat: what was asked for, and whether the answer accepts, counters,
declines or defers.

The evidence is words at the beginning of the answer, where people say what they decided. An answer
that says nothing of the kind, or two things at once, has no stance: it is left out and counted.

To add a language, add its words to each list, as `fold` spells them.
"""

import re

from maverick_assets.crm.people.folding import fold
from maverick_assets.decisions.polarity import opening_polarity, polarity
from maverick_assets.decisions.questions import yes_and_no
from maverick_assets.figures.decisions import Stance

STANCES: tuple[Stance, ...] = ("accept", "counter", "decline", "defer")
# With which an answer of each stance begins
PHRASES: dict[Stance, str] = {
    "accept": "Yes",
    "counter": "Yes, if",
    "decline": "No",
    "defer": "Not yet",
}

# What is asked for, within a sentence that ends with a question mark: "Could you do 5% less?"
_REQUEST_TEXT = """
(?:can|could|would|will|may|might) (?:you|we|i)\\b
|(?:do|would) you (?:accept|agree|mind|consider)\\b
|(?:is|would) (?:it|that|this) (?:be )?(?:ok|okay|fine|possible|acceptable|feasible)\\b
|any chance\\b|any way to\\b|what (?:about|if)\\b|how about\\b
|(?:konnen|konnten|wurden|durfen) (?:sie|wir|ihr)\\b|(?:kannst|konntest|wurdest) du\\b
|(?:ist|ware) (?:das|es) (?:ok|okay|moglich|in ordnung)\\b
|(?:pouvez|pourriez|accepteriez)[- ]vous\\b|(?:peux|pourrais)[- ]tu\\b
|(?:est-ce|serait-il) possible\\b
|(?:puede|podria|puedes|podrias|podemos|podriamos)\\b|(?:seria|es) posible\\b
|(?:puo|potrebbe|puoi|potresti|possiamo|potremmo)\\b|(?:pode|poderia|podemos)\\b
|(?:kun|kunt|zou|kunnen|zouden) (?:je|u|jij|jullie|we)\\b
|(?:kan|kunne|skulle|vil) (?:du|ni|vi|jeg|jag|i)\\b|czy (?:moglby|moglaby|mozesz|mozna|moze)\\b
"""
# "I'll think about it", "not yet", "ask me on Monday"
_DEFER_TEXT = """
(?:let me|i'?ll|i will|i need to|i have to|i must|we'?ll|we will|need to|give me)
 (?:think|sleep on|check|consider|decide|get back|come back|let you know|ask|a day|some time|time)
|get back to you|not (?:sure |just )?yet|ask me (?:again|in|on|after|next)|too early to (?:say|tell)
|park (?:it|this|that)|hold (?:off|on|fire)|wait (?:until|till|and see)|sleep on it
|uberleg\\w*|melde mich|noch nicht|spater|gebe? (?:ihnen|dir|euch) bescheid
|reviens vers (?:vous|toi)|pas encore|plus tard|y reflechir
|lo pienso|te digo|le digo|todavia no|aun no|mas adelante
|ci penso|le faccio sapere|ti faccio sapere|non ancora|vou pensar|ainda nao|mais tarde
|kom erop terug|denk erover|nog niet|later|vender tilbage|aterkommer|ikke enda|inte an|jeszcze nie
"""
# "Yes, if they pay first", "2 options", "5%, and the workshop goes"
_COUNTER_TEXT = """
(?:if|unless|provided|as long as|in return|instead|in exchange|on condition)
|only (?:with|if|when|for|against|at)|(?:2|3|two|three) options|(?:either|one) or the other
|what i can do|i can (?:go to|do|offer|give)|i could (?:do|offer)|the most i can|counter ?offer
|meet (?:you|me|in the middle|half ?way)|but (?:only|then|not|for|at|with)|not both|up front
|comes? out|goes over|minus|rush is
|wenn|nur (?:mit|wenn|gegen|bei)|sofern|stattdessen|im gegenzug|dafur|vorausgesetzt
|a condition|sauf si|plutot|en echange|seulement si|uniquement
|siempre que|a cambio|en cambio|solo (?:si|con)|a patto|in cambio|solo se|desde que|em troca
|mits|in plaats|in ruil|alleen (?:als|met)|hvis|bare (?:hvis|med)|i stedet|endast om|bara om|jesli
"""
_REQUEST, _DEFER, _COUNTER = (
    re.compile(rf"\b(?:{''.join(text.split(chr(10)))})", re.IGNORECASE)
    for text in (_REQUEST_TEXT, _DEFER_TEXT, _COUNTER_TEXT)
)
_SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n+")
# "Morning Dana,", "Dana -", "Hi!"
_GREETING = re.compile(r"\A[^\n.?:]{1,40}[,!-]\s*\n+|\A[^\n.?:,]{1,40} [-\u2013\u2014]\s*\n+")
_OPENING = 3  # sentences in which people say what they decided
_LONGEST = 4_000  # characters: a longer message is a document


def asks_for_decision(message: str) -> bool:
    """Whether a message asks for something that can be granted or refused."""
    if len(message) > _LONGEST:
        return False
    if yes_and_no(message) is not None:
        return True
    sentences = _SENTENCE.split(message.strip())
    return any(
        sentence.endswith("?") and _REQUEST.search(_plain(sentence)) for sentence in sentences
    )


def stance_of(answer: str) -> Stance | None:
    """What an answer says, by its first sentences behind the greeting."""
    body = _GREETING.sub("", answer.strip(), count=1)
    sentences = [each for each in _SENTENCE.split(body) if each][:_OPENING]
    opening = _plain(" ".join(sentences))
    if not sentences:
        return None
    said = opening_polarity(sentences[0]) or polarity(sentences[0])
    if said is None and _DEFER.search(opening):
        return "defer"
    if _COUNTER.search(opening):
        return "counter"
    return None if said is None else "accept" if said == "yes" else "decline"


def _plain(text: str) -> str:
    return fold(text).replace("\u2019", "'")
