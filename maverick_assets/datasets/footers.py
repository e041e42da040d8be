"""What mail programs, providers and lawyers put below a writer's words."""

import re
from collections.abc import Sequence

from mailparser_reply.constants import MAIL_LANGUAGES

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
_SENTENCE = re.compile(r"[.?!:;…]$")
_ABBREVIATED = re.compile(
    r"\b(?:Inc|Ltd|Corp|Co|Jr|Sr|Dr|Ph\.?D|St|Ave|Blvd|[A-Za-z]\.\s?[A-Za-z]{1,3}(?:\.\w)?|Lda"
    r"|Sp)\.$"
)
_CLOSING = re.compile(
    r"[\s-]*(?:(?:(?:with )?(?:best|kind|kindest|warm|warmest|many|sincere) )?regards"
    r"|best(?: wishes)?|all the best|(?:many )?thanks(?: .{1,20})?|thank you(?: .{1,25})?|thx"
    r"|cheers"
    r"|sincerely(?: yours)?|yours(?: truly| sincerely| faithfully)?|respectfully|cordially"
    r"|take care|rgds|br|talk soon"
    r"|(?:mit )?(?:(?:viele|liebe|beste|schöne|herzliche|freundliche|sonnige)n? )?"
    r"(?:grüße|grüsse|gruesse|gruß|gruss)n?(?: aus .{2,20})?|mfg|lg|vg|danke|vielen dank"
    r"|(?:bien )?cordialement|(?:meilleures |sincères )?salutations(?: distinguées)?|amicalement"
    r"|bien à (?:vous|toi)|merci(?: .{1,20})?|bonne journée|à bientôt|amitiés|bises|cdlt"
    r"|(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?|atentamente|(?:muchas )?gracias|un abrazo"
    r"|cordialmente|(?:(?:cordiali|distinti|cari|tanti) )?saluti|un saluto|grazie(?: mille)?"
    r"|a presto|(?:um )?abraços?|atenciosamente|(?:(?:com os )?(?:melhores|meus) )?cumprimentos"
    r"|obrigad[oa]"
    r"|att|saudações|(?:met )?(?:(?:vriendelijke|hartelijke|beste|warme) )?groet(?:en|jes)?|mvg"
    r"|bedankt|(?:med )?(?:(?:venlig|kærlig|bedste|de bedste|mange) )?hils(?:en|ner)|mvh|kh|vh|tak"
    r"|(?:med )?(?:(?:vänliga?|bästa|hjärtliga|varma|många) )?hälsning(?:ar)?|tack"
    r"|(?:serdecznie )?pozdrawiam(?: serdecznie)?|(?:łączę )?pozdrowienia|z poważaniem|dziękuję)"
    r"\s?[,.!]?\s*$",
    re.IGNORECASE,
)
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
_NUMBER = re.compile(r"\+?\(?\d[\d\s().\-/]{5,}\d")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_NAME = re.compile(
    r"[\s-]*[^\W\d_][^\W\d_.'\u2019-]*(?:[ ,.'\u2019-]{1,2}[^\W\d_]+){0,3}"
    r"(?:,? [xX]\d?-?\d{3,5})?[.,]?\s*$"
)
_CONTACT = re.compile(
    r"[^\s@]+@[^\s@]+\.\w|https?://|www\.|\bx ?\d?-?\d{4,5}$|^\d-\d{4}$"
    r"|\b(?:tel|phone|mobile?|cell|fax|direct|office|ext|t|m|f|tél|telefone?|telefon|tlf|mob)"
    r"\b\W{0,4}\d",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"\W*P\.? ?P?\.?S\b", re.IGNORECASE)
_PLAIN_WORD = re.compile(r"(?:^|(?<=\s))[^\W\d_A-Z]{2,}(?=[\s,.;!?]|$)")
_PROSE_WORDS = 5
_OFFICE = re.compile(r"[^\W\d_][^\d!?;:]{0,58}$")
_ANNOUNCED = re.compile(
    r"[:,]$|\b(?:is|are|at|to|for|from|of|and|with|by|via|an|bei|à|a|al|till|til|do|naar)$"
    r"|\bhere(?:'s| is| are)\b|\b(?:below|following|numbers?|phone|address|details|info(?:rmation)?"
    r"|(?:call|contact|reach|ask for|speak to|talk to|fax|e-?mail)(?! (?:me|us|you)\b)"
    r"|send|mail|ship|nummer|telefon"
    r"|adress[ea]?n?|kontakt\w*|num[ée]ro|t[ée]l[ée]phone|coordonnées|número|teléfono|dirección"
    r"|telefono|indirizzo|telefone|endereço|telefoon|adres|numer)\b",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"\s*\d{5}\s*$")
