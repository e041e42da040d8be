"""The schema of a dataclass has its fields as columns, in their order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict

import pyarrow as pa
import pytest

from maverick_assets.lake.schema import schema_of


class Message(TypedDict):
    role: str
    content: str


@dataclass
class Passage:
    start: int
    reason: str | None


@dataclass
class Mail:
    id: str
    kind: Literal["reply", "initiate"]
    sent_at: datetime
    score: float | None
    digest: bytes
    is_owner: bool
    recipients: tuple[str, ...]
    passages: list[Passage]
    messages: list[Message]
    thread_id: str | None = None


def test_each_field_is_a_column_of_its_type() -> None:
    passage = pa.struct([("start", pa.int64()), ("reason", pa.string())])
    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    assert schema_of(Mail) == pa.schema(
        [
            ("id", pa.string()),
            ("kind", pa.string()),
            ("sent_at", pa.timestamp("us", tz="UTC")),
            ("score", pa.float64()),
            ("digest", pa.binary()),
            ("is_owner", pa.bool_()),
            ("recipients", pa.list_(pa.string())),
            ("passages", pa.list_(passage)),
            ("messages", pa.list_(message)),
            ("thread_id", pa.string()),
        ]
    )


def test_fields_can_be_left_out() -> None:
    assert schema_of(Passage, without=["reason"]).names == ["start"]


def test_a_type_without_an_arrow_type_is_refused() -> None:
    @dataclass
    class Odd:
        value: complex

    with pytest.raises(TypeError, match="complex"):
        schema_of(Odd)
