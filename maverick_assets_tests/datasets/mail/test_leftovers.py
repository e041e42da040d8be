"""What a reader of real examples found left over: each kind once, in mails of our own."""

import pytest

from maverick_assets.datasets.examples.pairs import reply_pairs
from maverick_assets.datasets.mail.cleaning import clean_body
from maverick_assets.datasets.mail.table import clean_row
from maverick_assets.datasets.owner import Owner
from maverick_assets_tests.datasets.some_turns import builder_for

OWN = "Yes, fine - 30% is TOO much :)\n\nSee you on Friday."
ROW = {
    "id": "1",
    "sender_email": "allan@x.example",
    "subject": "Ovens",
    "body": "",
    "sent_at": None,
    "thread_id": None,
    "message_id": "<1@x>",
    "in_reply_to": None,
    "recipients": "dana@x.example",
    "updated_at": None,
}


@pytest.mark.parametrize(
    "block",
    [
        "Allan Price\nx3-4471",
        "Allan Price\n3-4471",
        "Allan Price\nHead of Product\n212-555-0100 (office)\n212-555-0101 (mobile)",
        "Allan\nTestPilot Ovens Inc.\n+1 212 555 0100",
        "Allan\n\n+1 212 555 0100",
        "Allan Price\nTestPilot\n12 Mill Lane\nSpringfield, TX 77002\n+1 212 555 0100",
        "AP\n\nCell: +1 212 555 0100\nallan@testpilot.example",
        "Allan Price\nLeiter Produkt\nTel. +49 89 5550100\nwww.testpilot.example",
    ],
)
def test_a_contact_block_without_a_closing_goes_but_for_the_name(block: str) -> None:
    mail = clean_body(f"{OWN}\n\n{block}\n")
    assert mail.text == f"{OWN}\n\n{block.splitlines()[0]}"
    assert mail.removed[-1].reason == "contact"


def test_a_number_in_an_earlier_sentence_does_not_keep_a_contact_block() -> None:
    own = "Please fax the contract to 212 555 0199.  I look forward to working with you."
    assert clean_body(f"{own}\n\nAllan\n212-555-0100").text == f"{own}\n\nAllan"


def test_an_extension_below_a_closing_and_a_name_goes() -> None:
    assert clean_body(f"{OWN}\n\nThanks\n\nAllan Price\n54471").text.endswith("Allan Price")
    assert clean_body("Best,\nthe code is\n54471").text.endswith("54471")


def test_a_promise_to_call_does_not_keep_a_contact_block() -> None:
    assert clean_body("I'll call you on Friday.\n\nAllan\n212-555-0100").text.endswith("Allan")


def test_a_dated_said_over_quoted_lines_is_an_attribution() -> None:
    said = "On 10 September 2002, Dana Cole said:"
    assert clean_body(f"{said}\n> Can we?\n\n{OWN}").text == OWN
    assert clean_body(f"{said}\nwe can.").text == f"{said}\nwe can."


def test_a_full_name_over_contacts_below_a_typed_name_goes() -> None:
    block = "Allan B. Price\nTestPilot Ovens\n212-555-0100 (office)"
    assert clean_body(f"{OWN}\n\nAllan\n\n\n{block}").text == f"{OWN}\n\nAllan"


def test_a_full_name_below_a_closing_and_a_first_name_goes() -> None:
    assert clean_body(f"{OWN}\n\nBest,\nAllan\n\nAllan Price").text == f"{OWN}\n\nBest,\nAllan"
    both = f"{OWN}\n\nBest,\nAllan\n\nDana is in, too."
    assert clean_body(both).text == both


