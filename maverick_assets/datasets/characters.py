"""Characters that nobody sees: taken out of words before anything else reads them.

They carry orders to a model (tags), turn words around (overrides of direction), and split words so
that no rule finds a secret or a name (zero width). What a script or an emoji needs stays.
"""

import re
import unicodedata

# Scripts whose letters join: Arabic to N'Ko, those of India, Tibetan, Burmese, Khmer, Mongolian
_JOINING = (
    "\\u0600-\\u08ff\\u0900-\\u0dff\\u0f00-\\u109f\\u1780-\\u18af\\ua800-\\uabff\\ufb50-\\ufdff"
)
# Scripts without spaces between words: Thai, Lao, Burmese, Khmer
_UNSPACED = "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff"
_EMOJI = "\\u00a9\\u00ae\\u203c-\\u3299\\ufe0f\\U0001f000-\\U0001faff"
_MARKS = "\\u061c\\u200e\\u200f"  # of direction; a text from right to left needs them
_HIDDEN = re.compile(
    "(?P<kept>"
    # The flags of England, Scotland and Wales: a black flag, tags, and the tag that ends them
    "\\U0001f3f4[\\U000e0030-\\U000e007a]{2,6}\\U000e007f"
    # Persian: U+200C between parts of a word; Hindi: U+200D for half a letter
    f"|(?<=[{_JOINING}])[\\u200c\\u200d]"
    # A family: man, U+200D, woman, U+200D, girl
    f"|(?<=[{_EMOJI}])\\u200d(?=[{_EMOJI}])"
    f"|(?<=[{_UNSPACED}])\\u200b(?=[{_UNSPACED}])"
    # A variant of an ideograph
    "|(?<=[\\u3400-\\u9fff\\U00020000-\\U0003ffff])[\\U000e0100-\\U000e01ef]"
    ")"
    # Windows-1252 that was read as Latin-1: 0x92 for an apostrophe
    "|(?P<windows>[\\x80-\\x84\\x86-\\x9f])"
    "|[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\x85\\u200b-\\u200d\\u202a-\\u202e\\u2060-\\u206f"
    "\\ufeff\\ufffe\\uffff\\ud800-\\udfff\\U000e0000-\\U000e0fff]"
    # The second of two variation selectors, and all after it
    "|(?<=[\\ufe00-\\ufe0f])[\\ufe00-\\ufe0f]+"
)
_MARK = re.compile(f"[{_MARKS}]")
# One search through one set is fast, and nearly every text has none of these.
_SUSPECT = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f"
    "\\ufe00-\\ufe0f\\ufeff\\ufffe\\uffff\\ud800-\\udfff\\U000e0000-\\U000e0fff]"
)


def visible(text: str) -> str:
    """`text` without characters that control, hide or reorder what is read; newlines and tabs stay.

    Marks of direction stay in a text that has letters from right to left.
    """
    if not _SUSPECT.search(text):
        return text
    shown = _HIDDEN.sub(_seen, text)
    if _MARK.search(shown) and not any(unicodedata.bidirectional(c) in ("R", "AL") for c in shown):
        return _MARK.sub("", shown)
    return shown


def _seen(match: re.Match[str]) -> str:
    """What stays of a match."""
    if windows := match["windows"]:
        return windows.encode("latin-1").decode("cp1252", "ignore")
    return match["kept"] or ""
