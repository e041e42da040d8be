"""Version numbers: how they are written, ordered and continued."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.errors import BadInput
from maverick_assets.registry.versions import Kind, Version, next_version

versions = st.builds(Version, st.integers(1, 30), st.integers(0, 30), st.integers(0, 30))
kinds = st.sampled_from(["full", "incremental", "major"])


@pytest.mark.parametrize("text", ["v1.0", "v1.1", "v1.1.1", "v2.0", "v10.20.30"])
def test_a_version_is_written_as_it_is_read(text: str) -> None:
    assert str(Version.parse(text)) == text


_SHORT = (
    "",
    "1.0",
    "v1",
    "v1.0.0",
    "v01.0",
    "v1.-1",
    "v0.1",
    "final",
    "v1.0\n",
    " v1.0",
    "v1.0.1.1",
)
_HOSTILE = ("..", "v1.0/../..", "v1.0/", "v\u0661.0", "v1.\uff10", "v1.\u00b2", "v1.0\0")
_LONG = pytest.param("v1." + "9" * 5000, id="thousands of digits")


@pytest.mark.parametrize("text", [*_SHORT, *_HOSTILE, _LONG])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInput, match=r"is not a version; write v1\.0"):
        Version.parse(text)


@given(versions)
def test_reading_undoes_writing(version: Version) -> None:
    assert Version.parse(str(version)) == version


@given(versions, versions)
def test_order_is_that_of_the_numbers_not_of_the_text(a: Version, b: Version) -> None:
    assert (a < b) == ((a.major, a.minor, a.patch) < (b.major, b.minor, b.patch))


@given(st.sets(versions, min_size=1), kinds, st.data())
def test_the_next_version_is_free_and_above_its_parent(
    existing: set[Version], kind: Kind, data: st.DataObject
) -> None:
    parent = data.draw(st.sampled_from(sorted(existing)))
    new = next_version(existing, kind, parent)
    assert new not in existing
    assert new > parent
    if kind == "incremental":
        assert (new.major, new.minor) == (parent.major, parent.minor)
    else:
        assert new > max(existing)


@pytest.mark.parametrize(
    ("existing", "kind", "parent", "expected"),
    [
        ([], "full", None, "v1.0"),
        ([], "major", None, "v1.0"),
        (["v1.0"], "full", None, "v1.1"),
        (["v1.0", "v1.1", "v1.1.4"], "full", None, "v1.2"),
        (["v1.0", "v1.1"], "incremental", "v1.1", "v1.1.1"),
        (["v1.0", "v1.1", "v1.1.1"], "incremental", "v1.1", "v1.1.2"),
        (["v1.1", "v1.1.1", "v1.1.2"], "incremental", "v1.1.1", "v1.1.3"),
        (["v1.0", "v1.9"], "full", None, "v1.10"),
        (["v1.9", "v2.3"], "major", None, "v3.0"),
        (["v1.9", "v2.0"], "full", None, "v2.1"),
    ],
)
def test_the_next_version_in_known_cases(
    existing: list[str], kind: Kind, parent: str | None, expected: str
) -> None:
    known = [Version.parse(text) for text in existing]
    origin = Version.parse(parent) if parent else None
    assert str(next_version(known, kind, origin)) == expected


def test_an_incremental_version_needs_a_parent() -> None:
    with pytest.raises(BadInput, match="needs a parent"):
        next_version([Version(1, 0)], "incremental", None)
