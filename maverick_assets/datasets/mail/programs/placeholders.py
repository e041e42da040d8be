"""What stands in a text for a picture that only HTML shows."""

import re

_GENERATED = (
    r"Description automatically generated|AI-generated content may be incorrect\.?"
    r"|Automatisch generierte Beschreibung|KI-generierte Inhalte können fehlerhaft sein\.?"
    r"|Description générée automatiquement|Descripción generada automáticamente"
    r"|Descrizione generata automaticamente|Descrição gerada automaticamente"
    r"|Automatisch gegenereerde beschrijving|Automatiskt genererad beskrivning"
    r"|Automatisk genereret beskrivelse"
)
# Outlook: "[cid:image001.png@01DBEB12.3C4D5E60]"; Gmail: "[image: image.png]", "[Inline image 1]"
# Apple Mail: "<image001.png>"; Word: "[A close-up of a logo  Description automatically generated]"
# Outlook, of an object in a mail: "<<...OLE_Obj...>>"
# Lotus Notes: "[IMAGE]", "<< File: mailto:dana@x.example >>"
# Outlook links a picture: "[cid:image002.png@01DB]<https://www.x.example/>"
_LINK = r"(?:\s?<(?:https?://|mailto:)[^\s<>]{1,500}>)?"
_PLACEHOLDER = re.compile(
    rf"(?:\[cid:[^\]\s]{{1,200}}\]|\[image: [^\]\n]{{1,200}}\]|\[Inline image \d{{1,3}}\]"
    rf"|\[IMAGE\]|<<\.\.\.OLE_Obj\.\.\.>>|<< File: (?:mailto:|https?://)[^<>\n]{{1,300}} >>"
    rf"|<image\d{{1,4}}\.(?:png|jpe?g|gif)>|\[Image removed by sender\.?[^\]\n]{{0,100}}\]"
    rf"|\[[^\[\]\n]{{3,300}}(?:{_GENERATED})\]){_LINK}|\ufffc",
    re.IGNORECASE,
)
# A part of each placeholder in brackets
_HINTS = (
    "[cid:",
    "[image:",
    "[Image ",
    "[IMAGE",
    "[Inline ",
    "enerat",
    "enerier",
    "énéré",
    "gerada",
)


def placeholder_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each placeholder in a text."""
    return [match.span() for match in _PLACEHOLDER.finditer(text)] if _may_hold(text) else []


def without_placeholders(text: str) -> str:
    """A text without its placeholders."""
    return _PLACEHOLDER.sub("", text) if _may_hold(text) else text


def _may_hold(text: str) -> bool:
    """A cheap test that most texts fail."""
    if "[" in text and any(hint in text for hint in _HINTS):
        return True
    return "<image" in text or "<< File: " in text or "\ufffc" in text or "OLE_Obj" in text
