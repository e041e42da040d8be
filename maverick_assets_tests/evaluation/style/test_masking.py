"""Names and figures become their type, and nothing else of a text changes."""

from maverick_assets.evaluation.style.masking import ADDRESS, LINK, NAME, Masking


def test_names_become_one_sign_wherever_they_stand() -> None:
    mask = Masking({"pertile"})
    assert mask("Dana Cole, see Pertile.") == f"{NAME}, see {NAME}."
    assert mask("Ask Dana's team") == f"Ask {NAME}'s team"
    assert mask("dana:\nsend it\njohn") == f"{NAME}:\nsend it\n{NAME}"
    assert mask("Mark,\nok\nRose") == f"{NAME},\nok\n{NAME}"


def test_words_that_are_also_names_stay() -> None:
    text = "I will mark the price. May I?\nGood, thanks"
    assert Masking()(text) == text


def test_addresses_links_phones_and_digits_become_their_type() -> None:
    mask = Masking()
    assert mask("to a.b@x.example now") == f"to {ADDRESS} now"
    assert mask("see https://x.example/a?b=1 today") == f"see {LINK} today"
    assert mask("ring +1 (212) 555-0100 or 4471") == "ring +0 or 0"
    assert mask("$5,795 by 10:30") == "$0,0 by 0:0"
