"""Which messages ask for a decision, and what says yes."""

import pytest

from maverick_assets.decisions.polarity import opening_polarity, polarity
from maverick_assets.decisions.questions import subject_of, yes_and_no


@pytest.mark.parametrize(
    ("message", "answers"),
    [
        ("Should we give the new client a 30% discount?", ("Yes", "No")),
        ("Hi Allan, should I sign?", ("Yes", "No")),
        ("They pay late. So can we stop the work?", ("Yes", "No")),
        ("Their offer ends today: do we have to answer?", ("Yes", "No")),
        ("Shouldn\u2019t we wait?", ("Yes", "No")),
        ("Should we go or not?", ("Yes", "No")),
        ("Sollen wir dem Kunden 30 % Rabatt geben?", ("Ja", "Nein")),
        ("D\u00fcrfen wir das unterschreiben?", ("Ja", "Nein")),
        ("Devrions-nous signer ?", ("Oui", "Non")),
        ("Faut-il accepter leur offre ?", ("Oui", "Non")),
        ("Est-ce qu\u2019on doit signer ?", ("Oui", "Non")),
        ("\u00bfDeber\u00edamos firmar?", ("S\u00ed", "No")),
        ("Dobbiamo accettare?", ("S\u00ec", "No")),
        ("Devemos assinar?", ("Sim", "N\u00e3o")),
        ("Moeten we tekenen?", ("Ja", "Nee")),
        ("B\u00f8r vi skrive under?", ("Ja", "Nej")),
        ("Ska vi skriva p\u00e5?", ("Ja", "Nej")),
        ("Czy powinni\u015bmy podpisa\u0107?", ("Tak", "Nie")),
    ],
)
def test_a_yes_or_no_question_on_an_action_asks_for_a_decision(
    message: str, answers: tuple[str, str]
) -> None:
    assert yes_and_no(message) == answers


@pytest.mark.parametrize(
    "message",
    [
        "What should we do?",
        "When can we meet?",
        "How much should we give them?",
        "Is the report done?",
        "Do you like it?",
        "Can you send me the draft by Friday?",
        "Should we sign or wait?",
        "Sollen wir unterschreiben oder warten?",
        "We should give them a discount.",
        "Should we sign? Tell me tomorrow.",
        "I told them what we should do?",
        "Was sollen wir tun?",
        "?",
        "",
        "Should we " + "and so on " * 1000 + "?",
    ],
)
def test_other_messages_do_not(message: str) -> None:
    assert yes_and_no(message) is None


def test_the_subject_of_a_question_lacks_the_words_that_ask() -> None:
    assert subject_of("We got 7.1, should I worry?").split() == ["we", "got", "7.1,", "worry?"]


@pytest.mark.parametrize(
    ("phrase", "says"),
    [
        ("Yes", "yes"),
        ("accept their terms", "yes"),
        ("go ahead", "yes"),
        ("Ja, gerne", "yes"),
        ("do not decline", None),
        ("No, do not accept it", "no"),
        ("don\u2019t sign", "no"),
        ("turn it down", "no"),
        ("Ablehnen", "no"),
        ("ask for a deposit", None),
        ("accept it and decline the rest", None),
        ("Norway", None),
        ("passport", None),
    ],
)
def test_an_option_says_yes_or_no_or_neither(phrase: str, says: str | None) -> None:
    assert polarity(phrase) == says


def test_the_first_word_of_an_answer_says_yes_or_no() -> None:
    answers = ["Yes. 9:30.", "no, never", "Nothing against it.", "...", "Non, merci"]
    assert [opening_polarity(each) for each in answers] == ["yes", "no", None, None, "no"]
