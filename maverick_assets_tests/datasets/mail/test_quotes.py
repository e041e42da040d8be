"""Quoted and forwarded mails are found, whatever program introduces them."""

import pytest

from maverick_assets.datasets.mail.cleaning import clean_body

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
def test_a_forward_is_recognised(header: str) -> None:
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


def test_very_deep_quoting_is_cut() -> None:
    assert clean_body("ok\n" + ">" * 5000 + " deep\n" + ">" * 5000 + " deep").text == "ok"


def test_a_dated_said_over_quoted_lines_is_an_attribution() -> None:
    said = "On 10 September 2002, Dana Cole said:"
    assert clean_body(f"{said}\n> Can we?\n\n{OWN}").text == OWN
    assert clean_body(f"{said}\nwe can.").text == f"{said}\nwe can."


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


def test_cuts_what_groupwise_quotes() -> None:
    header = '>>> "Cole, Dana" <Dana.Cole@x.example> 07/30/01 15:07 PM >>>'
    mail = clean_body(f"{OWN}\n{header}\nCan we give 30%?\n\nDana")
    assert (mail.text, mail.quoted) == (OWN, "Can we give 30%?\n\nDana")
