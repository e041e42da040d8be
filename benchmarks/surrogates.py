"""Surrogates that are real names against made-up words, as releases before had them.

    python -m benchmarks.surrogates [--mailbox emails.jsonl.gz] [--owner ADDRESS] [--examples 450]

Builds the twin's dataset twice, of a real mailbox and of the sample CRM, with the same key and both
kinds of surrogates. Trains one adapter on each, together and on the same mails, and measures both
on the same held-out answers: tokens of an example, and perplexity of the words that are no names,
which are those that both datasets share. Prints Markdown.
"""

import argparse
import math
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from benchmarks.machine import machine_line
from benchmarks.made_up_surrogates import MadeUpSurrogates
from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.prepare import PreparedBase, ensure_base
from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded
from maverick_assets.crm.sample import sample_crm
from maverick_assets.datasets.examples.builder import ExampleFilter
from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.datasets.examples.refresh import refresh_candidates, refresh_dataset
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.pseudonyms import contacts, unlisted_names
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.lake.paths import dataset_path, key_path
from maverick_assets.recipes import load_recipes
from maverick_assets.settings import Settings
from maverick_assets.training.device.hardware import detect_hardware, prepare_process
from maverick_assets.training.loop.adapter_job import AdapterJob
from maverick_assets.training.loop.adapters import attached_lora
from maverick_assets.training.loop.engine import train
from maverick_assets.training.loop.run import SEED
from maverick_assets_tests.corpora.real_data import REAL_DATA, read_rows
from maverick_assets_tests.raw_tables import upsert_raw_rows

KEY = bytes(range(32))
TEXTS = ("crm_emails", "conversations", "messages", "crm_deals", "sticky_notes", "feedback")
KINDS = ("made-up words", "real names")
RECIPE = load_recipes()["allan-maverick"]
Examples = dict[str, list[Example]]  # by split


@dataclass(frozen=True)
class World:
    """A CRM, and whose it is."""

    name: str
    owner: Owner
    rows: Mapping[str, list[dict[str, Any]]]  # by table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mailbox", default="mailbox-arnold/emails", help=f"below {REAL_DATA}")
    parser.add_argument("--owner", default="john.arnold@enron.com")
    parser.add_argument("--examples", type=int, default=450, help="trained on, the newest")
    arguments = parser.parse_args()
    worlds = [
        World("sample CRM", Owner(("allan@testpilot.example",), ("allan",)), sample_crm()),
    ]
    if REAL_DATA.is_dir():
        worlds.insert(0, mailbox(arguments.mailbox, arguments.owner))
    else:
        print(f"Without {REAL_DATA}, the sample CRM alone.\n")
    print(f"{machine_line()}\n")
    print("| rows | surrogates | examples | tokens of one | base | adapter |")
    print("|---|---|---:|---:|---:|---:|")
    for world in worlds:
        for line in measured(world, arguments.examples):
            print(line, flush=True)


def mailbox(name: str, owner: str) -> World:
    mails = [
        {
            **{column: mail[column] for column in ("message_id", "subject", "body")},
            "sent_at": datetime.fromisoformat(mail["sent_at"]),
            "id": mail["message_id"],
            "in_reply_to": mail["in_reply_to"] or None,
            "sender_email": mail["sender_email"],
            "recipients": ", ".join([*mail["recipients"], *mail["cc"]]),
        }
        for mail in read_rows(name)
    ]
    return World("real mailbox", Owner((owner,), ("owner",)), {"crm_emails": mails})


def measured(world: World, count: int) -> Iterator[str]:
    """Rows of the report: one for each kind of surrogates."""
    with tempfile.TemporaryDirectory(prefix="maverick-bench-") as name:
        folder = Path(name)
        base = ensure_base(Settings(home=folder, base_model=None))
        tokenizer = ChatTokenizer(base.directory)
        datasets = {kind: dataset(world, kind, folder / kind, tokenizer) for kind in KINDS}
        chosen = {kind: of_same_rows(datasets, kind, count) for kind in KINDS}
        losses = trained_losses(base, tokenizer, chosen)
        for kind in KINDS:
            examples = [example for split in datasets[kind].values() for example in split]
            tokens = sum(example.n_tokens for example in examples) / len(examples)
            before, after, n_tokens = losses[kind]
            rows = f"{len(examples)}, {len(chosen[kind]['train'])} trained on"
            yield (
                f"| {world.name} | {kind} | {rows} | {tokens:.1f} | {before:.2f} "
                f"| {after:.2f} ({n_tokens} tokens) |"
            )


def dataset(world: World, kind: str, home: Path, tokenizer: ChatTokenizer) -> Examples:
    """The twin's examples by split, with one kind of surrogates."""
    lake = home / "lake"
    path = key_path(lake)
    path.parent.mkdir(parents=True)
    path.write_bytes(KEY)
    path.chmod(0o600)
    for table in (*TEXTS, "personality_samples"):
        upsert_raw_rows(lake, table, world.rows.get(table, []))
    with surrogates_of(kind):
        refresh_mails(lake, "bench")
        refresh_turns(lake, world.owner, "bench")
        names = unlisted_names.unlisted_names(lake, world.owner.emails)
        texts = ExampleFilter(names, ("en",))
        refresh_candidates(lake, RECIPE, lambda: tokenizer, ["bench"], texts)
        commit, _ = refresh_dataset(lake, RECIPE)
    read = partial(read_examples, dataset_path(lake, RECIPE.name), commit.version)
    return {split: read(split) for split in ("train", "validation", "test")}


