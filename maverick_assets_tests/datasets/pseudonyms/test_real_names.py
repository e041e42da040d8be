"""Names come back for the owner, who has the key."""

from pathlib import Path

import pytest

from maverick_assets.datasets.pseudonyms.contacts import (
    Contact,
    contacts_of_address,
    contacts_of_deal,
)
from maverick_assets.datasets.pseudonyms.real_names import RealNames, real_names
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.errors import MaverickError
from maverick_assets.lake.paths import key_path

KEY = bytes(range(32))
ADDRESSES = (
    "dana.cole@acme-foods.com",
    "lee.cole@tansythorne.de",
    "jeff.whitlock@tansythorne.de",
    "guenther.ackermann@norrby.co.uk",
    "kwame.okonkwo@acme-foods.com",
)
CONTACTS = [
    *(contact for address in ADDRESSES for contact in contacts_of_address(address)),
    *contacts_of_deal("Acme Foods: shelf test"),
]
THIRD_PARTIES = ThirdParties(KEY, CONTACTS, ["allan@testpilot.example"])
REAL = RealNames(CONTACTS, THIRD_PARTIES.surrogates)


@pytest.mark.parametrize(
    "name",
    [
        "Dana Cole",
        "Cole, Dana",
        "DANA COLE",
        "dana cole",
        "Dana Cole's",
        "Dana Cole\u2019s",
        "Jeff Whitlock",
        "Kwame Okonkwo",
        "Guenther Ackermann's",
        "danacole",
        "Acme Foods",
        "ACME FOODS",
        "Tansythorne's",
        "dana.cole@acme-foods.com",
        "info@tansythorne.de",
        "norrby.co.uk",
    ],
)
def test_what_stands_for_a_contact_comes_back(name: str) -> None:
    surrogate = THIRD_PARTIES.protect(name)
    assert surrogate != name
    assert REAL.real_name(surrogate) == name


@pytest.mark.parametrize("name", ["Dana", "Cole", "COLE", "whitlock", "Jeff's", "Okonkwo\u2019s"])
def test_a_part_of_a_name_comes_back(name: str) -> None:
    surrogate = THIRD_PARTIES.protect(f"Hi {name}\n", ADDRESSES)[3:-1] if name != "whitlock" else ""
    surrogate = surrogate or THIRD_PARTIES.surrogates.person("jeff whitlock")[1].lower()
    assert surrogate != name
    assert REAL.real_name(surrogate) == name


@pytest.mark.parametrize("name", ["Dana Cole", "Acme Foods", "Nobody Known", "", "'s", "a@b.c"])
def test_what_stands_for_no_contact_does_not_come_back(name: str) -> None:
    assert REAL.real_name(name) is None


def test_a_part_that_stands_for_two_names_does_not_come_back() -> None:
    people = [Contact("person", f"dana {surname}") for surname in ("qwx", "zzt", "vvk", "jjq")]
    pool = [Contact("person", f"dana x{a}{b}q") for a in "abcdefghijklm" for b in "abcdefghijklm"]
    contacts = [*people, *pool, *(Contact("person", f"lee y{n.name[6:]}") for n in pool)]
    surrogates = ThirdParties(KEY, contacts).surrogates
    real = RealNames(contacts, surrogates)
    by_surname: dict[str, set[str]] = {}
    for contact in contacts:
        surname = surrogates.person(contact.identity)[1]
        by_surname.setdefault(surname, set()).add(contact.name.split()[1].capitalize())
    assert any(len(names) > 1 for names in by_surname.values())
    for surname, names in by_surname.items():
        assert real.real_name(surname) == (names.pop() if len(names) == 1 else None)
    for contact in contacts:
        assert real.real_name(" ".join(surrogates.person(contact.identity))) == contact.name.title()


def test_without_the_key_nothing_comes_back(tmp_path: Path) -> None:
    with pytest.raises(MaverickError, match=r"surrogates\.key is gone"):
        real_names(tmp_path / "lake", [])
    assert not key_path(tmp_path / "lake").exists()
