import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.mail.cleaning import clean_body, clean_text

MAILBOX = Path(__file__).parents[4] / "shared/data/mailbox-arnold"
OWN = "Yes, fine - 30% is TOO much :)\n\nBest regards,\nAllan"
INTRODUCTIONS = [
    "On Tue, 3 Jun 2025 at 10:02, Dana Cole <dana@x.example> wrote:",
    "On Tue, 3 Jun 2025 at 10:02, Dana Cole\n<dana@x.example> wrote:",
    "On Tue, 3 Jun 2025\nat 10:02, Dana Cole\n<dana@x.example> wrote:",
    "Am 03.06.2025 um 10:02 schrieb Dana Cole:",
    "Am Di., 3. Juni 2025 um 10:02 Uhr schrieb Dana Cole <dana@x.example>:",
    "Dana Cole <dana@x.example> schrieb am 03.06.2025:",
    "Le mar. 3 juin 2025 à 10:02, Dana Cole <dana@x.example> a écrit :",
    "Le mar. 3 juin 2025 à 10:02, Dana Cole <dana@x.example> a écrit\u00a0:",
    "El mar, 3 jun 2025 a las 10:02, Dana Cole (<dana@x.example>) escribió:",
    "Il giorno mar 3 giu 2025 alle ore 10:02 Dana Cole <dana@x.example> ha scritto:",
    "Op di 3 jun 2025 om 10:02 schreef Dana Cole <dana@x.example>:",
    "Em ter., 3 de jun. de 2025 às 10:02, Dana Cole <dana@x.example> escreveu:",
    "Den tis 3 juni 2025 kl 10:02 skrev Dana Cole <dana@x.example>:",
    "--- Dana Cole <dana@x.example> wrote:",
    "Dana Cole wrote:",
    "Once upon a time, Dana wrote :",
]
HEADERS = [
    "-----Original Message-----\nFrom: Dana\nSent: Tuesday, June 3, 2025\nTo: A\nSubject: x",
    " -----Original Message-----\nFrom: \tCole, D  \nSent:\tTuesday\nTo:\tA\nCc:\tB\nSubject:\tx",
    "-----Ursprüngliche Nachricht-----\nVon: Dana\nGesendet: Dienstag\nAn: A\nBetreff: x",
    "-----Message d'origine-----\nDe : Dana\nEnvoyé : mardi\nÀ : A\nObjet : x",
    "-----Mensaje original-----\nDe: Dana\nEnviado el: martes\nPara: A\nAsunto: x",
    "From: Dana\nSent: Tuesday\nTo: A\nSubject: x",
    "*From:* Dana <dana@x.example>\n*Date:* Tuesday\n*To:* A",
    "________________________________\nVon: Dana\nGesendet: Dienstag\nAn: A\nBetreff: x",
    "De : Dana\nEnvoyé : mardi\nÀ : A\nObjet : x",
    "From: Dana Cole@ACME on 09/27/2000 01:45 PM\nTo: A/HOU/ACME@ACME\ncc:  \nSubject: Re: x  ",
    '"Cole, Dana" <dana@x.example> on 12/06/2000 03:37:42 PM\nTo: a@x.example\ncc:  \nSubject: x',
    '"Cole, Dana J." <d@x.example> on 12/06/2000 03:37:42 \nPM\nTo: a@x.example\ncc:\nSubject: x',
    "dana@x.example on 12/06/2000 03:37:42 PM\nPlease respond to dana@y.example\nTo: A\nSubject: x",
    "Dana Cole\n05/30/2000 07:29 AM\nTo: A/HOU/ACME@ACME, B/HOU/ACME, C \nD/HOU\ncc: \nSubject: x",
    "\t\n\tDana Cole\n\t\n\t09/11/2000 02:26:50 PM\n\t\nTo: A\ncc:  \nSubject: x",
    "Dana Cole\n02/28/2001 05:32 PM\nSent by: Liz\nTo: A\ncc:  \nSubject: x",
    "   \n\tAcme North America Corp.\n\t\n\tFrom:  Dana Cole      09/14/2000 05:24 PM\n\t\n\n"
    "To: A\ncc:  \nSubject: x",
    "To: A/HOU/ACME@ACME\ncc:  \nSubject: x  ",
]
FORWARDS = [
    "---------------------- Forwarded by A/HOU/ACME on 12/06/2000 \n03:37 PM "
    "---------------------------\n\n\nDana Cole\n12/06/2000 03:00 PM\nTo: A\ncc:\nSubject: x",
    "---------- Forwarded message ---------\nFrom: Dana <dana@x.example>\nDate: Tue\nSubject: x",
    "Begin forwarded message:\n\nFrom: Dana <dana@x.example>\nDate: Tue\nTo: A\nSubject: x",
    "-------- Weitergeleitete Nachricht --------\nBetreff: x\nDatum: heute\nVon: D <d@x.example>",
]


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
def test_cuts_what_an_attribution_introduces(introduction: str) -> None:
    mail = clean_body(f"{OWN}\n\n{introduction}\n\n> Can we give 30%?\n> \n> Dana\n")
    assert mail.text == OWN
    assert mail.quoted == "Can we give 30%?\n\nDana"
    assert not mail.forwarded


