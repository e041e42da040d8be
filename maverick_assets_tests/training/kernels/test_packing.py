"""Packs hold every token once, next to those of their document and adapter."""

import random

import torch
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.training.kernels.packing import (
    Document,
    divide_into_micro_batches,
    pack,
    plan_epoch,
)
from maverick_assets.training.kernels.prefixes import MIN_SHARED_TOKENS
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


@given(documents, st.booleans())
def test_a_pack_has_every_document_from_its_first_token_to_its_last(
    chosen: list[Document], sharing: bool
) -> None:
    packed = pack(chosen, sharing)
    ids, positions = packed.input_ids[0].tolist(), packed.position_ids[0].tolist()
    found = []
    for place in packed.document_ranges:
        at = [index for start, end in place for index in range(start, end)]
        assert [positions[index] for index in at] == list(range(len(at)))
        [adapter] = {s.adapter for s in packed.adapter_spans if s.start <= at[0] and at[-1] < s.end}
        found.append((adapter, [ids[index] for index in at]))
    assert sorted(found) == sorted((d.adapter, d.row.input_ids) for d in chosen)
    assert len({span.adapter for span in packed.adapter_spans}) == len(packed.adapter_spans)


@given(documents)
def test_a_pack_has_no_token_that_is_of_no_document(chosen: list[Document]) -> None:
    packed, apart = pack(chosen), pack(chosen, sharing=False)
    owns = [place[-1] for place in packed.document_ranges]
    starts, ends = zip(*owns, strict=True)
    assert [*starts, packed.input_ids.shape[1]] == [0, *ends]
    assert apart.input_ids.shape[1] == sum(len(document.row.input_ids) for document in chosen)
    assert packed.input_ids.shape[1] <= apart.input_ids.shape[1]


@given(documents)
def test_a_pack_predicts_each_supervised_token_once(chosen: list[Document]) -> None:
    packed = pack(chosen)
    assert len(packed.targets) == sum(document.row.n_supervised for document in chosen)
    assert torch.equal(packed.input_ids[0][packed.predictor_positions + 1], packed.targets)
    for predictor, owner in zip(packed.predictor_positions, packed.target_adapters, strict=True):
        [span] = [s for s in packed.adapter_spans if s.start <= predictor < s.end]
        assert span.adapter == owner
    assert len(set(packed.predictor_positions.tolist())) == len(packed.predictor_positions)


@given(documents, st.integers(4, 60), st.integers(1, 4))
def test_a_step_is_divided_without_loss_and_evenly(
    chosen: list[Document], micro_batch_tokens: int, workers: int
) -> None:
    parts = divide_into_micro_batches(chosen, micro_batch_tokens, workers)
    assert sorted(map(id, (d for part in parts for d in part))) == sorted(map(id, chosen))
    assert all(parts)
    assert parts == divide_into_micro_batches(chosen, micro_batch_tokens, workers)
    longest = max(len(document.row.input_ids) for document in chosen)
    for part in parts:
        tokens = pack(part).input_ids.shape[1]
        assert tokens <= max(micro_batch_tokens * workers, longest) + MIN_SHARED_TOKENS * len(part)


def computed(steps: list[list[Document]], micro_batch_tokens: int, workers: int) -> int:
    parts = [
        part
        for step in steps
        for part in divide_into_micro_batches(step, micro_batch_tokens, workers)
    ]
    return sum(pack(part).input_ids.shape[1] for part in parts)


def mails(count: int, prompt: list[int], adapter: int = 0) -> list[list[Document]]:
    """Steps of documents with the lengths of mails, which begin with `prompt`."""
    rng = random.Random(0)
    lengths = [min(512, max(40, int(rng.lognormvariate(4.7, 0.5)))) for _ in range(count)]
    ids = [[*prompt, *rng.choices(range(1, 50000), k=length)] for length in lengths]
    rows = [Encoded(each, len(prompt) + 20) for each in ids]
    plan = plan_epoch(rows, 1024, "0")
    return [[Document(rows[index], adapter) for index in step] for step in plan]


def test_no_more_tokens_are_computed_than_there_are() -> None:
    steps = mails(300, [])
    real = sum(len(document.row.input_ids) for step in steps for document in step)
    assert computed(steps, 512, 2) == real


def test_a_system_prompt_is_computed_once_a_part() -> None:
    steps = mails(300, list(range(40)))
    real = sum(len(document.row.input_ids) for step in steps for document in step)
    parts = sum(len(divide_into_micro_batches(step, 512, 2)) for step in steps)
    assert real - computed(steps, 512, 2) == 40 * (300 - parts)


def test_workers_have_as_much_to_compute_where_prompts_differ() -> None:
    steps = [mails(60, list(range(at, at + 40)))[0] for at in (0, 100)]
    parts = divide_into_micro_batches([document for step in steps for document in step], 1024, 2)
    sizes = [pack(part).input_ids.shape[1] for part in parts]
    assert len(sizes) == 2
    assert max(sizes) < 1.1 * min(sizes)
