"""Names as addresses spell them, so that all spellings of a name are equal."""

import unicodedata

# Letters that Unicode does not decompose into a plain letter and a mark.
FOLDED_LETTERS = {
    "ß": "ss",  # German
    "ø": "o",  # Danish, Norwegian
    "ł": "l",  # Polish
    "æ": "ae",  # Danish, Norwegian
    "œ": "oe",  # French
    "đ": "d",  # Croatian
    "ð": "d",  # Icelandic
    "þ": "th",  # Icelandic
}

# What addresses have for letters that `fold` takes the mark from, where they do not just drop it.
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


def fold(text: str) -> str:
    """`text` in lower case and without accents, as addresses spell names."""
    lower = text.lower()
    if lower.isascii():
        return lower
    decomposed = unicodedata.normalize("NFKD", lower)
    for letter, ascii_letters in FOLDED_LETTERS.items():
        decomposed = decomposed.replace(letter, ascii_letters)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def spell_out(text: str) -> str:
    """`text` folded with two letters for an umlaut: `müller` -> `mueller`, as addresses have it.

    The way back is not open: `bauer` is no `baür`.
    """
    if text.isascii():
        return text.lower()
    return fold(unicodedata.normalize("NFC", text.lower()).translate(_SPELT_OUT))
