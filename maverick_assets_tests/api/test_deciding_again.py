"""Old decisions over HTTP: for the owner alone, with real names, and without what was decided."""

from datetime import UTC, datetime
from typing import Any

import pytest

from maverick_assets.evaluation.people.asked_again import RepeatedDecisionFile
from maverick_assets.evaluation.people.line_file import OWNER
from maverick_assets_tests.api.conftest import Server
from maverick_assets_tests.decisions.own_cases import SOURCES, write_cases
from maverick_assets_tests.evaluation.people.old_decisions import DECISIONS

PATH = "/api/judging/twin/decisions"


@pytest.fixture(scope="module", autouse=True)
def decisions(server: Server) -> None:
    home = server.home
    home.release("twin", "v1.0", "adapter-0", title="Twin", sources=SOURCES)
    write_cases(home.settings.lake, DECISIONS, "twin")
    write_cases(home.settings.lake, DECISIONS, "robbie")


def kept(server: Server) -> list[tuple[str, str, str]]:
    lines = RepeatedDecisionFile(server.home.settings.judgements).read("twin")
    return [(each.example_id, each.before, each.option) for each in lines]


def test_the_owner_decides_again_and_sees_nothing_of_before(server: Server) -> None:
    with server.client() as owner:
        asked = owner.get(PATH).json()
        assert len(asked) == 8
        shown = {"personality", "example_id", "seed", "kind", "text", "options"}
        assert all(set(each) == shown for each in asked)
        assert "Outcome" not in str(asked) and "10 at most" not in str(asked)
        [mail] = [each for each in asked if each["text"] == "Can you do 20% off?"]
        assert sorted(mail["options"]) == ["accept", "counter", "decline", "defer"]
        said = {key: mail[key] for key in ("personality", "example_id", "seed")}
        for option in ("accept", "decline"):  # he thinks better of it
            response = owner.post("/api/judging/decisions", json=said | {"option": option})
            assert (response.status_code, response.json()) == (201, {"kept": True})
        assert kept(server)[-2:] == [
            (mail["example_id"], "decline", "accept"),
            (mail["example_id"], "decline", "decline"),
        ]
        lines = RepeatedDecisionFile(server.home.settings.judgements).read("twin")
        assert {each.judge for each in lines} == {OWNER}
        results = owner.get("/api/judging/twin/results").json()
        assert results["repeated_decisions"]["mails"]["value"] == 1
        [again] = owner.get(PATH, params={"count": 1}).json()
        assert again["example_id"] != mail["example_id"]  # those first that were not asked yet


def test_an_acquaintance_neither_sees_nor_answers_a_decision(server: Server) -> None:
    before = kept(server)
    said = {"personality": "twin", "example_id": f"{1:032x}", "seed": 1, "option": "accept"}
    for name, scopes in (("friend2", ("rate",)), ("phone2", ("chat", "train", "admin", "rate"))):
        with server.client(server.token(name, *scopes)) as judge:  # type: ignore[arg-type]
            assert judge.get(PATH).status_code == 403
            assert judge.post("/api/judging/decisions", json=said).status_code == 403
            assert judge.get("/api/judging/twin/results").status_code == 403
            listed = judge.get("/api/judging").json()
            assert all(each["decisions"] == 0 and not each["is_owner"] for each in listed)
    assert kept(server) == before


def test_what_has_an_intimate_mode_needs_that_scope_of_the_owner_too(server: Server) -> None:
    with server.client(server.token("half", "owner", "rate")) as half:
        for path in ("decisions", "results"):
            assert half.get(f"/api/judging/robbie/{path}").status_code == 404
        said = {"personality": "robbie", "example_id": f"{1:032x}", "seed": 1, "option": "accept"}
        assert half.post("/api/judging/decisions", json=said).status_code == 404
        assert "robbie" not in {each["personality"] for each in half.get("/api/judging").json()}


def test_the_list_says_how_much_there_is(server: Server) -> None:
    with server.client() as owner:
        listed = {each["personality"]: each for each in owner.get("/api/judging").json()}
    assert listed["twin"]["decisions"] == 8
    assert listed["twin"]["questions"] == 0  # its version has no report
    assert listed["twin"]["is_owner"]
    assert "robbie" not in listed  # it has decisions in its dataset, and is not asked for any
    with server.client(server.token("talker", "chat")) as talker:
        assert talker.get("/api/judging").status_code == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"option": "counter"}, 400),  # of a deal
        ({"option": "won"}, 422),
        ({"option": None}, 422),
        ({"example_id": f"{30:032x}"}, 400),  # five days old
        ({"example_id": "../../keys/judging.key"}, 400),
        ({"example_id": "x" * 101}, 422),
        ({"personality": "nobody"}, 404),
        ({"personality": "../twin"}, 404),
        ({"personality": "p" * 101}, 422),
        ({"seed": 1 << 32}, 422),
        ({"seed": -1}, 422),
        ({"before": "accept"}, 422),
        ({"judge": "owner"}, 422),
    ],
)
def test_a_wrong_decision_is_refused_and_not_kept(
    server: Server, change: dict[str, Any], status: int
) -> None:
    before = kept(server)
    said = {"personality": "twin", "example_id": f"{1:032x}", "seed": 1, "option": "accept"}
    with server.client() as owner:
        response = owner.post("/api/judging/decisions", json=said | change)
    assert response.status_code == status, response.text
    assert "\n" not in response.json()["error"]
    assert kept(server) == before


@pytest.mark.parametrize("count", ["0", "101", "99999999999999999999", "x"])
def test_a_wrong_count_is_refused(server: Server, count: str) -> None:
    with server.client() as owner:
        assert owner.get(PATH, params={"count": count}).status_code == 422


def test_a_personality_without_old_decisions_says_so(server: Server) -> None:
    server.home.release("novice", "v1.0", "adapter-1", sources=SOURCES)
    recent = [each for each in DECISIONS if each.occurred_at.year == datetime.now(UTC).year]
    write_cases(server.home.settings.lake, recent[-1:], "novice")
    with server.client() as owner:
        response = owner.get("/api/judging/novice/decisions")
    assert response.status_code == 404
    assert "no decision older than 30 days" in response.json()["error"]
