"""Trains the classifier of secrets and writes its weights, with their SHA-256, into the package.

    python -m benchmarks.secret_training.train [--data ../shared/data] [--texts 40000] [--seed 1]

Secrets come from `texts`, look-alikes from there, from the sample CRM and, where --data lies, from
real mailboxes, notes and chats: of these every second row, so that the others measure. Nearly half
of the drawn texts are put into texts of the sample or into real ones (`carriers`). What the network
mistakes in a clean text after an epoch weighs more in the next ones. The same seed, data and number
of threads give the same weights. Takes about three minutes on one quiet core.
"""

import argparse
import hashlib
import random
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.secret_training.carriers import carried
from benchmarks.secret_training.texts import TrainingText, draw_text
from maverick_assets.crm.sample import sample_crm
from maverick_assets.datasets.secrets.classifier import model
from maverick_assets.datasets.secrets.classifier.features import BUCKETS, LEXICAL, facts_of, row_of
from maverick_assets.datasets.secrets.classifier.spans import Span, spans_of
from maverick_assets.datasets.secrets.classifier.tokens import Token, tokens_of
from maverick_assets.datasets.secrets.find import find_by_rules
from maverick_assets_tests.corpora.real_data import REAL_DATA, read_rows

REAL = {  # table: the column with the text
    "mailbox-arnold/emails": "body",
    "mailbox-others/emails": "body",
    "mail-threads/spamassassin": "body",
    "notes/til": "content",
    "conversations/irc": "messages",
    "gatekeeper/sms": "text",
    "moods/goemotions": "text",
    "documents/docs": "content",
    "wellness/counsel": "response",
}
WIDTH, UNITS = 24, 16
EPOCHS, BATCH, RATE = 4, 512, 2e-3
DROPOUT, WITHOUT_WORDS = 0.15, 0.4
# A span of a clean text is mistaken from this probability on, and weighs so much from then on.
HARD, HARD_WEIGHT = 0.2, 6.0
_MOST_OF_TEXT = 200  # spans of one clean text
_MOST_AROUND = 6  # spans of a drawn text that are no secret
_LEAST_CARRIER = 30  # words of a clean text that others are put into


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REAL_DATA)
    parser.add_argument("--texts", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    torch.manual_seed(arguments.seed)
    spans = training_spans(rng, arguments.texts, arguments.data)
    secrets = int(spans.labels.sum())
    print(
        f"{len(spans.labels)} spans, {secrets} of them secrets, {int(spans.clean.sum())} of clean"
        " texts",
        flush=True,
    )
    write_weights(train(spans), model.WEIGHTS)


@dataclass
class Spans:
    """The rows of all spans one after the other, where each begins, and what it is."""

    rows: np.ndarray
    starts: np.ndarray  # one more than spans
    labels: np.ndarray  # 1 for a secret
    clean: np.ndarray  # whether it is of a text that nothing was put into


def training_spans(rng: random.Random, count: int, data: Path) -> Spans:
    """The spans of drawn texts, half of them with a secret, and of clean ones."""
    rows, counts = array("i"), array("i")
    labels, clean = bytearray(), bytearray()

    def add(ids: list[int], label: int, is_clean: bool) -> None:
        rows.extend(ids)
        counts.append(len(ids))
        labels.append(label)
        clean.append(is_clean)

    texts = [text for text in clean_texts(data) if not find_by_rules(text)]
    carriers = [text for text in texts if text.count(" ") >= _LEAST_CARRIER]
    for number in range(2 * count):
        drawn = carried(rng, draw_text(rng, secret=number % 2 == 0), carriers)
        labelled = list(labelled_spans(drawn))
        around = [ids for ids, label in labelled if not label]
        for ids in rng.sample(around, min(len(around), _MOST_AROUND)):
            add(ids, 0, False)
        for ids, label in labelled:
            if label:
                add(ids, 1, False)
    for text in texts:
        found = list(labelled_spans(TrainingText("", "", text, ())))
        for ids, label in rng.sample(found, min(len(found), _MOST_OF_TEXT)):
            add(ids, label, True)
    starts = np.concatenate([[0], np.cumsum(np.frombuffer(counts, dtype=np.int32))])
    return Spans(
        np.frombuffer(rows, dtype=np.int32),
        starts,
        np.frombuffer(labels, dtype=np.uint8),
        np.frombuffer(clean, dtype=np.uint8).astype(bool),
    )


def labelled_spans(drawn: TrainingText) -> Iterator[tuple[list[int], int]]:
    """The spans of a text. What lies half in a secret is one; what touches it is left out."""
    tokens = tokens_of(drawn.text)
    for span in spans_of(tokens)[0]:
        start, end = tokens[span.first].start, tokens[span.last].end
        shared = max(
            (min(end, right) - max(start, left) for left, right in drawn.secrets), default=0
        )
        if shared <= 0:
            yield _rows(drawn.text, tokens, span), 0
        elif 2 * shared >= end - start:
            yield _rows(drawn.text, tokens, span), 1


def _rows(text: str, tokens: list[Token], span: Span) -> list[int]:
    """The rows of a span; those of words around it as -1 - row, so that they can be left out."""
    return [
        -1 - row_of(fact) if fact.startswith(LEXICAL) else row_of(fact)
        for fact in facts_of(text, tokens, span)
    ]


def clean_texts(data: Path) -> Iterator[str]:
    """Texts in which hardly anything is secret."""
    for rows in sample_crm().values():
        for row in rows:
            yield from (value for value in row.values() if isinstance(value, str) and " " in value)
    for name, column in REAL.items():
        if (data / f"{name}.jsonl.gz").is_file():
            for row in read_rows(name, data):
                yield from (text for text in _texts(row, column) if is_trained_on(text))


def _texts(row: dict[str, object], column: str) -> Iterator[str]:
    content = row.get(column)
    if isinstance(content, list):
        texts = [str(message["text"]) for message in content]
        yield from texts
        yield "\n".join(texts)
    elif isinstance(content, str):
        yield content[:20_000]


def is_trained_on(text: str) -> bool:
    """Whether a real text is for training; the others are for measuring."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[0] % 2 == 0


class SpanNetwork(nn.Module):
    """`model.Network` as it is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.EmbeddingBag(BUCKETS, WIDTH, mode="sum")
        nn.init.normal_(self.rows.weight, std=0.1)
        self.bias = nn.Parameter(torch.zeros(WIDTH))
        self.hidden = nn.Linear(WIDTH, UNITS)
        self.output = nn.Linear(UNITS, 1)

    def forward(
        self, ids: torch.Tensor, starts: torch.Tensor, counts: torch.Tensor
    ) -> torch.Tensor:
        inner = torch.relu(self.rows(ids, starts) / counts.sqrt()[:, None] + self.bias)
        logits: torch.Tensor = self.output(torch.relu(self.hidden(inner)))[:, 0]
        return logits


def train(spans: Spans) -> SpanNetwork:
    """The network. From the second epoch on, what it mistakes in clean texts weighs more."""
    network = SpanNetwork()
    dropout = np.random.default_rng(torch.initial_seed())
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    count = len(spans.labels)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, EPOCHS * (count // BATCH))
    weights = np.ones(count, dtype=np.float32)
    for epoch in range(EPOCHS):
        order = torch.randperm(count).numpy()
        total = 0.0
        for at in range(0, count - BATCH + 1, BATCH):
            chosen = order[at : at + BATCH]
            logits = network(*_batch(spans, chosen, dropout))
            loss = nn.functional.binary_cross_entropy_with_logits(
                logits,
                torch.from_numpy(spans.labels[chosen].astype(np.float32)),
                torch.from_numpy(weights[chosen]),
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        mistaken = _mistaken(network, spans)
        weights[mistaken] = HARD_WEIGHT
        print(
            f"epoch {epoch + 1}: loss {total / (count // BATCH):.4f}, {len(mistaken)} spans of"
            " clean texts mistaken",
            flush=True,
        )
    return network


def _mistaken(network: SpanNetwork, spans: Spans) -> np.ndarray:
    """The spans of clean texts that look like a secret to the network."""
    clean = np.flatnonzero(spans.clean)
    with torch.no_grad():
        chunks = [
            torch.sigmoid(network(*_batch(spans, clean[at : at + 8 * BATCH], None))).numpy()
            for at in range(0, len(clean), 8 * BATCH)
        ]
    return clean[np.concatenate(chunks) >= HARD] if chunks else clean


def _batch(
    spans: Spans, chosen: np.ndarray, dropout: np.random.Generator | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The rows of some spans; with `dropout` without a share of them, and often without all words:
    none may decide alone."""
    begins = spans.starts[chosen]
    counts = spans.starts[chosen + 1] - begins
    owners = np.repeat(np.arange(len(chosen)), counts)
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    rows = spans.rows[begins[owners] + offsets]
    if dropout is not None:
        stays = dropout.random(len(rows)) >= DROPOUT
        stays &= (rows >= 0) | (dropout.random(len(chosen)) >= WITHOUT_WORDS)[owners]
        rows, owners = rows[stays], owners[stays]
        counts = np.bincount(owners, minlength=len(chosen))
    rows = np.where(rows < 0, -1 - rows, rows).astype(np.int64)
    starts = np.cumsum(counts) - counts
    return (
        torch.from_numpy(rows),
        torch.from_numpy(starts),
        torch.from_numpy(np.maximum(counts, 1).astype(np.float32)),
    )


def write_weights(network: SpanNetwork, path: Path) -> None:
    """Write the weights, the table as whole numbers of a byte, and their SHA-256 into `model`."""
    with torch.no_grad():
        table = network.rows.weight.numpy()
        scale = np.maximum(np.abs(table).max(axis=0), 1e-8) / 127
        small = {
            "scale": scale,
            "bias": network.bias.numpy(),
            "hidden": network.hidden.weight.numpy().T,
            "hidden_bias": network.hidden.bias.numpy(),
            "output": np.append(network.output.weight.numpy()[0], network.output.bias.numpy()),
        }
        rows = np.round(table / scale).astype(np.int8)
    np.savez(path, rows=rows, **{name: array.astype(np.float32) for name, array in small.items()})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    module = Path(model.__file__)
    code = module.read_text(encoding="utf-8")
    pattern = r'WEIGHTS_SHA256 = "[0-9a-f]*"'
    module.write_text(re.sub(pattern, f'WEIGHTS_SHA256 = "{digest}"', code), encoding="utf-8")
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB, sha256 {digest}")


if __name__ == "__main__":
    main()
