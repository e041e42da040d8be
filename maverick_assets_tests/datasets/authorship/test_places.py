"""Folders, labels, flags and headers say what became of a mail."""

import pytest

from maverick_assets.datasets.authorship.places import places_of


@pytest.mark.parametrize(
    ("folder", "place"),
    [
        *((name, "sent") for name in ("Sent", "Sent Items", "_sent_mail", "[Gmail]/Sent Mail")),
        *(
            (name, "sent")
            for name in ("Gesendet", "Gesendete Elemente", "INBOX.Sent", ".Sent.2019")
        ),
        *((name, "sent") for name in ("Elements envoyes", "Éléments envoyés.mbox", "Enviados")),
        *((name, "sent") for name in ("Posta inviata", "Verzonden items", "Sendt post", "Skickat")),
        *(
            (name, "sent")
            for name in ("Wysłane", "Отправленные", "已发送", "送信済みメール", "SENT")
        ),
        *(
            (name, "sent")
            for name in ("Kern, Allan\\Sent Items", "Sent Items/Projects", "Sent-1.mbox")
        ),
        *(
            (name, "draft")
            for name in ("Drafts", "Entwürfe", "Entw&APw-rfe", "Brouillons", "Bozze")
        ),
        *((name, "draft") for name in ("Черновики", "下書き", "Unsent Messages", "INBOX.Drafts")),
        *(
            (name, "deleted")
            for name in ("Trash", "Deleted Items", "Papierkorb", "Corbeille", "Kosz")
        ),
        *(
            (name, "deleted")
            for name in ("[Gmail]/Bin", "Trash/Projects", "Корзина", "deleted_items")
        ),
        *((name, "spam") for name in ("Spam", "Junk", "Junk-E-Mail", "Indésirables", "Skräppost")),
        *(
            (name, "other")
            for name in ("INBOX", "Projects", "Sent to the printer", "Drafts of law")
        ),
    ],
)
def test_a_folder_has_its_name_in_many_programs_and_languages(folder: str, place: str) -> None:
    assert places_of({"folder": folder}, {}) == (place,)


@pytest.mark.parametrize(
    ("headers", "flags", "place"),
    [
        ({"x-gmail-labels": ["Sent,Important"]}, [], "sent"),
        ({"x-gmail-labels": ["Inbox,Messages envoyés"]}, [], "sent"),
        ({"x-gmail-labels": ["Drafts"]}, [], "draft"),
        ({"x-gmail-labels": ["Sent,Trash"]}, [], "deleted"),
        ({"x-gmail-labels": ["Spam,Unread"]}, [], "spam"),
        ({"x-mozilla-status": ["0009"]}, [], "deleted"),
        ({"x-mozilla-status": ["0001"]}, [], "other"),
        ({"x-mozilla-status": ["none"]}, [], "other"),
        ({"x-mozilla-draft-info": ["internal/draft; vcard=0"]}, [], "draft"),
        ({"x-spam-flag": ["YES"]}, [], "spam"),
        ({"x-spam-status": ["Yes, score=9.1"]}, [], "spam"),
        ({"x-spam-status": ["No, score=-1"]}, [], "other"),
        ({"x-folder": ["\\Kern_Dec2000\\Notes Folders\\'sent mail"]}, [], "sent"),
        ({}, ["seen", "draft"], "draft"),
        ({}, ["trashed"], "deleted"),
        ({}, ["seen", "replied"], "other"),
    ],
)
def test_labels_flags_and_headers_say_it(
    headers: dict[str, list[str]], flags: list[str], place: str
) -> None:
    assert places_of({"folder": "INBOX", "flags": flags}, headers) == (place,)


def test_each_copy_has_a_place_and_a_flag_of_one_says_nothing_of_the_others() -> None:
    row = {"folder": "Sent\nTrash", "flags": ["trashed"]}
    assert places_of(row, {}) == ("sent", "deleted")
    assert places_of({"folder": "Sent"}, {"x-spam-flag": ["YES"]}) == ("sent",)
    assert places_of({"direction": "outgoing"}, {}) == ("sent",)
