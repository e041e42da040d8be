"""Secrets as people tell them, in ten languages: passwords, PINs, codes, account numbers.

A noun such as "password" is looked for first. What stands near it in its sentence is a secret when
the words between tie the two together and it looks like one: "hunter2!!" does anywhere, a plain
word only behind a colon or in quotes, figures behind "is".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from maverick_assets.datasets.secret_rules import WRAPPING, Rule, Span, is_placeholder, listed

_LEFT, _RIGHT = r"(?<![^\W_])", r"(?![^\W_])"
_LINKS = listed(
    "is are was are: it's thats that's will be equals now now: number no nr # ist sind lautet"
    " war wäre heißt est c'est serait es son era sería è e' sono é são eh seria zijn was wordt"
    " er hedder blir är heter to jest brzmi"
)
_TOWARDS = listed(
    "to with and then use as auf mit und par avec et a con y in e para com met naar en til med"
    " og till och na z i le el il o den the det de za"
)
_STILL = listed(
    "still now again just always jetzt noch nun immer toujours maintenant encore sigue ahora siendo"
    " sempre ancora adesso agora ainda nu nog steeds stadig fortfarande nadal teraz ciągle"
)
_ENGLISH = listed("pass password passwords passcode code key")
_TOKEN = re.compile(r"\S+")
_QUOTES = "\"“„«`'\u2018"
_SIGNS = listed("-> => » « “ „ n° nº")
_SENTENCE_END = re.compile(r"[.!?…](?=\s)")
_LONG = 20_000  # characters; a text above is read up to so many nouns of a kind
_MOST_NOUNS = 2_000
_REACH = 110  # characters from a noun to what it names
_ORDINARY_MIX = re.compile(
    r"[#$€£]?\d[\d.,:/-]*(?:st|nd|rd|th|am|pm|h|hrs?|min|mins|s|ms|kb|mb|gb|tb|k|m|mm|x|kr|€|%|"
    r"usd|eur|er|e|ª|º|o|a|ème|de|ste|bit|d)?"
    r"|[a-z]{1,12}\d{1,2}|[a-z]+-\d{1,5}|v?\d+(?:\.\d+)+\S{0,4}|\S+@\S+\.\w+|(?:https?|www|ftp)\S*"
    r"|\d+-[a-z]+|[\w./\\-]+\.(?:[a-z]{2,4})|[\w-]*/[\w/.-]*",
    re.IGNORECASE,
)


_LONG_MIX = re.compile(r"[a-z]{5,}\d{1,2}", re.IGNORECASE)  # "hunter22"


def _mixed(value: str) -> bool:
    """Letters with figures, or with signs among them: no word that people write."""
    plain = value.strip(WRAPPING + ".,;:")
    if len(plain) < 4 or (_ORDINARY_MIX.fullmatch(plain) and not _LONG_MIX.fullmatch(plain)):
        return False
    letters = any(char.isalpha() for char in plain)
    figures = any(char.isdigit() for char in plain)
    return letters and (figures or bool(re.search(r"\w[!#$%&*+=?@^~|]+\w|^[!#$%&*^~]\w", plain)))


@dataclass(frozen=True)
class _Near:
    """What follows a noun within its sentence: a word, how it is tied to the noun."""

    value: str
    start: int
    tie: str  # "" for words only, "to" for a preposition before it, "is", ":" for a sign or quotes
    words: int  # between noun and value
    last: bool  # the sentence or line ends with it


def _following(text: str, noun: re.Match[str], stop: int) -> Iterator[_Near]:
    """The words after a noun, to the end of its sentence."""
    start = noun.end()
    line_end = text.find("\n", start, stop)
    end = stop if line_end < 0 else line_end
    if text[start:end].strip(" \t:=-*>\"'") == "":  # "Password:" alone in its line
        after = text.find("\n", end + 1, stop)
        end = stop if after < 0 else after
    tie, words = "", 0
    for match in _TOKEN.finditer(text, start, end):
        token = match.group()
        value = token.strip(WRAPPING + ",;")
        offset = match.start() + token.find(value) if value else match.start()
        lead = token[: token.find(value)] if value else token
        if glued := re.match(r"['\"\u2019]?s?\)?[:=]+>?(?=\S)|-+>", token):  # "pw:x"
            tie, value = ":", token[glued.end() :].strip(WRAPPING + ",;")
            offset = match.start() + token.find(value, glued.end())
        quoted = bool(set(lead) & set(_QUOTES)) and tie in ("is", ":")
        closing = not text[match.end() : end].strip() or token[-1] in ".;!?,"
        rest = text[match.end() : end].lstrip()
        last = closing or quoted or rest[:1].isupper() or (bool(rest) and rest[0] in "¡¿(/»”“")
        if value and (match.start() > start or glued) and value not in ":=->\u2013\u2014":
            yield _Near(value, offset, ":" if quoted else tie, words, last)
        word = value.lower().rstrip(":,")
        tie, words = tie if word in _STILL else _tie(token, word), words + 1
        if token.lower() == "to" and noun.group() in _ENGLISH:
            tie = "to"  # in Polish it says "is"
        # "no." and "nr." end no sentence
        if tie != ":" and (token[-1] in "!?…" or (token[-1] == "." and len(token) > 4)):
            return


def _tie(token: str, word: str) -> str:
    if token[-1] in ":=" or token in _SIGNS:
        return ":"
    if word in _LINKS or word.endswith(("'s", "\u2019s")):
        return "is"
    return "to" if word in _TOWARDS else ""


def _nouns(pattern: re.Pattern[str], lowered: str) -> Iterator[tuple[re.Match[str], int]]:
    """Each noun outside of addresses of the web, and up to where it reaches: the next, at most."""
    most = _MOST_NOUNS if len(lowered) > _LONG else None
    found = list(islice(pattern.finditer(lowered), most))
    limits = [*(noun.start() for noun in found[1:]), len(lowered)]
    for noun, limit in zip(found, limits if found else [], strict=True):
        words = lowered[max(noun.start() - 200, 0) : noun.start()].rsplit(None, 1)
        if not words or "://" not in words[-1] or lowered[noun.start() - 1].isspace():
            yield noun, min(limit, noun.end() + _REACH)


def _crowded(_: str, lowered: str) -> Iterator[Span]:
    """The rest of a text with more nouns than any that is written, or that is worth the time."""
    if len(lowered) > _LONG:
        for pattern, stems in _NOUNS:
            found = pattern.finditer(lowered) if any(stem in lowered for stem in stems) else ()
            for noun in islice(found, _MOST_NOUNS, None):
                yield noun.start(), len(lowered)
                return


_PASSWORD = re.compile(
    rf"(?:{_LEFT}(?P<loose>(?P<short>pass|contra|lösen|losen|ww)|clave|wi-?fi|wlan|koden?"
    r"|kode|kod|(?P<open>code|código|codice|clé|key|chiave|chave|schlüssel|sleutel|nyckel|nøgle))"
    rf"|{_LEFT}(?<![$/.?&])(?:pwd?|psw|p/w|pword|passwd|mdp|mots? de passe"
    r"|parola d['\u2019 ]\w+|parola chiave|palavra[- ]?passe|senhas?|kenncode"
    r"|(?P<pair>creds|credentials|zugangsdaten|identifiants|credenciales|credenziali|credenciais)"
    r"|haseł|has[łl][oaeu]\w{0,2})"
    r"|pass-?word(?:s|et|en)?|pass ?phrases?|pass-?codes?|passwort(?:e?s)?|kennwort(?:e?s)?"
    r"|contrase(?:ñ|n\u0303?)as?|wachtwoord|adgangskoden?|kodeord(?:et)?|lösenord(?:et)?"
    rf"|losenord(?:et)?){_RIGHT}"
)
_PASSWORD_STEMS = listed(
    "cred zugangsd identifi"
    " pass pw p/w psw mdp parola senha kenn clave contra wachtwoord ww kode lös losen hasł hasl"
    " hase wifi wi-fi wlan code código codice kod clé key chiave chave schlüssel sleutel"
    " nyckel nøgle"
)
_OFFERS = re.compile(
    r"promo|rabat|discount|coupon|voucher|checkout|sconto|ahorr|poup|remise|korting|kupon|oszcz"
    r"|spar[ae]|\d ?%(?!\w)"
)
_NETWORK = re.compile(r"wi-?fi|wlan|netz|network|réseau")
_USER = re.compile(
    r"(?:user|usuario|usuário|benutzer|utilisateur|identifiant|utente|utilizador|gebruiker|bruger"
    r"|användare|użytkownik|login)\w*[ :=]"
)
_ANSWERED = re.compile(r"[^\n?]{0,40}\?[^\S\n]*\n\s*(\S{4,40})[^\S\n]*(?:\n|\Z)")
_SIGNED = re.compile(r" ?[:=]")
_AS_PASSWORD = re.compile(
    r"(\S{4,60})['\"”»,]? (?:is|as|for|ist|als|comme|est|como|come|é|è|es|is|som|är|er|jako|to)"
    r" (?:\S{1,12} ){0,3}$"
)
_PROSE = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*[.!?,;:…]*")
_NO_PASSWORD = listed(
    "wrong incorrect expired invalid required needed not attached changed reset missing safe"
    " strong weak set correct working fine okay here there below above still now too the your"
    " our his her same different about protected saved stored sent never please what when where"
    " unknown yes no forgotten ask see falsch abgelaufen richtig nicht vergessen siehe"
    " incorrecta incorrecto oublié voir olvidada ninguna nessuna nenhuma geen vergeten ingen"
    " glemt inget glömt brak none optional hidden secret empty blank tbd email username next"
    " show change forgot click klicken cliquez clic klik klicka kliknij haz fai clicca"
)


def _passwords(text: str, lowered: str) -> Iterator[Span]:
    for noun, stop in _nouns(_PASSWORD, lowered):
        loose = noun["loose"] is not None
        if lowered[noun.end() : noun.end() + 1] == "_":  # part of a program's name
            continue
        yield from _first(
            near for near in _following(text, noun, stop) if _is_password(near, loose, noun, text)
        )
        answer = _ANSWERED.match(text, noun.end())
        if answer and _mixed(answer[1]) and not is_placeholder(answer[1]):
            yield answer.span(1)
        if not loose:
            before = text[max(noun.start() - 80, 0) : noun.start()]
            given = _AS_PASSWORD.search(before)
            if given and _mixed(given[1]) and not is_placeholder(given[1]):
                at = noun.start() - len(before)
                yield at + given.start(1), at + given.end(1)


def _is_password(near: _Near, loose: bool, noun: re.Match[str], text: str) -> bool:
    value = near.value
    if is_placeholder(value):
        return False
    if loose:
        return _loosely(near, noun, text)
    if _mixed(value):
        return near.words <= 3 or bool(near.tie)
    if noun["pair"]:
        return False
    if near.tie not in (":", "is") or near.words > 7:
        return False
    if value.strip(".,").isdigit():
        return len(value.strip(".,")) >= 4
    if near.tie == "is" or not _PROSE.fullmatch(value):
        return near.tie == ":" and not _ORDINARY_MIX.fullmatch(value)
    return near.last and near.words <= 2 and value.lower().rstrip(".!?,") not in _NO_PASSWORD


def _loosely(near: _Near, noun: re.Match[str], text: str) -> bool:
    """Nouns that mostly mean something else: a code, a key."""
    line = text[max(noun.start() - 40, 0) : near.start + len(near.value) + 40].lower()
    if _OFFERS.search(line) or (not noun["short"] and _OPEN.search(line)):
        return False
    before = text[max(noun.start() - 60, 0) : near.start].lower()
    if near.tie == ":" and near.last and (_NETWORK.search(before[-50:]) or _USER.search(before)):
        ordinary = near.value.lower() in _NO_PASSWORD or _ORDINARY_MIX.fullmatch(near.value)
        return _mixed(near.value) or not ordinary
    if noun["short"] and near.words <= 1 and near.last and _SIGNED.match(text, noun.end()):
        return bool(_PROSE.fullmatch(near.value)) or _mixed(near.value)
    figures = any(char.isdigit() for char in near.value)
    return not noun["open"] and figures and _mixed(near.value) and near.tie in ("is", ":")


def _first(found: Iterator[_Near]) -> Iterator[Span]:
    for near in found:
        yield near.start, near.start + len(near.value)
        return


_FIGURES = re.compile(
    r"(?<![\w.,:/+$€£#-])(?:[a-z]-)?([*#a-z]?\d{3}[ -]\d{3}|[*#]?[a-z]?\d{4,8}[#*]?"
    r"|\d{2,4}[a-z]\d{2,4})"
    r"(?![\w/]|[.,:-]\d| ?(?:[€$£%]|kr\b|eur\b|usd\b|zł\b|lines|zeilen|lignes))"
)
_CODE = re.compile(
    rf"(?:{_LEFT}(?P<pin>(?:toegangs)?pin"
    r"(?:[- ]?(?:codes?|kode[nr]?|kod|koden|number|nummer|nr))?"
    r"|pinkod(?:en)?|pinkode[nr]?|geheim(?:zahl|nummer)|puk(?:[- ]?[a-z]{3,5})?|otp|tan"
    r"|mtan|mobiletan|tancode|digicode|domofonu?|einmalpasswort|szyfr"
    r"|(?:numéro|número|codice) (?:secreto|segreto|secret))"
    r"|(?:codes?|kode[nr]?|kod(?:en|u|em)?|códigos?|codigo|codice"
    r"|combinations?|combinación|combinazione|combinação|token|senha|clave|contraseña|password"
    r"|hasło|kodeord|passwort|lösenord|wachtwoord|mot de passe)"
    rf"){_RIGHT}"
)
_CODE_STEMS = listed(
    "pin puk otp tan cod cód kod geheim domofon combina szyfr einmal token senha clave contrase"
    " password hasło passwort lösenord wachtwoord passe secret"
    " segret"
)
_LOCKED = re.compile(
    r"entrée|entrada|entrata|ingresso|wejści|indgang|ingång|eingang|ingang"
    r"|door|gate|alarm|safe|lock|front|building|entry|access|verif|securi|confirm|log ?in|sign in"
    r"|one-time|2fa|otp|sms|expire|valid|payment|authori|garage|unlock|phone|voice ?mail|card"
    r"|tür|haus|tresor|schloss|schlüssel|zugang|büro|bestätig|sicherheit|verifizier|anmeld|einmal"
    r"|überweis|keypad|porte|immeuble|coffre|portail|boîte|sécurité|vérif|valida|usage unique"
    r"|confirmer|connexion|déverrou|carte|puerta|portal|caja|candado|acceso|edificio|segur|un solo"
    r"|autoriz|tarjeta|llegó|portone|cancello|cassa|cassetta|ufficio|sicurezza|conferma|usa e getta"
    r"|carta|porta|portão|cofre|prédio|caixa|uso único|cartão|deur|kluis|sleutel|toegang|beveilig"
    r"|eenmalig|inlog|bevestig|betaling|pas\b|dør|nøgle|penge|bekræft|sikker|engang|godkend|telefon"
    r"|port|larm|kassa|nyckel|säker|engång|godkän|dörr|drzwi|bram|skryt|weryf|bezpiecz|jednoraz"
    r"|potwierdz|płatno|przelew|sejf|garaż|box|wallet|pages|fahrrad|bike|office|flat|key"
)
_OPEN = re.compile(
    r"zip|post(?:al|nummer|leitzahl|code)|area code|error|fail|fehler|erreur|dress|\bqr|product"
    r"|country|source|sort code|cost cent|kostenstelle|artikel|buchungs|dial code|dialling"
    r"|reference|referenz|booking|kod pocztowy|\bcap |vorwahl|token count|invoice|ticket|\border"
    r"|promo|rabat|discount|korting|sconto|status|sic code|exit code|short ?code|priority|claim"
    r"|\bad code|touch|ask for|key ?code|media|offer|mention"
)
_IS_YOUR = re.compile(
    r"[,;]? ?(?:-|is|ist|est|es|è|é|är|er|to|as|that|this|ese|este|esse|als|comme|como|come|som"
    r"|jako|das|dat|det|c'est)\b"
)
_OF_TIME = listed("at by section article since until um bis ab kl klokken page seite hole")
_OF_YEARS = listed("in im en em nel i w depuis sedan siden sinds seit od desde dal")
_YEAR = re.compile(r"(?:19|20)\d\d")


def _codes(_: str, lowered: str) -> Iterator[Span]:
    """PINs, one-time codes, codes of doors and safes: four to eight figures."""
    if not _FIGURES.search(lowered):
        return
    for noun, stop in _nouns(_CODE, lowered):
        if noun["pin"]:
            yield from _figures_after(lowered, noun.end(), stop, 3)
            yield from _figures_before(lowered, noun)
            continue
        around = lowered[max(noun.start() - 70, 0) : noun.end() + 70]
        if _OPEN.search(around):
            continue
        locked = bool(_LOCKED.search(around))
        yield from _figures_after(lowered, noun.end(), stop, 12 if locked else 0)
        if locked:
            yield from _figures_before(lowered, noun)


def _figures_after(lowered: str, start: int, stop: int, apart: int) -> Iterator[Span]:
    """Figures that "is" or a sign ties to the noun, or at most `apart` words from it."""
    line_end = lowered.find("\n", start + 2, stop)
    end = stop if line_end < 0 else line_end
    for match in _FIGURES.finditer(lowered, start, end):
        gap = lowered[start : match.start()]
        if _SENTENCE_END.search(gap + " ") and not gap.rstrip().endswith((":", "=")):
            return
        words = gap.split()
        tie = _tie(words[-1], words[-1].rstrip(":,")) if words else ""
        if words and len(words) > 1 and words[-1] in ("le", "el", "the", "now", "nu", "jetzt"):
            tie = _tie(words[-2], words[-2]) or tie
        if words and words[-1] in _OF_TIME:
            continue
        if words and words[-1] in _OF_YEARS and _YEAR.fullmatch(match[1]):
            continue
        near = len(words) <= apart
        if near if tie not in ("is", ":") else len(words) <= 12:
            yield match.span(1)
            return


def _figures_before(lowered: str, noun: re.Match[str]) -> Iterator[Span]:
    """As in "482913 is your code", or "enter with 4711, that is the code"."""
    start = max(noun.start() - 60, 0)
    start = max(lowered.rfind("\n", start, noun.start()) + 1, start)
    found = list(_FIGURES.finditer(lowered, start, noun.start()))
    if found and not _YEAR.fullmatch(found[-1][1]):
        gap = lowered[found[-1].end() : noun.start()]
        if len(gap.split()) <= 7 and _IS_YOUR.match(gap):
            yield found[-1].span(1)


_ACCOUNT = re.compile(
    rf"{_LEFT}(?:(?:bank )?(?:account|acct|a/c)(?: ?(?:number|no|nr|num|#))?|sort code"
    r"|routing(?: number| no)?|kontonummer|konto-?nr|konto(?:verbindung)?|kto(?:-?nr)?|blz"
    r"|bankverbindung|compte(?: bancaire)?|rib|cuenta(?: bancaria)?|conto(?: corrente)?|c/c"
    r"|coordinate bancarie|conta(?: bancária)?|dados bancários|(?:bank)?rekening(?:nummer|nr)?"
    r"|bankkonto|kontonr|rachun\w{2,4}|kont[aou]|kontem|iban)"
    rf"{_RIGHT}\.?"
)
_ACCOUNT_STEMS = listed(
    "account acct a/c sort code routing kont kto blz compte rib cuenta conto c/c coordinate"
    " conta rekening clearing rachun bankverb dados iban"
)
_ACCOUNT_NUMBER = re.compile(r"(?<![\w.,:/+$€£-])\d(?:[ -]?\d){6,19}(?![\w/-]|[.,:]\d)")


def _accounts(_: str, lowered: str) -> Iterator[Span]:
    if not _ACCOUNT_NUMBER.search(lowered):
        return
    for noun, stop in _nouns(_ACCOUNT, lowered):
        end = min(stop, noun.end() + 50)
        line_end = lowered.find("\n", noun.end() + 2, end)
        number = _ACCOUNT_NUMBER.search(lowered, noun.end(), end if line_end < 0 else line_end)
        if number is None:
            continue
        words = lowered[noun.end() : number.start()].split()
        tied = bool(words) and _tie(words[-1], words[-1].rstrip(":,")) != ""
        ended = any(len(word) > 4 and word[-1] in ".!?" for word in words)
        if not ended and len(words) <= (4 if tied else 2) and (tied or not _is_date(number[0])):
            yield number.span()


def _is_date(number: str) -> bool:
    return bool(
        re.fullmatch(r"(?:19|20)\d\d-?[01]\d-?[0-3]\d|[0-3]\d-[01]\d-(?:19|20)\d\d", number)
    )


_KEY = re.compile(
    rf"(?:{_LEFT}(?:keys?|secrets?|clés?|clave|chiave|chave|jeton|nyckel|nøgle|klucz)"
    r"|tokens?|tokenu|schlüssel|sleutel|nyckeln|nøglen"
    rf"){_RIGHT}"
)
_KEY_STEMS = listed(
    "key secret clé clave chiave chave jeton nyckel nøgle klucz token schlüssel sleutel"
)
_RANDOM = re.compile(r"(?<![\w/.-])[\w+/=.-]{16,400}")
_PUBLIC = re.compile(
    r"fingerprint|signature|badsig|public|pubkey|rsa key|key id|primary key|commit"
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def _keys(text: str, lowered: str) -> Iterator[Span]:
    """What looks drawn by lot, in the line of a noun such as "token"."""
    for noun, stop in _nouns(_KEY, lowered):
        start = max(noun.start() - 90, 0)
        start = max(lowered.rfind("\n", start, noun.start()) + 1, start)
        line_end = lowered.find("\n", noun.end() + 2, stop)
        end = stop if line_end < 0 else line_end
        line = lowered[start:end]
        for match in _RANDOM.finditer(text, start, min(end + 400, len(text))):
            if match.start() < end and _drawn(match.group()) and not _PUBLIC.search(line):
                yield match.span()


def _drawn(value: str) -> bool:
    """Whether letters and figures take turns as in no word; or a UUID."""
    if _UUID.fullmatch(value.rstrip(".")):
        return True
    run = max(re.split(r"[^A-Za-z0-9]+", value), key=len)
    turns = sum(a.isdigit() != b.isdigit() for a, b in pairwise(run))
    cases = sum(a.islower() != b.islower() for a, b in pairwise(run) if (a + b).isalpha())
    return len(run) >= 16 and (turns >= 4 or (turns >= 2 and cases >= 5))


_WALLET = re.compile(
    rf"{_LEFT}(?:(?:seed|recovery|backup|mnemonic)[ -](?:phrase|words)|mnemonic|seed-phrase"
    r"|(?:wallet|portefeuille|cartera|portafoglio|carteira|plånboken|portfela|portfel)"
    r"|wiederherstellungs\w+|phrase de récupération|phrase secrète|frase de recuperación"
    r"|frase semilla|frase di recupero|frase de recuperação|herstel(?:zin|woorden)"
    rf"|gendannelses\w+|återställningsfras|fraza odzyskiwania|wallet backup words){_RIGHT}"
)
_WALLET_STEMS = listed(
    "seed recovery backup mnemonic wallet portefeuille cartera portafoglio carteira plånboken"
    " portfel wiederherst récup secrète recup semilla herstel gendann återst odzysk"
)
_PHRASE_TIE = re.compile(r"[:.]\s+|\s(?:is|ist|est|es|è|é|er|är|to)\s+")
_WORD_LIST = re.compile(
    r"(?:(?:\d{1,2}[.):] ?)?[a-z]{3,8}(?:, ?|\s)\s?){11,23}(?:\d{1,2}[.):] ?)?[a-z]{3,8}"
)
_GRAMMAR = re.compile(r"\b(?:the|and|for|was|were|with|from|but|not|his|her|our|und|der|les|que)\b")


def _recovery_phrases(_: str, lowered: str) -> Iterator[Span]:
    for noun in islice(_WALLET.finditer(lowered), _MOST_NOUNS):
        start, end = noun.end(), min(noun.end() + 400, len(lowered))
        for tie in _PHRASE_TIE.finditer(lowered, start, min(start + 60, end)):
            words = _WORD_LIST.match(lowered, tie.end(), end)
            if words and not _GRAMMAR.search(" ".join(words.group().split()[:12])):
                yield words.span()
                break


_NOUNS = (
    (_PASSWORD, _PASSWORD_STEMS),
    (_CODE, _CODE_STEMS),
    (_ACCOUNT, _ACCOUNT_STEMS),
    (_KEY, _KEY_STEMS),
    (_WALLET, _WALLET_STEMS),
)
TOLD = (
    Rule("crowded", (), _crowded),
    Rule("password", _PASSWORD_STEMS, _passwords),
    Rule("code", _CODE_STEMS, _codes),
    Rule("bank-account", _ACCOUNT_STEMS, _accounts),
    Rule("named-key", _KEY_STEMS, _keys),
    Rule("recovery-phrase", _WALLET_STEMS, _recovery_phrases),
)
