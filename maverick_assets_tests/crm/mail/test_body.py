"""The body of a mail is what a mail program shows; what nobody can read is named."""

import base64
import struct
from collections.abc import Sequence

import pytest

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.mail.message import parse_message
from maverick_assets.crm.mail.row import Place
from maverick_assets_tests.crm.raw_messages import mail_row, raw_message

Part = tuple[str, str]  # headers behind "Content-Type: ", and content


def multipart(kind: str, parts: Sequence[Part], boundary: str = "b1") -> str:
    """The headers and content of a part that holds others."""
    inner = "".join(f"--{boundary}\nContent-Type: {head}\n\n{text}\n" for head, text in parts)
    return f'{kind}; boundary="{boundary}"\n\n{inner}--{boundary}--\n'


def message(content: str) -> bytes:
    head = raw_message("").rpartition(b"\n\n")[0]
    return head + b"\nMIME-Version: 1.0\nContent-Type: " + content.encode()


def body(content: str) -> str:
    return mail_row(message(content)).body


def reason(content: str) -> str:
    parsed = parse_message(Place("m"), message(content))
    assert isinstance(parsed, SkippedInput), parsed
    return parsed.reason


PLAIN, PAGE = ("text/plain", "my words"), ("text/html", "<p>my words</p>")
NAMED = ('text/plain; name="a.txt"\nContent-Disposition: inline; filename="a.txt"', "his words")
MAIL = ("message/rfc822", "From: a@x.example\nSubject: x\n\nhis words")

ROOT = ("text/html\nContent-ID: <2>", "<p>my words</p>")


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("multipart/mixed", [PAGE, NAMED]),
        ("multipart/mixed", [NAMED, PLAIN]),
        ("multipart/mixed", [PLAIN, MAIL]),
        ("multipart/mixed", [("text/plain\nContent-Disposition: attachment", "his words"), PLAIN]),
        ("multipart/related", [PAGE, ("image/png\nContent-ID: <1>", "x")]),
        ('multipart/related; start="<2>"', [("text/plain", "x"), ROOT]),
        ("multipart/alternative", [PLAIN, PAGE, ("text/calendar", "BEGIN:VCALENDAR")]),
        ("multipart/alternative", [("text/plain", "Please use an HTML reader."), PAGE]),
        ("multipart/alternative", [("text/plain", " \n"), PAGE]),
        ("multipart/signed", [PLAIN, ("application/pgp-signature", "x")]),
        ("multipart/report", [PLAIN, ("message/delivery-status", "Status: 5.0.0"), MAIL]),
        ("multipart/mixed", [(multipart("multipart/alternative", [PLAIN, PAGE], "b2"), ""), NAMED]),
        ("multipart/mixed", [('text/plain; name="body.txt"', "my words")]),
    ],
)  # fmt: skip
def test_the_body_is_the_part_that_is_shown(kind: str, parts: Sequence[Part]) -> None:
    assert body(multipart(kind, parts)) == "my words"


def test_several_texts_are_shown_one_after_the_other() -> None:
    picture = ('image/png; name="a.png"\nContent-Disposition: inline', "x")
    assert body(multipart("multipart/mixed", [PLAIN, picture, ("text/plain", "and more")])) == (
        "my words\nand more"
    )


@pytest.mark.parametrize(
    "header",
    [
        *("text/plain; charset=utf-8; name*", "text/plain; =; charset=utf-8", "text/plain;;;"),
        *("text/plain; name*0*=utf-8''%zz; name*x=1", 'text/plain; charset="utf-8', "text"),
        *("text/plain charset=utf-8", "TEXT/PLAIN; CHARSET*=utf-8'en'utf-8", "text/plain; x=\x01"),
    ],
)
def test_a_bad_parameter_costs_itself(header: str) -> None:
    assert body(f"{header}\nContent-Transfer-Encoding: 8bit; x\n\nK\u00f6ln") == "K\u00f6ln"


@pytest.mark.parametrize("depth", [300, 1500, 4000])
def test_a_deep_page_is_read_whole(depth: int) -> None:
    page = "<div>" * depth + "the last words" + "</div>" * depth + "<p>and an end</p>"
    assert body(f"text/html\n\n{page}").split() == ["the", "last", "words", "and", "an", "end"]


def test_pictures_inside_a_page_cost_nothing() -> None:
    page = f'<p>above</p><img src="data:image/png;base64,{"A" * 10_000_000}"><p>below</p>'
    assert body(f"text/html\n\n{page}") == "above\n\nbelow"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("one long \nline\n\n end", "one long line\n\nend"),
        ("> what he \n> wrote\nmine", "> what he wrote\nmine"),
        ("> a \nmine", "> a \nmine"),
        ("words \n-- \nAllan", "words \n-- \nAllan"),
        (" From Monday on", "From Monday on"),
        ("  two spaces", " two spaces"),
        (">> deep \n>> er\n> back", ">> deep er\n> back"),
    ],
)
def test_soft_line_breaks_are_joined(written: str, text: str) -> None:
    assert body(f"text/plain; format=flowed\n\n{written}") == text
    assert body(f"text/plain\n\n{written}") == written


