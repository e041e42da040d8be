"""Names and numbers are a contact's own only where nobody else has them."""

from pathlib import Path

from maverick_assets.crm.forgotten import Identity, people_of
from maverick_assets.crm.people.mentions import name_forms, phone_key
from maverick_assets.crm.people.rows import belongs_to
from maverick_assets.crm.schema import TABLES
from maverick_assets.pipeline.forget.identity import FEW_ROWS, Identified, identify
from maverick_assets_tests.pipeline.forget.mails import DANA, LEE, ME, OWNER, mail
from maverick_assets_tests.raw_tables import upsert_raw_rows

SWITCHBOARD, MOBILE = "+49 40 5558 0100", "+49 171 5558 0173"
MAILS = TABLES["crm_emails"]


def identified(lake: Path, *bodies: tuple[str, str], contact: str = DANA) -> Identified:
    rows = [mail(f"m{n}", sender, ME, body) for n, (sender, body) in enumerate(bodies)]
    upsert_raw_rows(lake, MAILS.name, rows)
    return identify(lake, [MAILS], [contact], OWNER)


def test_a_number_that_others_sign_with_is_not_hers(tmp_path: Path) -> None:
    signed = f"Yes, please.\n\nBest,\nDana Cole\nTel. {SWITCHBOARD}\nMobile {MOBILE}"
    quoted = "\n".join(f"> {line}" for line in signed.splitlines())
    answer = f"Fine.\n\nBest,\nLee Ito\nTel. {SWITCHBOARD}\n\nOn Monday, Dana wrote:\n{quoted}"
    found = identified(tmp_path, (DANA, signed), (LEE, answer))
    assert found.identities[0].phones == (phone_key(MOBILE),)
    assert found.shared_phones == {DANA: [LEE]}


PEOPLE = people_of([Identity(DANA, tuple(name_forms("Dana Cole")), (phone_key(MOBILE),))])


def test_a_chat_is_hers_by_address_or_as_its_contact_and_not_by_a_number_or_a_title() -> None:
    hers = (
        f'{{"contact": {{"phone": "1", "email": "{DANA}"}}}}',
        '{"contact": "Dana Cole (Acme)"}',
        '{"visitor": {"name": "Dana Cole"}}',
        '{"participants": ["Lee Ito", "Dana Cole"]}',
        '{"name": "Dr. Dana Cole"}',
    )
    not_hers = (
        f'{{"contact": {{"name": "Lee Ito", "phone": "{MOBILE}"}}}}',
        '{"title": "Draft a reply to Dana Cole"}',
        '{"name": "Draft a reply to Dana Cole"}',
        '{"contact": "Lee Ito", "subject": "Dana Cole"}',
        "null",
        "[[1",
    )
    assert [text for text in hers if not belongs_to({"metadata": text}, PEOPLE)] == []
    assert [text for text in not_hers if belongs_to({"metadata": text}, PEOPLE)] == []


def test_a_display_name_of_ordinary_words_is_not_taken_for_a_name_unless_it_is_given(
    tmp_path: Path,
) -> None:
    signed = f"Hello,\n\nPurchase Order <{DANA}>.\n"
    others = [(LEE, f"The purchase order {n} is here.") for n in range(FEW_ROWS + 1)]
    met = [(LEE, f"Dana Cole said {n}.") for n in range(FEW_ROWS - 1)]
    found = identified(tmp_path, (LEE, signed), *others, *met)
    assert set(found.identities[0].names) == {"dana cole", "cole dana"}
    assert found.left == {DANA: {"purchase order": FEW_ROWS + 1}}
    given = identified(tmp_path, contact=f"Purchase Order <{DANA}>")
    assert "purchase order" in given.identities[0].names
    assert given.left == {}


JOERG = "joerg.mueller@kunde.example"


def test_a_signature_with_umlauts_is_that_of_the_address_which_spells_them_out(
    tmp_path: Path,
) -> None:
    signed = f"Ja.\n\nViele Grüße\nJörg Hans Müller\nTel. {MOBILE}"
    found = identified(tmp_path, (JOERG, signed), contact=JOERG)
    names = found.identities[0].names
    assert {"joerg mueller", "jorg muller", "jorg hans muller"} <= set(names)


def test_a_name_with_umlauts_that_another_address_has_is_not_his_alone(tmp_path: Path) -> None:
    other = "j.m@other.example"
    found = identified(tmp_path, (LEE, f"Jörg Müller <{other}>"), (JOERG, "Ja."), contact=JOERG)
    assert found.shared == {JOERG: [other]}
    assert found.identities[0].names == ()


def test_an_ordinary_phrase_with_umlauts_is_counted_in_both_spellings(tmp_path: Path) -> None:
    signed = f"Hallo,\n\nFreundliche Grüße <{DANA}>.\n"
    others = [(LEE, f"Freundliche Grüße {n}") for n in range(FEW_ROWS + 1)]
    found = identified(tmp_path, (LEE, signed), *others)
    assert set(found.identities[0].names) == {"dana cole", "cole dana"}
    assert set(found.left[DANA]) >= {"freundliche grusse", "freundliche gruesse"}
