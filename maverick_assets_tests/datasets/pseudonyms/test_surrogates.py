"""Surrogates: stable, never the same for two, computable by the holder of the key alone."""

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maverick_assets.datasets.pseudonyms.surrogates import (
    Surrogates,
    key_fingerprint,
    load_key,
    split_domain,
)
from maverick_assets.errors import MaverickError
from maverick_assets.lake.paths import key_path

KEYS = st.binary(min_size=32, max_size=32)


@settings(max_examples=5, derandomize=True)
@given(key=KEYS)
def test_ten_thousand_names_have_ten_thousand_surrogates(key: bytes) -> None:
    one = Surrogates(key)
    names = [f"{chr(97 + at % 26)}{at} {chr(97 + at % 17)}x{at // 3}" for at in range(10_000)]
    for surrogate in (
        one.person,
        one.company,
        one.phone,
        one.street,
        lambda name: one.domain(f"{name.replace(' ', '-')}.com"),
    ):
        assert len({surrogate(name) for name in names}) == 10_000


@given(key=KEYS, name=st.text(min_size=1, max_size=40))
def test_a_surrogate_depends_on_key_and_identity_alone(key: bytes, name: str) -> None:
    one, other = Surrogates(key), Surrogates(key)
    other.person("somebody before")
    assert one.person(name) == other.person(name)
    assert one.company(name) == other.company(name)
    assert one.phone(name) == other.phone(name)
    assert one.street(name) == other.street(name)


def test_another_key_gives_other_surrogates() -> None:
    one, other = Surrogates(b"1" * 32), Surrogates(b"2" * 32)
    assert one.person("dana cole") != other.person("dana cole")
    assert one.company("acme") != other.company("acme")
    assert one.phone("7138534759") != other.phone("7138534759")


def test_a_reserved_name_changes_only_the_surrogates_that_had_it() -> None:
    free, bound = Surrogates(b"1" * 32), Surrogates(b"1" * 32, ("thea", "karl"))
    people = [f"person {at}" for at in range(3000)]
    differing = [name for name in people if free.person(name) != bound.person(name)]
    assert {free.person(name)[0] for name in differing} == {"Thea", "Karl"}
    assert not {bound.person(name)[0] for name in people} & {"Thea", "Karl"}


def test_a_domain_keeps_its_suffix_and_can_belong_to_nobody() -> None:
    one = Surrogates(b"1" * 32)
    assert one.domain("acme.co.uk").endswith(".co.uk.example")
    assert one.domain("acme.com").split(".")[0] == one.domain("acme.co.uk").split(".")[0]
    assert one.domain("mail.acme.com") != one.domain("acme.com")
    assert split_domain("mail.acme.co.uk") == ("mail", "acme", "co.uk")


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    path = key_path(lake)
    key = load_key(lake)
    assert len(key) == 32
    assert load_key(lake, key_fingerprint(key)) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_lost_key_is_an_error_and_not_replaced(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    path = key_path(lake)
    used = key_fingerprint(load_key(lake))
    path.unlink()
    with pytest.raises(MaverickError, match=r"surrogates\.key is gone.*restore it"):
        load_key(lake, used)
    assert not path.exists()


def test_a_key_that_others_may_read_or_that_is_cut_is_refused(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    path = key_path(lake)
    load_key(lake)
    path.chmod(0o644)
    with pytest.raises(MaverickError, match="chmod 600"):
        load_key(lake)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(MaverickError, match="no key of 32 bytes"):
        load_key(lake)
