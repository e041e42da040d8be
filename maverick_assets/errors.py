"""Errors that a user reads: one line that says what is wrong, where, and what to do."""


class MaverickError(Exception):
    """Work failed for a reason outside the input (exit code 1)."""

    exit_code = 1


class BadInput(MaverickError):
    """The user gave something unusable: a file, a setting, an argument (exit code 2)."""

    exit_code = 2
