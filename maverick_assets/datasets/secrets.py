"""Secrets in text: what machines issue, and what people write in mails, chats and notes.

Prose is read in ten languages: English, German, French, Spanish, Italian, Portuguese, Dutch,
Danish, Swedish and Polish. A noun such as "password" is looked for first; what stands near it is
a secret when the words between connect the two, and it looks like one. Pure functions; time grows
with the length of the text only.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, order=True)
class Finding:
    """`text[start:end]` is a secret, says `rule`."""

    start: int
    end: int
    rule: str


Span = tuple[int, int]
Scan = Callable[[str, str], Iterator[Span]]  # of the text, and of the text in lower case


@dataclass(frozen=True)
class _Rule:
    """`scan` runs only where one of `stems` occurs in the lower-case text; none: always."""

    name: str
    stems: tuple[str, ...]
    scan: Scan


def find_secrets(text: str) -> list[Finding]:
    """Every secret found, in the order of the text; findings of two rules may overlap."""
    lowered = _lower(text)
    return sorted(
        Finding(start, end, rule.name)
        for rule in _RULES
        if not rule.stems or any(stem in lowered for stem in rule.stems)
        for start, end in rule.scan(text, lowered)
    )


def blanked(text: str, findings: Sequence[Finding]) -> str:
    """`text` with `[rule]` in place of each secret."""
    out, at = [], 0
    for finding in sorted(findings):
        if finding.start >= at:
            out += [text[at : finding.start], f"[{finding.rule}]"]
        at = max(at, finding.end)
    return "".join([*out, text[at:]])


def _lower(text: str) -> str:
    """In lower case, every character at its place."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


# --- what machines issue

_VENDOR_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|gl(?:pat|ptt|dt|rt)-[\w-]{20,}"
    r"|xox[abceoprs]-[\w-]{10,}|xapp-[\w-]{20,}"
    r"|(?:sk|rk|pk)_(?:live|test)_\w{16,}|whsec_\w{20,}|sk-(?:[a-z]{2,10}-)?[A-Za-z0-9][\w-]{19,}"
    r"|AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|key-[0-9a-f]{32}|[0-9a-f]{32}-us\d{1,2}|SK[0-9a-f]{32}"
    r"|npm_\w{30,}|pypi-[\w-]{30,}|hf_[A-Za-z0-9]{30,}|do[opr]_v1_[0-9a-f]{40,}"
    r"|\d{8,10}:AA[\w-]{30,}|shp(?:at|ca|pa|ss)_[0-9a-f]{32}|ntn_\w{40,}|secret_\w{40,}"
    r"|figd_[\w-]{30,}|lin_api_\w{30,}|dapi[0-9a-f]{32}|hv[sbr]\.[\w-]{20,}|PMAK-[\w-]{40,}"
    r"|gl(?:c|sa)_[\w+/=]{30,}|ATATT3[\w=-]{30,}|sq0[a-z]{3}-[\w-]{20,}|EAA[A-Za-z0-9]{60,}"
    r"|AGE-SECRET-KEY-1[0-9A-Z]{50,}|dp\.(?:pt|st|ct)\.\w{30,}|sl\.[\w-]{60,}|NRAK-[0-9A-Z]{20,}"
    r")"
)
_VENDOR_STEMS = [
    "akia",
    "asia",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "glptt-",
    "gldt-",
    "glrt-",
    "xox",
    "xapp-",
    "_live_",
    "_test_",
    "whsec_",
    "sk-",
    "aiza",
    "ya29.",
    "gocspx-",
    "sg.",
    "key-",
    "-us",
    "sk",
    "npm_",
    "pypi-",
    "hf_",
    "_v1_",
    ":aa",
    "shpat_",
    "shpca_",
    "shppa_",
    "shpss_",
    "ntn_",
    "secret_",
    "figd_",
    "lin_api_",
    "dapi",
    "hvs.",
    "hvb.",
    "hvr.",
    "pmak-",
    "glc_",
    "glsa_",
    "atatt3",
    "sq0",
    "eaa",
    "age-secret",
    "dp.",
    "sl.",
    "nrak-",
]
_LONG_RUN = re.compile(r"[\w.:-]{20}")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_PRIVATE_KEY_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_WEB_TOKEN = re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_WEBHOOK = re.compile(
    r"hooks\.slack\.com/services/[\w/]{20,}|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}"
    r"|webhook\.office\.com/webhookb2/[\w@/-]{30,}"
)
_IN_URL = re.compile(r"://[^\s/:@\"'<>]{0,60}:([^\s/@\"'<>]{3,100})@(?=[\w\[])")
_COMMAND = re.compile(
    r"(?<!\S)(?:-u|--user|--proxy-user)[ =]['\"]?[\w.@-]{1,60}:([^\s'\"$<{]{4,100})"
    r"|\b(?:mysql|mysqldump|mariadb|mysqladmin)\b[^\n]{0,60}? -p([^\s'\"$<{]{4,100})"
    r"|\bsshpass -p ?['\"]?([^\s'\"$<{]{4,100})"
    r"|\b(?:bearer|basic|token) ([\w+/=.~-]{16,400})",
    re.IGNORECASE,
)
_SETTING = re.compile(
    r"(?:pass|passwd|password|pwd|passphrase|secret|token|api_?key|access_?key|account_?key"
    r"|secret_?key|private_?key|shared_?key)(?:_id)?[\"']?[^\S\n]{0,3}(?:=>|:=|=|:)[^\S\n]{0,3}"
    r"([\"']?)([^\s\"';,]{4,400})"
)
_CARD = re.compile(r"(?<![\w.,+-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w-]|[.,]\d)")
_CARD_SHAPE = re.compile(
    r"(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}|3[47]\d\d([ -]?)\d{6}\2\d{5}|3[068]\d\d([ -]?)\d{6}\3\d{4})"
)
_IBAN = re.compile(r"(?<![a-z0-9])[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,3})?")
_SOCIAL_SECURITY = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")


