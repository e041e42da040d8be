"""The languages of mail, one module each; cleaning's expressions are built from them all.

To add a language, copy `de.py`, which has words of most kinds, to a module named by the language's
ISO 639-1 code, and replace the words. Modules are found by being in this folder, so nothing else
names the new one. `language.py` beside this folder says what each field is for.

Then copy `maverick_assets_tests/corpora/labelled/de.yaml` in the same way. From it the tests make
mails of the usual programs and layouts, and check that each is cleaned exactly.

A few expressions are not divided by language, because they follow one program that writes English
whatever its users speak. Their comments say "English only".
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from pkgutil import iter_modules

from maverick_assets.datasets.mail.language import MailLanguage

LANGUAGES: tuple[MailLanguage, ...] = tuple(
    import_module(f"{__name__}.{module.name}").LANGUAGE for module in iter_modules(__path__)
)


def any_of(words: Callable[[MailLanguage], Iterable[str]]) -> str:
    """One expression for words of all languages, chosen by `words`; it belongs in brackets."""
    return "|".join(dict.fromkeys(word for language in LANGUAGES for word in words(language)))
