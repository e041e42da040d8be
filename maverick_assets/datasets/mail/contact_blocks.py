"""Contact blocks at the end of a mail: title, company, telephone and address below a name."""

import re
from collections.abc import Sequence

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


def contact_block(lines: Sequence[str]) -> int:
    """Index of title, company, telephone and address under a closing and the typed name.

    "Best,\\nAllan" stays.
    """
    end = last_word(lines)
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
    above = last_word(lines, top)
    signed = known and block > 1 and _is_name(lines[top]) and not _ANNOUNCED.search(lines[top])
    if not (signed and 0 < above < top):
        return len(lines)
    typed = lines[above - 1].strip()
    repeated = _is_name(typed) and typed.split()[0].strip(",.-") == lines[top].split()[0]
    said = _last_sentence(lines, last_word(lines, above - 1) if repeated else above)
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
    sentence = ends_sentence(line) and not _is_contact(line)
    return sentence or len(_PLAIN_WORD.findall(line)) >= _PROSE_WORDS


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


def last_word(lines: Sequence[str], end: int | None = None) -> int:
    """The number of lines, up to `end`, without blank ones at the end."""
    end = len(lines) if end is None else end
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def ends_sentence(line: str) -> bool:
    """ "I come tomorrow." does, "Acme Inc." does not."""
    return bool(_SENTENCE.search(line)) and not _ABBREVIATED.search(line)
