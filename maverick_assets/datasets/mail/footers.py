"""What mail programs, providers and lawyers put below a writer's words."""

import re
from collections.abc import Sequence

from mailparser_reply.constants import MAIL_LANGUAGES

from maverick_assets.datasets.mail.contact_blocks import (
    contact_block_start,
    ends_sentence,
    last_word,
)
from maverick_assets.datasets.mail.languages import LANGUAGES, any_of

# "----------", "**********", "<FONT SIZE = 1>**********" of a page turned into text
_RULE = re.compile(r"\s*(?:<[^<>]{1,40}>)?[-_*=]{3,}\s*$")

# Mailman: "_______________________________________________" over "ovens mailing list"
_UNDERSCORES = re.compile(r"_{25,}\s*$")
# SourceForge, English only: a line of dashes over "This list is sponsored by: Ovens!"
_DASHES = re.compile(r"-{40,}\s*$")
_SPONSOR = re.compile(r"sponsored by|mailing list|unsubscribe", re.IGNORECASE)
# Mailman, Google Groups: "http://x.example/mailman/listinfo/ovens", "https://groups.x.example/g/a"
_LIST_LINK = re.compile(
    r"\s*<?https?://\S{1,200}(?:/listinfo/|/mailman/|//lists?\.|/lists?/|/subscri|unsubscri)\S{0,200}\s*$"
    r"|\s*<?https?://(?:groups\.|lists?\.)\S{1,200}\s*$",
    re.IGNORECASE,
)
# Hotmail and Yahoo about 2001, English only: "Do You Yahoo!?", "Get your FREE download of MSN
# Explorer at http://x.example", "Join the world's largest e-mail service with MSN Hotmail. http:"
_OFFER = re.compile(
    r"\s*(?:Do You Yahoo!\?|Get your (?:own )?free .{0,40}(?:MSN|Hotmail|ZDNet|Yahoo)"
    r"|Get your free .{0,30}e-?mail"
    r"|(?:Join|Chat|Send|MSN|Yahoo).{0,60}(?:MSN|Hotmail|Yahoo!).{0,40}"
    r"(?:https?://|www\.))",
    re.IGNORECASE,
)
_OFFER_LINES = 6
_FOOTER_LINES = 8

# Apple Mail: "Sent from my iPhone"; Outlook: "Get Outlook for iOS", "Pobierz program Outlook ..."
# mailparser_reply has the common ones of each language. A line that ends with a space needs no
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
_DEVICE_CHARACTERS = 120

# "This e-mail is confidential and intended only for the addressee. If you have received it ..."
_DISCLAIMER = re.compile(
    r"\W*(?:" + any_of(lambda language: language.footers.disclaimer_openings) + ")",
    re.IGNORECASE,
)
_LEGAL = re.compile(any_of(lambda language: language.footers.legal_words), re.IGNORECASE)
_LEGAL_LINES = 8
_LEGAL_CHARACTERS = 2000
_DISCLAIMER_LINES = 60
_SHORTEST_DISCLAIMER = 120
# "** Privileged and Confidential **" above a mail; then perhaps "DRAFT", English only
_MARKING = re.compile(
    r"\W{0,5}(?:" + any_of(lambda language: language.footers.confidential_markings) + r")\W{0,5}$",
    re.IGNORECASE,
)
_DRAFT = re.compile(r"\W{0,5}draft\W{0,5}$", re.IGNORECASE)
_MARKING_CHARACTERS = 100

# At the end of a mail; Outlook: " - list of ovens.doc", "<<prices.xls>>"
# Lotus Notes, English only: "(See attached file: prices.xls)"
_ATTACHMENT = re.compile(
    r"\s*(?:- |<<\s?|\(See attached file: )[^\n]{1,90}\.(?:docx?|xlsx?|pptx?|pdf|zip|jpe?g|gif"
    r"|png|pcx|txt|csv|html?|ics|vcf|rtf)\s?(?:>>|\))?\s*$",
    re.IGNORECASE,
)
_ATTACHMENT_CHARACTERS = 120
# Anywhere; Outlook: " << File: list of ovens.xls >> ", "<Embedded Picture>"
_ATTACHMENT_MARKER = re.compile(
    r"\s*(?:- [^\n<>]{1,90} )?<<\s?(?:[\w ]{1,20}: )?[^<>\n]{1,120}\.\w{2,4}\s?>>\s*$"
    r"|\s*\(See attached file: [^\n()]{1,120}\)\s*$|\s*<Embedded \w{1,40}>\s*$"
)
_LINE_CHARACTERS = 200


def footer_reasons(lines: Sequence[str]) -> list[str | None]:
    """Why each of a writer's own lines goes, None where it stays."""
    reasons: list[str | None] = [None] * len(lines)
    end = len(lines)
    for reason, start_of in _FOOTERS:
        start = start_of(lines[:end])
        reasons[start:end] = [reason] * (end - start)
        end = start
    marked = _marking_end(lines[:end])
    reasons[:marked] = ["disclaimer"] * marked
    for i, line in enumerate(lines[:end]):
        # The first two tests are cheap and spare most lines the expression.
        closed = line.endswith((">", "> ", ")")) and len(line) <= _LINE_CHARACTERS
        if closed and _ATTACHMENT_MARKER.match(line):
            reasons[i] = "attachment"
    return reasons


