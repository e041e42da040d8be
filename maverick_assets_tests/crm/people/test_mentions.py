"""People are found in texts by address, full name and number, and nobody else is."""

import unicodedata

import pytest

from maverick_assets.crm.forgotten import Identity, people_of
from maverick_assets.crm.people.addresses import addresses_in, addresses_of, normalized
from maverick_assets.crm.people.mentions import NO_ADDRESS, name_forms, phone_key
from maverick_assets.crm.people.rows import belongs_to, without_people

DANA = "dana.cole@acme.example"
PEOPLE = people_of([Identity(DANA, tuple(name_forms("Dana Cole")), (phone_key("040 5558 0173"),))])


@pytest.mark.parametrize(
    "written",
    [
        "Dana.Cole@ACME.example",
        "<dana.cole@acme.example>",
        "mailto:dana.cole%40acme.example?subject=Hi",
        "MAILTO:dana.cole@acme.example.",
        "dana.cole&#64;acme.example",
    ],
)
def test_an_address_is_the_same_however_it_is_written(written: str) -> None:
    assert normalized(written) == DANA
    assert DANA in addresses_of(written)


def test_a_domain_in_another_script_is_the_one_that_servers_see() -> None:
    assert normalized("a@M\u00fcller.example") == normalized("a@xn--mller-kva.example")


def test_lists_of_every_form_are_taken_apart() -> None:
    column = f'"Cole, Dana" <{DANA}>, lee@x.example; Kim <kim@x.example>'
    assert addresses_of(column) == {DANA, "lee@x.example", "kim@x.example"}
    found = [each.address for each in addresses_in(f"Ask ({DANA}), or lee@x.example.")]
    assert found == [DANA, "lee@x.example"]


@pytest.mark.parametrize(
    "text",
    [
        "DANA COLE said",
        "Cole, Dana",
        "Dana\n> Cole",
        "dana_cole",
        "Dana M. Cole",
        "D\u00e1na C\u00f6le",
        "call +49 40 5558 0173",
        f"see x?to={DANA.replace('@', '%40')}",
    ],
)
def test_he_is_found_and_taken_out(text: str) -> None:
    assert PEOPLE.names(text)
    assert not PEOPLE.names(PEOPLE.without(text))


@pytest.mark.parametrize(
    "text",
    [
        "Dana",
        "Cole",
        "Dana wrote to Cole",
        "dana.cole@other.example",
        "dana.cole+news@acme.example",
        "xdana.cole@acme.example",
        "dana.cole@acme.example.org",
        "040 5558 01731",
    ],
)
def test_others_are_left_alone(text: str) -> None:
    assert not PEOPLE.names(text)
    assert PEOPLE.without(text) == text


UMLAUTS = ("Jörg Müller", "jörg müller", "JÖRG MÜLLER", "müller, jörg", "jörg_müller")
SPELT_OUT = ("Joerg Mueller", "joerg mueller", "Jörg Mueller", "Mueller, Joerg")


@pytest.mark.parametrize("known", ["Jörg Müller", "joerg mueller"])
@pytest.mark.parametrize("written", [*UMLAUTS, *SPELT_OUT])
def test_an_umlaut_is_the_two_letters_that_addresses_have_for_it(known: str, written: str) -> None:
    people = people_of([Identity("j@kunde.example", tuple(name_forms(known)))])
    for form in ("NFC", "NFD"):  # composed, and as files of a Mac have it
        text = f"Ask {unicodedata.normalize(form, written)} today."
        assert people.without(text) == "Ask N. N. today."


@pytest.mark.parametrize(
    ("known", "written"),
    [
        ("Søren Kjær", "Soeren Kjaer"),
        ("soeren kjaer", "Søren Kjær"),
        ("maare aase", "Måre Åse"),
        ("Jürgen Strauß", "JUERGEN STRAUSS"),
        ("jürgen ö. groß", "Jürgen Groß"),
    ],
)
def test_other_letters_are_what_addresses_have_for_them(known: str, written: str) -> None:
    people = people_of([Identity("j@kunde.example", tuple(name_forms(known)))])
    assert people.without(written) == "N. N."


@pytest.mark.parametrize(
    ("known", "written"),
    [
        ("Michael Bauer", "Michal Baur"),  # no umlaut in either
        ("Manuel Joerg", "Manül Jorg"),
        ("joerg mueller", "Jorg Muller"),  # nothing says that these are umlauts
        ("Jörg Müller", "Jörg Müllerson"),
    ],
)
def test_an_e_behind_a_vowel_is_no_umlaut_by_itself(known: str, written: str) -> None:
    people = people_of([Identity("j@kunde.example", tuple(name_forms(known)))])
    assert not people.names(written)


def test_a_mail_to_him_and_to_its_sender_or_to_nobody_is_his_and_one_among_others_is_not() -> None:
    me = "allan@testpilot.example"
    his = (DANA, f"{me}, Dana <{DANA}>", f"{DANA}; {NO_ADDRESS}")
    assert all(belongs_to({"sender_email": me, "recipients": to}, PEOPLE) for to in his)
    assert not belongs_to({"sender_email": me, "recipients": f"{DANA}, lee@x.example"}, PEOPLE)
    assert not belongs_to({"sender_email": me, "recipients": NO_ADDRESS}, PEOPLE)


@pytest.mark.parametrize(
    "body",
    [
        "<p>Ask <b>Dana</b> Cole.</p>",
        "<p>Ask Dana&nbsp;Cole.</p>",
        "Ask D&aacute;na C&ouml;le.",
        "Ask Da\u200bna Co\u00adle.",
        "Ask Dana%20Cole.",
    ],
)
def test_a_name_in_hidden_spelling_leaves_a_row_and_nothing_else_does(body: str) -> None:
    row = without_people({"id": "a", "body": body}, PEOPLE, ["id", "body"])
    assert row == {"id": "a", "body": "Ask N. N.."}
    other = {"id": "a", "body": body.replace("C", "P")}
    assert without_people(other, PEOPLE, ["id", "body"]) is other


@pytest.mark.parametrize("before", ["%3C", "?to=%3c", "%2C", "a%3Db%26to%3D", "q%20", "mailto%3A"])
def test_an_address_in_a_link_ends_where_its_escaped_neighbour_does(before: str) -> None:
    text = f"https://x.example/{before}dana.cole%40acme.example%3E"
    assert [found.address for found in addresses_in(text)] == [DANA]
    assert PEOPLE.without(text) == f"https://x.example/{before}nn@invalid%3E"
