"""Decisions in mail: what is asked for, and what an answer decides."""

import pytest

from maverick_assets.decisions.stances import asks_for_decision, stance_of
from maverick_assets.figures.decisions import Stance


@pytest.mark.parametrize(
    "message",
    [
        "Could you do 5% less?\n\nKind regards,\nJo",
        "The draft is ready. Would it be acceptable to sign on Friday? Thanks!",
        "Should we sign?",
        "K\u00f6nnten Sie uns 5 % entgegenkommen?",
        "Pourriez-vous livrer lundi ?",
        "\u00bfPodr\u00edan esperar? \u00bfSer\u00eda posible el lunes?",
        "Potremmo partire lunedi?",
        "Kunt u 5% korting geven?",
    ],
)
def test_requests_ask_for_a_decision(message: str) -> None:
    assert asks_for_decision(message)


@pytest.mark.parametrize(
    "message",
    [
        "The report is done.",
        "Is the report done?",
        "What does it cost?",
        "You can do it. I could not.",
        "Could you? " + "x" * 5000,
    ],
)
def test_other_mail_asks_for_none(message: str) -> None:
    assert not asks_for_decision(message)


@pytest.mark.parametrize(
    ("answer", "stance"),
    [
        ("Yes, gladly.", "accept"),
        ("Morning Dana,\n\nAgreed. Paper on Monday.", "accept"),
        ("Dana -\n\nSure, Friday works.", "accept"),
        ("Ja, gerne.", "accept"),
        ("Yes, if they pay 40% up front.", "counter"),
        ("No to 20%. 2 options:\n1. Fewer people.\n2. Full price.", "counter"),
        ("Hi Jo,\n\nWhat I can do is 5%.", "counter"),
        ("Ja, aber nur mit Anzahlung.", "counter"),
        ("No, sorry.", "decline"),
        ("Dana -\n\nI decline, kindly.", "decline"),
        ("Nein, das geht nicht.", "decline"),
        ("Let me think about it.", "defer"),
        ("Hi Jo,\n\nNot yet. Ask me on Monday.", "defer"),
        ("Ich melde mich morgen.", "defer"),
        ("The sea is calm.", None),
        ("", None),
    ],
)
def test_an_answer_says_its_stance_at_its_beginning(answer: str, stance: Stance | None) -> None:
    assert stance_of(answer) == stance
