"""Bytes become text as mail programs decode them: by label, against it, and without one."""

import pytest

from maverick_assets.crm.mail.charsets import decode_bytes
from maverick_assets.crm.mail.headers import decoded
from maverick_assets_tests.crm.raw_messages import mail_row, raw_message

WINDOWS = "it\u2019s \u201cdone\u201d \u2013 \u20ac40\u2026"


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        *((name, "cp1252", WINDOWS) for name in ("iso-8859-1", "us-ascii", "Latin1", None, "x-y")),
        *(
            (name, "utf-8", "K\u00f6ln \u2013 \u00c7a va")
            for name in ("iso-8859-1", None, "koi8-r")
        ),
        ("gb2312", "gb18030", "\u6731\u9555\u57fa \u20ac"),
        ("gb2312", "gbk", "\u8054\u901a"),  # valid UTF-8 but for one byte
        ("ks_c_5601-1987", "cp949", "\ub620\ubc29\uac01\ud558"),
        ("shift_jis", "cp932", "\u2460\u3231\u65e5\u672c"),
        ("big5", "big5hkscs", "\u9999\u6e2f\u5605"),
        ("koi8-r", "koi8-r", "\u041f\u0440\u0438\u0432\u0435\u0442"),
        ("iso-8859-8-i", "iso8859-8", "\u05e9\u05dc\u05d5\u05dd"),
        ("iso-8859-15", "iso8859-15", "Pr\u00e9 \u20ac"),
        ("macintosh", "mac-roman", "caf\u00e9"),
        ("ibm850", "cp850", "Gr\u00fc\u00dfe"),
        ("utf-7", "utf-7", "Preis \u00a320"),
        ("hz-gb-2312", "hz", "\u4f60\u597d"),
        ("iso-2022-kr", "iso2022_kr", "\uc548\ub155"),
        ("utf-16", "utf-16", "Gr\u00fc\u00dfe"),
        ("gb2312", "utf-8", "\u4f60\u597d\uff0c\u4e16\u754c"),
    ],
)
def test_a_label_means_what_the_encoding_standard_says(
    label: str | None, codec: str, text: str
) -> None:
    assert decode_bytes(text.encode(codec), label) == text


def test_japanese_mail_keeps_what_windows_adds_to_its_charset() -> None:
    data = b"\x1b$B-!F|K\\\x1b(B abc \x1b(I1\x1b(B"
    assert decode_bytes(data, "iso-2022-jp") == "\u2460\u65e5\u672c abc \uff71"
    assert decode_bytes(data) == "\u2460\u65e5\u672c abc \uff71"


def test_bytes_that_no_charset_explains_cost_themselves() -> None:
    assert decode_bytes("Gr\u00fc\u00dfe".encode() + b"\xff", "utf-8") == "Gr\u00fc\u00dfe\ufffd"
    assert decode_bytes(b"a\x81b", "windows-1252") == "a\x81b"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Gr\u00fc\u00dfe"),
        ("=?iso-8859-1?q?it=92s?=", "it\u2019s"),
        ("=?utf-8?B?R3LDvMOfZQ?=", "Gr\u00fc\u00dfe"),  # without its padding
        ("=?utf-8*de?q?K=C3=B6ln?=", "K\u00f6ln"),
        ("=?x-unknown?q?K=C3=B6ln?=", "K\u00f6ln"),
        ("=?utf-8?q?two words, here?=", "two words, here"),
        ("=?utf-8?q?what? now?=", "what? now"),
        ("Re: =?utf-8?q?a?= b =?utf-8?q?c?=", "Re: a b c"),
        ("=?utf-8?q?never closed", "=?utf-8?q?never closed"),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\u65e5\u672c"),
    ],
)
def test_encoded_words_are_read_also_where_they_are_broken(written: str, text: str) -> None:
    assert decoded(written) == text


def test_bytes_in_headers_are_in_the_charset_of_the_body() -> None:
    data = raw_message(Subject="SUBJECT", Content_Type="text/plain; charset=koi8-r")
    subject = "\u0425\u043b\u0435\u0431 \u0438 \u0441\u043e\u043b\u044c"
    assert mail_row(data.replace(b"SUBJECT", subject.encode("koi8-r"))).subject == subject
    assert mail_row(data.replace(b"SUBJECT", subject.encode())).subject == subject


def test_a_page_without_a_label_names_its_charset_itself() -> None:
    page = '<html><meta charset="windows-1251"><p>\u0425\u043b\u0435\u0431</p></html>'
    data = raw_message("", Content_Type="text/html", Content_Transfer_Encoding="8bit")
    assert mail_row(data + page.encode("cp1251")).body == "\u0425\u043b\u0435\u0431"
