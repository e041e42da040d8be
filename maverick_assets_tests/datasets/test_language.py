"""Answers in other languages are left out, where the owner wants that."""

import pytest

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.examples.builder import ExampleBuilder, ExampleFilter
from maverick_assets.datasets.language import may_be_in
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates
from maverick_assets.errors import BadInput
from maverick_assets.recipes import load_recipes
from maverick_assets.settings import IDENTIFIED_LANGUAGES, load_settings
from maverick_assets_tests.datasets.turn_builders import builder_for

SAID = {
    "en": ["Sounds good, let's talk tomorrow.", "can u send me the numbers b4 lunch, thx"],
    "de": ["Klingt gut, lass uns morgen reden.", "Schick mir bitte die Zahlen vor dem Mittag."],
    "fr": ["Ça me va, on en parle demain.", "Je ne pense pas que ce soit une bonne idée."],
    "es": ["Me parece bien, hablamos mañana.", "¿Me mandas los números antes de comer?"],
    "it": ["Va bene, ne parliamo domani.", "Ci serve un'altra settimana per finire le prove."],
    "pt": ["Parece-me bem, falamos amanhã.", "Precisamos de mais uma semana para os testes."],
    "nl": ["Klinkt goed, we praten morgen verder.", "Ik denk niet dat we dit moeten doen."],
    "da": ["Det lyder godt, lad os tale i morgen.", "Jeg tror ikke, vi skal gøre det her."],
    "sv": ["Det låter bra, vi pratar i morgon.", "Jag tror inte att vi ska göra det här."],
    "pl": ["Brzmi dobrze, porozmawiajmy jutro.", "Nie sądzę, żebyśmy powinni to robić."],
}


@pytest.mark.parametrize("language", SAID)
def test_a_short_mail_is_of_its_language_and_not_english(language: str) -> None:
    for text in SAID[language]:
        assert may_be_in([language], text)
        assert may_be_in(["en"], text) == (language == "en")


@pytest.mark.parametrize("text", ["", "ok", "Danke, passt!", "https://www.firma.de/ueber-uns/wir"])
def test_a_text_too_short_to_identify_may_be_in_any_language(text: str) -> None:
    assert may_be_in(["en"], text)


def test_only_answers_in_a_wanted_language_are_learnt(tokenizer: ChatTokenizer) -> None:
    owner = Owner(("allan@testpilot.example",), ("allan",))
    content = {"a": "We should call them tomorrow morning.", "b": "Wir rufen sie morgen früh an."}
    rows = [
        dict.fromkeys(TABLES["sticky_notes"].columns)
        | {"id": key, "title": "Call", "content": text, "user_id": "allan"}
        for key, text in content.items()
    ]
    turns = [builder_for(owner).row_turn(TABLES["sticky_notes"], row) for row in rows]

    def dropped(*languages: str) -> set[str | None]:
        recipe = load_recipes()["allan-maverick"]
        wanted = ExampleFilter(languages=languages)
        builder = ExampleBuilder(recipe, tokenizer, Surrogates(b"k" * 32), wanted)
        return {candidate.dropped for candidate in builder.candidates(turns)}

    assert dropped() == {None} == dropped("en", "de")
    assert dropped("en") == {None, "language"} == dropped("de")
    assert dropped("fr") == {"language"}


def test_the_setting_knows_the_languages_that_the_library_identifies() -> None:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    labels = LanguageIdentifier.from_model_file(MODEL_FILE).labels
    assert frozenset(label for label in labels if len(label) == 2) == IDENTIFIED_LANGUAGES


def test_an_unknown_language_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAVERICK_LANGUAGES", " en, DE ,")
    assert load_settings().language_codes == ("de", "en")
    monkeypatch.setenv("MAVERICK_LANGUAGES", "en,english,xx")
    with pytest.raises(BadInput, match=r"MAVERICK_LANGUAGES: .*english, xx: not an ISO 639-1 code"):
        load_settings()
