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


def fold(text: str) -> str:
    """`text` in lower case and without accents, as addresses spell names."""
    lower = text.lower()
    if lower.isascii():
        return lower
    decomposed = unicodedata.normalize("NFKD", lower)
    for letter, ascii_letters in FOLDED_LETTERS.items():
        decomposed = decomposed.replace(letter, ascii_letters)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
