"""Secrets: planted ones are found, what only looks like one is not, time is bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.quality.leaked_secrets import secret_kinds
from maverick_assets.datasets.secrets.find import excerpt, find_secrets
from maverick_assets_tests.corpora.hostile_texts import hostile_texts, is_linear
from maverick_assets_tests.corpora.planted_secrets import (
    LANGUAGES,
    PlantedSecret,
    clean_texts,
    is_found,
    planted_texts,
)
from maverick_assets_tests.corpora.real_data import needs_real_data, read_rows

HOSTILE = hostile_texts(250_000)
# No two values are equal, so that nothing is judged once for all of them.
HOSTILE["different passwords"] = "".join(f"login nora{n} password Tulip{n}! " for n in range(8_000))
HOSTILE["spelled figures"] = "pin one two to " * 17_000
HOSTILE["turns of a dial"] = "safe left a 3 a " * 16_000


def found(text: str) -> list[tuple[str, str]]:
    return [(each.rule, text[each.start : each.end]) for each in find_secrets(text)]


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_every_planted_secret_is_found(seed: int) -> None:
    planted = planted_texts(1000, seed)
    assert {secret.language for secret in planted} == set(LANGUAGES)
    assert [secret for secret in planted if not is_found(secret)] == []


def test_texts_without_a_secret_are_rarely_flagged() -> None:
    texts = clean_texts(2500)
    assert len(set(texts)) > 2000
    assert sum(bool(find_secrets(text)) for text in texts) <= 0.01 * len(texts)


# Put together here so that no scanner takes them for real ones.
@pytest.mark.parametrize(
    ("rule", "secret"),
    [
        ("vendor-key", "AKIA" + "IOSFODNN7EXAMQLE"),
        ("vendor-key", "ghp_" + "a1B2" * 9),
        ("vendor-key", "xoxb-" + "123456789012-abcdefGHIJ"),
        ("vendor-key", "sk-proj-" + "Ab12" * 8),
        ("vendor-key", "sk_live_" + "Ab12" * 6),
        ("web-token", "eyJhbGciOiJI" + ".eyJzdWIiOiIx" + ".c2ln"),
        ("private-key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"),
        ("social-security", "123-45-6789"),
        ("card", "4111 1111 1111 1111"),
        ("card", "5500-0000-0000-0004"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("iban", "GB82WEST12345698765432"),
    ],
)
def test_what_machines_issue_is_found_without_words_around(rule: str, secret: str) -> None:
    assert (rule, secret) in found(f"Use {secret} please.")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("pw is hunter2!!", "hunter2!!"),
        ("password: swordfish", "swordfish"),
        ('password = "swordfish"', "swordfish"),
        ("user bob, pw: x9$k, thanks", "x9$k"),
        ("password:\nBlue42Horse", "Blue42Horse"),
        ("what's the wifi password?\nhunter2!!", "hunter2!!"),
        ("the pass is still Blue42Horse", "Blue42Horse"),
        ("Le code d'entrée : 45B78", "45B78"),
        ("my PIN 4471 ok", "4471"),
        ("der Code für die Haustür ist 4711#", "4711#"),
        ("482913 is your Fritz verification code", "482913"),
        ("Das Passwort lautet Sommer2024!", "Sommer2024!"),
        ("mot de passe : Soleil99", "Soleil99"),
        ("la contraseña es Luna2024", "Luna2024"),
        ("DB_PASSWORD=tiger1", "tiger1"),
        ("postgres://bob:tiger1@db.example/x", "tiger1"),
        ("Authorization: Bearer abcdef0123456789abc", "abcdef0123456789abc"),
    ],
)
def test_what_people_write_is_found(text: str, secret: str) -> None:
    assert secret in {value.rstrip(",") for _, value in found(text)}


@pytest.mark.parametrize(
    "text",
    [
        "The password is wrong.",
        "password: ask me when you are there",
        "password: ********",
        'password = os.environ["PASSWORD"]',
        "The secret is to listen first",
        "a token of thanks; the key is trust",
        "pin it to the wall, 4 or 5 times",
        "order 4111111111111112 and 1234567890123",
        "zip code 77002, part DE12 3456",
        "Use code SPRING20 at checkout.",
        "My PIN was changed in 2019.",
        "RSA key fingerprint is d1:97:cb:2e:dc:27:a9:db:9e:db:5d:01:87:cb:35:12.",
        "https://shop.example/landing?code=GB01A8&page=1",
        "write to person-3f2a91bc@mail.example with your password",
        "2000-05-30 07:29:11, 10.00-12.30, v1.2.3, 192.168.100.200",
        "I opened an account in 1987.",
        "The door is open, code review at 1400",
        "building code section 1804",
        "Passwort zurücksetzen: klicken Sie hier",
    ],
)
def test_prose_and_figures_are_no_secrets(text: str) -> None:
    assert found(text) == []


def test_an_excerpt_shows_what_stands_around_and_no_secret() -> None:
    text = "Hello.\n" * 50 + "pw is hunter2!! and my PIN 4471, see you\n" + "Bye.\n" * 50
    shown = excerpt(text, find_secrets(text))
    assert "pw is [password] and my PIN [code], see you" in shown
    assert "hunter2" not in shown and "4471" not in shown
    assert len(shown) < 200
    assert excerpt("nothing", []) == ""


@given(st.lists(st.sampled_from([*planted_texts(40), None]), max_size=6), st.text(max_size=60))
def test_no_excerpt_holds_what_was_found(parts: list[PlantedSecret | None], talk: str) -> None:
    text = "\n".join(part.text if part else talk for part in parts)
    findings = find_secrets(text)
    assert all(0 <= each.start < each.end <= len(text) for each in findings)
    shown = excerpt(text, findings)
    for each in findings:
        secret = " ".join(text[each.start : each.end].split())
        if len(secret) >= 12 and text.count(secret) == 1:
            assert secret not in shown


@pytest.mark.parametrize("name", HOSTILE)
def test_the_time_of_hostile_text_grows_with_its_length_and_not_with_its_square(name: str) -> None:
    assert is_linear(find_secrets, HOSTILE[name])


def test_a_text_with_too_many_nouns_to_read_is_flagged() -> None:
    assert ("crowded", "password ") in {
        (rule, value[:9]) for rule, value in found("password " * 5000)
    }


def test_the_independent_scanner_finds_keys_and_no_prose() -> None:
    assert secret_kinds("token: " + "ghp_" + "a1B2" * 9) == ["GitHub Token"]
    assert [text for text in clean_texts(300) if secret_kinds(text)] == []


@needs_real_data
@pytest.mark.parametrize(
    ("name", "column", "most"),
    [
        ("mailbox-arnold/emails", "body", 0.01),
        ("notes/til", "content", 0.01),
        ("gatekeeper/sms", "text", 0.005),
        ("moods/goemotions", "text", 0.001),
    ],
)
def test_real_text_is_rarely_flagged(name: str, column: str, most: float) -> None:
    texts = [row[column] for row in read_rows(name) if row.get("label") != "spam"]
    assert sum(bool(find_secrets(text)) for text in texts) <= most * len(texts)
