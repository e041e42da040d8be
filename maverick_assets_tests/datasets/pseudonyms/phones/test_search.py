"""Phone numbers, as people of many countries write and announce them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.pseudonyms.phones.search import phone_numbers
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets_tests.corpora.phone_numbers import (
    clean_figures,
    keeps_number,
    phone_texts,
)

EVERYBODY = ThirdParties(bytes(32), ())


@pytest.mark.parametrize(
    "text",
    [
        "my cell is 7138534759",
        "call me at 713-853-4759",
        "Telefon: 089 12345678",
        "Handy 0171/1234567",
        "Mobil Nr. 0171 1234567",
        "Tél. 01 23 45 67 89",
        "Teléfono: 912 345 678",
        "móvil 612 345 678",
    ],
)
def test_a_number_that_is_announced_is_one_in_every_language(text: str) -> None:
    numbers = list(phone_numbers(text))
    assert len(numbers) == 1
    assert text[numbers[0].end :] == ""


def test_national_forms_of_18_countries_are_found() -> None:
    texts = [case for case in phone_texts() if not case.is_locked]
    missed = [case.text for case in texts if keeps_number(case.text, EVERYBODY.protect)]
    assert len(texts) > 100
    assert len(missed) <= 1, missed


def test_no_more_than_one_in_a_hundred_other_figures_is_taken_for_a_number() -> None:
    texts = [case for case in clean_figures() if not case.is_locked]
    changed = [case.text for case in texts if EVERYBODY.protect(case.text) != case.text]
    assert len(texts) > 100
    assert len(changed) <= 1, changed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0171 2345678", "+49 171 2345678"),
        ("020 7946 0123", "+44 (0)20 7946 0123"),
        ("713-853-4759", "+1 (713) 853 4759"),
        ("06 12 34 56 78", "0033612345678"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(one: str, other: str) -> None:
    (first,), (second,) = phone_numbers(f"Tel. {one}"), phone_numbers(f"Tel. {other}")
    assert first.digits == second.digits


def test_regions_say_which_forms_are_numbers() -> None:
    text = "My new one is 600 123 456."
    assert not list(phone_numbers(text))
    assert list(phone_numbers(text, ["PL"]))
    to_poland = EVERYBODY.protect(text, ["halina@piekarnia.pl"])
    assert "600" not in to_poland


def test_a_surrogate_is_no_number_of_any_country() -> None:
    text = "Piekarz odbiera telefon tylko rano: 600 123 456, potem 22 123 45 67."
    protected = EVERYBODY.protect(text)
    assert "600" not in protected
    assert EVERYBODY.protect(protected) == protected


_NUMBER = r"\A(\+1 |\+49 |1-)?(\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ])[2-9][0-9]{2}[-.][0-9]{4}\Z"


@given(st.lists(st.from_regex(_NUMBER), min_size=1, max_size=9), st.sampled_from(" \n"))
def test_no_number_is_lost_behind_more_numbers_than_people_write(
    numbers: list[str], between: str
) -> None:
    """Few numbers are parsed one by one; among very many, each possible number counts."""
    crowd, text = "1-" * 30_000 + "\n", between.join(numbers)
    covered = {at for start, end, _ in phone_numbers(crowd + text) for at in range(start, end)}
    for start, end, _ in phone_numbers(text):
        assert covered.issuperset(range(len(crowd) + start, len(crowd) + end))
