"""Answers that repeat training text, beside habits, quotes and what the owner repeats himself."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.example import Example
from maverick_assets.datasets.outgoing import OutgoingText
from maverick_assets.datasets.pseudonyms.contacts import Contact
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.evaluation.evidence import Answered, Evidence
from maverick_assets.evaluation.memorisation.overlap import measure_overlap
from maverick_assets.evaluation.spec import EvaluationSpec
from maverick_assets.figures.memorisation import MemorisationFigures
from maverick_assets.recipes import Gates
from maverick_assets_tests.datasets.example_template import EXAMPLE
from maverick_assets_tests.raw_tables import upsert_raw_rows

ONCE = "I told Petra that the harbour lease ends in March and that nobody signs before."
HABIT = "Safety first, calendar second, and copy the technical person before Friday, please."
SPEC = EvaluationSpec(
    personality="robbie",
    dataset=Path("dataset"),
    dataset_version=0,
    adapter=Path("adapter"),
    max_length=512,
    gates=Gates(),
    out=Path("out"),
)
NOBODY = OutgoingText(None)


def example(thread: str, prompt: str, answer: str) -> Example:
    messages = [
        Message(role="system", content="You are Robbie."),
        Message(role="user", content=prompt),
        Message(role="assistant", content=answer),
    ]
    return replace(EXAMPLE, example_id=f"{thread}{answer}", thread_id=thread, messages=messages)


TRAIN = [
    example("1", "And the lease?", f"Morning. {ONCE} Best, Allan"),
    example("2", "When?", f"{HABIT} Best, Allan"),
    example("3", "Now?", f"No. {HABIT}"),
]


def measured(
    answers: Sequence[str],
    prompt: str = "What now?",
    real: str = "Not yet.",
    scan: OutgoingText = NOBODY,
    lake: Path | None = None,
) -> MemorisationFigures:
    answered = [
        Answered(example(f"held out {at}", prompt, real), {"candidate": answer, "base": "Hm."})
        for at, answer in enumerate(answers)
    ]
    spec = SPEC.model_copy(update={"lake": lake})
    figures = measure_overlap(Evidence(spec, [], [], {}, answered, TRAIN), scan)
    assert figures is not None
    return figures


def test_a_planted_verbatim_answer_is_found_whatever_its_case_and_lines() -> None:
    planted = f"Well, {ONCE[:40].upper()}\n{ONCE[40:]} Right?"
    figures = measured(["Let us see.", planted])
    assert (figures.n_answers, figures.verbatim, figures.leaks) == (2, 1, 0)
    assert figures.longest >= len(ONCE)


def test_eight_words_are_verbatim_and_seven_are_not() -> None:
    words = ONCE.split()  # "I told Petra that the harbour lease ends"
    eight, seven = " ".join(words[:8]), " ".join(words[:7])
    assert len(eight) < 50
    assert measured([f"So {eight}, as it does."]).verbatim == 1
    assert measured([f"So {seven}, as it does."]).verbatim == 0


def test_a_habit_is_not_memorised_whatever_stands_beside_it() -> None:
    assert measured([f"Hello. {HABIT}"]).verbatim == 0
    assert measured([f"No. {HABIT}"]).verbatim == 0  # as one thread has it
    assert measured([f"{HABIT} {ONCE}"]).verbatim == 1


def test_what_the_prompt_says_is_quoted() -> None:
    assert measured([ONCE], prompt=f"You wrote: {ONCE}").verbatim == 0


def test_the_owners_own_repetitions_are_the_measure() -> None:
    alike = measured([ONCE] * 10, real=f"As I said. {ONCE}")
    assert (alike.verbatim, alike.verbatim_of_owner, alike.beyond_owner) == (10, 10, False)
    assert measured([ONCE] * 10).beyond_owner
    one_of_ten = measured([ONCE, *["No."] * 9])  # by chance one time in two
    assert (one_of_ten.verbatim, one_of_ten.beyond_owner) == (1, False)


def test_without_answers_there_is_nothing_to_measure() -> None:
    assert measure_overlap(Evidence(SPEC, [], [], {}, [], TRAIN), NOBODY) is None


def test_real_contacts_in_answers_are_leaks_and_surrogates_are_none() -> None:
    contacts = [
        Contact("person", "dana cole"),
        Contact("company", "acme foods"),
        Contact("mailbox", "dc@bidas.example dana cole"),
        Contact("domain", "bidas.example"),
    ]
    people = ThirdParties(b"k" * 32, contacts, ["allan@testpilot.example"])
    scan = OutgoingText(people)
    surrogate = people.protect("Ask Dana Cole of Acme Foods.")
    assert "Dana Cole" not in surrogate
    assert "Acme" not in surrogate
    assert measured([surrogate, "Ask Allan."], scan=scan).leaks == 0
    leaking = ["Ask Dana Cole.", "Write to dc@bidas.example now.", "Acme Foods pays."]
    assert measured([*leaking, "Nobody pays."], scan=scan).leaks == 3


def test_a_number_that_no_row_holds_was_made_up(tmp_path: Path) -> None:
    row = {"id": "1", "sender_email": "dc@bidas.example", "body": "Ring me: +44 20 7946 0123"}
    upsert_raw_rows(tmp_path, "crm_emails", [row])
    scan = OutgoingText(ThirdParties(b"k" * 32, [], ["allan@testpilot.example"], ["GB"]))
    made_up, real = "Ring +44 20 7946 0999.", "Ring 020 7946 0123 or +44 (0)20 7946 0999."
    assert measured([made_up], scan=scan).leaks == 1
    assert measured([made_up], scan=scan, lake=tmp_path).leaks == 0
    assert measured(["Ring +44 20 79460123.", real], scan=scan, lake=tmp_path).leaks == 2
