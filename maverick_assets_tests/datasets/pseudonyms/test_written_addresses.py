"""Addresses are found in every encoding and spelling, and replaced in the same one."""

import base64
from urllib.parse import unquote

import pytest

from maverick_assets.datasets.pseudonyms.contacts import contacts_of_address
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets_tests.corpora.written_addresses import (
    address_texts,
    clean_texts,
    holds_address,
)

PETRA = "petra.lindqvist@brightoven.example"
EVERYBODY = ThirdParties(bytes(32), (), ("allan@testpilot.example",))
SURROGATE = EVERYBODY.address(PETRA)


def test_no_encoding_or_spelling_keeps_an_address() -> None:
    texts = [case.text for case in address_texts() if not case.is_locked]
    missed = [text for text in texts if holds_address(EVERYBODY.protect(text))]
    assert len(texts) > 30
    assert len(missed) <= 1, missed


def test_texts_that_look_like_addresses_stay() -> None:
    texts = [case.text for case in clean_texts() if not case.is_locked]
    changed = [text for text in texts if EVERYBODY.protect(text) != text]
    assert changed == ["git@github.com is not what I mean by @home"]


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("https://x.example/u?email=petra.lindqvist%40brightoven.example&l=3", "%40"),
        ("https://x.example/u?e=petra.lindqvist%2540brightoven.example", "%2540"),
        ("Write to petra.lindqvist&#64;brightoven.example now.", "&#64;"),
        ("petra.lindqvist=40brightoven.example wrote:", "=40"),
    ],
)
def test_the_surrogate_has_the_encoding_of_the_address(text: str, sign: str) -> None:
    written = f"petra.lindqvist{sign}brightoven.example"
    assert EVERYBODY.protect(text) == text.replace(written, SURROGATE.replace("@", sign))


def test_what_a_link_rewriter_adds_keeps_its_form_and_loses_the_address() -> None:
    link = (
        "https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Fportal.brightoven.example"
        "%2Fpanel&data=05%7C02%7Cpetra.lindqvist%40brightoven.example%7C3f1c&reserved=0"
    )
    contacts = [*contacts_of_address(PETRA)]
    third_parties = ThirdParties(bytes(32), contacts)
    protected = third_parties.protect(f"I used this one:\n{link}\nAllan")
    assert not holds_address(protected)
    assert unquote(protected).endswith(f"|{third_parties.address(PETRA)}|3f1c&reserved=0\nAllan")


def test_a_parameter_in_base64_holds_the_surrogate() -> None:
    packed = base64.urlsafe_b64encode(f'{{"to":"{PETRA}"}}'.encode()).decode()
    protected = EVERYBODY.protect(f"https://x.example/o?d={packed}")
    inner = protected.partition("d=")[2]
    assert base64.urlsafe_b64decode(inner + "=" * (-len(inner) % 4)).decode() == (
        f'{{"to":"{SURROGATE}"}}'
    )


def test_what_stands_before_an_address_in_a_link_stays() -> None:
    text = f"https://x.example/eraser?ID={PETRA}&to=allan@testpilot.example"
    assert EVERYBODY.protect(text) == text.replace(PETRA, SURROGATE)


@pytest.mark.parametrize("sign", ["@", "%40", "&#64;", " (at) ", " @ "])
def test_the_owners_address_stays_in_every_form(sign: str) -> None:
    text = f"Write to allan{sign}testpilot.example."
    assert EVERYBODY.protect(text) == text
