"""Every language has the words that the rules need, and shortcuts skip no text that holds one."""

import pytest

from maverick_assets.datasets.secrets.find import find_secrets
from maverick_assets.datasets.secrets.patterns import ACCOUNT, CODE, KEY, PASSWORD, WALLET
from maverick_assets.datasets.secrets.vocabulary import VOCABULARIES
from maverick_assets_tests.corpora.planted_secrets import LANGUAGES as PLANTED_LANGUAGES
from maverick_assets_tests.corpora.planted_secrets import planted_texts


def test_every_language_is_in_the_planted_corpus() -> None:
    assert set(VOCABULARIES) == set(PLANTED_LANGUAGES)


@pytest.mark.parametrize("language", VOCABULARIES)
def test_every_language_says_is_and_names_codes_accounts_and_wallets(language: str) -> None:
    vocabulary = VOCABULARIES[language]
    assert vocabulary.is_ and vocabulary.as_ and vocabulary.prepositions
    assert vocabulary.password or vocabulary.password_ending
    assert vocabulary.code and vocabulary.account and vocabulary.wallet and vocabulary.access


def test_no_text_with_a_noun_lacks_all_stems_of_its_kind() -> None:
    texts = [planted.text.lower() for planted in planted_texts(2000)]
    for kind in (PASSWORD, CODE, ACCOUNT, KEY, WALLET):
        matches = [text for text in texts if kind.pattern.search(text)]
        assert matches
        assert all(any(stem in text for stem in kind.stems) for text in matches)


def test_the_longer_of_two_nouns_that_begin_alike_is_read() -> None:
    match = ACCOUNT.pattern.search("meine konto-nr. 12345678")
    assert match is not None
    assert match.group() == "konto-nr."


def test_to_says_is_in_polish_but_not_after_an_english_noun() -> None:
    def rules(text: str) -> set[str]:
        return {finding.rule for finding in find_secrets(text)}

    assert "password" in rules("hasło to 4711")
    assert "password" not in rules("change the password to 4711")
