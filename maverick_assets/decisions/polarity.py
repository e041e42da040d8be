"""Whether a phrase says yes or no, in the languages of the mails.

To add a language, add its words to each list, as `fold` spells them.
"""

import re
from typing import Literal

from maverick_assets.crm.people.folding import fold

Polarity = Literal["yes", "no"]

# Words with which an answer begins
_YES_TEXT = "yes yep yeah yup sure ok okay agreed ja jawohl oui si sim da tak jo"
_NO_TEXT = "no nope nein non nao nee nej nei nie never"
# What is done to an offer
_ACCEPT_TEXT = """
accept|agree|approve|confirm|go ahead|proceed|sign|take it|take the deal|do it|say yes|grant|give it
|annehmen|zusagen|zustimmen|unterschreiben|genehmigen|machen
|accepter|accepte|approuver|signer|d'accord
|aceptar|acepto|aprobar|firmar|adelante
|accettare|accetto|approvare|firmare
|aceitar|aceito|aprovar|assinar
|accepteren|akkoord|goedkeuren|tekenen
|accepter|godkend|acceptera|godkann|zgodz|zaakceptuj|podpisz|przyjmij
"""
_REFUSE_TEXT = """
decline|reject|refuse|turn (?:it |them |the deal )?down|walk away|walk|pass|say no|leave it
|let it go|drop it
|ablehnen|absagen|verzichten|lassen
|refuser|refuse|decliner
|rechazar|rechazo|declinar
|rifiutare|rifiuto
|recusar|recuso
|weigeren|afwijzen|afslaan
|afvis|afsla|avbojal|avvisa|tacka nej|odmow|odrzuc
"""
_NOT = re.compile(r"\b(?:not|don'?t|won'?t|never|nicht|kein|ne|pas|niet|ikke|inte|nie|nao|non)\b")
_YES, _NO = (frozenset(text.split()) for text in (_YES_TEXT, _NO_TEXT))
_ACCEPT, _REFUSE = (
    re.compile(rf"\b(?:{''.join(text.split(chr(10)))})(?:e?d|s)?\b")
    for text in (_ACCEPT_TEXT, _REFUSE_TEXT)
)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def polarity(phrase: str) -> Polarity | None:
    """`yes` for "Yes", "accept their terms", "go ahead"; None for what is neither, or both."""
    text = fold(phrase).replace("\u2019", "'")
    first = opening_polarity(text)
    if first is not None:
        return first
    accepts, refuses = _ACCEPT.search(text) is not None, _REFUSE.search(text) is not None
    if accepts == refuses:
        return None
    if _NOT.search(text):
        return "no" if accepts else None
    return "yes" if accepts else "no"


def opening_polarity(answer: str) -> Polarity | None:
    """What the first word of an answer says."""
    word = _WORD.search(fold(answer))
    if word is None:
        return None
    return "yes" if word.group() in _YES else "no" if word.group() in _NO else None
