"""How a deal ended comes from the CRM's fields, and is never in the prompt."""

from datetime import UTC, datetime
from typing import Any

import pytest

from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.deal_outcome import (
    deal_end,
    name_without_outcome,
    without_outcome,
)
from maverick_assets.datasets.turns.fields import deal_fields
from maverick_assets.datasets.turns.marks import KnownPersonalities

OWNER = Owner(("allan@testpilot.example",), ("allan",))
NOBODY = KnownPersonalities(frozenset(), frozenset())
MAY, JUNE = datetime(2026, 5, 4, tzinfo=UTC), datetime(2026, 6, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("deal", "outcome", "is_told"),
    [
        # fields overrule every name
        ({"stage": "Phase 5", "is_closed": True, "is_won": True}, "won", True),
        ({"stage": "Won back, talking", "is_closed": False, "is_won": False}, None, False),
        ({"stage": "Lost and found", "is_closed": False}, None, False),
        ({"stage": "Archiv", "is_closed": True, "is_won": False}, "lost", True),
        ({"stage": "Sopimus", "is_closed": True, "probability": 1.0}, "won", True),
        ({"stage": "Sopimus", "is_closed": True, "probability": 100.0}, "won", True),
        ({"stage": "Ei", "is_closed": True, "probability": 0.0}, "lost", True),
        ({"stage": "Signed!", "is_won": True}, "won", True),
        ({"stage": "Closed Won", "is_closed": True, "is_won": False}, "lost", True),
        ({"stage": "Won", "closed_at": JUNE, "updated_at": JUNE, "is_won": False}, "lost", True),
        ({"stage": "Ofert", "closed_at": JUNE, "updated_at": MAY, "is_won": False}, None, False),
        # closed, and nothing says how
        ({"stage": "Archiv", "is_closed": True}, None, True),
        ({"stage": "Archiv", "closed_at": MAY}, None, True),
        ({"stage": "Archiv", "is_closed": True, "probability": 0.5}, None, True),
        ({"stage": "Open", "is_closed": False, "is_won": True}, None, True),
        # no fields: words, in ten languages
        *(
            ({"stage": stage}, "won", True)
            for stage in (
                *("Closed Won", "closed-won", "Won", "Deal won", "Closed won upsell", "4 - Won"),
                *("Gewonnen", "Abgeschlossen und gewonnen", "Auftrag gewonnen", "Affaire gagnée"),
                *("Cerrada ganada", "Chiusa vinta", "Fechado e ganho", "Gesloten: gewonnen"),
                *("Lukket vundet", "Vunnen affär", "Wygrana", "Zamknięte (wygrane)"),
            )
        ),
        *(
            ({"stage": stage}, "lost", True)
            for stage in (
                *("Closed Lost", "LOST", "Lost - price", "Verloren", "Geschlossen, verloren"),
                *("Perdu", "Fermée perdue", "Perdida", "Chiuso perso", "Fechado perdido"),
                *("Afgesloten verloren", "Tabt", "Förlorad", "Stängd förlorad", "Przegrana szansa"),
            )
        ),
        # words that decide nothing: neither outcome nor stage is shown
        *(
            ({"stage": stage}, None, True)
            for stage in (
                *("Closed", "Abgeschlossen", "Won or lost", "Closed - not won", "Lost contact"),
                *("Nicht gewonnen", "Not yet won", "To be won"),
            )
        ),
        *(
            ({"stage": stage}, None, False)
            for stage in (
                "Negotiation",
                "Won't answer",
                "Wonderful",
                "Almost",
                "Close plan",
                None,
                "",
            )
        ),
    ],
)
def test_fields_say_how_a_deal_ended_and_words_where_there_are_none(
    deal: dict[str, Any], outcome: str | None, is_told: bool
) -> None:
    end = deal_end(deal)
    assert (end.outcome, end.is_told) == (outcome, is_told)
    assert end.is_unclear == (is_told and outcome is None)


@pytest.mark.parametrize(
    ("facts", "left"),
    [
        ("Thirty tasters. We won it in June.", "Thirty tasters."),
        ("Twenty boxes, paid late.\nSigned on Monday!", "Twenty boxes, paid late."),
        ("Zwei Wochen. Im Juni verloren. Preis 9.000.", "Zwei Wochen. Preis 9.000."),
        ("Deux semaines. Contrat signé hier.", "Deux semaines."),
        ("Closed after the second call.", ""),
        ("Two visits, one tender.", "Two visits, one tender."),
    ],
)
def test_sentences_that_say_the_outcome_leave_the_facts(facts: str, left: str) -> None:
    assert without_outcome(facts) == left


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("Norrby: renewal (LOST)", "Norrby: renewal"),
        ("[WON] Norrby: renewal", "Norrby: renewal"),
        ("Norrby: renewal - closed won", "Norrby: renewal"),
        ("Norrby | verloren", "Norrby"),
        ("Lost Valley Foods: renewal", "Lost Valley Foods: renewal"),
        ("Norrby: renewal", "Norrby: renewal"),
    ],
)
def test_a_name_loses_what_says_the_outcome_alone(name: str, left: str) -> None:
    assert name_without_outcome(name) == left


def test_the_prompt_of_a_deal_holds_no_outcome() -> None:
    deal = {
        "deal_name": "Norrby: crackers (lost)",
        "stage": "Archiv 7",
        "amount": 0.0,
        "notes": "Forty boxes. They were lost to a cheaper one.\n\nNo discount; call in autumn.",
        "owner_email": OWNER.emails[0],
        "created_at": MAY,
        "is_closed": True,
        "is_won": False,
    }
    fields = deal_fields(deal, OWNER, NOBODY)
    assert fields["context"] == "Norrby: crackers\nForty boxes."
    assert fields["title"] == "Norrby: crackers"
    assert fields["text"] == "Outcome: lost.\n\nNo discount; call in autumn."
    open_deal = deal | {"is_closed": False, "stage": "Won over", "amount": 9.0}
    assert "Stage: Won over\nAmount: $9" in deal_fields(open_deal, OWNER, NOBODY)["context"]
    unclear = deal | {"is_won": None}
    assert deal_fields(unclear, OWNER, NOBODY)["text"] == "No discount; call in autumn."