_POSTAL = re.compile(
    r"\d{1,5}[A-Za-z]? [^\W\d_a-z].{2,50}$|[^\W\d_a-z].{2,40},? [A-Z]{2} +\d{5}(?:-\d{4})?$"
    r"|[^\W\d_a-z].{2,40}, [A-Z][a-z]+ +\d{5}(?:-\d{4})?$|(?:P\.?O\.? ?Box|Suite|Floor) .{1,30}$"
    r"|[^\W\d_a-z][^\W\d_]{3,30} \d{1,4}[a-z]?$"
)
_PAGE = re.compile(r"https?://[^\s/]+/\S|www\.[^\s/]+/\S", re.IGNORECASE)
_SITE = re.compile(r"(?:https?://|www\.)\S+$", re.IGNORECASE)
_ASKS_TO_CALL = re.compile(r"(?:call|text|ring|page|dial)\b", re.IGNORECASE)
_SENTENCES = re.compile(r"(?<=[.!?])\s")
_SHORT_SENTENCE = 4
_CONTACT_LINES = 12
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
        if after > 8 or (_SENTENCE.search(line) and not _ABBREVIATED.search(line)):
            break
    return found


def _advertisement(lines: Sequence[str]) -> int:
    """Index of a line of underscores over a few lines with a link: a list's or provider's.

    People type lines of dashes, too: what is below must speak of a list or a sponsor. Some lists
    add nothing but a link to themselves.
    """
    last = _last_word(lines) - 1
    if last > 0 and len(lines[last]) <= _CONTACT_CHARACTERS and _LIST_LINK.match(lines[last]):
        above = _last_word(lines, last)
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
    start = end = _last_word(lines)
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
    end = _last_word(lines)
    while end and len(lines[end - 1]) <= 120 and _DEVICE.match(lines[end - 1]):
        start = end - 2 if end > 1 and _RULE.match(lines[end - 2]) else end - 1
        end = _last_word(lines, start)
    return start


def _contacts(lines: Sequence[str]) -> int:
    """Index of title, company, telephone and address under a closing and the typed name.

    "Best,\\nAllan" stays.
    """
    end = _last_word(lines)
    block = 0
    for i in range(end - 1, -1, -1):
        line = lines[i].strip()
        if len(line) <= 40 and _CLOSING.match(line):
            return _below_name(lines, i + 1, end)
        block += bool(line)
        if block > _CONTACT_LINES or _is_prose(line):
            break
    return _unclosed(lines, end)


def _unclosed(lines: Sequence[str], end: int) -> int:
    """Index of a contact block, up to `end`, under a name that no closing is above.

    It may be what the mail is about: then the words above lead up to it or speak of a telephone.
    """
    top, block, known = end, 0, False
    for i in range(end - 1, -1, -1):
        line = lines[i].strip()
        if not line:
            if known and _is_name(lines[top]):
                break
            continue
        contact = _is_contact_line(line)
        listed = contact and block > 0 and _is_office(lines[top].strip())  # names and numbers
        inside = contact or _is_office(line) or (known and _POSTAL.match(line))
        if block == _CONTACT_LINES or listed or not inside:
            break
        top, block, known = i, block + 1, known or (contact and not _SITE.match(line))
    above = _last_word(lines, top)
    signed = known and block > 1 and _is_name(lines[top]) and not _ANNOUNCED.search(lines[top])
    if not (signed and 0 < above < top):
        return len(lines)
    typed = lines[above - 1].strip()
    repeated = _is_name(typed) and typed.split()[0].strip(",.-") == lines[top].split()[0]
    said = _last_sentence(lines, _last_word(lines, above - 1) if repeated else above)
    if not said or _ANNOUNCED.search(said):
        return len(lines)
    return top if repeated else top + 1


