"""Third parties are replaced by their surrogates wherever a text names them."""

import re
from collections.abc import Sequence
from functools import partial
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.pseudonyms.contacts import (
    Contact,
    contacts_of_address,
    contacts_of_deal,
)
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets_tests.corpora.hostile_texts import hostile_texts, is_linear
from maverick_assets_tests.corpora.real_data import needs_real_data, read_rows

OWNER = ("allan@testpilot.example", "*@testpilot.example")
DANA = "dana.cole@acme.example"
KEY = bytes(range(32))
HOSTILE = hostile_texts(250_000)
CONTACTS = (
    Contact("person", "dana cole"),
    Contact("company", "acme"),
    Contact("domain", "acme.example"),
)


def protect(text: str, participants: Sequence[str], keep: Sequence[str] = ()) -> str:
    return ThirdParties(KEY, (), keep).protect(text, participants)


GIVEN, SURNAME = ThirdParties(KEY, (), OWNER).surrogates.person("dana cole")


@pytest.mark.parametrize(
    "text",
    [
        "the password is wrong",
        "The password is wrong.",
        "my password is expired, please reset it",
        "password: ask me when you are there",
        "The secret is to listen first",
        "The secret is patience.",
        "a token of thanks; the key is trust",
        "pin it to the wall, 4 or 5 times",
        "order 4111111111111112 and 1234567890123",
        "zip code 77002, part DE12 3456",
        "the pass is open until 2025",
        "sk-learn and risk-averse people",
        "Price: $1,234,567.89 on 12/06/2000 03:37 PM for 2,500 units",
        "between 2125550100 and 2125550200 units, 100-200-300",
        "2000-05-30 07:29:11, 10.00-12.30, v1.2.3, 192.168.100.200",
        "50 7/8 +5/8 453700 05/26/2000 16:20",
    ],
)
def test_prose_and_figures_stay(text: str) -> None:
    assert protect(text, [DANA], OWNER) == text


@pytest.mark.parametrize(
    "number",
    ["(713) 853-4759", "+1 713 853 4759", "713-853-4759", "713.853.4759", "+49 30 901820"],
)
def test_a_phone_number_becomes_one_that_nobody_has(number: str) -> None:
    protected = protect(f"Reach me: {number}, or not.", [])
    assert re.fullmatch(r"Reach me: \+999( \d{3}){4}, or not\.", protected)
    assert protect(f"Reach me: {number}, or not.", []) == protected


def test_one_number_has_one_surrogate_however_it_is_written() -> None:
    written = ["(713) 853-4759", "+1 713 853 4759", "713.853.4759", "cell 7138534759"]
    protected = [protect(number, []).removeprefix("cell ") for number in written]
    assert len(set(protected)) == 1
    other = protect("(713) 853-4758", [])
    assert other != protected[0]


def test_a_number_that_is_announced_as_one_is_replaced() -> None:
    text = "Tel. 089 / 123 456 78 and cell 7138534759"
    assert re.fullmatch(r"Tel\. \+999[\d ]+ and cell \+999[\d ]+", protect(text, []))


def test_addresses_become_stable_and_the_owners_stay() -> None:
    text = "Write to Dana.Cole@acme.example, not ALLAN@testpilot.example."
    protected = protect(text, [], OWNER)
    surrogate = ThirdParties(KEY, (), OWNER).address("dana.cole@acme.example")
    assert surrogate.startswith(f"{GIVEN}.{SURNAME}@".lower())
    assert protected == f"Write to {surrogate}, not ALLAN@testpilot.example."


def test_participants_names_become_their_surrogates() -> None:
    text = "Hi Dana,\nMs. COLE said Dana Cole's team (Cole, Dana) agrees. Danaher and dana stay."
    assert protect("dana:\nsee u", [DANA], OWNER) == f"{GIVEN.lower()}:\nsee u"
    assert protect(text, [DANA], OWNER) == (
        f"Hi {GIVEN},\nMs. {SURNAME.upper()} said {GIVEN} {SURNAME}'s team ({SURNAME}, {GIVEN}) "
        "agrees. Danaher and dana stay."
    )


def test_a_person_has_one_surrogate_in_every_thread() -> None:
    alone = protect("Dana Cole", [DANA], OWNER)
    among_others = protect("Dana Cole", ["lee.ito@acme.example", DANA], OWNER)
    assert alone == among_others == f"{GIVEN} {SURNAME}"


def test_the_owners_name_stays_and_is_no_surrogate() -> None:
    owner = ("john.nash@testpilot.example",)
    namesake = "john.smith@acme.example"
    protected = protect("John Smith wrote.\n\nBest,\nJohn", [namesake, owner[0]], owner)
    assert protected.endswith("Best,\nJohn")
    assert "Smith" not in protected
    surrogates = Surrogates(KEY, ("john", "ada"))
    everyone = {surrogates.person(f"{i}@x.example")[0] for i in range(5000)}
    assert not {"John", "Ada"} & everyone


def test_names_that_are_words_change_only_where_someone_is_addressed() -> None:
    mark = "mark.may@acme.example"
    given, surname = ThirdParties(KEY, ()).surrogates.person("mark may")
    text = "Hi Mark,\nin May we mark the spot. May I? Mark May agrees.\n\nMark"
    assert protect(text, [mark]) == (
        f"Hi {given},\nin May we mark the spot. May I? {given} {surname} agrees.\n\n{given}"
    )


