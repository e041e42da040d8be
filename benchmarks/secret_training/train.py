"""Trains the classifier of secrets and writes its weights, with their SHA-256, into the package.

    python -m benchmarks.secret_training.train [--data ../shared/data] [--texts 25000] [--seed 1]

Secrets come from `texts`, look-alikes from there, from the sample CRM and, where --data lies, from
real mailboxes, notes and chats: of these every second row, so that the others measure. The same
seed, data and number of threads give the same weights. Takes about two minutes on one core.
"""

import argparse
import hashlib
import random
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.secret_training.texts import TrainingText, draw_text
from maverick_assets.crm.sample import sample_crm
from maverick_assets.datasets.secrets.classifier import model
from maverick_assets.datasets.secrets.classifier.features import BUCKETS, LEXICAL, facts_of, row_of
from maverick_assets.datasets.secrets.classifier.spans import Span, Token, spans_of, tokens_of
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
EPOCHS, BATCH, RATE = 3, 512, 2e-3
DROPOUT, WITHOUT_WORDS = 0.15, 0.4
_MOST_OF_TEXT = 24  # spans of one text without a secret


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REAL_DATA)
    parser.add_argument("--texts", type=int, default=25_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    torch.manual_seed(arguments.seed)
    spans, labels = training_spans(rng, arguments.texts, arguments.data)
    print(f"{len(spans)} spans, {sum(labels)} of them secrets", flush=True)
    write_weights(train(spans, labels), model.WEIGHTS)


def training_spans(
    rng: random.Random, count: int, data: Path
) -> tuple[list[np.ndarray], list[int]]:
    """The rows of every span, and whether it is a secret (1) or not (0)."""
    spans: list[np.ndarray] = []
    labels: list[int] = []
    for number in range(2 * count):
        for ids, label in labelled_spans(draw_text(rng, secret=number % 2 == 0)):
            spans.append(np.array(ids, dtype=np.int32))
            labels.append(label)
    for text in clean_texts(data):
        if not find_by_rules(text):
            found = list(labelled_spans(TrainingText("", "", text, ())))
            for ids, label in rng.sample(found, min(len(found), _MOST_OF_TEXT)):
                spans.append(np.array(ids, dtype=np.int32))
                labels.append(label)
    return spans, labels


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


def train(spans: list[np.ndarray], labels: list[int]) -> SpanNetwork:
    network = SpanNetwork()
    dropout = np.random.default_rng(torch.initial_seed())
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    steps = EPOCHS * (len(spans) // BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, steps)
    targets = torch.tensor(labels, dtype=torch.float32)
    for epoch in range(EPOCHS):
        order = torch.randperm(len(spans)).tolist()
        total = 0.0
        for at in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[at : at + BATCH]
            logits = network(*_batch([spans[index] for index in chosen], dropout))
            loss = nn.functional.binary_cross_entropy_with_logits(logits, targets[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / (len(order) // BATCH):.4f}", flush=True)
    return network


def _batch(
    spans: list[np.ndarray], dropout: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The rows of some spans, but for a share, and often for all words: none may decide alone."""
    kept = []
    for ids in spans:
        stays = dropout.random(len(ids)) >= DROPOUT
        if dropout.random() < WITHOUT_WORDS:
            stays &= ids >= 0
        kept.append(np.where(ids < 0, -1 - ids, ids)[stays])
    counts = torch.tensor([len(ids) for ids in kept])
    starts = torch.cumsum(counts, 0) - counts
    return torch.from_numpy(np.concatenate(kept)).long(), starts, counts.float().clamp(min=1)


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