def test_a_deleted_space_is_no_part_of_the_text() -> None:
    assert body("text/plain; format=flowed; delsp=yes\n\nsun \nflower") == "sunflower"


def tnef(*attributes: tuple[int, bytes]) -> str:
    """A part with a `winmail.dat` of these attributes of a message."""
    data = struct.pack("<IH", 0x223E9F78, 1)
    for name, value in attributes:
        data += struct.pack("<BHHI", 1, name, 6, len(value)) + value + b"\0\0"
    encoded = base64.encodebytes(data).decode()
    return (
        f'application/ms-tnef; name="winmail.dat"\nContent-Transfer-Encoding: base64\n\n{encoded}'
    )


def properties(*values: tuple[int, int, bytes]) -> bytes:
    """MAPI properties: name, type and value of each."""
    data = struct.pack("<I", len(values))
    for name, kind, value in values:
        padded = value + b"\0" * (-len(value) % 4)
        data += struct.pack("<HHII", kind, name, 1, len(value)) + padded
    return data


def plain_rtf(text: bytes) -> bytes:
    return struct.pack("<IIII", len(text) + 12, len(text), 0x414C454D, 0) + text


@pytest.mark.parametrize(
    "attribute",
    [
        (0x800C, "K\u00f6ln \u2013 my words\0".encode("cp1252")),
        (0x9003, properties((0x1000, 0x1F, "K\u00f6ln \u2013 my words\0".encode("utf-16-le")))),
        (0x9003, properties((0x1013, 0x102, "<p>K\u00f6ln \u2013 my words</p>".encode("cp1252")))),
        (0x9003, properties((0x1009, 0x102, plain_rtf(rb"{\rtf1\ansi K\'f6ln \u8211? my words}")))),
        (0x9003, properties((0x37, 0x1F, b"x\0"), (0x1000, 0x1E, b"K\xf6ln \x96 my words\0"))),
    ],
)
def test_the_words_of_a_winmail_dat_are_read(attribute: tuple[int, bytes]) -> None:
    assert body(tnef(attribute)) == "K\u00f6ln \u2013 my words"
    assert body(multipart("multipart/mixed", [("text/plain", "shown"), (tnef(attribute), "")])) == (
        "shown"
    )


def test_a_damaged_winmail_dat_is_named() -> None:
    assert "winmail.dat" in reason(tnef((0x9003, struct.pack("<I", 0xFFFFFFFF))))
    assert "winmail.dat" in reason("application/ms-tnef\n\nno such thing")


def der(tag: int, content: bytes, is_open: bool = False) -> bytes:
    if is_open:
        return bytes([tag, 0x80]) + content + b"\0\0"
    size = len(content).to_bytes(3, "big")
    return bytes([tag, 0x83]) + size + content


def envelope(kind: str, content: bytes, is_open: bool = False) -> str:
    """An S/MIME part; the signature, which nobody looks at here, is left out."""
    octets = der(0x04, content)
    if is_open:
        octets = der(0x24, der(0x04, content[:9]) + der(0x04, content[9:]), is_open)
    data = der(0x06, bytes.fromhex("2a864886f70d010701"))
    inner = der(0x30, data + der(0xA0, octets, is_open), is_open)
    signed = der(0x30, der(0x02, b"\1") + der(0x31, b"") + inner, is_open)
    whole = der(0x30, der(0x06, bytes.fromhex(kind)) + der(0xA0, signed, is_open), is_open)
    encoded = base64.encodebytes(whole).decode()
    head = 'application/pkcs7-mime; name="smime.p7m"\nContent-Transfer-Encoding: base64'
    return f"{head}\n\n{encoded}"


@pytest.mark.parametrize("is_open", [False, True])
def test_what_is_signed_is_read_and_what_is_encrypted_is_named(is_open: bool) -> None:
    content = b"Content-Type: text/plain; charset=utf-8\r\n\r\nK\xc3\xb6ln, my words\r\n"
    assert body(envelope("2a864886f70d010702", content, is_open)) == "K\u00f6ln, my words"
    assert reason(envelope("2a864886f70d010703", content, is_open)).startswith("encrypted (S/MIME)")


@pytest.mark.parametrize(
    "content",
    [
        multipart("multipart/encrypted", [("application/pgp-encrypted", "Version: 1"), PLAIN]),
        "text/plain\n\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n",
        "application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\nAAAA\n",
        "application/pkcs7-mime\n\n",
        envelope("2a864886f70d010705", b"x"),
    ],
)
def test_what_nobody_can_read_without_a_key_is_named(content: str) -> None:
    assert "encrypted" in reason(content) or "envelope" in reason(content)


def test_the_armor_of_a_signature_is_no_part_of_the_text() -> None:
    text = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nmy words\n- - a list\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n"
    )
    assert body(f"text/plain\n\n{text}") == "my words\n- a list"


def test_packed_rich_text_is_unpacked() -> None:
    packed = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert body(tnef((0x9003, properties((0x1009, 0x102, packed))))) == "WXYZWXYZWXYZWXYZWXYZ"
