"""Phone numbers, as people of several countries write and announce them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.pseudonyms.phones import phone_numbers


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("my cell is 7138534759", "7138534759"),
        ("call me at 713-853-4759", "7138534759"),
        ("Telefon: 089 12345678", "08912345678"),
        ("Handy 0171/1234567", "01711234567"),
        ("Mobil Nr. 0171 1234567", "01711234567"),
        ("Tél. 01 23 45 67 89", "0123456789"),
        ("Teléfono: 912 345 678", "912345678"),
        ("móvil 612 345 678", "612345678"),
    ],
)
def test_a_number_that_is_announced_is_one_in_every_language(text: str, digits: str) -> None:
    numbers = list(phone_numbers(text))
    assert {number.digits for number in numbers} == {digits}
    assert {text[number.end :] for number in numbers} == {""}


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
