"""What a library says becomes one line."""

import pytest

from maverick_assets.errors import MaverickError, errors_as, first_line


def test_the_first_line_of_a_message_or_the_name_of_its_class() -> None:
    assert first_line(OSError("\ndisk full\nat block 7")) == "disk full"
    assert first_line(OSError()) == "OSError"


def test_an_error_becomes_one_line_with_its_problem_and_others_pass() -> None:
    with (
        pytest.raises(MaverickError, match=r"^cannot write x: disk full$"),
        errors_as("cannot write x", OSError, KeyError),
    ):
        raise OSError("disk full\nat block 7")
    with pytest.raises(ValueError, match="no number"), errors_as("cannot write x", OSError):
        raise ValueError("no number")
