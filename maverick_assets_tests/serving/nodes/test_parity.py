"""A node answers as the files that it was sent do here, or no node puts the version in service."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from gguf import GGUFReader

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput
from maverick_assets.pipeline.deploy import deploy
from maverick_assets.records import ParityDecision
from maverick_assets.serving.nodes.ollama_api import Generated, OllamaApi
from maverick_assets.serving.nodes.parity import Candidate, OwnAnswer, require_parity
from maverick_assets.serving.nodes.problems import Unlike
from maverick_assets.serving.nodes.state import states_folder
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.serving.nodes.conftest import QUICK, MakeNodeHome
from maverick_assets_tests.serving.nodes.node_home import NodeHome, base_gguf_of
from maverick_assets_tests.serving.nodes.simulated_nodes import SimulatedNode
from maverick_assets_tests.serving.released_homes import PASSED


@pytest.fixture
def home(make_node_home: MakeNodeHome, two_nodes: list[SimulatedNode]) -> NodeHome:
    home = make_node_home(two_nodes)
    home.release("persona", "v1.0", "adapter-0")
    return home


@pytest.fixture(scope="module")
def another_base(
    tiny_base: PreparedBase, prepared_tiny_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The base with its last norm negated: what was the likeliest token is the least likely."""
    source = base_gguf_of(tiny_base, prepared_tiny_base)
    path = tmp_path_factory.mktemp("another") / source.name
    shutil.copy(source, path)
    tensors = {tensor.name: tensor for tensor in GGUFReader(path, "r+").tensors}
    data = tensors["output_norm.weight"].data
    data[:] = -data
    return path


def problem_of_first(home: NodeHome, nodes: list[SimulatedNode]) -> str:
    """Why the first node was refused; the version has been put in service on none."""
    [deployment] = deploy(home.run(), ["persona"], QUICK)
    assert {each.node: (each.state, each.serves) for each in deployment.nodes} == {
        "one": ("failed", None),
        "two": ("waiting", None),
    }
    assert nodes[0].names() == []
    assert nodes[1].names() == ["persona:v1.0"]
    return str(deployment.nodes[0].problem)


