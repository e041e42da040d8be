"""Mails in ten languages and the styles of the usual programs are cleaned exactly."""

from collections.abc import Iterable

import pytest

from maverick_assets.datasets.mail.cleaning import RemovedPart, clean_body, plain_text
from maverick_assets_tests.corpora.labelled_mails import LabelledMail, labelled_mails

MAILS = list(labelled_mails())


@pytest.mark.parametrize("labelled", MAILS, ids=[mail.name for mail in MAILS])
def test_keeps_exactly_what_the_writer_typed(labelled: LabelledMail) -> None:
    mail = clean_body(labelled.body)
    assert mail.text == labelled.text
    assert mail.quoted == labelled.quoted
    assert mail.forwarded == labelled.forwarded
    assert clean_body(mail.text).text == mail.text
    assert without(plain_text(labelled.body), mail.removed) == mail.text


def without(body: str, removed: Iterable[RemovedPart]) -> str:
    for span in reversed(tuple(removed)):
        body = body[: span.start] + body[span.end :]
    return body
