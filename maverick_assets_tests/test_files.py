"""Files are complete or absent."""

from pathlib import Path

import pytest

from maverick_assets.errors import MaverickError
from maverick_assets.files import sha256_of, staged_directory, verify_sha256, write_atomically


def test_an_error_while_staging_leaves_the_target_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "adapter"
    with staged_directory(target) as stage:
        (stage / "weights").write_text("old")
    with pytest.raises(RuntimeError), staged_directory(target) as stage:
        (stage / "weights").write_text("half")
        raise RuntimeError
    assert (target / "weights").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]


def test_a_write_that_fails_leaves_no_stage_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_atomically(tmp_path / "taken", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    write_atomically(path, bytes(1000))
    digest = sha256_of(path)
    verify_sha256(path, digest)
    path.write_bytes(bytes(999) + b"\x01")
    with pytest.raises(MaverickError, match="weights is corrupt"):
        verify_sha256(path, digest)
    path.unlink()
    with pytest.raises(MaverickError, match="weights is missing"):
        verify_sha256(path, digest)