def _last_sentence(lines: Sequence[str], end: int) -> str:
    """The last sentence of the paragraph that ends above line `end`; two, if it is short."""
    start = end
    while start and lines[start - 1].strip() and end - start < _CONTACT_LINES:
        start -= 1
    paragraph = " ".join(line[-_CONTACT_CHARACTERS:].strip() for line in lines[start:end])
    *before, last = [part for part in _SENTENCES.split(paragraph) if part.strip()] or [""]
    return " ".join([*before[-1:], last]) if len(last.split()) < _SHORT_SENTENCE else last


def _is_name(line: str) -> bool:
    return len(line.strip()) <= 40 and bool(_NAME.match(line)) and not _is_contact(line)


def _is_office(line: str) -> bool:
    """A name, an office or a company: most of its words begin with a capital."""
    if len(line) > 60 or not _OFFICE.match(line) or _is_prose(line) or _is_contact(line):
        return False
    return 2 * len(_PLAIN_WORD.findall(line)) < len(line.split())


def _is_contact_line(line: str) -> bool:
    """A telephone number or an address with nothing else but a label."""
    few = len(line) <= 80 and len(_PLAIN_WORD.findall(line)) <= 1
    other = line.isdigit() or _ASKS_TO_CALL.match(line) or _PAGE.search(line)
    return few and _is_contact(line) and not other


def _is_prose(line: str) -> bool:
    """A line of a sentence or a postscript, which no contact block has."""
    if len(line) > _CONTACT_CHARACTERS or _POSTSCRIPT.match(line):
        return True
    sentence = _SENTENCE.search(line) and not _ABBREVIATED.search(line) and not _is_contact(line)
    return bool(sentence) or len(_PLAIN_WORD.findall(line)) >= _PROSE_WORDS


def _below_name(lines: Sequence[str], start: int, end: int) -> int:
    """Index of the contact block that lies between `start` and `end`, below a typed name."""
    name = start
    while name < end and not lines[name].strip():
        name += 1
    if name < end and len(lines[name]) <= 40 and _NAME.match(lines[name]):
        start = name + 1
    below = [line for line in lines[start:end] if line.strip()]
    typed = lines[name:start]
    contacts = any(_is_contact(line) for line in below) or _is_extension(typed, below)
    return start if contacts or _is_in_full(typed, below) else len(lines)


def _is_extension(typed: Sequence[str], below: Sequence[str]) -> bool:
    """Whether nothing but a number of five digits is below a name with capitals."""
    named = bool(typed) and _is_office(typed[0].strip())
    return named and len(below) == 1 and bool(_EXTENSION.match(below[0]))


def _is_in_full(typed: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a typed first name has the full name below, as a block begins."""
    if not typed or not below or not _is_name(below[0]):
        return False
    short, full = typed[0].strip(" ,.-").split(), below[0].split()
    return len(short) == 1 and len(full) > 1 and short[0] == full[0]


def _is_contact(line: str) -> bool:
    """A line with a telephone number or an address in the net."""
    number = _NUMBER.search(_DATE.sub("", line[:_CONTACT_CHARACTERS]))
    telephone = number is not None and sum(map(str.isdigit, number.group())) >= 7
    return telephone or bool(_CONTACT.search(line[:_CONTACT_CHARACTERS]))


def _attachments(lines: Sequence[str]) -> int:
    """Index of the names of attached files at the end."""
    start = len(lines)
    end = _last_word(lines)
    while end and len(lines[end - 1]) <= 120 and _ATTACHMENT.match(lines[end - 1]):
        start = end - 1
        end = _last_word(lines, start)
    return start


def _last_word(lines: Sequence[str], end: int | None = None) -> int:
    """The number of lines, up to `end`, without blank ones at the end."""
    end = len(lines) if end is None else end
    while end and not lines[end - 1].strip():
        end -= 1
    return end


_KINDS = (
    ("signature", _signature),
    ("footer", _advertisement),
    ("disclaimer", _disclaimer),
    ("attachment", _attachments),
    ("device", _device),
    ("contact", _contacts),
)
