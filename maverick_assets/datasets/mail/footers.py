"""What mail programs, providers and lawyers put below a writer's words."""

import re
from collections.abc import Sequence

from mailparser_reply.constants import MAIL_LANGUAGES

from maverick_assets.datasets.mail.contact_blocks import contact_block, ends_sentence, last_word

_RULE = re.compile(r"\s*(?:<[^<>]{1,40}>)?[-_*=]{3,}\s*$")
_UNDERSCORES = re.compile(r"_{25,}\s*$")
_DASHES = re.compile(r"-{40,}\s*$")
_OFFER = re.compile(
    r"\s*(?:Do You Yahoo!\?|Get your (?:own )?free .{0,40}(?:MSN|Hotmail|ZDNet|Yahoo)"
    r"|Get your free .{0,30}e-?mail"
    r"|(?:Join|Chat|Send|MSN|Yahoo).{0,60}(?:MSN|Hotmail|Yahoo!).{0,40}"
    r"(?:https?://|www\.))",
    re.IGNORECASE,
)
_LIST_LINK = re.compile(
    r"\s*<?https?://\S{1,200}(?:/listinfo/|/mailman/|//lists?\.|/lists?/|/subscri|unsubscri)\S{0,200}\s*$"
    r"|\s*<?https?://(?:groups\.|lists?\.)\S{1,200}\s*$",
    re.IGNORECASE,
)
_SPONSOR = re.compile(r"sponsored by|mailing list|unsubscribe", re.IGNORECASE)
_SENT_FROM = [str(words.get("sent_from") or "") for words in MAIL_LANGUAGES.values()]
_DEVICE = re.compile(
    r"\s*\W{0,3}(?:(?:"
    + "|".join(filter(None, _SENT_FROM))
    + r"|Von meinem .{2,30} gesendet|Diese Nachricht wurde von meinem .{2,60} gesendet"
    r"|Envoyé de mon|Envoyé à partir d|Enviado (?:do|del) |Enviado a partir d|Inviato dal?"
    r"|Verstuurd (?:vanaf|met|via)|Verzonden (?:vanaf|met|via)|Skickat från|Wysłan[eo] z"
    r"|Sent (?:via|with|using) (?:my |the )?[A-Z]"
    r"|(?:Get|Download|Obtenir|Télécharger|Obtener|Scarica|Obter o|Hent|Hämta|Holen Sie sich"
    r"|Pobierz) (?:program )?Outlook|Outlook für|This (?:message|mail|e-?mail) was sent using)\b"
    r"|(?:Enviado do|Enviado del) ).{0,70}$"
)
_DISCLAIMER = re.compile(
    r"\W*(?:(?:legal |confidentiality |important |privileged )*(?:notice|disclaimer)\W"
    r"|(?:this|the information (?:contained )?in this|the contents of this) "
    r"(?:e-?mail|email|message|communication|transmission)\b"
    r"|the information (?:contained|transmitted)\b|confidential(?:ity)?\b"
    r"|caution: electronic mail\b|please consider the environment"
    r"|(?:aviso|avis|note|avvertenza) (?:legal|légal|legale)\b"
    r"|(?:diese|der inhalt dieser|die informationen? in dieser) (?:e-?mail|nachricht)\b"
    r"|(?:ce|cet|le contenu de ce|les informations contenues dans ce) "
    r"(?:message|courriel|e-?mail|mail)\b"
    r"|(?:este|la información contenida en este) (?:mensaje|correo|e-?mail)\b"
    r"|(?:questo|questa|le informazioni contenute in questo) (?:messaggio|e-?mail|comunicazione)\b"
    r"|(?:esta|este|a informação contida nesta) (?:mensagem|e-?mail|comunicação)\b"
    r"|(?:dit|deze|de informatie in dit|de inhoud van dit) (?:bericht|e-?mail|mail)\b"
    r"|(?:denne|indholdet af denne|oplysningerne i denne) (?:e-?mail|mail|besked|meddelelse)\b"
    r"|(?:detta|det här|informationen i detta) (?:e-?post\w*|e-?mail|mejl|meddelande)\b"
    r"|(?:ta|niniejsza|treść tej|informacje zawarte w tej) (?:wiadomoś\w+|e-?mail)\b)",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"confiden[ct]ial|confidentiel|privileged|intended (?:only|solely|recipient|for)"
    r"|unauthori[sz]ed|vertraulich|property of|riservat|vertrouwelijk|geadresseerde|fortrolig"
    r"|konfidentiell"
    r"|sekretess|poufn|destinat[aá]r|destinataire|consider the environment",
    re.IGNORECASE,
)
_LEGAL_CHARACTERS = 2000
_SECRET_KIND = r"(?:privileged|confidential|private|proprietary)"
_MARKING = re.compile(
    rf"\W{{0,5}}(?:(?:strictly |highly )?{_SECRET_KIND}"
    rf"(?:(?: and |, | ?& ?| ?/ ?| ){_SECRET_KIND})+"
    rf"|(?:strictly|highly) {_SECRET_KIND}"
    r"|(?:attorney|lawyer)[- /]{1,3}client (?:privileged? ?)?(?:communication)?"
    r"|attorney work product|(?:prepared|drafted|sent) (?:at|upon|on) (?:the )?"
    r"(?:request|direction|advice) of (?:legal )?counsel"
    r"|streng vertraulich|strictement confidentiel"
    r"|estrictamente confidencial|strettamente riservato|estritamente confidencial"
    r"|strikt vertrouwelijk|strengt fortroligt|strikt konfidentiellt|ściśle poufne)\W{0,5}$",
    re.IGNORECASE,
)
_DRAFT = re.compile(r"\W{0,5}draft\W{0,5}$", re.IGNORECASE)
_ATTACHMENT = re.compile(
    r"\s*(?:- |<<\s?|\(See attached file: )[^\n]{1,90}\.(?:docx?|xlsx?|pptx?|pdf|zip|jpe?g|gif"
    r"|png|pcx|txt"
    r"|csv|html?|ics|vcf|rtf)\s?(?:>>|\))?\s*$",
    re.IGNORECASE,
)
_MARKER = re.compile(
    r"\s*(?:- [^\n<>]{1,90} )?<<\s?(?:[\w ]{1,20}: )?[^<>\n]{1,120}\.\w{2,4}\s?>>\s*$"
    r"|\s*\(See attached file: [^\n()]{1,120}\)\s*$|\s*<Embedded \w{1,40}>\s*$"
)
_CONTACT_CHARACTERS = 200


