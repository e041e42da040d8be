"""Which countries' phone numbers are expected."""

from maverick_assets.datasets.pseudonyms.phones.regions import (
    region_of_domain,
    regions_of_domains,
    regions_of_owner,
    regions_of_text,
)


def test_a_country_is_known_by_its_top_level_domain() -> None:
    assert region_of_domain("acme.co.uk") == "GB"
    assert region_of_domain("piekarnia.pl") == "PL"
    assert region_of_domain("acme.com") is None
    assert region_of_domain("start.io") is None


def test_one_stray_contact_brings_no_country() -> None:
    domains = ["a.pl", "b.pl", "c.pl", "spam.ru", "a.com", "b.com", "c.com"]
    assert regions_of_domains(domains) == ("PL",)


def test_the_owners_time_zone_and_languages_bring_theirs() -> None:
    assert regions_of_owner("Europe/Warsaw", ()) == ("PL",)
    assert regions_of_owner("UTC", ["da"]) == ("DK", "NO")
    assert regions_of_owner("UTC", ()) == ()


def test_a_texts_language_says_where_it_may_be_from() -> None:
    assert regions_of_text("Piekarz odbiera telefon tylko rano, potem śpi.")[0] == "PL"
    assert regions_of_text("Ok, thx") == ()
