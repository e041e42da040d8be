"""Names beside addresses, as headers have them in every language.

`"Cole, Dana" <dc@acme.example>`, `Dr. Dana Cole (Acme)`, `Dana Cole via DocuSign`, `山田太郎`.
"""

import re

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.pseudonyms.name_lists import given_names, is_dictionary_word
from maverick_assets.datasets.pseudonyms.vocabulary import COMMON_WORDS, PUBLIC_NAMES

# What stands behind a name: "Dana Cole (Acme)", "Dana Cole | Acme", "Dana Cole - Acme",
# "Dana Cole via DocuSign", "Dana Cole/HOU/ECT", "Dana Cole @ Acme"
_BEHIND = re.compile(
    r"\s*[(\[{|/@<].*|\s+[-\u2013\u2014]\s.*|\s+(?:via|through|from|on behalf of|von|bei|chez|de"
    r" chez|przez|z firmy|в|из)\s.*",
    re.IGNORECASE | re.DOTALL,
)
# In front of or behind a name, in many languages. To add one, add its titles here.
_TITLES_TEXT = """
dr prof professor mr mrs ms miss mx sir dame rev herr herrn frau fr hr fru mme mlle m madame
monsieur sig signor signora sig.ra dott dott.ssa ing dipl mag sr sra srta don dona senhor senhora
pan pani dhr mevr mw drs ir phd md mba msc bsc jr sr ii iii esq cpa
"""
_TITLES = frozenset(_TITLES_TEXT.split())
# Who is no person: departments, programs and companies. To add a language, add its words here.
_NOBODY_TEXT = """
support team teams sales info service services customer office noreply no-reply reply billing
newsletter news digest hr marketing press admin administrator notification notifications alerts
alert updates update help helpdesk desk account accounts security mailer daemon postmaster webmaster
invoice invoices orders order booking bookings reservations calendar list group community survey
feedback recruiting careers jobs events contact hello everyone all staff board committee department
inc ltd llc llp plc corp corporation co company gmbh ag kg ug se sa sas sarl srl spa bv nv ab as aps
oy oyj oü kft sro zoo ltda eurl limited group holding bank verein ev stiftung universität university
kundenservice kundendienst buchhaltung vertrieb rechnung verwaltung redaktion empfang sekretariat
équipe equipe clients client comptabilité direction secrétariat rédaction service-client
equipo soporte ventas atención atencion facturación administración secretaría clientes
supporto assistenza clienti vendite amministrazione segreteria ufficio redazione fatturazione
klantenservice verkoop administratie boekhouding redactie receptie
biuro obsługa zespół sprzedaż księgowość sekretariat redakcja dział
support-team suporte vendas atendimento financeiro kundeservice kundtjänst salg regnskab
podpora obchod účetní поддержка отдел бухгалтерия команда サポート 担当 事務局 客服 支持 团队
"""
_NOBODY = frozenset(fold(word) for word in _NOBODY_TEXT.split())
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*\.?")
# Scripts whose names a search by words cannot find: no spaces (Han, Kana, Hangul, Thai), or vowel
# signs that are no letters to `re` (those of India)
UNSPACED = re.compile(
    r"[\u0900-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
_MAX_WORDS, _MAX_CHARACTERS = 5, 60


def person_of(name: str, address: str) -> tuple[str, ...]:
    """The words of a person's name, folded, given name first; empty where it names no person.

    A single word is a given name. Of names that no list has, the address has to agree: `"Bright
    Oven" <hello@brightoven.example>` is a company.
    """
    shown = _BEHIND.sub("", name.strip().strip("\"'")).strip(" ,")
    if not shown or "@" in name or len(shown) > _MAX_CHARACTERS:
        return ()
    if UNSPACED.search(shown):
        # "山田 太郎", "प्रिया शर्मा": as they are
        return () if any(word in shown for word in _NOBODY) else tuple(shown.lower().split())
    words = _ordered(shown)
    if not 1 <= len(words) <= _MAX_WORDS or not _NOBODY.isdisjoint(words):
        return ()
    if set(words) <= COMMON_WORDS | PUBLIC_NAMES or _is_company(words, address):
        return ()
    is_reversed = "," in shown and len(words) > 1  # "Cole, Dana": no company is written so
    return words if is_reversed or _is_person(words, address) else ()


def _ordered(shown: str) -> tuple[str, ...]:
    """Folded words without titles and initials, the given name first: `Cole, Dr. Dana M.`"""
    head, comma, rest = shown.partition(",")
    surname, given = _words(head), _words(rest)
    if comma and given and given[0] not in _NOBODY:
        return (*given, *surname)
    return surname


def _words(text: str) -> tuple[str, ...]:
    words = [word.rstrip(".") for word in _WORD.findall(fold(text))]
    return tuple(word for word in words if len(word) > 1 and word not in _TITLES)


def _is_company(words: tuple[str, ...], address: str) -> bool:
    """Whether a name is that of the address's domain."""
    squeezed = "".join(words).replace("-", "")
    domain = fold(address.rpartition("@")[2]).replace("-", "")
    return len(squeezed) > 3 and any(label.startswith(squeezed) for label in domain.split("."))


def _is_person(words: tuple[str, ...], address: str) -> bool:
    """Whether a list of given names, the script, or the address agrees, or no word is English."""
    if words[0] in given_names() or (len(words) > 1 and words[-1] in given_names()):
        return True
    if not words[0].isascii():
        return len(words) > 1
    if len(words) < 2:
        return False
    local, _, domain = fold(address).partition("@")
    letters = re.sub(r"[\W\d_]+", "", local)
    initials = "".join(word[0] for word in words)
    if letters in (initials, initials[::-1]) or any(
        len(word) > 2 and word in letters for word in words
    ):
        return True
    is_role = not _NOBODY.isdisjoint(re.findall(r"[^\W\d_]+", local))
    is_brand = any(len(word) > 3 and word in domain for word in words)
    return len(words) < 4 and not (is_role or is_brand or any(map(is_dictionary_word, words)))
