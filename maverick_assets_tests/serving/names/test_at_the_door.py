"""Who asks what, and which names he is answered with."""

import random
import threading

import pytest

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.pseudonyms.unlisted_names import UnlistedNames
from maverick_assets.recipes import Recipe
from maverick_assets.serving.asked import Ask, asked
from maverick_assets.serving.names.at_the_door import Names, OneRequest, Scrubber, restored
from maverick_assets.serving.names.table import NameTable
from maverick_assets_tests.registry.conftest import recipe_of
from maverick_assets_tests.serving.names.test_restore import (
    COLE,
    DANA,
    KEY,
    KNOWN,
    PHONE,
    THIRD_PARTIES,
)

NAMES = Names(THIRD_PARTIES, UnlistedNames(KEY, [("allan",)]), KNOWN, threading.Lock())
TWIN = Recipe.model_validate(recipe_of("twin"))
QUESTION = (
    "Is Dana Cole of Tansythorne (dana.cole@acme-foods.com, +44 20 7946 0018) there? "
    "Marcus Bennett said that Jeff Whitlock's team left 12 Harrow Road."
)
REAL = (
    "Dana",
    "Cole",
    "Tansythorne",
    "acme-foods",
    "7946",
    "Marcus",
    "Bennett",
    "Jeff",
    "Whitlock",
)


def ask(text: str, *, by_owner: bool) -> tuple[OneRequest, str]:
    """A request, and what the model is asked in it."""
    request = NAMES.incoming(by_owner=by_owner)
    return request, asked(TWIN, Ask(text), request)[-1]["content"]


@pytest.mark.parametrize("by_owner", [True, False])
def test_no_real_name_reaches_the_model(by_owner: bool) -> None:
    _, question = ask(QUESTION, by_owner=by_owner)
    assert not [word for word in REAL if word.lower() in question.lower()]
    assert question.startswith(f"Is {DANA} {COLE} of ")


def test_what_the_owner_wrote_comes_back_as_he_wrote_it() -> None:
    request, question = ask(QUESTION, by_owner=True)
    assert restored(request.outgoing(), question) == QUESTION


def test_nobody_else_is_answered_with_a_name_not_even_with_his_own() -> None:
    request, question = ask(QUESTION, by_owner=False)
    answer = restored(request.outgoing(), question)
    assert answer == question


def test_a_surrogate_that_a_caller_writes_is_answered_with_itself() -> None:
    """It is what he was answered with before, or what he guesses."""
    for text in (
        f"Who is {DANA} {COLE}?",
        f"Call {PHONE} or {THIRD_PARTIES.address('petra@oatworks.com')}.",
    ):
        request, question = ask(text, by_owner=False)
        assert question == text
        assert restored(request.outgoing(), question) == text


def test_a_surrogate_in_the_chat_so_far_stays_what_it_is() -> None:
    earlier = [
        Message(role="user", content="Who is Dana Cole?"),
        Message(role="assistant", content=f"{DANA} {COLE} buys. {DANA} pays."),
    ]
    request = NAMES.incoming(by_owner=False)
    messages = asked(TWIN, Ask("And Dana Cole's boss?", earlier=earlier), request)
    assert [message["content"] for message in messages[1:]] == [
        f"Who is {DANA} {COLE}?",
        f"{DANA} {COLE} buys. {DANA} pays.",
        f"And {DANA} {COLE}'s boss?",
    ]


def test_a_real_name_that_the_model_learnt_reaches_the_owner_alone() -> None:
    said = "Dana Cole of Acme Foods is at dana.cole@acme-foods.com.  Ring her.\n\nJeff Whitlock"
    assert restored(NAMES.incoming(by_owner=True).outgoing(), said) == said
    shown = restored(NAMES.incoming(by_owner=False).outgoing(), said)
    assert f"{DANA} {COLE} of" in shown
    assert not [word for word in REAL if word in shown]


def test_a_streamed_answer_to_others_is_the_answer() -> None:
    rng = random.Random(3)
    parts = ["Dana Cole ", "Dana ", ". ", "Ring her! ", "\n\n", "word " * 30, "e.g. "]
    parts.append("dana.cole@acme-foods.com ")
    for _ in range(60):
        text = "".join(rng.choice(parts) for _ in range(30))
        whole = restored(Scrubber(THIRD_PARTIES), text)
        outgoing = Scrubber(THIRD_PARTIES)
        assert "".join([*map(outgoing.feed, text), outgoing.end()]) == whole
        assert "Dana Cole" not in whole


def test_without_the_key_names_are_hidden_and_none_comes_back() -> None:
    names = Names(THIRD_PARTIES, UnlistedNames(KEY), NameTable(), threading.Lock())
    assert restored(names.incoming(by_owner=True).outgoing(), f"{DANA} {COLE}") == f"{DANA} {COLE}"


def test_requests_of_many_threads_do_not_mix() -> None:
    def owner(number: int) -> bool:
        text = f"Tell Jeff Whitlock and Marcus Bennett that {number} is not 20."
        request, question = ask(text, by_owner=True)
        return "Bennett" not in question and restored(request.outgoing(), question) == text

    results: list[bool] = []
    threads = [threading.Thread(target=lambda n=n: results.append(owner(n))) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 16


def test_the_first_word_of_a_company_comes_back_where_the_question_names_it() -> None:
    request, question = ask("What of Tansythorne?", by_owner=True)
    first = question.removeprefix("What of ").split()[0]
    assert restored(request.outgoing(), f"{first} Tranding pays.") == "Tansythorne Tranding pays."