@pytest.mark.parametrize("header", HEADERS)
def test_cuts_what_a_header_block_introduces(header: str) -> None:
    mail = clean_body(f"{OWN}\n\n\n{header}\n\nCan we give 30%?\n\nDana")
    assert mail.text == OWN
    assert mail.quoted == "Can we give 30%?\n\nDana"


@pytest.mark.parametrize("header", FORWARDS)
def test_knows_a_forward(header: str) -> None:
    mail = clean_body(f"FYI\n\n{header}\n\nCan we give 30%?")
    assert (mail.text, mail.quoted, mail.forwarded) == ("FYI", "Can we give 30%?", True)


def test_a_forward_without_words_has_empty_text() -> None:
    mail = clean_body(f"\n{FORWARDS[0]}\n\nCan we give 30%?")
    assert mail.text == ""


def test_quoted_is_cleaned_one_level() -> None:
    older = "On Mon, 2 Jun 2025 at 9:00, Allan <a@x.example> wrote:\n> older words"
    body = f"ok\n\n{INTRODUCTIONS[0]}\n> Can you?\n> -- \n> Dana Cole, Acme\n"
    marked = "\n".join(f"> {line}" for line in older.split("\n"))
    assert clean_body(body + marked).quoted == "Can you?"
    assert clean_body(f"ok\n\n{HEADERS[0]}\n\nCan you?\n\n{older}").quoted == "Can you?"


def test_answers_between_and_below_quoted_lines_are_own_words() -> None:
    mail = clean_body(
        "On 3 Jun 2025, Dana wrote:\n> Can you come?\nYes.\n\n> And the price?\n\n$5, as always."
    )
    assert mail.text == "Yes.\n\n\n$5, as always."
    assert mail.quoted == "Can you come?\nAnd the price?"


def test_the_torn_end_of_a_quoted_line_is_not_own() -> None:
    long = "> " + "could you please send me the figures of the last quarter as soon as" + " yo"
    mail = clean_body(f"Sure.\n\nOn 3 Jun 2025, Dana wrote:\n{long}\nu can\n> thanks")
    assert mail.text == "Sure."


@pytest.mark.parametrize(
    "footer",
    [
        "-- \nAllan Price\nTestPilot",
        "--\nAllan Price\nTestPilot | +1 212 555 0100",
        "Sent from my iPhone",
        "Gesendet von meinem iPhone",
        "Envoyé depuis mon téléphone",
        "Enviado desde mi iPhone",
        "Get Outlook for iOS",
        "--------------------------\nSent from my BlackBerry Handheld (www.BlackBerry.net)",
        "-------------------------------------------------------\n"
        "This list is sponsored by:\nOvens! http://x.example",
        "__________________________________________\nlist mailing list\nhttp://x.example/list",
        "**********\nThis e-mail and any files transmitted with it are confidential and intended\n"
        "solely for the use of the addressee. If you are not the addressee, delete it now.\n***",
        "CONFIDENTIALITY NOTICE: This message is intended only for the addressee and may contain\n"
        "information that is privileged. If you received it in error, please delete it at once.",
        "Diese E-Mail enthält vertrauliche Informationen und ist nur für den Empfänger bestimmt.\n"
        "Wenn Sie nicht der richtige Adressat sind, vernichten Sie diese E-Mail bitte sofort.",
    ],
)
def test_cuts_signatures_device_lines_and_disclaimers(footer: str) -> None:
    assert clean_body(f"{OWN}\n\n{footer}\n").text == OWN