def test_a_template_of_the_node_s_own_is_caught_with_prompt_and_texts(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    broken = home.chat_format.template.replace("assistant", "assistent")
    assert broken != home.chat_format.template
    two_nodes[0].do_otherwise(template=broken)
    problem = problem_of_first(home, two_nodes)
    assert problem.startswith(
        "persona:v1.0 answers otherwise than the files that were sent: prompt"
    )
    assert "the texts differ: expected " in problem
    assert ", got " in problem
    assert two_nodes[0].requests().count("create") == 1  # asking again would not help


def test_another_base_is_caught(
    home: NodeHome, two_nodes: list[SimulatedNode], another_base: Path
) -> None:
    two_nodes[0].do_otherwise(base=str(another_base))
    assert "answers otherwise than the files" in problem_of_first(home, two_nodes)


def test_a_missing_stop_word_is_caught(home: NodeHome, two_nodes: list[SimulatedNode]) -> None:
    two_nodes[0].do_otherwise(stop=False)
    assert "made of other things than were sent" in problem_of_first(home, two_nodes)


def test_a_version_is_compared_once(home: NodeHome, two_nodes: list[SimulatedNode]) -> None:
    for number in (20, 0):
        [deployment] = deploy(home.run(), ["persona"], QUICK)
        assert deployment.is_level
        assert [node.requests().count("chat") for node in two_nodes] == [number, number]
    home.release("persona", "v1.1", "adapter-1")
    deploy(home.run(), ["persona"], QUICK)
    two_nodes[0].requests()
    home.home.registry.rollback("persona")
    [deployment] = deploy(home.run(), ["persona"], QUICK)
    assert deployment.is_level
    assert two_nodes[0].requests().count("chat") == 0


def test_what_an_operator_released_in_spite_of_its_answers_is_not_compared(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    decided = ParityDecision(
        passed=False, n_prompts=20, decided_at=PASSED.decided_at, override="known to differ"
    )
    home.home.registry.record_parity("persona", "v1.0", decided)
    [deployment] = deploy(home.run(), ["persona"], QUICK)
    assert deployment.is_level
    assert two_nodes[0].requests().count("chat") == 0


def test_an_operator_takes_a_node_s_answers_with_a_reason_that_is_kept_and_shown(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    broken = home.chat_format.template.replace("assistant", "assistent")
    two_nodes[0].do_otherwise(template=broken)
    assert "take it with `maverick deploy persona --reason ...`" in problem_of_first(
        home, two_nodes
    )
    run = home.run()
    [deployment] = deploy(run, ["persona"], QUICK, reason=" its template is older ")
    assert deployment.is_level
    found = {each.node: (each.serves, each.override) for each in deployment.nodes}
    assert found == {"one": ("v1.0", "its template is older"), "two": ("v1.0", None)}
    [kept] = home.home.registry.verified("persona", "v1.0").node_overrides
    assert (kept.node, kept.reason) == ("one", "its template is older")
    assert "the texts differ: expected " in kept.difference
    assert isinstance(run.log, RecordingLog)
    assert any("taken, because" in line for line in run.log.of_level("warning"))


def test_a_reason_holds_for_the_node_and_the_version_that_it_was_given_for(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    broken = home.chat_format.template.replace("assistant", "assistent")
    two_nodes[0].do_otherwise(template=broken)
    deploy(home.run(), ["persona"], QUICK, reason="its template is older")
    (states_folder(home.settings) / "one.json").unlink()  # so that it is compared again
    [deployment] = deploy(home.run(), ["persona"], QUICK)
    assert [each.override for each in deployment.nodes] == ["its template is older", None]
    assert deployment.is_level
    home.release("persona", "v1.1", "adapter-1")
    [deployment] = deploy(home.run(), ["persona"], QUICK)
    assert [each.state for each in deployment.nodes] == ["failed", "waiting"]
    home.home.registry.rollback("persona")
    two_nodes[1].do_otherwise(template=broken)
    (states_folder(home.settings) / "two.json").unlink()
    [deployment] = deploy(home.run(), ["persona"], QUICK)
    assert [each.state for each in deployment.nodes] == ["level", "failed"]


def test_a_reason_that_nothing_needed_is_not_kept(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    [deployment] = deploy(home.run(), ["persona"], QUICK, reason="to be sure")
    assert [each.override for each in deployment.nodes] == [None, None]
    assert home.home.registry.get("persona", "v1.0").node_overrides == ()


@pytest.mark.parametrize(("names", "reason"), [((), "it is right"), (("persona",), "  ")])
def test_a_reason_says_something_about_a_named_personality(
    home: NodeHome, names: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(BadInput, match="needs a reason, and the personality"):
        deploy(home.run(), names, QUICK, reason=reason)


def own(number: int = 0, near: float = 2.0) -> OwnAnswer:
    """`Yes, N`, whose second token might be an end or `.` by `near` nats less."""

    def step(*texts: str) -> tuple[Candidate, ...]:
        likely = [-0.5, -0.5, *[-0.5 - near] * 2]
        pairs = zip(texts, likely, strict=False)
        return tuple(Candidate(content=tuple(t.encode()), logprob=p) for t, p in pairs)

    return OwnAnswer(
        name=f"message {number}",
        messages=({"role": "user", "content": str(number)},),
        text=f"Yes, {number}",
        stopped=True,
        steps=(step("Yes", "Yes"), step(",", ",", ".", ""), step(f" {number}", f" {number}")),
    )


@pytest.mark.parametrize(
    ("text", "stopped", "near", "ties"),
    [
        ("Yes. So", True, 0.05, True),
        ("Yes. So", True, 1.0, False),
        ("Yes", True, 0.05, True),
        ("Yes", False, 0.05, False),
        ("Yes; so", True, 0.05, False),
        ("No", True, 0.05, False),
        ("Yes, 0 and on", False, 0.05, False),
    ],
)
def test_an_answer_may_part_where_two_tokens_are_about_equally_likely(
    text: str, stopped: bool, near: float, ties: bool
) -> None:
    assert own(near=near).ties_with(text, stopped) == ties


def test_answers_that_part_at_ties_alone_say_nothing() -> None:
    api = cast(OllamaApi, SimpleNamespace(chat=lambda _: Generated("Yes. So", "stop", 9)))
    with pytest.raises(Unlike, match="0 of 20 answers are equal, and 20 but for a tie"):
        require_parity(api, "persona:v1.0", [own(n, 0.05) for n in range(20)], str)


@pytest.mark.parametrize("n_wrong", [2, 3])
def test_18_of_20_answers_must_be_equal(n_wrong: int) -> None:
    def chat(request: dict[str, Any]) -> Generated:
        number = int(request["messages"][0]["content"])
        if number < n_wrong:
            return Generated(f"Yes, {number} and on", "length", 9)
        return Generated(f"Yes, {number}", "stop", 9)

    api = cast(OllamaApi, SimpleNamespace(chat=chat))
    expected = [own(number) for number in range(20)]
    if n_wrong == 2:
        require_parity(api, "persona:v1.0", expected, str.upper)
        return
    with pytest.raises(Unlike) as refused:
        require_parity(api, "persona:v1.0", expected, str.upper)
    assert str(refused.value) == (
        "persona:v1.0 answers otherwise than the files that were sent: prompt 'message 0': the "
        "answer goes on: expected 'YES, 0', got 'YES, 0 AND ON'; 17 of 20 answers are equal, and 0 "
        "but for a tie (at least 18, 10 of them equal)"
    )
