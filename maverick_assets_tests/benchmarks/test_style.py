"""Error rates, known candidates and people of `python -m benchmarks.style`."""

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.style.authors import Author, _author, halves
from benchmarks.style.known_answers import (
    IMPOSTOR,
    OWNER_AGAIN,
    Sources,
    as_answers,
    divided,
    known_panels,
    mixture,
    verdicts,
)
from benchmarks.style.verification import Trial, equal_error, error_rates, verify
from maverick_assets.evaluation.style.blocks import StyleText
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.style import Copies, StyleFigures, SubScore
from maverick_assets_tests.corpora.real_data import REAL_DATA, needs_real_data
from maverick_assets_tests.evaluation.style.writers import CHATTY, FORMAL, PLAIN, TERSE


def test_equal_errors_of_known_scores() -> None:
    def rate(own: list[float], others: list[float]) -> float:
        return equal_error(np.asarray(own), np.asarray(others))

    assert rate([3, 4], [1, 2]) == 0
    assert rate([1, 2], [3, 4]) == 1
    assert rate([1, 1], [1, 1]) == 0.5
    assert rate([1, 3, 4, 5], [0, 0, 0, 2]) == 0.25  # one of four each, at a threshold from 1 to 2
    assert rate([1, 3], [0, 0, 0, 2]) == pytest.approx(0.25)  # interpolated


def test_rates_pool_people_and_blocks_apart() -> None:
    right = Trial("a", np.asarray([2.0] * 98), np.asarray([0.0] * 98))
    wrong = Trial("b", np.asarray([0.0] * 2), np.asarray([2.0] * 2))
    rates = error_rates([right, wrong])
    assert rates.by_author.value == pytest.approx(0.5)
    assert rates.one_threshold.value == pytest.approx(0.5)
    assert rates.by_block == pytest.approx(0.02)
    assert (rates.n_own, rates.n_others) == (100, 100)


def test_people_who_write_differently_are_told_apart_and_one_who_writes_as_another_is_not() -> None:
    def author(name: str, texts: list[StyleText]) -> Author:
        return Author(name, [StyleText(text.text, f"{name} {text.thread}") for text in texts])

    targets = [author("terse", TERSE.texts(160, 1)), author("formal", FORMAL.texts(40, 2))]
    known = [author(f"chatty {at}", CHATTY.texts(20, 30 + at)) for at in range(4)]
    known += [author(f"plain {at}", PLAIN.texts(20, 40 + at)) for at in range(4)]
    assert error_rates(verify(targets, known)).by_author.value < 0.05
    twins = [author("one", TERSE.texts(160, 5)), author("other", TERSE.texts(160, 6))]
    assert error_rates(verify(twins, known)).by_author.value > 0.3


def panel_of(answers: Sequence[StyleText]) -> StyleFigures:
    """A panel whose score is the share of the answers that are the owner's, in their order."""
    words = [text.text for text in answers]
    share = sum(word.startswith("own") for word in words) / len(words)
    in_order = any(" " in word and word.startswith("own ") for word in words)
    value = share if in_order else 0.0
    score = Interval(value=value, low=value - 0.1, high=value + 0.1, n=1)
    measured = SubScore(score=score, candidate=value, owner=1)
    nothing = SubScore(candidate=0, owner=0, reason="none")
    none = Interval(value=0, low=0, high=0, n=1)
    return StyleFigures(
        authorship=measured,
        function_words=nothing,
        habits={},
        detector=nothing,
        meaning=nothing,
        copies=Copies(candidate=0, owner=0, excess=none, alarm=False),
        language="en",
        n_answers=len(words),
        n_empty=0,
        n_threads=1,
        n_characters=1,
    )


def test_known_candidates_are_what_they_say_and_are_judged_by_it() -> None:
    own = [StyleText(f"own {at} word{at} of his {'x ' * at}", f"t{at}") for at in range(40)]
    others = [StyleText(f"other {at}", f"o{at}") for at in range(40)]
    panels = known_panels(panel_of, own, Sources(own, others, own))
    values = [figures.authorship.candidate for figures in panels.values()]
    assert values[:5] == pytest.approx([0, 0.25, 0.5, 0.75, 1])  # others, three mixtures, himself
    right = verdicts(panels, "authorship")
    assert right == {
        "himself is 1 within the interval": True,
        "others are 0 within the interval": True,
        "shuffled below 0.3": True,
        "mixtures rise": True,
    }
    assert not verdicts(panels | {IMPOSTOR: panels[OWNER_AGAIN]}, "authorship")["mixtures rise"]
    assert verdicts(panels, "meaning") == {}


def test_texts_of_one_person_are_divided_by_thread() -> None:
    parts = divided(TERSE.texts(100, 1))
    threads = [{text.thread for text in part} for part in parts]
    assert sum(map(len, threads)) == len(set.union(*threads)) == 50
    assert [len(part) for part in parts] == [60, 20, 20]


def test_a_mixture_holds_the_share_that_it_says() -> None:
    own, others = [StyleText("own", "")] * 40, [StyleText("other", "")] * 40
    assert mixture(own, others, 25).count(own[0]) == 10
    few = as_answers([StyleText("a", "x")], TERSE.texts(2, 1))
    assert [text.text for text in few] == ["a", ""]


def test_a_person_has_one_name_for_all_addresses_and_a_program_none() -> None:
    def name(address: str, displayed: str) -> str | None:
        return _author({"sender_email": address, "sender_name": displayed})

    one = name("john.f.doe@enron.com", "Doe, John F. </O=X/CN=JDOE>")
    assert one == name("f..doe@enron.com", "John F Doe") == "doe john"
    assert name("office.news@enron.com", "Office News") is None
    assert name("john.doe@elsewhere.example", "John Doe") is None


@needs_real_data
def test_no_person_is_in_both_halves() -> None:
    from benchmarks.style.authors import enron_authors

    tuning, locked = halves(enron_authors(REAL_DATA))
    assert not {author.name for author in tuning} & {author.name for author in locked}
    assert min(len(tuning), len(locked)) > 100
