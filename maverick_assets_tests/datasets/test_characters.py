"""Hidden characters go, and what a script or an emoji needs stays."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.characters import visible
from maverick_assets.datasets.mail.cleaning import clean_text
from maverick_assets.datasets.secrets.find import find_secrets


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
        ("a\ufe0f\ufe01\ufe02\ufe03", "a"),  # bytes in variation selectors
        ("\u2764\ufe0f\ufe01", "\u2764\ufe0f"),
        ("Ver\u00adtrag, pass\u034fword", "Vertrag, password"),
        ("o\u115fa\u1160t\u3164s\uffa0!", "oats!"),
        ("o\u17b4a\u17b5t\u180es", "oats"),
        ("\ufff9oats\ufffa\ufffb", "oats"),
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
        "\u795e\ufe00 \uff01\ufe01",  # variants of an ideograph and of a mark
        "1\ufe0f\u20e3",  # the figure on a key
        "\u182e\u1823\u1829\u182d\u180e\u1820",  # Mongolian
        "Gr\u00fc\u00dfe \u20ac \u00a0 \u2013 \U0001f600",
    ],
)
def test_what_a_script_or_an_emoji_needs_stays(written: str) -> None:
    assert visible(written) == written


def test_a_secret_that_is_split_by_what_nobody_sees_is_found() -> None:
    key = "AKIA" + "Q3EGRTZ7WXMNPLKD"
    for hidden in "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0\ufe0f\ufff9\u200b":
        assert find_secrets(clean_text(f"the key is {key[:9]}{hidden}{key[9:]}"))


_RARE = st.sampled_from(
    "a1\u00ad\u034f\u061c\u0645\u115f\u17b4\u1780\u1820\u180e\u200b\u200c\u200d\u2060\u20e3\u2764\u3164"
    "\u845b\ufe00\ufe0f\U0001f469\U000e0100"
)


@given(st.text() | st.text(_RARE))
def test_the_result_has_nothing_more_to_remove(text: str) -> None:
    once = visible(text)
    assert visible(once) == once
    assert all(c in "\n\t\r" or unicodedata.category(c) not in ("Cc", "Cs") for c in once)
