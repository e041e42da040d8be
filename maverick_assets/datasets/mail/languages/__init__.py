"""The languages of mail, one module each; cleaning's expressions are built from them all.

To add a language, write one module here, named by its ISO 639-1 code, whose `LANGUAGE` holds its
words: copy `de.py`, which has every kind. Nothing else names the languages: modules are found by
being here. `language.py` beside this folder says what each field is for. Then add the language to
the labelled mails of the tests, one entry, from which mails of all programs and layouts are made.

Some expressions are not taken apart by language, because they follow one program that writes
English whatever its users speak; each says so where it stands.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from pkgutil import iter_modules

from maverick_assets.datasets.mail.language import MailLanguage

LANGUAGES: tuple[MailLanguage, ...] = tuple(
    import_module(f"{__name__}.{module.name}").LANGUAGE for module in iter_modules(__path__)
)


def any_of(words: Callable[[MailLanguage], Iterable[str]]) -> str:
    """An expression for one kind of words in any language, to be put in brackets."""
    return "|".join(dict.fromkeys(word for language in LANGUAGES for word in words(language)))
