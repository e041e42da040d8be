"""Contact blocks go; contacts that a mail is about stay."""

import pytest

from maverick_assets.datasets.mail.cleaning import clean_body

OWN = "Yes, fine - 30% is TOO much :)\n\nSee you on Friday."


@pytest.mark.parametrize(
    "block",
    [
        "Allan Price\nx3-4471",
        "Allan Price\n3-4471",
        "Allan Price\nHead of Product\n212-555-0100 (office)\n212-555-0101 (mobile)",
        "Allan\nTestPilot Ovens Inc.\n+1 212 555 0100",
        "Allan\n\n+1 212 555 0100",
        "Allan Price\nTestPilot\n12 Mill Lane\nSpringfield, TX 77002\n+1 212 555 0100",
        "AP\n\nCell: +1 212 555 0100\nallan@testpilot.example",
        "Allan Price\nLeiter Produkt\nTel. +49 89 5550100\nwww.testpilot.example",
    ],
)
def test_a_contact_block_without_a_closing_goes_but_for_the_name(block: str) -> None:
    mail = clean_body(f"{OWN}\n\n{block}\n")
    assert mail.text == f"{OWN}\n\n{block.splitlines()[0]}"
    assert mail.removed[-1].reason == "contact"


def test_a_number_in_an_earlier_sentence_does_not_keep_a_contact_block() -> None:
    own = "Please fax the contract to 212 555 0199.  I look forward to working with you."
    assert clean_body(f"{own}\n\nAllan\n212-555-0100").text == f"{own}\n\nAllan"


def test_an_extension_below_a_closing_and_a_name_goes() -> None:
    assert clean_body(f"{OWN}\n\nThanks\n\nAllan Price\n54471").text.endswith("Allan Price")
    assert clean_body("Best,\nthe code is\n54471").text.endswith("54471")


def test_a_promise_to_call_does_not_keep_a_contact_block() -> None:
    assert clean_body("I'll call you on Friday.\n\nAllan\n212-555-0100").text.endswith("Allan")


def test_a_full_name_over_contacts_below_a_typed_name_goes() -> None:
    block = "Allan B. Price\nTestPilot Ovens\n212-555-0100 (office)"
    assert clean_body(f"{OWN}\n\nAllan\n\n\n{block}").text == f"{OWN}\n\nAllan"


def test_a_full_name_below_a_closing_and_a_first_name_goes() -> None:
    assert clean_body(f"{OWN}\n\nBest,\nAllan\n\nAllan Price").text == f"{OWN}\n\nBest,\nAllan"
    both = f"{OWN}\n\nBest,\nAllan\n\nDana is in, too."
    assert clean_body(both).text == both


@pytest.mark.parametrize(
    "text",
    [
        "Here is the plumber.\n\nDana Cole\n+1 212 555 0100",
        "The number that you asked for.\n\nDana Cole\n+1 212 555 0100",
        "Dana Cole\n+1 212 555 0100",
        "Send the oven to\n\nDana Cole\n12 Mill Lane\n+1 212 555 0100",
        "Please ask for\n\nDana\nx4471",
        "See you there.\n\nAllan\nCall me at 212 555 0100",
        "You can reach us here:\n\nAllan\n212 555 0100",
        "See you there.\n\nAllan\n212 555 0100\n\nBring the big mixer, the small one is broken.",
        "Our drivers.\n\nDana\n212 555 0100\nErin\n212 555 0101",
        "Orders so far.\n\nOvens\n1985332\nMixers\n1985333",
        "These come along.\n\nDana\nErin\nAllan",
        "Sounds Good\nAllan\nx3-4471",
        "Here you go.\n\nAP\n\n\nhttp://x.example/couple.html?id=7",
        "Thanks,\n\nAllan, X5-4471",
        "Ruf Dana an.\n\nIhre Nummer\nDana Cole\n+49 89 5550100",
    ],
)
def test_names_and_telephones_that_a_mail_is_about_stay(text: str) -> None:
    assert clean_body(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "Best,\nAllan\n\nP.S.\nOur house is for sale. See it at 12 Mill Lane or on www.x.example",
        "Thanks,\nAllan\nif you need me call the office or my mobile at 212 555 0100",
        "Thanks,\nAllan x4471",
        "Call Dana:\n\nDana Cole\n+1 212 555 0100",
        "It goes to\nTestPilot Inc.\n12 Mill Lane\nwww.testpilot.example",
    ],
)
def test_keeps_telephones_and_addresses_that_a_mail_is_about(text: str) -> None:
    assert clean_body(text).text == text
