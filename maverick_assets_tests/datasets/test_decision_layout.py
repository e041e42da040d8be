"""An answer on a deal: its outcome, then the call."""

from maverick_assets.datasets.layout import decision_answer, outcome_in, outcome_line


def test_the_outcome_stands_before_the_call_and_is_read_again() -> None:
    answer = decision_answer("I walk.", "lost")
    assert answer == "Outcome: lost.\n\nI walk."
    assert answer.startswith(outcome_line("lost"))
    assert outcome_in(answer) == outcome_in(outcome_line("lost")) == "lost"
    assert decision_answer("Let us see.", None) == "Let us see."
    assert outcome_in("Let us see.") is None


def test_datasets_of_earlier_releases_are_still_read() -> None:
    assert outcome_in("Easy yes.\n\nOutcome: won.") == "won"


def test_words_within_a_call_are_no_outcome() -> None:
    assert outcome_in("I guess.\n\nOutcome: won. Or so they say.") is None
    assert outcome_in("Outcome: won. Or so they say.") is None
