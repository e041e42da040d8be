"""Whom addresses and names of deals make known."""

from maverick_assets.datasets.pseudonyms.contacts import contacts_of_address, contacts_of_deal


def test_addresses_and_deals_name_people_companies_and_domains() -> None:
    assert [contact.id for contact in contacts_of_address("Dana M. Cole <d@acme-foods.co.uk>")] == [
        "person dana cole",
        "domain acme-foods.co.uk",
        "company acme foods",
    ]
    assert [contact.id for contact in contacts_of_address("lee.ito@gmail.com")] == [
        "person lee ito"
    ]
    assert [contact.id for contact in contacts_of_address("no-reply@news.com")] == [
        "domain news.com"
    ]
    assert not list(contacts_of_address("allan"))
    assert [contact.id for contact in contacts_of_deal("Tansy & Thorne Ltd: tea")] == [
        "company tansy thorne"
    ]
    assert not list(contacts_of_deal("Renewal: Acme")) + list(contacts_of_deal("A tea for Acme"))
