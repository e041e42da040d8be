"""Names that headers have beside addresses, in every language."""

import json
from pathlib import Path

import pytest

from maverick_assets.datasets.pseudonyms.addresses.display_names import person_of
from maverick_assets.datasets.pseudonyms.contacts import contacts_of_address, contacts_of_header
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets_tests.datasets.pseudonyms.test_contact_table import mail, put, refresh, turns

KEY = bytes(32)


@pytest.mark.parametrize(
    ("name", "address", "words"),
    [
        ("Petra Lindqvist", "pl@brightoven.example", "petra lindqvist"),
        ("Lindqvist, Petra", "pl@brightoven.example", "petra lindqvist"),
        ("Lindqvist, Dr. Petra M.", "p.l@brightoven.example", "petra lindqvist"),
        ("Dr. Petra Lindqvist", "x1@brightoven.example", "petra lindqvist"),
        ("Petra Lindqvist (Bright Oven)", "x1@brightoven.example", "petra lindqvist"),
        ("Petra Lindqvist | Bright Oven", "x1@brightoven.example", "petra lindqvist"),
        ("Petra Lindqvist - Bright Oven", "x1@brightoven.example", "petra lindqvist"),
        ("Petra Lindqvist via DocuSign", "dse@docusign.example", "petra lindqvist"),
        ("'Petra Lindqvist'", "x1@brightoven.example", "petra lindqvist"),
        ("PETRA LINDQVIST", "x1@brightoven.example", "petra lindqvist"),
        ("Petra Lindqvist, PhD", "x1@brightoven.example", "petra lindqvist"),
        ("Zażółcka-Gęś, Żaneta", "zg@piekarnia.example", "zaneta zazołcka-ges"),
        ("Лариса Ковалёва", "lk@pekarnya.example", "лариса ковалева"),
        ("Halina", "halina@piekarnia.example", "halina"),
        ("Xilona Brandtvik", "x.brandtvik@acme.example", "xilona brandtvik"),
        ("Brandtvik Xilona", "bx@acme.example", "brandtvik xilona"),
        ("山田 太郎", "t.y@panya.example", "山田 太郎"),
        ("王小明", "wang@mianbao.example", "王小明"),
        ("प्रिया शर्मा", "ps@roti.example", "प्रिया शर्मा"),
        ("محمد الفاسي", "mf@makhbaz.example", "محمد الفاسي"),
        ("Support", "support@acme.example", ""),
        ("Sales Team", "sales@acme.example", ""),
        ("Acme Support Team", "help@acme.example", ""),
        ("Bright Oven", "hello@brightoven.example", ""),
        ("Bright Oven GmbH", "hallo@post.example", ""),
        ("Kundenservice", "service@acme.example", ""),
        ("Kickstarter Projects", "k1@kickstarter.example", ""),
        ("Quarrington Xenobia", "q77@bakery.example", "quarrington xenobia"),
        ("Biuro Obsługi", "biuro@acme.example", ""),
        ("Grand Northern Orchard", "mail@letters.example", ""),
        ("petra@brightoven.example", "petra@brightoven.example", ""),
        ("", "petra@brightoven.example", ""),
    ],
)
def test_a_display_name_is_a_persons_a_roles_or_a_companys(
    name: str, address: str, words: str
) -> None:
    assert " ".join(person_of(name, address)).replace("ł", "l") == words.replace("ł", "l")


def test_the_person_of_a_header_is_a_contact_in_every_text(tmp_path: Path) -> None:
    header = json.dumps({"from": ['"Wojtowicz, Halina" <hw@brightoven.example>']})
    asked = mail(
        "m1", "hw@brightoven.example", "allan@testpilot.example", "Passt Montag?\n\nHalina"
    )
    other = mail("m2", "kim@y.example", "allan@testpilot.example", "Halina Wojtowicz rief an.")
    put(tmp_path, crm_emails=[asked | {"headers": header}, other])
    refresh(tmp_path)
    texts = [turn.text for turn in turns(tmp_path).values()]
    assert len(texts) == 2
    assert not any("Halina" in text or "Wojtowicz" in text for text in texts)


def test_a_name_from_a_header_that_comes_later_reaches_older_texts(tmp_path: Path) -> None:
    put(
        tmp_path, crm_emails=[mail("m1", "kim@y.example", "allan@testpilot.example", "Ask 王小明.")]
    )
    refresh(tmp_path)
    header = json.dumps({"from": ["王小明 <wang@mianbao.example>"]})
    new = mail("m2", "wang@mianbao.example", "allan@testpilot.example", "See you then.")
    put(tmp_path, crm_emails=[new | {"headers": header}])
    refresh(tmp_path)
    assert not any("王小明" in turn.text for turn in turns(tmp_path).values())


def test_the_owners_display_name_stays() -> None:
    contacts = [*contacts_of_header("Allan Reyes", "ar@testpilot.example")]
    people = ThirdParties(KEY, contacts, ["ar@testpilot.example"])
    assert people.protect("Allan Reyes here.\n\nAllan") == "Allan Reyes here.\n\nAllan"


@pytest.mark.parametrize(
    "text",
    ["Lindqvist called.", "Ask Mr. Lindqvist.", "Frau Lindqvist kommt.", "I saw Lindqvist's note."],
)
def test_the_surname_of_a_contact_is_replaced_where_it_stands_alone(text: str) -> None:
    contacts = [*contacts_of_address("petra.lindqvist@brightoven.example")]
    surname = ThirdParties(KEY, contacts).surrogates.person("petra lindqvist")[1]
    assert ThirdParties(KEY, contacts).protect(text) == text.replace("Lindqvist", surname)


@pytest.mark.parametrize(
    "text",
    [
        "The price is fine, and Price is a word.",
        "In Lindqvist they bake; the Lindqvist valley; Lindqvist Street.",
        "Lindqvist  Industries and Bristol-Lindqvist are companies.",
        "Summer comes, Will goes, a lindqvist is nothing.",
    ],
)
def test_a_surname_that_may_mean_something_else_stays(text: str) -> None:
    addresses = ("petra.lindqvist@a.example", "dana.price@a.example", "kim.summer@a.example")
    contacts = [contact for one in addresses for contact in contacts_of_address(one)]
    assert ThirdParties(KEY, contacts).protect(text) == text


def test_a_title_makes_any_surname_a_name() -> None:
    contacts = [*contacts_of_address("dana.baker@a.example")]
    people = ThirdParties(KEY, contacts)
    assert "Baker" not in people.protect("Ms. Baker agreed.")
    assert people.protect("Baker, please: two loaves.") == "Baker, please: two loaves."
