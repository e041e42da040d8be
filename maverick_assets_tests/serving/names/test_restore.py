"""Real names come back in an answer, whole and in pieces alike."""

import random
from collections.abc import Sequence

import pytest

from maverick_assets.datasets.pseudonyms.contacts import (
    Contact,
    contacts_of_address,
    contacts_of_deal,
    written_companies,
)
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.serving.names.restore import Restorer
from maverick_assets.serving.names.table import NameTable, contact_table

KEY = bytes(range(32))
ADDRESSES = (
    "dana.cole@acme-foods.com",
    "lee.cole@tansythorne.de",
    "jeff.whitlock@tansythorne.de",
    "guenther.ackermann@norrby.co.uk",
    "kwame.okonkwo@acme-foods.com",
    "petra@oatworks.com",
    "t.ashdown@oatworks.com",
)
DEALS = ("Acme Foods: shelf test", "Tansy & Thorne Ltd: tea")
CONTACTS = [
    *(contact for address in ADDRESSES for contact in contacts_of_address(address)),
    *(contact for deal in DEALS for contact in contacts_of_deal(deal)),
    Contact("person", "\u7530\u4e2d \u592a\u90ce"),
]
THIRD_PARTIES = ThirdParties(KEY, CONTACTS, ["allan@testpilot.example"])
SURROGATES = THIRD_PARTIES.surrogates
KNOWN = contact_table(
    CONTACTS,
    SURROGATES,
    {THIRD_PARTIES.address(address): address for address in ADDRESSES},
    {contact.identity: name for contact, name in written_companies(DEALS)},
)
KNOWN.add_phone(SURROGATES.phone("442079460018"), "+44 20 7946 0018")
DANA, COLE = SURROGATES.person("dana cole")
LEE = SURROGATES.person("lee cole")[0]
GUENTHER, ACKERMANN = SURROGATES.person("guenther ackermann")
ACME = SURROGATES.company("acmefoods")
PETRA = THIRD_PARTIES.address("petra@oatworks.com")
PHONE = SURROGATES.phone("442079460018")


def restore(pieces: Sequence[str], conversation: NameTable | None = None) -> str:
    restorer = Restorer(KNOWN, conversation or NameTable())
    return "".join([*(restorer.feed(piece) for piece in pieces), restorer.end()])


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"{DANA} {COLE} called.", "Dana Cole called."),
        (f"Ask {DANA} {COLE}'s boss", "Ask Dana Cole's boss"),
        (f"Ask {DANA} {COLE}\u2019s boss", "Ask Dana Cole\u2019s boss"),
        (f"{COLE}, {DANA}", "Cole, Dana"),
        (f"{DANA} {COLE}".upper(), "DANA COLE"),
        (f"{DANA} {COLE}".lower(), "dana cole"),
        (f"{DANA} M. {COLE} wrote", "Dana Cole wrote"),
        (f"> {DANA}\n> {COLE} wrote", "> Dana\n> Cole wrote"),
        (f"@{DANA}{COLE}".lower(), "@danacole"),
        (f"Hi {DANA},", "Hi Dana,"),
        (f"Mr. {COLE} and {LEE} {COLE}", "Mr. Cole and Lee Cole"),
        (f"The {COLE}s wait", "The Coles wait"),
        (f"mit {GUENTHER}s Chef, {ACKERMANN}s", "mit Guenthers Chef, Ackermanns"),
        (f"u {GUENTHER}a {ACKERMANN}a", "u Guenthera Ackermanna"),
        (f"{ACME} Inc. pays", "Acme Foods Inc. pays"),
        (f"{ACME} pays", "Acme Foods pays"),
        (f"#{ACME.replace(' ', '')}", "#AcmeFoods"),
        (f"by {SURROGATES.company('tansythorne')} Ltd", "by Tansy & Thorne Ltd"),
        (THIRD_PARTIES.address(ADDRESSES[0]), ADDRESSES[0]),
        (f"<{PETRA}>.", "<petra@oatworks.com>."),
        (f"info@{SURROGATES.domain('norrby.co.uk')}", "info@norrby.co.uk"),
        (f"https://www.{SURROGATES.domain('norrby.co.uk')}/a", "https://www.norrby.co.uk/a"),
        (
            THIRD_PARTIES.address("petra@oatworks.com").replace("@", " (at) "),
            "petra (at) oatworks.com",
        ),
        (THIRD_PARTIES.address(ADDRESSES[0]).replace("@", "%40"), "dana.cole%40acme-foods.com"),
        (f"Call {PHONE}.", "Call +44 20 7946 0018."),
        (f"Call {PHONE.replace(' ', '')}", "Call +44 20 7946 0018"),
        (f"Call {PHONE.replace(' ', '-')}!", "Call +44 20 7946 0018!"),
        (" ".join(SURROGATES.person("\u7530\u4e2d \u592a\u90ce")), "\u7530\u4e2d\u592a\u90ce"),
    ],
)
def test_a_surrogate_of_a_contact_comes_back_in_every_form(said: str, shown: str) -> None:
    assert restore([said]) == shown
    assert restore(list(said)) == shown