@pytest.mark.parametrize(
    "text",
    [
        "THANKS!!!  see u @ 5 ;-) 🎉🎉\n\n\ncheers,\nA.",
        "On Monday we ship.\nOn reflection: no.",
        "On this, Keynes wrote:\nin the long run we are all dead.",
        "Option one\n--\nOption two is better.",
        "Options:\n- one\n- two -- the better one\n* three",
        "> 5% is too much",
        "From: Houston\nTo: New York\nleaving at 5",
        "Subject: the thing you asked about. It is done.",
        "To: do\n1. call Dana",
        "This message is for Dana: please call.",
        "Confidential: we lost the deal.",
        "Best,\nA\n\nPS Sent from my heart, not from a template. Call me.",
        "    indented first line\nsecond",
        "Price:\t$5 = fine\nx=20",
        "Quarterly Forecast 12/06/2000 03:37 PM\nis what the file is called.",
    ],
)
def test_keeps_what_people_type(text: str) -> None:
    mail = clean_body(text)
    assert mail.text == text
    assert mail.quoted is None


@pytest.mark.parametrize(
    "text",
    [
        "Best,\nAllan\n\nP.S.\nOur house is for sale. See it at 12 Mill Lane or on www.x.example",
        "Thanks,\nAllan\nif you need me call the office or my mobile at 212 555 0100",
        "Thanks,\nAllan x4471",
        "Call Dana:\n\nDana Cole\n+1 212 555 0100",
        "It goes to\nTestPilot Inc.\n12 Mill Lane\nwww.testpilot.example",
    ],
)
def test_keeps_telephones_and_addresses_that_a_mail_is_about(text: str) -> None:
    assert clean_body(text).text == text


def test_names_of_attached_files_go() -> None:
    mail = clean_body("See the list.\n\nAllan\n\n - list of ovens.doc\n <<prices.xls>>\n")
    assert mail.text == "See the list.\n\nAllan"
    assert [span.reason for span in mail.removed] == ["blank", "attachment"]


@given(st.text(max_size=400))
def test_any_text_is_accepted_and_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    mail = clean_body(text)
    assert "\x00" not in mail.text + (mail.quoted or "")


def test_deep_quoting_ends() -> None:
    assert clean_body("ok\n" + ">" * 5000 + " deep\n" + ">" * 5000 + " deep").text == "ok"


def test_clean_text_changes_newlines_and_control_characters_only() -> None:
    assert clean_text("\r\n \n  Hi\x00 THERE 🎉\r\n\tok — “yes”\r\r\n \n") == (
        "  Hi THERE 🎉\n\tok — “yes”"
    )


@pytest.mark.skipif(not MAILBOX.is_dir(), reason="../shared/data/mailbox-arnold is not here")
def test_agrees_with_the_yardstick_of_a_real_mailbox() -> None:
    def words(text: str | None) -> str:
        return " ".join((text or "").split())

    with gzip.open(MAILBOX / "emails.jsonl.gz", "rt", encoding="utf-8") as lines:
        bodies = {mail["message_id"]: mail["body"] for mail in map(json.loads, lines)}
    with gzip.open(MAILBOX / "reply_pairs.jsonl.gz", "rt", encoding="utf-8") as lines:
        pairs = [json.loads(line) for line in lines]
    replies = prompts = 0
    for pair in pairs:
        mail = clean_body(bodies[pair["message_id"]])
        replies += words(mail.text) == words(pair["reply"])
        quoted, prompt = words(mail.quoted), words(pair["prompt"])
        prompts += bool(quoted) and (prompt.startswith(quoted) or quoted.startswith(prompt))
        assert not re.search(r"Original Message--|Forwarded by|^(?:cc|Subject):", mail.text, re.M)
    assert replies / len(pairs) > 0.95
    assert prompts / len(pairs) > 0.90
