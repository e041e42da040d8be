"""Surrogates: stable, never the same for two, computable by the holder of the key alone."""

import random
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.pseudonyms.name_lists import given_names, surnames
from maverick_assets.datasets.pseudonyms.name_pools import Pool, names_in
from maverick_assets.datasets.pseudonyms.surrogates import (
    Surrogates,
    key_fingerprint,
    load_key,
    split_domain,
    squeezed,
)
from maverick_assets.errors import MaverickError
from maverick_assets.lake.paths import key_path

KEYS = st.binary(min_size=32, max_size=32)


# Names as people have them: listed and unlisted ones, of many languages.
GIVEN = sorted(given_names())[::12] + [f"vr{letter}na" for letter in "abcdefghij"]
SURNAMES = sorted(surnames())[::5] + [f"qu{a}st{b}l" for a in "abcdefghij" for b in "aeiou"]


def contacts(count: int) -> list[str]:
    rng = random.Random(count)
    names = {f"{rng.choice(GIVEN)} {rng.choice(SURNAMES)}" for _ in range(count)}
    return sorted(name for name in names if name.replace(" ", "").isalpha())


@settings(max_examples=3, derandomize=True)
@given(key=KEYS)
def test_no_two_contacts_have_one_surrogate_and_none_has_a_contacts_name(key: bytes) -> None:
    people = contacts(10_000)
    companies = [name.replace(" ", "") for name in people]
    one = Surrogates(key, (), people, companies)
    names = {fold(" ".join(one.person(name))) for name in people}
    assert len(names) == len(people)
    assert names.isdisjoint(people)
    assert len({one.company(name) for name in companies}) == len(companies)
    assert {squeezed(one.company(name)) for name in companies}.isdisjoint(companies)
    assert len({one.domain(f"{name}.com") for name in companies}) == len(companies)


@settings(max_examples=3, derandomize=True)
@given(key=KEYS)
def test_what_no_contact_has_is_hardly_ever_shared(key: bytes) -> None:
    one = Surrogates(key)
    names = [f"{chr(97 + at % 26)}{at} {chr(97 + at % 17)}x{at // 3}" for at in range(10_000)]
    for surrogate in (one.company, one.phone, lambda name: one.domain(f"{name[:2]}{name[3:]}.com")):
        assert len({surrogate(name) for name in names}) == 10_000
    assert len({one.street(name) for name in names}) > 9_900


def test_surrogates_depend_on_the_set_of_contacts_and_not_on_their_order() -> None:
    people = contacts(10_000)
    shuffled = random.Random(1).sample(people, len(people))
    one, other = (Surrogates(b"1" * 32, (), order) for order in (people, shuffled))
    assert one.people_detours == other.people_detours != {}
    assert [one.person(name) for name in people] == [other.person(name) for name in people]


def test_a_contact_who_comes_moves_only_the_surrogates_that_collide() -> None:
    people = contacts(3000)
    before, after = Surrogates(b"1" * 32, (), people[1:]), Surrogates(b"1" * 32, (), people)
    assert sum(before.person(name) != after.person(name) for name in people[1:]) <= 1
    given, surname = (fold(word) for word in before.person(people[1]))
    named_like_it = Surrogates(b"1" * 32, (), [*people[1:], f"{given} {surname}"])
    assert fold(" ".join(named_like_it.person(people[1]))) not in (f"{given} {surname}", people[1])


def test_a_word_has_one_surrogate_in_every_full_name() -> None:
    one = Surrogates(b"1" * 32)
    given, surname = one.person("dana cole")
    assert one.person("dana whitlock")[0] == one.person("dana")[0] == given
    assert one.person("dana@acme.example")[0] == given
    assert one.person("jeff cole")[1] == one.person("d.cole@acme.example")[1] == surname


@pytest.mark.parametrize(
    ("people", "language", "gender"),
    [
        (["dana cole", "jennifer hughes", "susie parker"], "en", "f"),
        (["jeff cole", "michael hughes", "bob parker"], "en", "m"),
        (["gunther ackermann", "jurgen hoffmann"], "de", "m"),
        (["giulia rossi", "donatella esposito"], "it", "f"),
        (["thierry faure", "benoit chevalier"], "fr", "m"),
        (["ingegard larsson", "asa nilsson"], "nordic", "f"),
        (["inmaculada duenas", "remedios salcedo"], "es", "f"),
        (["pawel kowalczyk", "mieszko wojcik"], "pl", "m"),
    ],
)
@pytest.mark.parametrize("key", [b"1" * 32, b"2" * 32])
def test_language_and_gender_stay(
    people: list[str], language: str, gender: str, key: bytes
) -> None:
    one = Surrogates(key)
    for name in people:
        given, surname = one.person(name)
        assert given in names_in(Pool("given", language, gender)), name
        assert surname in names_in(Pool("surname", language, "")), name


def test_a_pool_that_is_used_up_gives_double_names() -> None:
    turkish = [f"mehmet {surname}oglu" for surname in GIVEN]
    one = Surrogates(b"1" * 32, (), turkish + [f"mehmet {name}" for name in SURNAMES])
    names = [" ".join(one.person(name)) for name in turkish]
    assert len(set(names)) == len(turkish)
    assert any("-" in name for name in names)


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
    free, bound = Surrogates(b"1" * 32), Surrogates(b"1" * 32, ("sarah", "roger"))
    people = [f"{name} cole" for name in given_names()]
    differing = [name for name in people if free.person(name) != bound.person(name)]
    assert {free.person(name)[0] for name in differing} == {"Sarah", "Roger"}
    assert not {bound.person(name)[0] for name in people} & {"Sarah", "Roger"}


def test_a_domain_keeps_its_suffix_and_can_belong_to_nobody() -> None:
    one = Surrogates(b"1" * 32)
    assert one.domain("acme.co.uk").endswith(".co.uk.example")
    assert one.domain("acme.com").split(".")[0] == one.domain("acme.co.uk").split(".")[0]
    known = Surrogates(b"1" * 32, (), (), ["acmefoods"])
    words = known.company("acmefoods").lower().split()
    assert known.domain("acmefoods.com") == f"{''.join(words)}.com.example"
    assert known.domain("acme-foods.com") == f"{'-'.join(words)}.com.example"
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
