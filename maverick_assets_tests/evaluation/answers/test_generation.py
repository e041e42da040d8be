"""Answers in batches are those of each prompt alone, and end as they do in service."""

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.sampling import MIN_P, REPEAT_PENALTY, TEMPERATURE, TOP_P
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.evaluation.answers.generation import BatchedGenerator, Generated, Question
from maverick_assets.evaluation.answers.sampled_tokens import choose_tokens
from maverick_assets.evaluation.kept_results import BASE
from maverick_assets.evaluation.loaded_base import LoadedBase, adapted_base, load_base
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.fast_paths import ALL_FAST, PLAINEST, FastPaths
from maverick_assets.training.spec import BaseSpec


@pytest.fixture(scope="module")
def loaded(tiny_base: PreparedBase) -> LoadedBase:
    """In float32: in bfloat16 a batch of another width may round to another token."""
    base = load_base(BaseSpec(directory=tiny_base.directory, digest=tiny_base.digest))
    model = base.model.float()
    # A head of its own: with that of the embedding, a model that knows nothing repeats its prompt.
    torch.manual_seed(0)
    model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))
    return replace(base, model=model, hardware=Hardware("cpu", torch.float32))


def question(words: int, **changes: object) -> Question:
    message = Message(role="user", content="Why not? " * words)
    return replace(Question([message], BASE, max_new_tokens=12), **changes)


def answered(
    base: LoadedBase, questions: list[Question], paths: FastPaths = ALL_FAST
) -> list[Generated]:
    with adapted_base(base, [], paths) as adapted:
        return BatchedGenerator(adapted).answers(questions)


QUESTIONS = [question(words) for words in (1, 7, 2, 30, 3)]


def test_greedy_answers_of_a_batch_are_those_of_each_prompt_alone(loaded: LoadedBase) -> None:
    greedy = [replace(each, temperature=0) for each in QUESTIONS]
    alone = [answered(loaded, [each])[0] for each in greedy]
    assert answered(loaded, greedy) == alone
    assert answered(loaded, greedy[::-1]) == alone[::-1]
    assert len({each.text for each in alone}) > 1


def test_prompts_read_in_packs_are_answered_as_prompts_read_by_transformers(
    loaded: LoadedBase,
) -> None:
    greedy = [replace(each, temperature=0) for each in QUESTIONS]
    assert answered(loaded, greedy, PLAINEST) == answered(loaded, greedy)
    assert answered(loaded, QUESTIONS, PLAINEST) == answered(loaded, QUESTIONS)


def test_an_answer_depends_on_its_seed_and_not_on_its_neighbours(loaded: LoadedBase) -> None:
    answers = answered(loaded, QUESTIONS)
    assert answered(loaded, QUESTIONS[1:2]) == answers[1:2]
    others = answered(loaded, [replace(each, seed=1) for each in QUESTIONS])
    assert others != answers


def test_an_answer_that_does_not_end_is_as_long_as_its_limit(loaded: LoadedBase) -> None:
    long, short = question(2), question(2, max_new_tokens=3)
    answers = answered(loaded, [long, short])
    assert [(each.n_tokens, each.ended) for each in answers] == [(12, False), (3, False)]


def test_an_answer_ends_with_the_token_that_ends_a_turn(
    loaded: LoadedBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    [whole] = answered(loaded, [question(2)])
    assert not whole.ended
    every_other = list(range(0, len(loaded.model.get_input_embeddings().weight), 2))
    monkeypatch.setitem(loaded.tokenizer.__dict__, "stop_ids", every_other)
    [ended] = answered(loaded, [question(2)])
    assert ended.ended
    assert ended.n_tokens < 12
    assert whole.text.startswith(ended.text)


def test_a_base_without_a_pad_token_gives_the_same_answers(
    loaded: LoadedBase, tiny_base: PreparedBase, tmp_path: Path
) -> None:
    directory = Path(shutil.copytree(tiny_base.directory, tmp_path / "base"))
    for name in ("tokenizer_config.json", "config.json", "generation_config.json"):
        content = json.loads((directory / name).read_text())
        content.pop("pad_token", None)
        content.pop("pad_token_id", None)
        (directory / name).write_text(json.dumps(content))
    without_pad = replace(loaded, tokenizer=type(loaded.tokenizer)(directory))
    assert answered(without_pad, QUESTIONS) == answered(loaded, QUESTIONS)


def logits(*probabilities: float) -> torch.Tensor:
    return torch.tensor([probabilities]).log()


def drawn(values: torch.Tensor, before: list[int]) -> dict[int, float]:
    """How often each token is chosen, by numbers spread evenly over [0, 1)."""
    counts: dict[int, float] = {}
    for at in range(1000):
        [token] = choose_tokens(values.clone(), [before], TEMPERATURE, [(at + 0.5) / 1000])
        counts[token] = counts.get(token, 0) + 1 / 1000
    return counts


def test_tokens_are_drawn_as_often_as_the_temperature_makes_them_likely() -> None:
    weights = [probability ** (1 / TEMPERATURE) for probability in (0.6, 0.3, 0.1)]
    frequencies = drawn(logits(0.6, 0.3, 0.1, 1e-9), [3])
    assert frequencies == pytest.approx(
        {token: weight / sum(weights) for token, weight in enumerate(weights)}, abs=0.002
    )


def test_the_tail_is_never_drawn() -> None:
    top = 0.9
    assert set(drawn(logits(top, 0.04, 0.06, 1e-9), [3])) == {0, 2}  # 0.96 is more than TOP_P
    assert top + 0.06 >= TOP_P
    rare = MIN_P * 0.6
    assert 1 not in drawn(logits(0.6, rare * 0.9, 0.2, 0.2 - rare * 0.9), [0])


def test_what_was_said_lately_is_less_likely() -> None:
    values = torch.tensor([[2.0, 1.9, -5.0]])
    assert choose_tokens(values.clone(), [[2]], 0, [0.0]) == [0]
    assert choose_tokens(values.clone(), [[0]], 0, [0.0]) == [1]  # 2 / 1.1 < 1.9
    assert choose_tokens(values.clone(), [[0, *[2] * 64]], 0, [0.0]) == [0]  # too long ago
    assert 2.0 / REPEAT_PENALTY < 1.9
    below_zero = torch.tensor([[-1.0, -1.05]])
    assert choose_tokens(below_zero.clone(), [[0]], 0, [0.0]) == [1]


def test_a_number_near_one_chooses_a_token_that_is_left() -> None:
    almost = math.nextafter(1.0, 0.0)
    assert choose_tokens(logits(0.5, 0.3, 0.2, 1e-9), [[3]], TEMPERATURE, [almost]) == [2]
