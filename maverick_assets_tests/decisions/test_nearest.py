"""The nearest own decisions, and how often he said yes in such cases."""

import math
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest

from maverick_assets.datasets.layout import DealFacts, deal_text
from maverick_assets.decisions.nearest import Near, Nearest, rate_of_yes
from maverick_assets.decisions.own_decisions import Case, OwnDecision, OwnDecisions, case_of
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import dataset_path, raw_path
from maverick_assets_tests.decisions.own_cases import CASES, deal, write_cases


def own(lake: Path) -> tuple[OwnDecision, ...]:
    return OwnDecisions(lake, "persona").read()


def asked(notes: str, stage: str | None = None, amount: float | None = None) -> Case:
    return Case(deal_text(DealFacts("", stage, amount, None, notes)), True)


def ids(near: list[Near]) -> list[str]:
    return [each.decision.example.source_ids[0] for each in near]


def test_own_decisions_are_deals_and_answers_to_questions_on_actions(tmp_path: Path) -> None:
    write_cases(tmp_path)
    decisions = own(tmp_path)
    said = {each.example.source_ids[0]: each.said for each in decisions}
    assert said == {
        "crm_deals-1": "no",
        "crm_deals-2": "no",
        "crm_deals-3": "yes",
        "crm_deals-4": "yes",
        "messages-6": "no",
    }
    assert decisions[0].case.amount == 5000
    assert own(tmp_path / "nowhere") == ()


def test_a_changed_dataset_is_read_again(tmp_path: Path) -> None:
    write_cases(tmp_path)
    decisions = OwnDecisions(tmp_path, "persona")
    assert len(decisions.read()) == 5
    assert decisions.read() is decisions.read()
    write_cases(tmp_path, CASES[:2])  # the others were forgotten
    assert len(decisions.read()) == 2


def test_the_nearest_share_rare_words(tmp_path: Path) -> None:
    write_cases(tmp_path)
    index = Nearest(own(tmp_path))
    assert ids(index.to(asked("Do they want 30% off?")))[0] == "crm_deals-1"
    assert ids(index.to(Case("Should we wait for their paper?", False)))[0] == "messages-6"
    assert index.to(Case("zebra", False)) == []
    assert Nearest(()).to(asked("30% off")) == []


def test_bm25_has_its_textbook_value(tmp_path: Path) -> None:
    write_cases(tmp_path, [deal(1, "salmon", "a"), deal(2, "carrot", "b")])
    near = Nearest(own(tmp_path)).to(asked("salmon"))
    # Both documents are "Acme Foods: pilot" and a word; the query is the word alone. A decision of
    # average length in which it stands once has the whole of its idf.
    assert [each.similarity for each in near] == [pytest.approx(1.0)]
    both = Nearest(own(tmp_path)).to(asked("salmon pilot"))
    rare, common = math.log(1 + 1.5 / 1.5), math.log(1 + 0.5 / 2.5)
    assert both[1].similarity == pytest.approx(common / (rare + common))


def test_an_amount_counts_by_its_ratio_where_nothing_is_said(tmp_path: Path) -> None:
    write_cases(tmp_path)
    near = Nearest(own(tmp_path)).to(asked("", amount=18_000))
    assert ids(near)[0] == "crm_deals-4"
    assert near[0].similarity == pytest.approx(1 / (1 + 1))


def test_stages_are_those_of_the_raw_rows_unless_they_tell_the_outcome(tmp_path: Path) -> None:
    write_cases(tmp_path)
    stages = {1: "Negotiation", 2: "closed lost", 3: "negotiation", 4: None}
    rows = [{"id": f"crm_deals-{n}", "stage": stage} for n, stage in stages.items()]
    schema = pa.schema([("id", pa.string()), ("stage", pa.string())])
    sync_table(raw_path(tmp_path, "crm_deals"), arrow_table(rows, schema), "id")
    found = {each.example.source_ids[0]: each.stage for each in own(tmp_path)}
    assert found["crm_deals-1"] == found["crm_deals-3"] == "negotiation"
    assert found["crm_deals-2"] is found["crm_deals-4"] is None
    near = Nearest(own(tmp_path)).to(asked("", stage="Negotiation"))
    assert sorted(ids(near)) == ["crm_deals-1", "crm_deals-3"]


def test_a_rate_of_few_decisions_is_drawn_towards_a_broader_one(tmp_path: Path) -> None:
    yes, no = "Outcome: won.\n\nFine.", "Outcome: lost.\n\nNo."
    write_cases(tmp_path, [deal(n, "x", yes if n < 30 else no) for n in range(40)])
    decisions = own(tmp_path)
    case = asked("")
    everything = (30 + 1) / (40 + 2)
    assert rate_of_yes(case, decisions, []) == pytest.approx(everything)
    refused = [Near(each, 0.5) for each in decisions if each.said == "no"][:2]
    expected = (0 + 2 * everything) / (2 + 2)
    assert rate_of_yes(case, decisions, refused) == pytest.approx(expected)
    assert rate_of_yes(Case("Should we?", False), decisions, []) is None


def test_only_the_last_message_of_a_prompt_is_the_case() -> None:
    case = case_of(CASES[0].messages[:-1])
    assert case.is_deal
    assert case.words == "Acme Foods: pilot\nThey ask for 30% off."
    assert not case_of(CASES[5].messages[:-1]).is_deal
    assert dataset_path(Path("lake"), asdict(CASES[0])["personality"]).name == "persona"
