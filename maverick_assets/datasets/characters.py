"""Characters that nobody sees: taken out of words before anything else reads them.

They carry orders to a model (tags), turn words around (overrides of direction), and split words so
that no rule finds a secret or a name (zero width, soft hyphens, fillers). What a script or an emoji
needs stays.
"""

import re
import unicodedata

# Scripts whose letters join: Arabic to N'Ko, those of India, Tibetan, Burmese, Khmer, Mongolian
_JOINING = (
    "\\u0600-\\u061b\\u061d-\\u0dff\\u0f00-\\u109f\\u1780-\\u17b3\\u17b6-\\u180d\\u180f-\\u18af"
    "\\ua800-\\uabff\\ufb50-\\ufdff"
)
# Scripts without spaces between words: Thai, Lao, Burmese, Khmer
_UNSPACED = "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17b3\\u17b6-\\u17ff"
_EMOJI = "\\u00a9\\u00ae\\u203c-\\u205f\\u2070-\\u3163\\u3165-\\u3299\\U0001f000-\\U0001faff"
# What has variants in Unicode besides emoji: ideographs, full-width marks, Burmese, Phags-pa
_WITH_VARIANTS = (
    f"{_EMOJI}\\u3400-\\u9fff\\uf900-\\ufaff\\U00020000-\\U0003ffff"
    "\\uff01\\uff0c\\uff0e\\uff1a\\uff1b\\uff1f\\u1000-\\u109f\\uaa60-\\uaa7f\\ua840-\\ua87f"
)
# Invisible, and needed by no living script: soft hyphen, joiner of graphemes, fillers of Hangul,
# inherent vowels of Khmer, a separator of Mongolian outside of it, marks of annotations
_INVISIBLE = "\\u00ad\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u3164\\uffa0\\ufff9-\\ufffb"
_MARKS = "\\u061c\\u200e\\u200f"  # of direction; a text from right to left needs them
_HIDDEN = re.compile(
    "(?P<kept>"
    # The flags of England, Scotland and Wales: a black flag, tags, and the tag that ends them
    "\\U0001f3f4[\\U000e0030-\\U000e007a]{2,6}\\U000e007f"
    # Persian: U+200C between parts of a word; Hindi: U+200D for half a letter
    f"|(?<=[{_JOINING}])[\\u200c\\u200d]"
    # A family: man, U+200D, woman, U+200D, girl
    f"|(?:(?<=[{_EMOJI}])|(?<=[{_EMOJI}]\\ufe0f))\\u200d(?=[{_EMOJI}])"
    # A red heart: U+2764 U+FE0F. The figure on a key: 1, U+FE0F, U+20E3
    f"|(?<=[{_WITH_VARIANTS}])[\\ufe00-\\ufe0f]|(?<=[0-9#*])\\ufe0f(?=\\u20e3)"
    "|(?<=[\\u1820-\\u18aa])\\u180e(?=[\\u1820-\\u18aa])"
    f"|(?<=[{_UNSPACED}])\\u200b(?=[{_UNSPACED}])"
    # A variant of an ideograph
    "|(?<=[\\u3400-\\u9fff\\U00020000-\\U0003ffff])[\\U000e0100-\\U000e01ef]"
    ")"
    # Windows-1252 that was read as Latin-1: 0x92 for an apostrophe
    "|(?P<windows>[\\x80-\\x84\\x86-\\x9f])"
    "|[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\x85\\u200b-\\u200d\\u202a-\\u202e\\u2060-\\u206f"
    f"\\ufe00-\\ufe0f\\ufeff\\ufffe\\uffff\\ud800-\\udfff\\U000e0000-\\U000e0fff{_INVISIBLE}]"
)
_MARK = re.compile(f"[{_MARKS}]")
# One search through one set is fast, and nearly every text has none of these.
_SUSPECT = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f"
    f"\\ufe00-\\ufe0f\\ufeff\\ufffe\\uffff\\ud800-\\udfff\\U000e0000-\\U000e0fff{_INVISIBLE}]"
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