@pytest.mark.parametrize(
    "address", ["info@acme.example", "x@acme.example", "j1234@a.example", "no-reply@a.example", ""]
)
def test_an_address_without_a_name_changes_no_words(address: str) -> None:
    assert protect("Info: No Reply, X!", [address]) == "Info: No Reply, X!"


@given(st.text(max_size=300))
def test_any_text_is_accepted(text: str) -> None:
    protect(text, [DANA], OWNER)


@needs_real_data
def test_leaves_few_traces_in_a_real_mailbox() -> None:
    keep = ("john.arnold@enron.com", "jarnold@enron.com")
    for mail in islice(read_rows("mailbox-arnold/emails"), 400):
        participants = [mail["sender_email"], *mail["recipients"], *mail["cc"]]
        protected = protect(mail["body"], participants, keep)
        assert not re.search(r"@(?!enron\.com)\w+\.com(?![\w.]*\.example)", protected)
        assert not re.search(r"\b713-\d{3}-\d{4}\b", protected)


@pytest.mark.parametrize("name", HOSTILE)
def test_the_time_of_hostile_text_grows_with_its_length_and_not_with_its_square(name: str) -> None:
    everyone = ThirdParties(KEY, CONTACTS, OWNER)
    assert is_linear(partial(everyone.protect, participants=[DANA]), HOSTILE[name])


def with_contacts(text: str, contacts: Sequence[Contact], participants: Sequence[str] = ()) -> str:
    return ThirdParties(KEY, contacts, OWNER).protect(text, participants)


def test_a_contact_who_takes_no_part_is_replaced_by_full_name() -> None:
    contacts = [*contacts_of_address("dana.cole@acme.example")]
    given, surname = ThirdParties(KEY, contacts).surrogates.person("dana cole")
    assert with_contacts("Ask Dana Cole.", contacts) == f"Ask {given} {surname}."
    assert with_contacts("DANA\nCOLE, Dana M. Cole", contacts) == (
        f"{given} {surname}, ".upper() + f"{given} {surname}"
    )
    assert with_contacts("Cole, Dana", contacts) == f"{surname}, {given}"
    assert with_contacts("Dana said so. Cole too. Danacole", contacts).startswith(
        "Dana said so. Cole too"
    )


def test_accents_are_left_out_in_addresses_only() -> None:
    contacts = [
        contact
        for address in ("zofia.wisniewska@x.example", "jorg.mueller@y.example")
        for contact in contacts_of_address(address)
    ]
    text = "Zofia Wiśniewska, ZOFIA WIŚNIEWSKA, Jörg Müller, Jorg Mueller, Müller, Jörg"
    assert not any(
        word in with_contacts(text, contacts) for word in ("Wi", "WI", "Müll", "Muel", "rg")
    )


def test_a_mention_and_a_participant_have_one_name() -> None:
    contacts = [*contacts_of_address("dana.cole@acme.example")]
    mentioned = with_contacts("Ask Dana Cole.", contacts)
    assert with_contacts("Ask Dana Cole.", (), ["dana.cole@acme.example"]) == mentioned
    assert with_contacts("Ask Dana Cole.", (), ["dana.cole@else.example"]) == mentioned


def test_companies_are_recognised_however_they_are_written() -> None:
    contacts = [
        *contacts_of_address("x@tansythorne.example"),
        *contacts_of_deal("Tansy & Thorne: t"),
    ]
    name = ThirdParties(KEY, contacts).surrogates.company("tansythorne")
    text = "Tansy & Thorne, Tansy and Thorne's, TANSY-THORNE, see www.tansythorne.example/tea"
    assert with_contacts(text, contacts) == (
        f"{name}, {name}'s, {name.upper()}, see www.{name.lower().replace(' ', '')}.example/tea"
    )


def test_ordinary_words_public_names_and_the_owners_own_stay() -> None:
    contacts = [
        contact
        for address in (
            "x@energy.com",
            "y@google.com",
            "mark.may@gmail.com",
            "beth@testpilot.example",
        )
        for contact in contacts_of_address(address)
    ]
    text = "Energy prices on Google may mark a change. TestPilot at testpilot.example. Energy!"
    assert with_contacts(text, contacts) == text


def test_streets_keep_their_kind_and_lose_their_name() -> None:
    text = "12 Main Street; Hauptstraße 5a; 3 rue de la Paix; Calle Mayor 12; in 2000 Wall Street"
    protected = protect(text, (), OWNER)
    assert not any(name in protected for name in ("Main", "Haupt", "Paix", "Mayor"))
    assert all(kind in protected for kind in (" Street;", "straße", " rue de la ", "Calle "))
    assert protected.endswith("in 2000 Wall Street")
    assert protect(text, (), OWNER) == protected


def test_an_address_of_the_owners_domain_is_no_surrogate_though_nobody_can_register_it() -> None:
    third_parties = ThirdParties(bytes(32), [], ["allan@testpilot.example"])
    text = "Ask beth@testpilot.example or ruth.seip@banning.com.example."
    assert "beth@" not in third_parties.protect_outgoing(text)
    assert "ruth.seip@banning.com.example" in third_parties.protect_outgoing(text)
