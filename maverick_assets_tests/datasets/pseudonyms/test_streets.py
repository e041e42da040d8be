"""Street addresses of ten languages."""

import pytest

from maverick_assets.datasets.pseudonyms.replacements import apply_replacements
from maverick_assets.datasets.pseudonyms.streets import street_addresses


def renamed(text: str) -> str:
    return apply_replacements(text, street_addresses(text, lambda _: (99, "Trevale")))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("1600 Amphitheatre Parkway", "99 Trevale Parkway"),
        ("14b N. Oak Hill Drive", "99 Trevale Drive"),
        ("Lindenstraße 12", "Trevalstraße 99"),
        ("Goethestr. 4a", "Trevalstr. 99"),
        ("Beethovenlaan 4", "Trevallaan 99"),
        ("Skovvej 3", "Trevalvej 99"),
        ("Kungsgatan 4", "Trevalgatan 99"),
        ("12 rue de la Paix", "99 rue de la Trevale"),
        ("5, avenue Montaigne", "99, avenue Trevale"),
        ("Calle de la Rosa, 5", "Calle de la Trevale, 99"),
        ("Via Garibaldi 3", "Via Trevale 99"),
        ("Rua dos Reis 10", "Rua dos Trevale 99"),
        ("ul. Nowa 7", "ul. Trevale 99"),
    ],
)
def test_name_and_number_are_replaced_and_the_kind_of_street_stays(
    address: str, expected: str
) -> None:
    assert renamed(f"We are at {address}.") == f"We are at {expected}."


@pytest.mark.parametrize("text", ["1 Wall Street", "a street 12 miles long", "20 Way too many"])
def test_what_is_no_address_stays(text: str) -> None:
    assert renamed(text) == text
