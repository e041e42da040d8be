"""Packs hold every document whole, without padding, and micro-batches share a step evenly."""

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
    chosen: list[Document], share_prefixes: bool
) -> None:
    packed = pack(chosen, share_prefixes)
    ids, positions = packed.input_ids[0].tolist(), packed.position_ids[0].tolist()
    documents_in_pack = []
    for ranges in packed.document_ranges:
        at = [index for start, end in ranges for index in range(start, end)]
        assert [positions[index] for index in at] == list(range(len(at)))
        [adapter] = {s.adapter for s in packed.adapter_spans if s.start <= at[0] and at[-1] < s.end}
        documents_in_pack.append((adapter, [ids[index] for index in at]))
    assert sorted(documents_in_pack) == sorted((d.adapter, d.row.input_ids) for d in chosen)
    assert len({span.adapter for span in packed.adapter_spans}) == len(packed.adapter_spans)


@given(documents)
def test_every_token_of_a_pack_belongs_to_a_document(chosen: list[Document]) -> None:
    packed, unshared = pack(chosen), pack(chosen, share_prefixes=False)
    own_ranges = [ranges[-1] for ranges in packed.document_ranges]
    starts, ends = zip(*own_ranges, strict=True)
    assert [*starts, packed.input_ids.shape[1]] == [0, *ends]
    assert unshared.input_ids.shape[1] == sum(len(document.row.input_ids) for document in chosen)
    assert packed.input_ids.shape[1] <= unshared.input_ids.shape[1]


@given(documents)
def test_a_pack_predicts_each_supervised_token_once(chosen: list[Document]) -> None:
    packed = pack(chosen)
    assert len(packed.targets) == sum(document.row.n_supervised for document in chosen)
    assert torch.equal(packed.input_ids[0][packed.predictor_positions + 1], packed.targets)
    for predictor, adapter in zip(packed.predictor_positions, packed.target_adapters, strict=True):
        [span] = [s for s in packed.adapter_spans if s.start <= predictor < s.end]
        assert span.adapter == adapter
    assert len(set(packed.predictor_positions.tolist())) == len(packed.predictor_positions)


@given(documents, st.integers(4, 60), st.integers(1, 4))
def test_every_document_of_a_step_is_in_one_micro_batch_of_bounded_size(
    chosen: list[Document], micro_batch_tokens: int, threads: int
) -> None:
    micro_batches = divide_into_micro_batches(chosen, micro_batch_tokens, threads)
    assert sorted(map(id, (d for micro_batch in micro_batches for d in micro_batch))) == sorted(
        map(id, chosen)
    )
    assert all(micro_batches)
    assert micro_batches == divide_into_micro_batches(chosen, micro_batch_tokens, threads)
    longest = max(len(document.row.input_ids) for document in chosen)
    for micro_batch in micro_batches:
        tokens = pack(micro_batch).input_ids.shape[1]
        assert tokens <= max(micro_batch_tokens * threads, longest) + MIN_SHARED_TOKENS * len(
            micro_batch
        )


def computed(steps: list[list[Document]], micro_batch_tokens: int, threads: int) -> int:
    micro_batches = [
        micro_batch
        for step in steps
        for micro_batch in divide_into_micro_batches(step, micro_batch_tokens, threads)
    ]
    return sum(pack(micro_batch).input_ids.shape[1] for micro_batch in micro_batches)


def mails(count: int, prompt: list[int], adapter: int = 0) -> list[list[Document]]:
    """Steps of documents with the lengths of mails, which begin with `prompt`."""
    rng = random.Random(0)
    lengths = [min(512, max(40, int(rng.lognormvariate(4.7, 0.5)))) for _ in range(count)]
    ids = [[*prompt, *rng.choices(range(1, 50000), k=length)] for length in lengths]
    rows = [Encoded(each, len(prompt) + 20) for each in ids]
    plan = plan_epoch(rows, 1024, "0")
    return [[Document(rows[index], adapter) for index in step] for step in plan]


def test_where_no_prefix_is_shared_each_token_is_computed_once() -> None:
    steps = mails(300, [])
    real = sum(len(document.row.input_ids) for step in steps for document in step)
    assert computed(steps, 512, 2) == real


def test_a_system_prompt_is_computed_once_in_each_micro_batch() -> None:
    steps = mails(300, list(range(40)))
    real = sum(len(document.row.input_ids) for step in steps for document in step)
    micro_batches = sum(len(divide_into_micro_batches(step, 512, 2)) for step in steps)
    assert real - computed(steps, 512, 2) == 40 * (300 - micro_batches)


def test_threads_have_as_much_to_compute_where_prompts_differ() -> None:
    steps = [mails(60, list(range(at, at + 40)))[0] for at in (0, 100)]
    micro_batches = divide_into_micro_batches(
        [document for step in steps for document in step], 1024, 2
    )
    sizes = [pack(micro_batch).input_ids.shape[1] for micro_batch in micro_batches]
    assert len(sizes) == 2
    assert max(sizes) < 1.1 * min(sizes)
