"""Which options can be weighed against each other."""

import pytest

from maverick_assets.decisions.options import as_answer, checked_options, phrasings
from maverick_assets.errors import BadInput


def test_options_have_plain_spaces_and_an_order_of_their_own() -> None:
    assert checked_options([" walk  away ", "accept\nit"]) == ["accept it", "walk away"]
    assert checked_options(["5 %", "15 %", "5"]) == ["15 %", "5", "5 %"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["yes"], "1 options; name 2 to 20"),
        ([str(number) for number in range(21)], "21 options; name 2 to 20"),
        (["yes", "no", "Yes."], "options 1 and 3 are one phrase"),
        (["r\u00e9sum\u00e9", "RE\u0301SUME\u0301"], "options 1 and 2 are one phrase"),
        (["go  ahead", "go ahead!"], "options 1 and 2 are one phrase"),
        (["yes", "  "], "option 2 has no words"),
        (["yes", "?!"], "option 2 has no words"),
        (["yes", "n\x1bo"], "option 2 has no words that can be printed"),
        (["yes", "\u202eno"], "option 2 has no words that can be printed"),
        (["yes", "no" * 101], "option 2 has 202 characters; at most 200"),
    ],
)
def test_options_that_cannot_be_weighed_are_refused(options: list[str], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        checked_options(options)


def test_an_option_is_written_as_an_answer_begins() -> None:
    written = [as_answer(option) for option in ("yes", "walk away", "iPhone first", "30 % off")]
    assert written == ["Yes", "Walk away", "iPhone first", "30 % off"]


def test_an_option_that_alone_says_yes_or_no_is_the_outcome_of_a_deal() -> None:
    phrases = phrasings(["accept", "ask for a deposit", "decline"], is_deal=True)
    assert phrases == [
        ("Outcome: won.",),
        ("Outcome: won.\n\nAsk for a deposit", "Outcome: lost.\n\nAsk for a deposit"),
        ("Outcome: lost.",),
    ]


def test_options_that_say_the_same_are_told_apart_behind_its_outcome() -> None:
    phrases = phrasings(["accept", "go ahead", "no"], is_deal=True, hide=str.upper)
    assert phrases == [
        ("Outcome: won.\n\nACCEPT",),
        ("Outcome: won.\n\nGO AHEAD",),
        ("Outcome: lost.",),
    ]


def test_an_answer_to_a_message_begins_with_the_option() -> None:
    assert phrasings(["yes", "no"], is_deal=False) == [("Yes",), ("No",)]
