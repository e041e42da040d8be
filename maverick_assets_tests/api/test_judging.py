"""`/api/judging`: an acquaintance judges blind with a token of his own."""

from pathlib import Path

import pytest

from maverick_assets.evaluation.people.judgements import JudgementFile
from maverick_assets.evaluation.people.line_file import OWNER
from maverick_assets_tests.api.conftest import Server
from maverick_assets_tests.evaluation.people.reports import attach_answers


@pytest.fixture(scope="module", autouse=True)
def answers(server: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name, version in (("persona", "v1.0"), ("robbie", "v1.2")):
        manifest = server.home.registry.get(name, version)
        attach_answers(server.home, manifest, Path(tmp_path_factory.mktemp(name)) / "report")


def test_an_acquaintance_judges_and_learns_no_writer(server: Server) -> None:
    friend = server.client(server.token("friend", "rate"))
    asked = friend.get("/api/judging/persona", params={"count": 3}).json()
    assert len(asked) == 3
    # No id of an example: it is a hash of the owner's answer, too.
    shown = {"personality", "version", "question_id", "seed", "prompt", "answers"}
    assert all(set(each) == shown for each in asked)
    question = {key: asked[0][key] for key in ("personality", "version", "question_id", "seed")}
    said = question | {"ratings": [9, 2, 5], "taken_for_owner": 0}
    response = friend.post("/api/judging", json=said)
    assert (response.status_code, response.json()) == (201, {"kept": True})
    [judgement] = JudgementFile(server.home.settings.judgements).read("persona")
    writer = judgement.taken_for_owner
    assert writer is not None
    assert f"the {writer.replace('prompt_', '')} wrote" in asked[0]["answers"][0]
    assert judgement.ratings[writer] == 9
    assert judgement.judge != OWNER
    assert "friend" not in judgement.judge


def test_the_owner_is_known_as_himself(server: Server) -> None:
    owner = server.client()
    [asked] = owner.get("/api/judging/robbie", params={"count": 1}).json()
    question = {key: asked[key] for key in ("personality", "version", "question_id", "seed")}
    assert owner.post("/api/judging", json=question | {"ratings": [1, 1, 1]}).status_code == 201
    [judgement] = JudgementFile(server.home.settings.judgements).read("robbie")
    assert (judgement.judge, judgement.taken_for_owner) == (OWNER, None)


def test_results_are_the_owners(server: Server) -> None:
    """From counts before and after a judgement of his, a judge could tell who wrote what."""
    judge = server.client(server.token("curious", "rate", "chat"))
    for name in ("persona", "robbie", "nobody"):
        assert judge.get(f"/api/judging/{name}/results").status_code == 403
    before = server.client().get("/api/judging/persona/results").json()
    [asked] = judge.get("/api/judging/persona", params={"count": 1}).json()
    question = {key: asked[key] for key in ("personality", "version", "question_id", "seed")}
    for ratings in ([1, 1, 1], [7, 7, 7]):  # a replay changes his judgement, and adds none
        assert judge.post("/api/judging", json=question | {"ratings": ratings}).status_code == 201
    after = server.client().get("/api/judging/persona/results").json()
    assert after["judgements"] == before["judgements"] + 1
    assert after["ties"] == before["ties"] + 1
    assert set(after["ratings"]) == {"owner", "version", "prompt_pack"}


def test_the_list_says_what_there_is_to_judge(server: Server) -> None:
    judge = server.client(server.token("lister", "rate"))
    [entry] = [each for each in judge.get("/api/judging").json() if each["questions"]]
    assert (entry["personality"], entry["version"], entry["questions"]) == ("persona", "v1.0", 12)
    assert (entry["is_owner"], entry["decisions"]) == (False, 0)


def test_without_the_scope_nobody_judges(server: Server) -> None:
    chatter = server.client(server.token("chatter", "chat", "train", "admin"))
    assert chatter.get("/api/judging/persona").status_code == 403


def test_what_has_an_intimate_mode_is_not_shown_to_others(server: Server) -> None:
    judge = server.client(server.token("judge", "rate"))
    assert judge.get("/api/judging/robbie").status_code == 404
    assert judge.get("/api/judging/nobody").status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"ratings": [1, 2]}, 400),
        ({"ratings": [1, 2, 11]}, 422),
        ({"question_id": "../../keys"}, 400),
        ({"question_id": "example-1"}, 400),
        ({"version": "../v1.0"}, 404),
        ({"seed": -1}, 422),
        ({"seed": 1 << 64}, 422),
        ({"question_id": "x" * 101}, 422),
        ({"personality": "p" * 101}, 422),
        ({"taken_for_owner": 3}, 422),
        ({"ratings": [1, 2, 3, 4]}, 422),
        ({"writer": "owner"}, 422),
    ],
)
def test_a_wrong_judgement_is_refused(
    server: Server, change: dict[str, object], status: int
) -> None:
    owner = server.client()
    [asked] = owner.get("/api/judging/persona", params={"count": 1}).json()
    said = {key: asked[key] for key in ("personality", "version", "question_id", "seed")}
    response = owner.post("/api/judging", json=said | {"ratings": [1, 2, 3]} | change)
    assert response.status_code == status, response.text
