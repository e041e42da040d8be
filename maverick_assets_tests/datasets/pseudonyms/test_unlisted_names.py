"""People whom no CRM column knows get the surrogates that they would have as contacts."""

import re
import shutil
from pathlib import Path

import pytest

from maverick_assets.datasets.pseudonyms import person_ner
from maverick_assets.datasets.pseudonyms.contacts import Contact
from maverick_assets.datasets.pseudonyms.name_index import words_added
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.pseudonyms.unlisted_names import KeepingText, UnlistedNames
from maverick_assets.errors import MaverickError

KEY = b"k" * 32
SURROGATES = Surrogates(KEY, ("allan", "reyes"))


@pytest.fixture(scope="session")
def names() -> UnlistedNames:
    return UnlistedNames(KEY, [("allan", "reyes")])


def protect(names: UnlistedNames, text: str) -> str:
    return names.protect([text])[0]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Please call Gary Whitfield about the invoice.", "gary whitfield"),
        ("I met with Jennifer A. Carlson yesterday.", "jennifer carlson"),
        ("Regards,\nPeter Lindqvist\nManager, Credit Risk", "peter lindqvist"),
        ("We had dinner with Daniela Moreno's brother.", "daniela moreno"),
    ],
)
def test_a_full_name_gets_the_surrogate_of_a_contact(
    names: UnlistedNames, text: str, name: str
) -> None:
    given, surname = SURROGATES.person(Contact("person", name).identity)
    protected = protect(names, text)
    assert f"{given} {surname}" in protected
    assert not any(word in protected.lower() for word in name.split())
    third_parties = ThirdParties(KEY, [Contact("person", name)], ["allan.reyes@testpilot.example"])
    assert third_parties.protect(text) == protected


def test_a_name_is_the_same_in_prompt_and_completion(names: UnlistedNames) -> None:
    prompt, answer = names.protect(
        [
            "Did Jeff Whitlock sign the contract yesterday?",
            "Jeff did. ask whitlock or jeff whitlock",
        ]
    )
    given, surname = SURROGATES.person("jeff whitlock")
    assert prompt == f"Did {given} {surname} sign the contract yesterday?"
    assert answer == f"{given} did. ask whitlock or {given.lower()} {surname.lower()}"


def test_a_given_name_alone_gets_a_surrogate(names: UnlistedNames) -> None:
    given = SURROGATES.person("michelle")[0]
    assert protect(names, "I will ask Michelle to send it on Monday.") == (
        f"I will ask {given} to send it on Monday."
    )


@pytest.mark.parametrize(
    "text",
    [
        "Allan Reyes said so, and Allan signs it.",  # the owner
        "The Henry Hub price fell; sell the December contract in Houston.",
        "Portfolio Tracker and Adobe Acrobat Reader are on the list.",
        "Customer Support will call you in March or on Friday.",
        "Ask Slack and Microsoft Outlook for the report.",
        "Write to jeff.whitlock@acme.example or see www.jeffwhitlock.example",
        "You may call me will and mark this as done.",
        "The flight to St Louis leaves at noon, says the agency.",
    ],
)
def test_what_names_no_third_party_stays(names: UnlistedNames, text: str) -> None:
    assert protect(names, text) == text


SPOKEN = "I spoke with Dana Cole and Jeff Whitlock; Dana Cole agreed, and Dana writes on Monday."


def test_surrogates_stay_where_they_are_known_and_others_are_replaced(names: UnlistedNames) -> None:
    third_parties = ThirdParties(KEY, [Contact("person", "dana cole")])
    once = third_parties.protect(SPOKEN, ["dana.cole@acme.example"])
    [twice] = names.protect([once], frozenset(words_added(SPOKEN, once)))
    dana, jeff = (" ".join(SURROGATES.person(name)) for name in ("dana cole", "jeff whitlock"))
    given = dana.split()[0]
    assert twice == f"I spoke with {dana} and {jeff}; {dana} agreed, and {given} writes on Monday."
    [again] = names.protect([twice], frozenset(words_added(SPOKEN, twice)))
    assert again == twice


def test_what_is_kept_in_one_text_is_replaced_in_another(names: UnlistedNames) -> None:
    text = "I will ask Gordon Whitlock to send it."
    [kept] = names.protect([text], frozenset(["gordon", "whitlock"]))
    [replaced] = names.protect([text])
    assert kept == text
    assert replaced == f"I will ask {' '.join(SURROGATES.person('gordon whitlock'))} to send it."


def test_a_surrogate_for_a_given_name_gets_a_surname_and_stays(names: UnlistedNames) -> None:
    surname = SURROGATES.person("gordon whitlock")[1]
    texts = ["Hello Gordon,\nthanks.", "Thank you.\nGordon Whitlock"]
    assert names.protect(texts, frozenset(["gordon"])) == [
        "Hello Gordon,\nthanks.",
        f"Thank you.\nGordon {surname}",
    ]


def test_texts_in_other_languages_are_left_as_they_are(names: UnlistedNames) -> None:
    text = "Ich habe gestern mit Peter Hoffmann über den Vertrag gesprochen und er stimmt zu."
    assert protect(names, text) == text


def test_which_names_are_recognised_depends_on_the_text_alone() -> None:
    texts = [
        f"Please tell {name} that we need {n} more." for n, name in enumerate(["Jeff Lee"] * 40)
    ]
    texts += ["I saw Gary Ross at the conference, he looked well.", "Nothing to see here at all."]
    batch, single = UnlistedNames(KEY), UnlistedNames(KEY)
    batch.recognize(KeepingText(text) for text in texts[::-1])
    assert [protect(batch, text) for text in texts] == [protect(single, text) for text in texts]


def test_a_text_without_a_name_does_not_run_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(texts: object) -> None:
        raise AssertionError("the model was asked")

    monkeypatch.setattr("maverick_assets.datasets.pseudonyms.unlisted_names.person_spans", refuse)
    assert protect(UnlistedNames(KEY), "We need ten more of the blue ones by Friday, thanks.")


def test_a_megabyte_without_a_name_stays_as_it_is(names: UnlistedNames) -> None:
    for text in ("a" * 1_000_000, "Jeff" * 250_000, "x " * 500_000, "'-" * 500_000):
        assert protect(names, text) == text


def test_corrupt_model_files_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = person_ner.model_path()
    copy = tmp_path / person_ner.PACKAGE / path.name
    shutil.copytree(path, copy)
    (copy.parent / "__init__.py").touch()
    assert person_ner.model_digest(copy) == person_ner.SHA256
    weights = copy / "ner" / "model"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    monkeypatch.syspath_prepend(tmp_path)
    person_ner.model_path.cache_clear()
    with pytest.raises(MaverickError, match=re.escape("reinstall the package")):
        person_ner.model_path()
    person_ner.model_path.cache_clear()