@pytest.mark.parametrize(
    "said",
    [
        "Nothing to see here.",
        "Ring Zzyzx Qwertz of Foo Group at foo@bar.example, +999 000 000 000 001.",
        "+999 12",
        "999 of 1000",
        f"no{DANA.lower()}no",
        "",
        "\n\n \t",
    ],
)
def test_what_no_contact_explains_stays(said: str) -> None:
    assert restore([said]) == said
    assert restore(list(said)) == said


def test_an_ordinary_word_is_no_name_unless_the_conversation_has_it() -> None:
    table = NameTable()
    table.add_person(("Ruth", "Baker"), ("Dana", "Cole"))

    def shown(text: str, conversation: NameTable) -> str:
        restorer = Restorer(table, conversation)
        return restorer.feed(text) + restorer.end()

    assert shown("Baker or butcher? A baker.", NameTable()) == "Baker or butcher? A baker."
    assert shown("Dear Baker, I saw Baker.", NameTable()) == "Dear Cole, I saw Cole."
    conversation = NameTable()
    conversation.add_person(("Ruth", "Baker"), ("Dána", "Cole"))
    assert shown("Baker or Ruth? A baker.", conversation) == "Cole or Dána? A baker."


def test_of_two_bearers_of_a_part_the_answer_says_which() -> None:
    table = NameTable()
    table.add_person(("Ruth", "Whitlow"), ("Dana", "Cole"))
    table.add_person(("Ruth", "Seip"), ("Rita", "Ackermann"))
    for text, shown in (
        ("Ask Ruth.", "Ask Ruth."),
        ("Ruth Seip is in. Ask Ruth.", "Rita Ackermann is in. Ask Rita."),
    ):
        restorer = Restorer(table, NameTable())
        assert restorer.feed(text) + restorer.end() == shown


def test_wherever_a_stream_is_cut_the_answer_is_the_same() -> None:
    rng = random.Random(7)
    parts = [
        *(f"{DANA} {COLE}", f"{COLE}, {DANA}", DANA, COLE, f"{DANA} M. {COLE}", ACME, PHONE),
        *(THIRD_PARTIES.address(address) for address in ADDRESSES),
        *("and", "Baker", "+", "9", "99", "+999 123", "\n> ", ".", ",", "'s", "@", "at", "M."),
        *(f"{GUENTHER}s", f"{GUENTHER}", "\u7530\u4e2d", "Ann", "the", "Mr.", "Hi", "!", "-"),
    ]
    for _ in range(400):
        text = "".join(rng.choice(parts) + rng.choice([" ", " ", "", "\n"]) for _ in range(9))
        whole = restore([text])
        assert restore(list(text)) == whole, text
        cuts = sorted(rng.sample(range(len(text) + 1), 4))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert restore(pieces) == whole, text


def test_no_more_is_held_back_than_may_become_a_name() -> None:
    restorer = Restorer(KNOWN, NameTable())
    assert restorer.feed("The tests are done") == "The tests are done"
    assert restorer.feed(f" and {DANA}") == " and "
    assert restorer.feed(" ") == ""
    assert restorer.feed("is ") == "Dana is "
    assert restorer.feed("x" * 10_000) == "x" * 10_000
    assert len(restorer.feed(f" {DANA}" + " " * 500)) > 480
    assert restorer.end() == ""
