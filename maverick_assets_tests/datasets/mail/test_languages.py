"""Every language's words can be put into one expression, and every language has labelled mails."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pkgutil import iter_modules

import pytest

from maverick_assets.datasets.mail import languages
from maverick_assets.datasets.mail.language import MailLanguage
from maverick_assets.datasets.mail.languages import LANGUAGES, any_of
from maverick_assets_tests.corpora.labelled_mails import LANGUAGES as LABELLED_LANGUAGES

FEW_WORDS = {"others"}  # a module of languages of which too little is covered for whole mails
BRACKETED = re.compile(r"\\.|\[(?:\\.|[^\]])+\]|\((?:\\.|[^()])*\)")


def words_of(language: MailLanguage) -> Iterator[str]:
    for group in fields(language):
        words = getattr(language, group.name)
        for field in fields(words):
            yield from getattr(words, field.name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_is_one_expression_that_can_stand_beside_others(language: MailLanguage) -> None:
    for word in words_of(language):
        re.compile(word)
        outside = word
        while (shorter := BRACKETED.sub("", outside)) != outside:
            outside = shorter
        assert word
        assert "|" not in outside, word


def test_every_language_has_labelled_mails() -> None:
    modules = {module.name for module in iter_modules(languages.__path__)}
    assert modules - FEW_WORDS == set(LABELLED_LANGUAGES)


def test_words_of_all_languages_are_joined_once_each() -> None:
    senders = any_of(lambda language: language.quotes.sender_labels).split("|")
    assert {"From", "Von", "De", "Da"} <= set(senders)
    assert len(senders) == len(set(senders))
