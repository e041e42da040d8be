"""The classifier of secrets: its file, what it looks at, and where its training comes from."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.secret_training.carriers import with_line_starts, within
from benchmarks.secret_training.texts import draw_text
from benchmarks.secret_training.train import labelled_spans
from maverick_assets.datasets.secrets.classifier import model
from maverick_assets.datasets.secrets.classifier.cues import class_of, fold
from maverick_assets.datasets.secrets.classifier.features import (
    BUCKETS,
    context_key,
    feature_ids,
)
from maverick_assets.datasets.secrets.classifier.spans import MAX_SPANS, spans_of
from maverick_assets.datasets.secrets.classifier.tokens import MAX_READ, tokens_of
from maverick_assets.errors import MaverickError
from maverick_assets_tests.corpora.unseen_secrets import (
    clean_phrases,
    second_phrases,
    third_phrases,
    unseen_phrases,
)


def values(text: str) -> set[str]:
    tokens = tokens_of(text)
    spans, _ = spans_of(tokens)
    return {text[tokens[span.first].start : tokens[span.last].end] for span in spans}


def test_the_weights_are_small_and_those_of_this_release() -> None:
    assert model.WEIGHTS.stat().st_size < 500_000
    assert model.network().rows.shape[0] == BUCKETS


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "weights.npz"
    changed.write_bytes(model.WEIGHTS.read_bytes()[:-1] + b"x")
    monkeypatch.setattr(model, "WEIGHTS", changed)
    with pytest.raises(MaverickError, match="not the weights of this release"):
        model.network.__wrapped__()


def test_a_probability_does_not_depend_on_the_spans_beside_it() -> None:
    text = "login for the wiki\nnora / Plum-Tart-41\nsafe 31-07-22, order 4711"
    tokens = tokens_of(text)
    rows = [feature_ids(text, tokens, span) for span in spans_of(tokens)[0]]
    together = model.network().probabilities(rows)
    alone = [model.network().probabilities([ids])[0] for ids in rows]
    assert len(rows) > 2
    assert together.tolist() == pytest.approx(alone, abs=1e-12)


def test_spans_with_equal_keys_have_equal_rows() -> None:
    lines = ["door code 4711", "Blue42Horse it is", "password: Blue42Horse", "4711 users"]
    text = "\n".join(random.Random(3).choices(lines, k=2_000))
    tokens = tokens_of(text)
    rows_of: dict[tuple[object, ...], list[int]] = {}
    spans = spans_of(tokens)[0]
    for span in spans:
        rows = feature_ids(text, tokens, span)
        assert rows_of.setdefault(context_key(text, tokens, span), rows) == rows
    assert len(rows_of) < len(spans)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("password: swordfish", "swordfish"),
        ("my phone unlocks with 4711", "4711"),
        ("app password kzrw hfte qlxt mnrd", "kzrw hfte qlxt mnrd"),
        ("safe: L23 R7 L41", "L23 R7 L41"),
        ("Backup codes\n4821 9034\n7719 0283", "7719 0283"),
        ("passphrase: tulip river candle", "tulip river candle"),
        ("the till insists on 4711", "4711"),  # nothing announces it
        ("nora and Kestrel88?", "Kestrel88?"),
        ("the alarm wants four seven one nine", "four seven one nine"),
        ("Türcode sieben null, drei drei", "sieben null, drei drei"),
        ("Tresor: links 34, dann rechts 12, links 71", "links 34, dann rechts 12, links 71"),
        ("coffre 34 à gauche, 12 à droite", "34 à gauche, 12 à droite"),
        ("The disk starts with “tulip river candle”", "tulip river candle"),
        ("パスワードはTulip42です", "Tulip42"),
    ],
)
def test_a_span_is_what_a_person_would_mark(text: str, value: str) -> None:
    assert value in values(text)


@pytest.mark.parametrize(
    "text",
    [
        "door: order 4711",
        "See you at lunch, the train comes at 4",
        "password: ********",
        "the door on the left, then 3 steps",
    ],
)
def test_what_is_named_otherwise_is_no_span(text: str) -> None:
    assert not [value for value in values(text) if any(map(str.isdigit, value))]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Haustürcode", "door"), ("WLAN-Passwort", "password"), ("salasana", "password"),
        ("Пароль", "password"), ("パスワードは", "password"), ("hasło", "password"),
        ("Kundennummer", "part"), ("tulip", ""),
    ],
)  # fmt: skip
def test_words_of_many_languages_share_a_class(word: str, name: str) -> None:
    assert class_of(fold(word)) == name


def test_a_text_of_nothing_but_spans_is_held_and_read_in_part() -> None:
    text = "password x1! " * 50_000
    spans, _ = spans_of(tokens_of(text))
    assert len(spans) == MAX_SPANS
    assert max(end for _, end in model.find_by_classifier(text, "")) == len(text)


def test_a_text_longer_than_what_is_read_is_held_to_its_end() -> None:
    text = "The door is open. " + "we walked and talked\n" * 30_000
    assert len(text.split()) > MAX_READ
    assert [end for _, end in model.find_by_classifier(text, "")] == [len(text)]


def test_training_texts_mark_their_secrets_and_are_the_same_for_a_seed() -> None:
    first = [draw_text(random.Random(5), secret=True) for _ in range(2)]
    assert first[0] == first[1]
    rng = random.Random(6)
    texts = [draw_text(rng, secret=True) for _ in range(300)]
    assert all(start < end <= len(text.text) for text in texts for start, end in text.secrets)
    marked = sum(any(label for _, label in labelled_spans(text)) for text in texts)
    assert marked > 0.7 * len(texts)
    assert not any(draw_text(rng, secret=False).secrets for _ in range(50))


def test_a_carrier_keeps_the_secret_where_it_is_marked() -> None:
    rng = random.Random(9)
    carrier = "\n\n".join(f"Paragraph {at} of a long mail about the harvest." for at in range(40))
    for _ in range(200):
        drawn = draw_text(rng, secret=True)
        marked = [drawn.text[start:end] for start, end in drawn.secrets]
        put_in = within(rng, drawn, carrier)
        assert [put_in.text[start:end] for start, end in put_in.secrets] == marked
        assert len(put_in.text) > len(drawn.text)
        begun = with_line_starts(rng, drawn)
        lines = [line for value in marked for line in value.split("\n") if line]
        assert [begun.text[start:end] for start, end in begun.secrets if end > start] == lines


def test_training_shares_no_sentence_with_the_test_corpora() -> None:
    # Five words in a row, in which every value counts as one: fewer are "the password is".
    rng = random.Random(7)
    trained_on = {
        gram for number in range(8_000) for gram in _grams(draw_text(rng, number % 2 == 0).text)
    }
    phrases = [
        phrase.text
        for locked in (False, True)
        for phrase in (
            *unseen_phrases(locked),
            *clean_phrases(locked),
            *second_phrases(locked),
            *third_phrases(locked),
        )
    ]
    trained_on.discard(("nom", "de", "jeune", "fille", "de"))  # French for "maiden name"
    shared = [phrase for phrase in phrases if trained_on & set(_grams(phrase))]
    assert shared == []


def _grams(text: str) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"\{\w+\}|@|[^\W\d_]+", text.lower())
    yield from zip(*(words[at:] for at in range(5)), strict=False)