def _marking_end(lines: Sequence[str]) -> int:
    """The number of lines at the top with a lawyer's marking ("Privileged and Confidential").

    Such words alone, on one line, may be an answer.
    """
    end = markings = 0
    for i, line in enumerate(lines):
        if not line.strip():
            continue
        marking = _MARKING.match(line) or (markings and _DRAFT.match(line))
        if len(line) > _MARKING_CHARACTERS or not marking:
            break
        end, markings = i + 1, markings + 1
    return end if markings > 1 or any(line.strip() for line in lines[end:]) else 0


def _signature_start(lines: Sequence[str]) -> int:
    """Index of the signature delimiter `-- ` (RFC 3676).

    A bare `--` counts only before a few lines that are no sentences: people also type it as a rule.
    """
    if "-- " in lines:
        return _signature_start(lines[: lines.index("-- ")])
    start, below = len(lines), 0
    for i in range(len(lines) - 1, -1, -1):
        line = lines[i].rstrip()
        if line == "--" and below:
            start = i
        elif line != "--":
            below += bool(line)
        if below > _FOOTER_LINES or ends_sentence(line):
            break
    return start


def _list_footer_start(lines: Sequence[str]) -> int:
    """Index of what a mailing list or a provider adds: a link, an offer, or lines under a rule."""
    for start in (_list_link_start(lines), _offer_start(lines)):
        if start < len(lines):
            return start
    return _ruled_footer_start(lines)


def _list_link_start(lines: Sequence[str]) -> int:
    """Index of the last line, where it is a list's bare link that the line above does not
    announce ("Subscribe here:")."""
    last = last_word(lines) - 1
    if last > 0 and len(lines[last]) <= _LINE_CHARACTERS and _LIST_LINK.match(lines[last]):
        above = last_word(lines, last)
        if above and not lines[above - 1].rstrip().endswith((":", ",")):
            return last
    return len(lines)


def _offer_start(lines: Sequence[str]) -> int:
    """Index of what a free provider advertises in the last lines, with a rule above it."""
    start = end = last_word(lines)
    for i in range(end - 1, max(end - _OFFER_LINES, -1), -1):
        if len(lines[i]) <= _LINE_CHARACTERS and _OFFER.match(lines[i]):
            start = i
    start = start - 1 if 0 < start < end and _RULE.match(lines[start - 1]) else start
    return start if start < end else len(lines)


def _ruled_footer_start(lines: Sequence[str]) -> int:
    """Index of a line of underscores over a few lines with a link, or of dashes over a sponsor.

    People type lines of dashes, too: so what is below these must speak of a list or a sponsor.
    """
    below: list[str] = []
    for i in range(len(lines) - 1, -1, -1):
        if len(below) > _FOOTER_LINES:
            break
        if _UNDERSCORES.match(lines[i]) and (not below or _has_link(below)):
            start = i
            while start and (_UNDERSCORES.match(lines[start - 1]) or not lines[start - 1].strip()):
                start -= 1
            return start
        if _DASHES.match(lines[i]) and _SPONSOR.search(" ".join(below)):
            return i
        if lines[i].strip():
            below.append(lines[i][:_LINE_CHARACTERS])
    return len(lines)


def _has_link(lines: Sequence[str]) -> bool:
    return any("http" in line or "www." in line or "@" in line for line in lines)


def _disclaimer_start(lines: Sequence[str]) -> int:
    """Index of the paragraph with which a legal disclaimer starts; it runs to the mail's end.

    The opening words alone are not enough ("This message is for Dana: please call."): the paragraph
    must hold a legal word, and be long.
    """
    for i, line in enumerate(lines):
        starts_paragraph = i == 0 or not lines[i - 1].strip() or _RULE.match(lines[i - 1])
        if not (starts_paragraph and _DISCLAIMER.match(line)):
            continue
        beginning = " ".join(lines[i : i + _LEGAL_LINES])[:_LEGAL_CHARACTERS]
        length = len(" ".join(lines[i : i + _DISCLAIMER_LINES]))
        if _LEGAL.search(beginning) and length > _SHORTEST_DISCLAIMER:
            return i - 1 if i and _RULE.match(lines[i - 1]) else i
    return len(lines)


def _device_start(lines: Sequence[str]) -> int:
    """Index of the lines of a telephone or a program at the end, with a rule above them."""
    start = len(lines)
    end = last_word(lines)
    while end and len(lines[end - 1]) <= _DEVICE_CHARACTERS and _DEVICE.match(lines[end - 1]):
        start = end - 2 if end > 1 and _RULE.match(lines[end - 2]) else end - 1
        end = last_word(lines, start)
    return start


def _attachments_start(lines: Sequence[str]) -> int:
    """Index of the names of attached files at the end."""
    start = len(lines)
    end = last_word(lines)
    while (
        end and len(lines[end - 1]) <= _ATTACHMENT_CHARACTERS and _ATTACHMENT.match(lines[end - 1])
    ):
        start = end - 1
        end = last_word(lines, start)
    return start


# From the bottom up, as programs add them: a list's footer stands below a lawyer's disclaimer, and
# that below the names of files. Each function looks at what those before it left.
_FOOTERS = (
    ("signature", _signature_start),
    ("footer", _list_footer_start),
    ("disclaimer", _disclaimer_start),
    ("attachment", _attachments_start),
    ("device", _device_start),
    ("contact", contact_block_start),
)