@pytest.mark.parametrize(
    "text",
    [
        "Here is the plumber.\n\nDana Cole\n+1 212 555 0100",
        "The number that you asked for.\n\nDana Cole\n+1 212 555 0100",
        "Dana Cole\n+1 212 555 0100",
        "Send the oven to\n\nDana Cole\n12 Mill Lane\n+1 212 555 0100",
        "Please ask for\n\nDana\nx4471",
        "See you there.\n\nAllan\nCall me at 212 555 0100",
        "You can reach us here:\n\nAllan\n212 555 0100",
        "See you there.\n\nAllan\n212 555 0100\n\nBring the big mixer, the small one is broken.",
        "Our drivers.\n\nDana\n212 555 0100\nErin\n212 555 0101",
        "Orders so far.\n\nOvens\n1985332\nMixers\n1985333",
        "These come along.\n\nDana\nErin\nAllan",
        "Sounds Good\nAllan\nx3-4471",
        "Here you go.\n\nAP\n\n\nhttp://x.example/couple.html?id=7",
        "Thanks,\n\nAllan, X5-4471",
        "Ruf Dana an.\n\nIhre Nummer\nDana Cole\n+49 89 5550100",
    ],
)
def test_names_and_telephones_that_a_mail_is_about_stay(text: str) -> None:
    assert clean_body(text).text == text


@pytest.mark.parametrize(
    "link",
    [
        "http://x.example/mailman/listinfo/ovens",
        "https://lists.x.example/ovens",
        "<https://groups.x.example/g/ovens>",
    ],
)
def test_the_bare_link_of_a_list_goes(link: str) -> None:
    assert clean_body(f"{OWN}\n\n{link}\n").text == OWN
    for own in (f"Subscribe here:\n{link}", link):
        assert clean_body(own).text == own


def test_lines_marked_with_initials_are_quoted() -> None:
    for mark in ("    D> ", "  DC> ", "DC> ", "    Dana> "):
        asked = f"{mark}Can we\n{mark}give 30%?"
        body = f'>>>>> "D" == Dana Cole <d@x.example> writes:\n\n{asked}\n\n{OWN}'
        mail = clean_body(body)
        assert (mail.text, mail.quoted) == (OWN, "Can we\ngive 30%?")


@pytest.mark.parametrize("text", ["C> dir\nshows it.", "SQL> select 1", "a\n    b -> c", "x > 3"])
def test_prompts_and_arrows_are_not_quoted(text: str) -> None:
    assert clean_body(text).text == text


def test_a_name_in_brackets_over_quoted_lines_is_no_own_word() -> None:
    mail = clean_body(f"[Dana Cole]\n> Can we give 30%?\n\n{OWN}\n\n[Dana]\n> And 40%?\n\nNo.")
    assert mail.text == f"{OWN}\n\n\nNo."
    assert clean_body("[sic]\nAs it says.").text == "[sic]\nAs it says."


@pytest.mark.parametrize(
    "header",
    [
        "\tDana Cole <Dana.Cole@x.example>\n\t03/09/01 03:57 PM\n\tPlease respond to Dana.Cole\n"
        "\t\t \n\t\t To: allan@x.example\n\t\t cc: \n\t\t Subject: x",
        "\tDana Cole@ACME 05/11/2001 11:58 AM \t   To: Allan/Corp/Acme@ACME  cc:   Subject: \t",
    ],
)
def test_cuts_headers_of_lotus_notes(header: str) -> None:
    mail = clean_body(f"{OWN}\n\n\n{header}\n\nCan we give 30%?")
    assert (mail.text, mail.quoted) == (OWN, "Can we give 30%?")


@pytest.mark.parametrize(
    "footer",
    [
        "<FONT SIZE = 1>**********\nThis e-mail may contain confidential and privileged words. If "
        "you are not the intended recipient, please tell the sender so and delete it at once.",
        "**********\nCAUTION: Electronic mail sent through the Internet is not secure.\n\nThis "
        "email is confidential and intended solely for the use of the addressee, nobody else.\n**",
        "__________________\nDo You Yahoo!?\nYahoo! Mail - Get email at your own domain.",
        "Get your FREE download of MSN Explorer at http://explorer.x.example",
        "----------------------\nThis message was sent using Oven Mail.",
    ],
)
def test_cuts_disclaimers_and_adverts_of_providers(footer: str) -> None:
    assert clean_body(f"{OWN}\n\n{footer}\n").text == OWN


