"""Mails that make a careless cleaner slow; see `adversarial_mails.yaml`."""

from typing import Any

from maverick_assets_tests.corpora.files import read_corpus


def adversarial_mails(size: int = 1_000_000) -> dict[str, str]:
    """The bodies by name, each of about `size` characters."""
    corpus = read_corpus("adversarial_mails.yaml")
    return {name: _body(mail, size) for name, mail in corpus.items()}


def _body(mail: Any, size: int) -> str:
    if not isinstance(mail, dict):
        return _filled(mail, size)
    if "whole" in mail:
        return _text(mail["whole"])
    filled = _filled(mail["repeated"], size)
    return f"{mail.get('before', '')}{filled}{mail.get('after', '')}"


def _filled(part: str | list[tuple[str, int]], size: int) -> str:
    text = _text(part)
    return text * (size // len(text))


def _text(part: str | list[tuple[str, int]]) -> str:
    return part if isinstance(part, str) else "".join(text * count for text, count in part)
