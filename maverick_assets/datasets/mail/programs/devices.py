"""What a telephone, an app or a scanner for viruses adds below a writer's words."""

import re
from collections.abc import Sequence

from mailparser_reply.constants import MAIL_LANGUAGES

from maverick_assets.datasets.mail.contact_blocks import is_name, text_end
from maverick_assets.datasets.mail.languages import LANGUAGES, any_of
from maverick_assets.datasets.mail.programs.disclaimers import RULE

# Apple Mail: "Sent from my iPhone"; Outlook: "Get Outlook for iOS", "Pobierz program Outlook ..."
# mailparser_reply has the common ones of each language. A phrase that ends with a space needs no
# word boundary after it.
_DEVICE_LINES = [line for language in LANGUAGES for line in language.footers.device_lines]
_DEVICE = re.compile(
    r"\s*\W{0,3}(?:(?:"
    + "|".join(
        [
            *filter(None, (words.get("sent_from") for words in MAIL_LANGUAGES.values())),
            *(line for line in _DEVICE_LINES if not line.endswith(" ")),
            rf"(?:{any_of(lambda language: language.footers.get_outlook)}) (?:program )?Outlook",
        ]
    )
    + r")\b|(?:"
    + "|".join(line for line in _DEVICE_LINES if line.endswith(" "))
    + r")).{0,70}$"
)
# Names that are the same in every language. Letters of a language may follow: "iPhone'umdan"
_APP = (
    "Outlook|Yahoo|Gmail|GMX|WEB\\.DE|Proton ?Mail|AquaMail|Aqua Mail|BlueMail|Spark|Superhuman"
    "|Thunderbird|Libero|eM Client|Tutanota|Tuta|FairEmail|K-9|Nine|myMail|Mail\\.ru|Zoho|Mailbird"
    "|Mailspring|Edison|Front|Telekom|Orange|Freenet|T-Online|Posteo|Shortwave|Canary|Airmail"
)
_DEVICE_NAME = (
    "iPhone|iPad|iOS|Android|Windows|BlackBerry|Samsung|Galaxy|Huawei|HUAWEI|Honor|Xiaomi|Redmi"
    "|Pixel|Fairphone|Nokia|OnePlus|Motorola|Moto|Sony|Xperia|HTC|LG|OPPO|Oppo|Verizon|T-Mobile"
    "|AT&T|MacBook|Mac|Treo|Palm|Surface"
)
_PRODUCT = re.compile(rf"(?<![A-Za-z])(?:{_APP}|{_DEVICE_NAME})")
_APP_ON_DEVICE = re.compile(rf"(?:{_APP})\b.{{1,20}}\b(?:{_DEVICE_NAME})\b")
_DEVICE_ALONE = re.compile(rf"\W{{0,3}}(?:my )?(?:{_DEVICE_NAME})\W{{0,3}}$")
_SENT = any_of(lambda language: language.footers.sent_words)
# "Sent from Outlook for iOS", "Gesendet mit der GMX iPhone App" or "Von meinem iPad gesendet"
_SENT_FIRST_OR_LAST = re.compile(
    rf"\W{{0,3}}(?:(?:{_SENT})(?!\w)|.*(?<!\w)(?:{_SENT})\W{{0,3}}$)", re.IGNORECASE
)
# "Sent from a mobile device", "(sent via mobile)", "Sent by phone, excuse typos", "From my iPhone"
_SENT_SHORT = re.compile(
    rf"\W{{0,3}}(?:(?:{_SENT}|typed|written) (?:from|via|by|on|with|using)|from my|via) "
    r"(?:(?:a|an|my|the) )?"
    r"(?:mobile|cell|smart ?phone|phone|handheld|handset|tablet|i(?:Phone|Pad))\b.{0,40}$",
    re.IGNORECASE,
)
# Chinese and Japanese write no spaces: "发自我的iPhone", "iPhoneから送信"
_SENT_WITHOUT_SPACES = re.compile("(?:发自|從我|从我的|來自|送信|傳送|发送)")
# Avast, English: "Virus-free. www.avast.com"; Mailtrack: "Sender notified by Mailtrack"
_SCANNER = re.compile(
    r"\b(?:avast|avg|mailtrack|mcafee|norton|eset|kaspersky|bitdefender|messagelabs|symantec"
    r"|mimecast|mailscanner)\b"
)
_SCANNED = re.compile(any_of(lambda language: language.footers.scanner_words), re.IGNORECASE)
# The links that these programs add: "Sent from Mail<https://go.microsoft.com/fwlink/> for Windows"
_LINK = re.compile(r"\s?[<(\[]{1,2}(?:https?://|www\.)[^\s<>()\]]{1,300}[>)\]]{1,2}")
_LINKED_CHARACTERS = 1000
_CHARACTERS = 120  # of a line without its links
_WORDS = 12
_WORDS_BELOW_NAME = 7
_SCANNER_LINES = 4  # of a scanner's or tracker's paragraph


def device_start(lines: Sequence[str]) -> int:
    """Index of what a telephone or a program adds at the end, with the rule above it."""
    start = len(lines)
    end = text_end(lines)
    while end:
        first = end - 1 if _is_device_line(lines, end - 1) else _scanner_start(lines, end)
        if first is None:
            break
        start = first - 1 if first and _is_rule(lines[first - 1]) else first
        end = text_end(lines, start)
    return start


def _is_rule(line: str) -> bool:
    return bool(RULE.match(line)) or line.strip() == "--"


def _is_device_line(lines: Sequence[str], i: int) -> bool:
    """Whether line `i`, the last one with words, is a telephone's or an app's.

    What it says of sending stands first or last in it. Below a typed name, an app and what it runs
    on are enough: "Skaffa Outlook för iOS".
    """
    line = lines[i].strip()
    if len(line) > _LINKED_CHARACTERS:
        return False
    line = _LINK.sub("", line).strip() if "://" in line or "www." in line else line
    if len(line) > _CHARACTERS:
        return False
    if _DEVICE.match(line) or (_SENT_SHORT.match(line) and text_end(lines, i)):
        return True
    if not _PRODUCT.search(line) or line.endswith("?") or len(line.split()) > _WORDS:
        return False
    if _SENT_FIRST_OR_LAST.match(line) or _SENT_WITHOUT_SPACES.search(line):
        return True
    above = text_end(lines, i)
    named = above > 0 and is_name(lines[above - 1])
    short = len(line.split()) <= _WORDS_BELOW_NAME and not line.endswith((".", "!"))
    return bool(named and short and (_APP_ON_DEVICE.search(line) or _DEVICE_ALONE.match(line)))


def _scanner_start(lines: Sequence[str], end: int) -> int | None:
    """Index of the paragraph of a scanner or tracker that ends at `end`, set off from the rest."""
    start = end
    while start and lines[start - 1].strip() and not _is_rule(lines[start - 1]):
        start -= 1
        if end - start > _SCANNER_LINES:
            return None
    paragraph = " ".join(line[:300] for line in lines[start:end])
    scanned = _SCANNER.search(paragraph.lower()) and _SCANNED.search(paragraph)
    return start if start and scanned else None