def test_cuts_what_groupwise_quotes() -> None:
    header = '>>> "Cole, Dana" <Dana.Cole@x.example> 07/30/01 15:07 PM >>>'
    mail = clean_body(f"{OWN}\n{header}\nCan we give 30%?\n\nDana")
    assert (mail.text, mail.quoted) == (OWN, "Can we give 30%?\n\nDana")


@pytest.mark.parametrize(
    "header",
    [
        "-----Original Message-----\nFrom: \tPrice, Allan  \nSent:\tTuesday\nTo:\tD\nSubject:\tx",
        "On 3 Jun 2025, Allan Price <allan.price@x.example> wrote:",
        "Allan Price\n05/30/2000 07:29 AM\nTo: D/HOU/ACME@ACME\ncc: \nSubject: x",
    ],
)
def test_ones_own_earlier_mail_is_no_prompt(header: str) -> None:
    row = ROW | {"sender_email": "allan.price@x.example"}
    mail = clean_row("t", row | {"body": f"Could you do that again?\n\n{header}\n\nWire it."})
    assert (mail.quoted, mail.subject) == (None, "Re: Ovens")
    other = header.replace("Allan", "Dana").replace("allan.", "dana.")
    mail = clean_row("t", row | {"body": f"Could you do that again?\n\n{other}\n\nWire it."})
    assert (mail.quoted, mail.subject) == ("Wire it.", "Ovens")


def test_a_lawyers_marking_at_the_top_goes() -> None:
    marking = "Privileged and Confidential\nPrepared at the Request of Counsel"
    assert clean_body(f"{marking}\n\n\n{OWN}").text == OWN
    assert clean_body(f"{marking}\nDraft").text == ""
    for own in ("Strictly confidential!", "Draft\n\nDear Dana,\nhello"):
        assert clean_body(own).text == own


def test_the_marker_of_a_file_between_lines_goes() -> None:
    mail = clean_body(f"{OWN}\n\n << File: list of ovens.xls >> \n\nTell me.\n<Embedded Picture>")
    assert mail.text == f"{OWN}\n\n\nTell me."
    for own in ("a << b >> c", "<<see below>>\nyes"):
        assert clean_body(own).text == own


def test_a_task_is_no_mail() -> None:
    body = "\tTASK ASSIGNMENT\n\nTask Priority:\t\nTask Due On:\t6/3/2025"
    assert clean_row("t", ROW | {"body": body}).automatic == "invitation"


def test_a_mail_to_nobody_is_an_entry_of_a_calendar() -> None:
    entry = ROW | {"body": "Test of the ovens", "recipients": ""}
    assert clean_row("t", entry).automatic == "entry"
    assert not builder_for(Owner(("allan@x.example",), ())).mail_turns([clean_row("t", entry)])
    assert builder_for(Owner(("dana@x.example",), ())).mail_turns([clean_row("t", entry)])
    assert clean_row("t", entry | {"recipients": None}).automatic is None
    assert clean_row("t", entry | {"in_reply_to": "<2@x>"}).automatic is None
    answer = "Yes.\n\nOn 3 Jun 2025, Dana wrote:\n> Can we?"
    assert clean_row("t", entry | {"body": answer}).automatic is None


def test_a_comment_on_a_forward_is_not_asked_for_without_what_it_forwards() -> None:
    owner = Owner(("allan@x.example",), ())
    forward = (
        "Do you know this?\n\n----- Forwarded by Allan/ACME on 06/08/2001 03:12 PM -----\n\nHi"
    )
    mail = clean_row("t", ROW | {"body": forward})
    assert mail.subject == "Fwd: Ovens"
    assert not list(reply_pairs(builder_for(owner).mail_turns([mail])))
    plain = clean_row("t", ROW | {"body": "Do you know this?"})
    assert [pair.kind for pair in reply_pairs(builder_for(owner).mail_turns([plain]))] == [
        "initiate"
    ]
