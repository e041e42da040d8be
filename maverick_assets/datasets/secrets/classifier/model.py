"""The classifier: a small network over hashed facts, trained by `benchmarks.secret_training`.

The facts of a span choose rows of a table of whole numbers. Their sum is exact, so it is the same
on every processor; two small layers make a probability of it.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maverick_assets.datasets.secrets.classifier.cues import class_of, fold
from maverick_assets.datasets.secrets.classifier.features import context_key, feature_ids
from maverick_assets.datasets.secrets.classifier.spans import Span, may_hold_secret, spans_of
from maverick_assets.datasets.secrets.classifier.tokens import MAX_READ, Token, tokens_of
from maverick_assets.datasets.secrets.keys import PUBLIC_KEY
from maverick_assets.datasets.secrets.patterns import any_entry, words
from maverick_assets.errors import MaverickError

WEIGHTS = Path(__file__).with_name("weights.npz")
WEIGHTS_SHA256 = "43c1cdac5055f85302e3df58ab18475617b4689bcd43dbd9da3da3fafcb1f741"
# A span of at least this probability is a secret, where a word near it announces one and where none
# does. They hold at most 1 % of a real mailbox and of real notes: a long text has more spans that
# may be mistaken.
BOUNDS_OF_SHORT_TEXT, BOUNDS = (0.65, 0.9), (0.75, 0.97)
_SHORT_TEXT = 60  # tokens
_BATCH = 1_000  # spans whose rows are summed at once
# More tokens than are read of a text too full, with what stands after the last of them.
_FIRST_READ = 10_000

# "SPRING20 at checkout", "the zip code is 30842", "4192 seats": as the rules for codes read them
_BEFORE_FIGURE = words("before_figure")
_OFFER_CODE = re.compile(r"[A-Z]{2,12}\d{1,3}")
_PUBLIC, _OFFER = re.compile(any_entry("public_code")), re.compile(any_entry("offer"))
# "10/06/01", which may also be the combination of a safe; "Michael713-345-3251"
_DATE = re.compile(r"(?:0?[1-9]|1\d|2\d|3[01])[./-](?:0?[1-9]|[12]\d|3[01])[./-](?:\d\d){1,2}")
_PHONE = re.compile(r"\D*\d{3}[-. ]\d{3}[-. ]\d{4}")
_WRAPPED_PHONE = re.compile(r"\d{3}[-. ]\d{3}\s+\d{4}\b")
# "$1,949.34", "1.200 €"
_PRICE = re.compile(r"[$€£]\d[\d.,]*k?|\d[\d.,]*[$€£]")
# "40 41 42 43 44 45", a list; "left, after 3 km right", a way
_LIST = re.compile(r"\d{1,3}(?:[ ,]+\d{1,3}){5,}")
_WAY = re.compile(r"\d ?(?:km|m|mi|miles|min)\b")
_UNIT = re.compile(
    r" ?(?:%|€|\$|£|(?:[kmgt]b|km|kg|min|eur|usd|kr|zł|lines|seats|users|people|minutes|hours|days"
    r"|times|pages|zeilen|nutzer|leute|plätze|minuten|lignes|postes|personnes|líneas|lineas|linhas"
    r"|righe|posti|lugares|personas|pessoas|persone|linjer|rader|regels|mensen|linii|osób)\b)",
    re.IGNORECASE,
)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Network:
    """`p = sigmoid(output . relu(hidden (scale * sum of rows / sqrt(rows) + bias)))`."""

    rows: NDArray[np.int8]  # [BUCKETS, width]
    scale: Array  # [width]
    bias: Array  # [width]
    hidden: Array  # [width, units]
    hidden_bias: Array  # [units]
    output: Array  # [units + 1], the last is the bias

    def probabilities(self, spans: list[list[int]]) -> Array:
        """The probability of each span, given its rows."""
        counts = np.array([len(ids) for ids in spans])
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        chosen = self.rows[np.concatenate([np.asarray(ids) for ids in spans])]
        sums = np.add.reduceat(chosen.astype(np.int32), starts, axis=0)
        inner = np.maximum(sums * self.scale / np.sqrt(counts)[:, None] + self.bias, 0)
        inner = np.maximum(inner @ self.hidden + self.hidden_bias, 0)
        logits = inner @ self.output[:-1] + self.output[-1]
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -40, 40))))


@cache
def network() -> Network:
    """The network as it was trained.

    Raises `MaverickError` when its file is not the one that belongs to this code.
    """
    content = WEIGHTS.read_bytes()
    if hashlib.sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise MaverickError(f"{WEIGHTS}: not the weights of this release; install Maverick again")
    return read_network(WEIGHTS)


def read_network(path: Path) -> Network:
    with np.load(path, allow_pickle=False) as stored:
        small = {name: stored[name].astype(np.float64) for name in stored.files if name != "rows"}
        return Network(rows=stored["rows"], **small)


def find_by_classifier(text: str, _: str) -> Iterator[tuple[int, int]]:
    """The spans that the classifier takes for secrets; the rest of a text too full to be read."""
    if not may_hold_secret(text):
        return
    tokens, spans, read = _read(text)
    if read < len(tokens) or read == MAX_READ:
        yield tokens[min(read, MAX_READ - 1)].start, len(text)
    announced, unannounced = BOUNDS_OF_SHORT_TEXT if len(tokens) <= _SHORT_TEXT else BOUNDS
    counted: dict[tuple[str, str, str], bool] = {}
    for span, probability in zip(spans, _probabilities(text, tokens, spans), strict=True):
        if probability < (announced if span.announced else unannounced):
            continue
        start, end = tokens[span.first].start, tokens[span.last].end
        around = text[max(start - 60, 0) : start], text[start:end], text[end : end + 40]
        if around not in counted:
            counted[around] = _is_counted(*around)
        if not counted[around]:
            yield start, end


def _read(text: str) -> tuple[list[Token], list[Span], int]:
    """Tokens and spans of a text, and how many tokens were read.

    A text that is too full is so within its first tokens: the others are not made for it.
    """
    for most in (_FIRST_READ, MAX_READ):
        tokens = tokens_of(text, most)
        spans, read = spans_of(tokens)
        if read < len(tokens) or len(tokens) < most:
            break
    return tokens, spans, read


def _probabilities(text: str, tokens: list[Token], spans: list[Span]) -> list[float]:
    """The probability of each span. Equal spans with the same around them are judged once."""
    keys = [context_key(text, tokens, span) for span in spans]
    different = dict(zip(keys, spans, strict=True))
    rows = [feature_ids(text, tokens, span) for span in different.values()]
    probabilities: list[float] = []
    for at in range(0, len(rows), _BATCH):
        probabilities += network().probabilities(rows[at : at + _BATCH]).tolist()
    judged = dict(zip(different, probabilities, strict=True))
    return [judged[key] for key in keys]


def _is_counted(before: str, value: str, after: str) -> bool:
    """Whether figures count something, are a date, or a code that everyone may know.

    `before` and `after` are what stands around them: 60 and 40 characters.
    """
    line = before.rpartition("\n")[2].lower()
    if PUBLIC_KEY.search(line) and ":" in value:
        return True
    if value.isdigit() and line.split()[-1:] and line.split()[-1] in _BEFORE_FIGURE:
        return True
    if _LIST.fullmatch(value) or _WAY.search(value):
        return True
    if 2 * sum(map(str.isalpha, value)) > len(value) and not _OFFER_CODE.fullmatch(value):
        return False
    if (
        _UNIT.match(after)
        or _WRAPPED_PHONE.match(value + after)
        or _PHONE.fullmatch(value)
        or _PRICE.fullmatch(value)
    ):
        return True
    if _DATE.fullmatch(value) and not _names_lock(before):
        return True
    context = f"{before[-40:]}{value}{after}".lower()
    return bool(_PUBLIC.search(context) or _OFFER.search(context))


def _names_lock(before: str) -> bool:
    return any(class_of(fold(word)) == "safe" for word in re.findall(r"\w+", before))
