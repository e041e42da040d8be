"""Errors whose words stay in a private file."""

from pathlib import Path

import pytest

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.private.errors import words_withheld

ROW = "Dear Dana"


def test_an_unforeseen_error_names_its_place_and_the_file_that_has_its_words(
    tmp_path: Path,
) -> None:
    with pytest.raises(MaverickError) as raised, words_withheld(tmp_path / "run"):
        int(ROW)
    [path] = (tmp_path / "run").iterdir()
    assert ROW in path.read_text()
    line = str(raised.value)
    assert line.startswith("ValueError in test_errors.py:")
    assert line.endswith(str(path))
    assert ROW not in line
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_our_own_errors_pass_without_their_causes(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="give a number") as raised, words_withheld(tmp_path):
        try:
            int(ROW)
        except ValueError as error:
            raise BadInput("give a number") from error
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert not list(tmp_path.iterdir())


def test_known_errors_and_interrupts_pass_as_they_are(tmp_path: Path) -> None:
    for error in (KeyError, KeyboardInterrupt):
        with pytest.raises(error), words_withheld(tmp_path, KeyError):
            raise error("x")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(MaverickError, match=r"ValueError .*its words are lost: ") as raised,
        words_withheld(tmp_path / "file"),
    ):
        int(ROW)
    assert ROW not in str(raised.value)


def test_what_the_system_says_is_passed_on(tmp_path: Path) -> None:
    with (
        pytest.raises(MaverickError, match="No such file or directory: ") as raised,
        words_withheld(tmp_path),
    ):
        (tmp_path / "absent").read_bytes()
    assert "what it says" not in str(raised.value)
    assert not list(tmp_path.iterdir())