def _matches(pattern: re.Pattern[str]) -> Scan:
    return lambda text, _: (match.span() for match in pattern.finditer(text))


def _vendor_keys(text: str, _: str) -> Iterator[Span]:
    if _LONG_RUN.search(text):
        yield from (
            match.span() for match in _VENDOR_KEY.finditer(text) if not _placeholder(match.group())
        )


def _private_keys(text: str, _: str) -> Iterator[Span]:
    at = 0
    while begin := _PRIVATE_KEY.search(text, at):
        end = _PRIVATE_KEY_END.search(text, begin.end())
        at = end.end() if end else len(text)
        yield begin.start(), at


def _groups(pattern: re.Pattern[str]) -> Scan:
    """The last group of each match, unless it stands for a secret only."""

    def scan(text: str, _: str) -> Iterator[Span]:
        for match in pattern.finditer(text):
            span = match.span(match.lastindex or 0)
            if not _placeholder(text[slice(*span)]):
                yield span

    return scan


def _settings(text: str, lowered: str) -> Iterator[Span]:
    """`DB_PASSWORD=...`: assigned without a space, or quoted; prose is the other rules' matter."""
    for match in _SETTING.finditer(lowered):
        value = text[match.start(2) : match.end(2)]
        spaced = match.group()[: match.start(1) - match.start()][-1].isspace()
        if (match[1] or not spaced) and not _placeholder(value):
            yield match.span(2)