def footers(lines: Sequence[str]) -> list[str | None]:
    """For each line of a writer's own ones why it goes, None where it stays."""
    found: list[str | None] = [None] * len(lines)
    end = len(lines)
    for reason, first in _KINDS:
        start = first(lines[:end])
        found[start:end] = [reason] * (end - start)
        end = start
    marked = _marking(lines[:end])
    found[:marked] = ["disclaimer"] * marked
    for i, line in enumerate(lines[:end]):
        if line.endswith((">", "> ", ")")) and len(line) <= 200 and _MARKER.match(line):
            found[i] = "attachment"
    return found


def _marking(lines: Sequence[str]) -> int:
    """The number of lines at the top with a lawyer's marking ("Privileged and Confidential").

    Such words alone, on one line, may be an answer.
    """
    end = found = 0
    for i, line in enumerate(lines):
        if not line.strip():
            continue
        if len(line) > 100 or not (_MARKING.match(line) or (found and _DRAFT.match(line))):
            break
        end, found = i + 1, found + 1
    return end if found > 1 or any(line.strip() for line in lines[end:]) else 0


def _signature(lines: Sequence[str]) -> int:
    """Index of the signature delimiter `-- ` (RFC 3676).

    A bare `--` counts only before a few lines that are no sentences: people also type it as a rule.
    """
    if "-- " in lines:
        return _signature(lines[: lines.index("-- ")])
    found, after = len(lines), 0
    for i in range(len(lines) - 1, -1, -1):
        line = lines[i].rstrip()
        if line == "--" and after:
            found = i
        elif line != "--":
            after += bool(line)
        if after > 8 or ends_sentence(line):
            break
    return found


def _advertisement(lines: Sequence[str]) -> int:
    """Index of a line of underscores over a few lines with a link: a list's or provider's.

    People type lines of dashes, too: what is below must speak of a list or a sponsor. Some lists
    add nothing but a link to themselves.
    """
    last = last_word(lines) - 1
    if last > 0 and len(lines[last]) <= _CONTACT_CHARACTERS and _LIST_LINK.match(lines[last]):
        above = last_word(lines, last)
        if above and not lines[above - 1].rstrip().endswith((":", ",")):
            return last
    offered = _offer(lines)
    if offered < len(lines):
        return offered
    rest: list[str] = []
    for i in range(len(lines) - 1, -1, -1):
        if len(rest) > 8:
            break
        if _UNDERSCORES.match(lines[i]) and (
            not rest or any("http" in line or "www." in line or "@" in line for line in rest)
        ):
            while i and (_UNDERSCORES.match(lines[i - 1]) or not lines[i - 1].strip()):
                i -= 1
            return i
        if _DASHES.match(lines[i]) and _SPONSOR.search(" ".join(rest)):
            return i
        if lines[i].strip():
            rest.append(lines[i][:_CONTACT_CHARACTERS])
    return len(lines)


def _offer(lines: Sequence[str]) -> int:
    """Index of what a free provider advertises in the last lines, with a rule above it."""
    start = end = last_word(lines)
    for i in range(end - 1, max(end - 6, -1), -1):
        if len(lines[i]) <= _CONTACT_CHARACTERS and _OFFER.match(lines[i]):
            start = i
    start = start - 1 if 0 < start < end and _RULE.match(lines[start - 1]) else start
    return start if start < end else len(lines)


def _disclaimer(lines: Sequence[str]) -> int:
    """Index of the paragraph with which a legal disclaimer starts; it runs to the mail's end."""
    for i, line in enumerate(lines):
        starts_paragraph = i == 0 or not lines[i - 1].strip() or _RULE.match(lines[i - 1])
        if not (starts_paragraph and _DISCLAIMER.match(line)):
            continue
        beginning = " ".join(lines[i : i + 8])[:_LEGAL_CHARACTERS]
        if _LEGAL.search(beginning) and len(" ".join(lines[i : i + 60])) > 120:
            return i - 1 if i and _RULE.match(lines[i - 1]) else i
    return len(lines)


def _device(lines: Sequence[str]) -> int:
    """Index of the lines of a telephone or a program at the end, with a rule above them."""
    start = len(lines)
    end = last_word(lines)
    while end and len(lines[end - 1]) <= 120 and _DEVICE.match(lines[end - 1]):
        start = end - 2 if end > 1 and _RULE.match(lines[end - 2]) else end - 1
        end = last_word(lines, start)
    return start


def _attachments(lines: Sequence[str]) -> int:
    """Index of the names of attached files at the end."""
    start = len(lines)
    end = last_word(lines)
    while end and len(lines[end - 1]) <= 120 and _ATTACHMENT.match(lines[end - 1]):
        start = end - 1
        end = last_word(lines, start)
    return start


_KINDS = (
    ("signature", _signature),
    ("footer", _advertisement),
    ("disclaimer", _disclaimer),
    ("attachment", _attachments),
    ("device", _device),
    ("contact", contact_block),
)