@contextmanager
def surrogates_of(kind: str) -> Iterator[None]:
    if kind == "real names":
        yield
        return
    with (
        patch.object(contacts, "Surrogates", MadeUpSurrogates),
        patch.object(unlisted_names, "Surrogates", MadeUpSurrogates),
    ):
        yield


def of_same_rows(datasets: Mapping[str, Examples], kind: str, count: int) -> Examples:
    """The examples of one kind whose rows gave an example of every kind, in one order.

    Training gets the newest `count`.
    """
    chosen = {}
    for split in ("train", "validation"):
        by_rows = {k: {rows_of(example): example for example in datasets[k][split]} for k in KINDS}
        shared = set.intersection(*(set(examples) for examples in by_rows.values()))
        examples = [by_rows[kind][rows] for rows in sorted(shared)]
        chosen[split] = sorted(examples, key=lambda example: example.occurred_at)[-count:]
    return chosen


def rows_of(example: Example) -> tuple[str, ...]:
    return (example.source, example.kind, *example.source_ids)


def trained_losses(
    base: PreparedBase, tokenizer: ChatTokenizer, chosen: Mapping[str, Examples]
) -> dict[str, tuple[float, float, int]]:
    """By kind: perplexity of the words that are no names, of base and adapter, and their tokens."""

    def encoded(kind: str, split: str) -> list[Encoded]:
        messages = [example.messages for example in chosen[kind][split]]
        return [tokenizer.encode(each, RECIPE.training.max_length) for each in messages]

    prepare_process()
    hardware = detect_hardware()
    model = load_base_model(base.directory, base.digest, hardware.dtype)
    held_out = {kind: encoded(kind, "validation") for kind in KINDS}
    masks = token_masks(tokenizer, chosen, held_out)
    before = {kind: masked_loss(model, held_out[kind], masks[kind]) for kind in KINDS}
    jobs = [
        AdapterJob(kind, encoded(kind, "train"), RECIPE.training, validation_rows=held_out[kind])
        for kind in KINDS
    ]
    after = {}
    with attached_lora(model, jobs, SEED) as lora:
        train(lora, jobs, hardware, SEED, lambda _: None)
        for kind in KINDS:
            lora.set_adapter(kind)
            after[kind] = masked_loss(lora, held_out[kind], masks[kind])
    return {
        kind: (math.exp(before[kind]), math.exp(after[kind]), sum(map(sum, masks[kind])))
        for kind in KINDS
    }


def token_masks(
    tokenizer: ChatTokenizer,
    chosen: Mapping[str, Examples],
    held_out: Mapping[str, list[Encoded]],
) -> dict[str, list[list[bool]]]:
    """By kind: for each held-out example, which of its supervised tokens are no name's."""
    answers = {
        kind: [example.messages[-1]["content"] for example in chosen[kind]["validation"]]
        for kind in KINDS
    }
    return {
        kind: [
            token_mask(tokenizer, row, shared_characters(own, other))
            for row, own, other in zip(held_out[kind], answers[kind], answers[rival], strict=True)
        ]
        for kind, rival in (KINDS, KINDS[::-1])
    }


def shared_characters(own: str, other: str) -> list[bool]:
    """For each character of `own`, whether it belongs to a word that `other` has there, too."""
    words, others = own.split(" "), other.split(" ")
    shared = [False] * len(words)
    for block in SequenceMatcher(None, words, others, autojunk=False).get_matching_blocks():
        shared[block.a : block.a + block.size] = [True] * block.size
    mask: list[bool] = []
    for word, is_shared in zip(words, shared, strict=True):
        mask += [is_shared] * (len(word) + 1)
    return mask[: len(own)]


def token_mask(tokenizer: ChatTokenizer, row: Encoded, shared: list[bool]) -> list[bool]:
    """For each supervised token, whether all of its characters are shared."""
    mask, start = [], 0
    for last in range(row.n_prompt, len(row.input_ids)):
        text = tokenizer.decode(row.input_ids[row.n_prompt : last + 1])
        end = min(len(text), len(shared))
        mask.append(all(shared[start:end]))
        start = end
    return mask


@torch.inference_mode()
def masked_loss(model: Any, rows: list[Encoded], masks: list[list[bool]]) -> float:
    """Mean loss of the supervised tokens whose mask is true."""
    total, count = 0.0, 0
    for row, mask in zip(rows, masks, strict=True):
        ids = torch.tensor([row.input_ids])
        scores = torch.log_softmax(
            model(input_ids=ids).logits[0, row.n_prompt - 1 : -1].float(), -1
        )
        losses = -scores.gather(1, ids[0, row.n_prompt :, None])[:, 0]
        kept = losses[torch.tensor(mask)]
        total += float(kept.double().sum())
        count += len(kept)
    return total / count


if __name__ == "__main__":
    main()