def _cards(text: str, _: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        if _CARD_SHAPE.fullmatch(match.group()) and _luhn(match.group()):
            yield match.span()


def _ibans(_: str, lowered: str) -> Iterator[Span]:
    for match in _IBAN.finditer(lowered):
        # What follows in lower case may have been taken for its last groups.
        words = re.split(r"([ -])", match.group())
        for count in range(len(words), 0, -2):
            number = "".join(words[:count:2])
            if 15 <= len(number) <= 34 and _mod_97(number):
                yield match.start(), match.start() + len("".join(words[:count]))
                break


def _luhn(number: str) -> bool:
    """Check digit of a payment card (ISO/IEC 7812)."""
    digits = [int(digit) for digit in number if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _mod_97(number: str) -> bool:
    """Check digits of an IBAN (ISO 13616)."""
    if not number.isascii():
        return False
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1


# --- what people write

_LEFT, _RIGHT = r"(?<![^\W_])", r"(?![^\W_])"
_LINKS = [
    "is",
    "are",
    "was",
    "are:",
    "it's",
    "thats",
    "that's",
    "will",
    "be",
    "equals",
    "now",
    "now:",
    "number",
    "no",
    "nr",
    "#",
    "ist",
    "sind",
    "lautet",
    "war",
    "wäre",
    "heißt",
    "est",
    "c'est",
    "serait",
    "es",
    "son",
    "era",
    "sería",
    "è",
    "e'",
    "sono",
    "é",
    "são",
    "eh",
    "seria",
    "zijn",
    "was",
    "wordt",
    "er",
    "hedder",
    "blir",
    "är",
    "heter",
    "to",
    "jest",
    "brzmi",
]
_TOWARDS = [
    "to",
    "with",
    "and",
    "then",
    "use",
    "as",
    "auf",
    "mit",
    "und",
    "par",
    "avec",
    "et",
    "a",
    "con",
    "y",
    "in",
    "e",
    "para",
    "com",
    "met",
    "naar",
    "en",
    "til",
    "med",
    "og",
    "till",
    "och",
    "na",
    "z",
    "i",
    "le",
    "el",
    "il",
    "o",
    "den",
    "the",
    "det",
    "de",
    "za",
]
_TOKEN = re.compile(r"\S+")
_WRAPPING = "\"'“”„«»‹›`‘’*_()[]<>"
_QUOTES = "\"“„«`'‘"
_SENTENCE_END = re.compile(r"[.!?…](?=\s)")
_REACH = 110  # characters from a noun to what it names
_CODE_LIKE = re.compile(r"\w[\w.]*[(\[]|[$%#]?\{|\$\(|\$[A-Z_]+$|<.*>?$|.*\(\)|::|->|@\w+$")
_NOTHING = re.compile(r"(.)\1{3,}|[*•x.…_#-]+|\W+", re.IGNORECASE)
_ORDINARY_MIX = re.compile(
    r"[#$€£]?\d[\d.,:/-]*(?:st|nd|rd|th|am|pm|h|hrs?|min|mins|s|ms|kb|mb|gb|tb|k|m|mm|x|kr|€|%|"
    r"usd|eur|er|e|ª|º|o|a|ème|de|ste|bit|d)?"
    r"|[a-z]{1,12}\d{1,2}|[a-z]+-\d{1,5}|v?\d+(?:\.\d+)+\S{0,4}|\S+@\S+\.\w+|(?:https?|www|ftp)\S*"
    r"|[\w./\\-]+\.(?:[a-z]{2,4})|[\w-]*/[\w/.-]*",
    re.IGNORECASE,
)


def _placeholder(value: str) -> bool:
    """Whether `value` only stands for a secret, or is an expression of a program."""
    plain = value.strip(_WRAPPING + ".,;:")
    return bool(
        len(plain) < 3
        or _NOTHING.fullmatch(plain)
        or _CODE_LIKE.match(value)
        or value.startswith(("<", "${", "$(", "{{", "%("))
        or plain.lower() in _STANDS_FOR
        or re.search(r"your|example|placeholder|changeme|redacted|hidden|xxxx", plain.lower())
    )


_STANDS_FOR = frozenset(
    [
        "str",
        "string",
        "text",
        "bytes",
        "none",
        "null",
        "nil",
        "true",
        "false",
        "int",
        "integer",
        "varchar",
        "char",
        "password",
        "passwd",
        "pass",
        "secret",
        "token",
        "required",
        "optional",
        "any",
        "object",
        "self",
        "boolean",
        "value",
        "env",
        "input",
        "prompt",
    ]
)


def _mixed(value: str) -> bool:
    """Letters with figures, or with signs among them: no word that people write."""
    plain = value.strip(_WRAPPING + ".,;:")
    if len(plain) < 4 or _ORDINARY_MIX.fullmatch(plain):
        # a word and a figure or two, as in "hunter22", counts only from seven characters on
        if not re.fullmatch(r"[a-z]{5,}\d{1,2}", plain, re.IGNORECASE):
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
    before: str  # the words between


def _following(text: str, start: int, stop: int) -> Iterator[_Near]:
    """The words after a noun that ends at `start`, to the end of its sentence."""
    line_end = text.find("\n", start, stop)
    end = stop if line_end < 0 else line_end
    if text[start:end].strip(" \t:=-*>\"'") == "":  # "Password:" alone in its line
        after = text.find("\n", end + 1, stop)
        end = stop if after < 0 else after
    tie, words = "", 0
    for match in _TOKEN.finditer(text, start, end):
        token = match.group()
        value = token.strip(_WRAPPING + ",;")
        offset = match.start() + token.find(value) if value else match.start()
        lead = token[: token.find(value)] if value else token
        if glued := re.match(r"['’]?s?\)?[:=]+>?(?=\S)|-+>", token):  # "pw:x"
            tie, value = ":", token[glued.end() :].strip(_WRAPPING + ",;")
            offset = match.start() + token.find(value, glued.end())
        quoted = bool(lead and set(lead) & set(_QUOTES)) and bool(tie)
        closing = not text[match.end() : end].strip() or token[-1] in ".;!?,"
        rest = text[match.end() : end].lstrip()
        last = closing or quoted or rest[:1].isupper() or (bool(rest) and rest[0] in "¡¿(/»”“")
        if value and value not in ":=->–—":
            yield _Near(
                value, offset, ":" if quoted else tie, words, last, text[start : match.start()]
            )
        tie, words = _tie(token, value.lower().rstrip(":,")), words + 1
        if _SENTENCE_END.match(text, match.end() - 1) and tie != ":" and words:
            if token[-1] != "." or len(token) > 4:  # "no." and "nr." end no sentence
                return


def _tie(token: str, word: str) -> str:
    if token[-1] in ":=" or token in (
        "->",
        "=>",
        "–",
        "—",
        "-",
        "»",
        "«",
        "“",
        "„",
        "/",
        "n°",
        "nº",
    ):
        return ":"
    if word in _LINKS or word.endswith(("'s", "’s")):
        return "is"
    return "to" if word in _TOWARDS else ""


def _nouns(pattern: re.Pattern[str], lowered: str) -> Iterator[tuple[re.Match[str], int]]:
    """Each noun, and up to where it reaches: the next one, at most."""
    found = list(pattern.finditer(lowered))
    for noun, after in pairwise([*found, None]):
        assert noun
        limit = len(lowered) if after is None else after.start()
        yield noun, min(limit, noun.end() + _REACH)


_PASSWORD = re.compile(
    rf"(?:{_LEFT}(?P<loose>pass|contra|clave|lösen|losen|log-?in|wi-?fi|wlan|ww|koden?|kode|code"
    r"|código|codice|kod|clé|key|chiave|chave|schlüssel|sleutel|nyckel|nøgle)"
    rf"|{_LEFT}(?:pwd?|psw|p/w|pword|passwd|mdp|mots? de passe|parola d['’ ]\w+|parola chiave"
    r"|palavra[- ]?passe|senhas?|kenncode|haseł|has[łl][oaeu]\w{0,2})"
    r"|pass-?word(?:s|et|en)?|pass ?phrases?|pass-?codes?|passwort(?:e?s)?|kennwort(?:e?s)?"
    r"|contrase(?:ñ|n\u0303?)as?|wachtwoord|adgangskoden?|kodeord(?:et)?|lösenord(?:et)?"
    rf"|losenord(?:et)?){_RIGHT}"
)
_PASSWORD_STEMS = [
    "pass",
    "pw",
    "p/w",
    "psw",
    "mdp",
    "parola",
    "senha",
    "kenn",
    "clave",
    "contra",
    "wachtwoord",
    "ww",
    "kode",
    "lös",
    "losen",
    "has",
    "login",
    "log-in",
    "wifi",
    "wi-fi",
    "wlan",
    "code",
    "código",
    "codice",
    "kod",
    "clé",
    "key",
    "chiave",
    "chave",
    "schlüssel",
    "sleutel",
    "nyckel",
    "nøgle",
]
_OFFERS = re.compile(
    r"promo|rabat|discount|coupon|voucher|checkout|sconto|ahorr|poup|remise|korting|kupon|oszcz"
    r"|spar[ae]|\d ?%"
)
_NETWORK = re.compile(r"wi-?fi|wlan|netz|network|réseau")
_USER = re.compile(
    r"(?:user|usuario|usuário|benutzer|utilisateur|identifiant|utente|utilizador|gebruiker|bruger"
    r"|användare|użytkownik|login)\w*[ :=]"
)
_AS_PASSWORD = re.compile(
    r"(\S{4,60})['\"”»,]? (?:is|as|for|ist|als|comme|est|como|come|é|è|es|is|som|är|er|jako|to)"
    r" (?:\S{1,12} ){0,3}$"
)
_PROSE = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*[.!?,;:…]*")
_NO_PASSWORD = frozenset(
    [
        "wrong",
        "incorrect",
        "expired",
        "invalid",
        "required",
        "needed",
        "not",
        "attached",
        "changed",
        "reset",
        "missing",
        "safe",
        "strong",
        "weak",
        "set",
        "correct",
        "working",
        "fine",
        "okay",
        "here",
        "there",
        "below",
        "above",
        "still",
        "now",
        "too",
        "the",
        "your",
        "our",
        "his",
        "her",
        "same",
        "different",
        "about",
        "protected",
        "saved",
        "stored",
        "sent",
        "never",
        "please",
        "what",
        "when",
        "where",
        "unknown",
        "yes",
        "no",
        "forgotten",
        "ask",
        "see",
        "falsch",
        "abgelaufen",
        "richtig",
        "nicht",
        "vergessen",
        "siehe",
        "incorrecta",
        "incorrecto",
        "oublié",
        "voir",
        "olvidada",
        "ninguna",
        "nessuna",
        "nenhuma",
        "geen",
        "vergeten",
        "ingen",
        "glemt",
        "inget",
        "glömt",
        "brak",
        "none",
        "optional",
        "hidden",
        "secret",
        "empty",
        "blank",
        "tbd",
        "email",
        "username",
        "next",
        "show",
        "change",
        "forgot",
    ]
)


def _passwords(text: str, lowered: str) -> Iterator[Span]:
    for noun, stop in _nouns(_PASSWORD, lowered):
        loose = noun["loose"] is not None
        yield from _first(
            near
            for near in _following(text, noun.end(), stop)
            if _is_password(near, loose, noun, text)
        )
        if not loose:
            before = text[max(noun.start() - 80, 0) : noun.start()]
            given = _AS_PASSWORD.search(before)
            if given and _mixed(given[1]) and not _placeholder(given[1]):
                at = noun.start() - len(before)
                yield at + given.start(1), at + given.end(1)


def _is_password(near: _Near, loose: bool, noun: re.Match[str], text: str) -> bool:
    value = near.value
    if _placeholder(value):
        return False
    if loose:
        return _loosely(near, noun, text)
    if _mixed(value):
        return near.words <= 3 or bool(near.tie)
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
    if _OFFERS.search(line):
        return False
    before = text[max(noun.start() - 60, 0) : near.start].lower()
    if near.tie == ":" and near.last and (_NETWORK.search(before[-50:]) or _USER.search(before)):
        return near.value.lower() not in _NO_PASSWORD and not _ORDINARY_MIX.fullmatch(near.value)
    return _mixed(near.value) and near.tie in ("is", ":")


def _first(found: Iterator[_Near]) -> Iterator[Span]:
    for near in found:
        yield near.start, near.start + len(near.value)
        return


_FIGURES = re.compile(
    r"(?<![\w.,:/+$€£#-])(?:[a-z]-)?([*#a-z]?\d{3}[ -]\d{3}|[*#]?[a-z]?\d{4,8}[#*]?)"
    r"(?![\w/]|[.,:-]\d| ?(?:[€$£%]|kr\b|eur\b|usd\b|zł\b|lines|zeilen|lignes))"
)
_CODE = re.compile(
    rf"{_LEFT}(?:(?P<pin>pin(?:[- ]?(?:code|codes|kode[nr]?|kod|koden|number|nummer|nr))?"
    r"|(?:\w{1,12})?pin|pinkod(?:en)?|pinkode[nr]?|geheim(?:zahl|nummer)|puk(?:[- ]?\w{3,5})?|otp|tan"
    r"|m?tan|mobiletan|tancode|digicode|domofon|einmalpasswort|szyfr|(?:numéro|número) secreto)"
    r"|(?P<code>[\w-]{0,25}?(?:codes?|kode[nr]?|kod(?:en|u|em)?)|códigos?|codigo|codice"
    r"|combinations?|combinación|combinazione|combinação|token|senha|clave|contraseña|password"
    r"|hasło|kodeord|passwort|lösenord|wachtwoord|mot de passe)"
    rf"){_RIGHT}"
)
_CODE_STEMS = [
    "pin",
    "puk",
    "otp",
    "tan",
    "cod",
    "cód",
    "kod",
    "geheim",
    "domofon",
    "combina",
    "szyfr",
    "einmal",
    "token",
    "senha",
    "clave",
    "contrase",
    "password",
    "hasło",
    "passwort",
    "lösenord",
    "wachtwoord",
    "mot",
    "de",
    "passe",
]
_LOCKED = re.compile(
    r"door|gate|alarm|safe|lock|front|building|entry|access|verif|securi|confirm|log ?in|sign in"
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
    r"zip|post(?:al|nummer|leitzahl|code)|area code|error|fehler|erreur|errore|dress|qr|product"
    r"|country|source|country|sort code|cost cent|kostenstelle|artikel|buchungs|dial code|dialling|reference"
    r"|referenz|booking|kod pocztowy|cap |vorwahl|token count|invoice|ticket|order|promo|rabat|rabatt|discount"
    r"|korting|sconto|status|sic code|exit code|short ?code"
)
_YEAR = re.compile(r"(?:19|20)\d\d")


def _codes(text: str, lowered: str) -> Iterator[Span]:
    """PINs, one-time codes, codes of doors and safes: four to eight figures."""
    for noun, stop in _nouns(_CODE, lowered):
        if noun["pin"]:
            yield from _figures_after(lowered, noun.end(), stop, _is_pin)
            yield from _figures_before(lowered, noun)
            continue
        around = lowered[max(noun.start() - 70, 0) : noun.end() + 70]
        if _OPEN.search(around):
            continue
        locked = bool(_LOCKED.search(around))
        yield from _figures_after(
            lowered, noun.end(), stop, _is_locked_code if locked else _is_bare_code
        )
        if locked:
            yield from _figures_before(lowered, noun)


def _is_pin(gap: str, tie: str, year: bool) -> bool:
    return len(gap.split()) <= 3 or (tie in ("is", ":") and len(gap.split()) <= 10)


def _is_locked_code(gap: str, tie: str, year: bool) -> bool:
    return not year or not gap.strip() or tie in ("is", ":")


def _is_bare_code(gap: str, tie: str, year: bool) -> bool:
    return tie in ("is", ":")


def _figures_after(
    lowered: str, start: int, stop: int, fits: Callable[[str, str, bool], bool]
) -> Iterator[Span]:
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
        if fits(gap, tie, bool(_YEAR.fullmatch(match[1]))):
            yield match.span(1)
            return


def _figures_before(lowered: str, noun: re.Match[str]) -> Iterator[Span]:
    """ "482913 is your code", "enter with 4711, that is the code"."""
    start = max(noun.start() - 60, 0)
    start = max(lowered.rfind("\n", start, noun.start()) + 1, start)
    found = [match for match in _FIGURES.finditer(lowered, start, noun.start())]
    if found and not (_YEAR.fullmatch(found[-1][1])):
        gap = lowered[found[-1].end() : noun.start()]
        if len(gap.split()) <= 7:
            yield found[-1].span(1)


_ACCOUNT = re.compile(
    rf"{_LEFT}(?:(?:bank )?(?:account|acct|a/c)(?: ?(?:number|no|nr|num|#))?|sort code"
    r"|routing(?: number| no)?|kontonummer|konto-?nr|konto(?:verbindung)?|kto(?:-?nr)?|blz"
    r"|bankverbindung|compte(?: bancaire)?|rib|cuenta(?: bancaria)?|conto(?: corrente)?|c/c"
    r"|coordinate bancarie|conta(?: bancária)?|dados bancários|(?:bank)?rekening(?:nummer|nr)?"
    r"|bankkonto|kontonr|clearing|rachun\w{2,4}|kont[aou]|kontem|iban)"
    rf"{_RIGHT}\.?"
)
_ACCOUNT_STEMS = [
    "account",
    "acct",
    "a/c",
    "sort",
    "code",
    "routing",
    "kont",
    "kto",
    "blz",
    "compte",
    "rib",
    "cuenta",
    "conto",
    "c/c",
    "coordinate",
    "conta",
    "rekening",
    "clearing",
    "rachun",
    "bankverb",
    "dados",
    "iban",
]
_ACCOUNT_NUMBER = re.compile(r"(?<![\w.,:/+$€£-])\d(?:[ -]?\d){6,19}(?![\w/-]|[.,:]\d)")


def _accounts(_: str, lowered: str) -> Iterator[Span]:
    for noun, stop in _nouns(_ACCOUNT, lowered):
        end = min(stop, noun.end() + 50)
        line_end = lowered.find("\n", noun.end() + 2, end)
        number = _ACCOUNT_NUMBER.search(lowered, noun.end(), end if line_end < 0 else line_end)
        if number is None:
            continue
        words = lowered[noun.end() : number.start()].split()
        tied = bool(words) and _tie(words[-1], words[-1].rstrip(":,")) != ""
        ended = any(len(word) > 4 and word[-1] in ".!?" for word in words)
        if not ended and len(words) <= (4 if tied else 2) and not _is_date(number.group()):
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
_KEY_STEMS = [
    "key",
    "secret",
    "clé",
    "clave",
    "chiave",
    "chave",
    "jeton",
    "nyckel",
    "nøgle",
    "klucz",
    "token",
    "schlüssel",
    "sleutel",
]
_RANDOM = re.compile(r"(?<![\w/.-])[\w+/=.-]{16,400}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def _keys(text: str, lowered: str) -> Iterator[Span]:
    """What looks drawn by lot, in the line of a noun such as "token"."""
    for noun, stop in _nouns(_KEY, lowered):
        start = max(noun.start() - 90, 0)
        start = max(lowered.rfind("\n", start, noun.start()) + 1, start)
        line_end = lowered.find("\n", noun.end() + 2, stop)
        end = stop if line_end < 0 else line_end
        for match in _RANDOM.finditer(text, start, min(end + 400, len(text))):
            if match.start() < end and _drawn(match.group()):
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
_WALLET_STEMS = [
    "seed",
    "recovery",
    "backup",
    "mnemonic",
    "wallet",
    "portefeuille",
    "cartera",
    "portafoglio",
    "carteira",
    "plånboken",
    "portfel",
    "wiederherst",
    "récup",
    "secrète",
    "recup",
    "semilla",
    "herstel",
    "gendann",
    "återst",
    "odzysk",
]
_WORD_LIST = re.compile(
    r"(?:(?:\d{1,2}[.):] ?)?[a-z]{3,8}(?:, ?|\s)\s?){11,23}(?:\d{1,2}[.):] ?)?[a-z]{3,8}"
)
_GRAMMAR = re.compile(r"\b(?:the|and|for|was|were|with|from|but|not|his|her|our|und|der|les|que)\b")


def _recovery_phrases(_: str, lowered: str) -> Iterator[Span]:
    for noun in _WALLET.finditer(lowered):
        start, end = noun.end(), min(noun.end() + 400, len(lowered))
        for line in re.finditer(
            r"(?:[:.]\s+|\s(?:is|ist|est|es|è|é|er|är|to)\s+)", lowered[start : start + 60]
        ):
            words = _WORD_LIST.match(lowered, start + line.end(), end)
            if words and not _GRAMMAR.search(" ".join(words.group().split()[:12])):
                yield words.span()
                break


_RULES = (
    _Rule("vendor-key", tuple(_VENDOR_STEMS), _vendor_keys),
    _Rule("private-key", ("private key",), _private_keys),
    _Rule("web-token", ("eyj",), _matches(_WEB_TOKEN)),
    _Rule("webhook", ("hook",), _matches(_WEBHOOK)),
    _Rule("url-password", ("://",), _groups(_IN_URL)),
    _Rule(
        "command-password",
        (" -u ", "--user", "--proxy", " -p", "bearer", "basic", "token "),
        _groups(_COMMAND),
    ),
    _Rule("setting", ("pass", "pwd", "secret", "token", "key"), _settings),
    _Rule("card", (), _cards),
    _Rule("iban", (), _ibans),
    _Rule("social-security", ("-",), _matches(_SOCIAL_SECURITY)),
    _Rule("password", tuple(_PASSWORD_STEMS), _passwords),
    _Rule("code", tuple(_CODE_STEMS), _codes),
    _Rule("bank-account", tuple(_ACCOUNT_STEMS), _accounts),
    _Rule("named-key", tuple(_KEY_STEMS), _keys),
    _Rule("recovery-phrase", tuple(_WALLET_STEMS), _recovery_phrases),
)
