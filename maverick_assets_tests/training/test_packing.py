"""Packs hold every token once, next to those of their document and adapter."""

import random
from itertools import pairwise

import torch
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.tokens import Encoded
from maverick_assets.training.packing import Document, divide, pack, plan_epoch
from maverick_assets_tests.training.rows import many_rows, rows

documents = st.lists(st.builds(Document, rows, st.integers(0, 3)), min_size=1, max_size=20)


@given(many_rows, st.integers(8, 64), st.text(max_size=3))
def test_an_epoch_has_every_row_once_in_steps_that_fit(
    examples: list[Encoded], step_tokens: int, seed: str
) -> None:
    plan = plan_epoch(examples, step_tokens, seed)
    assert sorted(index for step in plan for index in step) == list(range(len(examples)))
    for step in plan:
        tokens = sum(len(examples[index].input_ids) for index in step)
        assert tokens <= step_tokens or len(step) == 1
    assert plan == plan_epoch(examples, step_tokens, seed)


def test_epochs_with_other_seeds_come_in_another_order() -> None:
    examples = [Encoded([1] * (2 + index % 9), 1) for index in range(60)]
    assert plan_epoch(examples, 32, "0-1") != plan_epoch(examples, 32, "0-2")


def test_steps_are_full_at_lengths_as_mails_have_them() -> None:
    rng = random.Random(0)
    lengths = [min(512, max(40, int(rng.lognormvariate(4.7, 0.5)))) for _ in range(900)]
    plan = plan_epoch([Encoded([1] * length, 1) for length in lengths], 1024, "0")
    assert sum(lengths) / (1024 * len(plan)) > 0.97


@given(documents)
def test_a_pack_is_its_documents_end_to_end(chosen: list[Document]) -> None:
    packed = pack(chosen)
    ids, positions = packed.input_ids[0].tolist(), packed.position_ids[0].tolist()
    found = []
    for start, end in pairwise(packed.bounds):
        assert positions[start:end] == list(range(end - start))
        [adapter] = {s.adapter for s in packed.spans if s.start <= start and end <= s.end}
        found.append((adapter, ids[start:end]))
    assert sorted(found) == sorted((d.adapter, d.row.input_ids) for d in chosen)
    assert len(ids) == sum(len(document.row.input_ids) for document in chosen)
    assert len({span.adapter for span in packed.spans}) == len(packed.spans)


@given(documents)
def test_a_pack_predicts_each_supervised_token_once(chosen: list[Document]) -> None:
    packed = pack(chosen)
    assert len(packed.targets) == sum(document.row.n_supervised for document in chosen)
    assert torch.equal(packed.input_ids[0][packed.predictors + 1], packed.targets)
    for predictor, owner in zip(packed.predictors, packed.owners, strict=True):
        [span] = [s for s in packed.spans if s.start <= predictor < s.end]
        assert span.adapter == owner


@given(documents, st.integers(4, 60), st.integers(1, 4))
def test_a_step_is_divided_without_loss_and_evenly(
    chosen: list[Document], part_tokens: int, workers: int
) -> None:
    parts = divide(chosen, part_tokens, workers)
    assert sorted(map(id, (d for part in parts for d in part))) == sorted(map(id, chosen))
    assert all(parts)
    assert parts == divide(chosen, part_tokens, workers)
    longest = max(len(document.row.input_ids) for document in chosen)
    for part in parts:
        tokens = sum(len(document.row.input_ids) for document in part)
        assert tokens <= part_tokens + longest
