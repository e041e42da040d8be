"""What programs, providers and lawyers put below or around a writer's words goes."""

import pytest

from maverick_assets.datasets.mail.cleaning import clean_body

OWN = "Yes, fine - 30% is TOO much :)\n\nBest regards,\nAllan"


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


def test_names_of_attached_files_go() -> None:
    mail = clean_body("See the list.\n\nAllan\n\n - list of ovens.doc\n <<prices.xls>>\n")
    assert mail.text == "See the list.\n\nAllan"
    assert [span.reason for span in mail.removed] == ["blank", "attachment"]


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
