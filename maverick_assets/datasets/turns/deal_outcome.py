"""How a deal ended: the CRM's own fields say it, and words of its stage where there are none.

To add a language, add its words to each list, as `fold` spells them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.layout import DealFacts, Outcome

# "Closed Won", "Gewonnen", "Gagné", "Ganada", "Vinta", "Ganho", "Vundet", "Vunnen", "Wygrana"
_WON_TEXT = """
won gewonnen gagne gagnee ganado ganada vinto vinta ganho ganha ganhou vundet vunnen vunnet wygrany
wygrana wygrane
"""
_LOST_TEXT = """
lost verloren perdu perdue perdido perdida perso persa perdeu tabt tapt forlorad forlorat przegrany
przegrana przegrane utracony utracona utracone
"""
_CLOSED_TEXT = """
closed abgeschlossen geschlossen cloture cloturee conclu conclue ferme fermee cerrado cerrada chiuso
chiusa fechado fechada gesloten afgesloten lukket stangd stangt avslutad avslutat zamkniety
zamknieta zamkniete
"""
# "Signed in June": says in the facts how the deal ended
_SIGNED_TEXT = """
signed unterschrieben unterzeichnet signe signee firmado firmada firmato firmata assinado assinada
getekend ondertekend underskrevet undertecknad undertecknat podpisany podpisana podpisane
"""
_NOT = frozenset(
    ["not", "never", "non", "nicht", "nie", "niet", "ikke", "inte", "pas", "no", "nao", "kein"]
)
# May stand beside the outcome in a stage that says nothing else: "Deal won", "Affaire perdue"
_BESIDE_TEXT = """
deal deals and und et y e en og och i opportunity oportunidad oportunidade opportunita geschaft
auftrag affaire vente affare trattativa vendita negocio venda venta zaak order aftale ordre affar
szansa transakcja sprzedaz
"""
_WON, _LOST, _CLOSED = (frozenset(text.split()) for text in (_WON_TEXT, _LOST_TEXT, _CLOSED_TEXT))
_BESIDE = frozenset(_BESIDE_TEXT.split()) | _CLOSED
_ENDED = _WON | _LOST | _CLOSED
_SAYS_OUTCOME = _ENDED | frozenset(_SIGNED_TEXT.split())
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")  # "won't" is one word
_JOINED = re.compile(r"\bclosed(?=won|lost)")  # "closedwon", as HubSpot calls its stages itself
# "Closed - won", "Lost (price)"
_SEGMENT = re.compile(r"\s+[-\u2013\u2014]\s+|[:/|(),;\[\]\u2013\u2014]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
_CERTAIN = {0.0: "lost", 1.0: "won", 100.0: "won"}  # probabilities of a closed deal


@dataclass(frozen=True)
class DealEnd:
    """What is known of a deal's end."""

    outcome: Outcome | None
    is_told: bool  # stage and facts may say how the deal ended, or are thought to

    @property
    def is_unclear(self) -> bool:
        """Whether the deal seems to have ended, and nothing says for sure how."""
        return self.is_told and self.outcome is None


OPEN = DealEnd(None, False)
UNCLEAR = DealEnd(None, True)


def deal_end(deal: Mapping[str, Any]) -> DealEnd:
    """How a deal ended, by `is_closed`, `is_won`, `closed_at` and `probability` where it has them.

    A stage is a name that people choose. Its words count only where these columns leave it open.
    """
    is_closed, is_won = deal.get("is_closed"), deal.get("is_won")
    if is_closed is None and deal.get("closed_at") is not None:
        # A time to come is when somebody expects the end.
        is_closed = deal.get("updated_at") is None or deal["closed_at"] <= deal["updated_at"]
    if is_closed is False:
        return UNCLEAR if is_won else OPEN
    if is_won:
        return DealEnd("won", True)
    by_words = _end_by_words(deal.get("stage"))
    if not is_closed:
        return by_words
    if is_won is False:
        return DealEnd("lost", True)
    certain: Any = _CERTAIN.get(deal.get("probability"))  # type: ignore[arg-type]
    return DealEnd(certain or by_words.outcome, True)


def before_end(deal: DealFacts, end: DealEnd) -> DealFacts:
    """A deal's facts without what says how it ended."""
    if not end.is_told:
        return deal
    return replace(
        deal,
        name=name_without_outcome(deal.name),
        stage=None,
        amount=deal.amount or None,  # many CRMs set what was lost to 0
        notes=without_outcome(deal.notes),
    )


def without_outcome(text: str) -> str:
    """The facts of a deal without the sentences that say how it ended."""
    lines = (
        " ".join(part for part in _SENTENCE.split(line) if not _words(part) & _SAYS_OUTCOME)
        for line in text.split("\n")
    )
    return "\n".join(line for line in lines if line).strip()


def name_without_outcome(name: str) -> str:
    """`Acme Foods: renewal (LOST)` -> `Acme Foods: renewal`."""
    for segment in _SEGMENT.split(name):
        words = _words(segment)
        if words & _ENDED and words <= _ENDED | _BESIDE:
            around = rf"[\s\[(:/|,;\u2013\u2014-]*{re.escape(segment.strip())}[\s\])]*"
            name = re.sub(around, " ", name, count=1)
    return " ".join(name.split()).strip(" -\u2013\u2014:/|,;")


def _end_by_words(stage: str | None) -> DealEnd:
    words = _words(stage or "")
    if not words & _ENDED:
        return OPEN
    is_won, is_lost = bool(words & _WON), bool(words & _LOST)
    if is_won == is_lost or words & _NOT:
        return UNCLEAR
    segments = [_words(segment) for segment in _SEGMENT.split(stage or "")]
    is_plain = any(segment & (_WON | _LOST) and segment <= _ENDED | _BESIDE for segment in segments)
    return DealEnd("won" if is_won else "lost", True) if is_plain or words & _CLOSED else UNCLEAR


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_JOINED.sub("closed ", fold(text))))
