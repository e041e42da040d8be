"""Hidden characters go, and what a script or an emoji needs stays."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.characters import visible


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a\x1b[31mb\x00\x07\x7f", "a[31mb"),
        ("line\n\tindented", "line\n\tindented"),
        ("don\x92t \x93quote\x94 \x85\x81", "don\u2019t \u201cquote\u201d "),
        ("pass\u200bword\u2060\ufeff", "password"),
        ("exe.\u202egnp\u202c \u2066x\u2069", "exe.gnp x"),
        ("hi\U000e0069\U000e0067\U000e006e", "hi"),  # an order to a model in tags
        ("x\u200dy\u200cz", "xyz"),
        ("\u200eabc", "abc"),
        ("a\ufe0f\ufe01\ufe02\ufe03", "a\ufe0f"),  # bytes in variation selectors
        ("a\U000e0101\U000e0102", "a"),
    ],
)
def test_what_nobody_sees_goes(written: str, read: str) -> None:
    assert visible(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian
        "\u0915\u094d\u200d\u0937",  # Hindi
        "\u0e2a\u0e27\u0e31\u0e2a\u200b\u0e14\u0e35",  # Thai
        "\u05e9\u05dc\u05d5\u05dd\u200f!",  # Hebrew
        "\U0001f469\u200d\U0001f467",  # mother and daughter
        "\U0001f3f3\ufe0f\u200d\U0001f308",  # rainbow flag
        "\u2764\ufe0f\u200d\U0001f525",  # heart on fire
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
        "\u845b\U000e0100",  # a variant of an ideograph
        "Gr\u00fc\u00dfe \u20ac \u00a0 \u2013 \U0001f600",
    ],
)
def test_what_a_script_or_an_emoji_needs_stays(written: str) -> None:
    assert visible(written) == written


@given(st.text())
def test_the_result_has_nothing_more_to_remove(text: str) -> None:
    once = visible(text)
    assert visible(once) == once
    assert all(c in "\n\t\r" or unicodedata.category(c) not in ("Cc", "Cs") for c in once)
