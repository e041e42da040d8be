"""The rules for secrets that machines issue: keys, tokens, connection strings, cards, IBANs.

Their shape identifies them, whatever words stand around.
"""

import re
from collections.abc import Iterator

from maverick_assets.datasets.secrets.rules import Rule, Search, TextSpan, is_placeholder, listed

# AKIA..., ghp_..., xoxb-..., sk_live_...: each vendor's keys begin in their own way.
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
_VENDOR_STEMS = listed(
    "akia asia ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- glptt- gldt- glrt- xox xapp- _live_"
    " _test_ whsec_ sk- aiza ya29. gocspx- sg. key- -us sk npm_ pypi- hf_ _v1_ :aa shpat_"
    " shpca_ shppa_ shpss_ ntn_ secret_ figd_ lin_api_ dapi hvs. hvb. hvr. pmak- glc_ glsa_"
    " atatt3 sq0 eaa age-secret dp. sl. nrak-"
)
# No vendor's key is shorter. Few texts hold such a run, and searching for it is fast.
_LONG_RUN = re.compile(r"[\w.:-]{20}")
# "-----BEGIN RSA PRIVATE KEY-----"
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_PRIVATE_KEY_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
# "eyJhbGciOi...": header and payload of a JSON web token are JSON objects in base64, so they begin
# with "eyJ".
_WEB_TOKEN = re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
# "https://hooks.slack.com/services/T0A1/B0C2/x9..."
_WEBHOOK = re.compile(
    r"hooks\.slack\.com/services/[\w/]{20,}|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}"
    r"|webhook\.office\.com/webhookb2/[\w@/-]{30,}"
)
# postgres://app:tiger1@db.example/prod
_URL_PASSWORD = re.compile(r"://[^\s/:@\"'<>]{0,60}:([^\s/@\"'<>]{3,100})@(?=[\w\[])")
# curl -u admin:tiger1, mysql -u root -ptiger1, sshpass -p 'tiger1', Authorization: Bearer aB3x...
_COMMAND_PASSWORD = re.compile(
    r"(?<!\S)(?:-u|--user|--proxy-user)[ =]['\"]?[\w.@-]{1,60}:([^\s'\"$<{]{4,100})"
    r"|\b(?:mysql|mysqldump|mariadb|mysqladmin)\b[^\n]{0,60}? -p([^\s'\"$<{]{4,100})"
    r"|\bsshpass -p ?['\"]?([^\s'\"$<{]{4,100})"
    r"|\b(?:bearer|basic|token) (?=\S{0,60}\d)([\w+/=.~-]{16,400})",
    re.IGNORECASE,
)
_COMMAND_STEMS = ("-u ", "--user", "--proxy", " -p", "bearer", "basic", "token ")
# DB_PASSWORD=tiger1, "client_secret": "tiger1", AccountKey=aB3x...
_SETTING = re.compile(
    r"(?<!\$)(?:pass|passwd|password|pwd|passphrase|secret|token|api_?key|access_?key|account_?key"
    r"|secret_?key|private_?key|shared_?key)(?:_id)?[\"']?[^\S\n]{0,3}(?:=>|:=|=|:)[^\S\n]{0,3}"
    r"([\"']?)([^\s\"';,]{4,400})"
)
# 4111 1111 1111 1111; then by shape: Visa and Mastercard, American Express, Diners Club
_CARD = re.compile(r"(?<![\w.,+-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w-]|[.,]\d)")
_CARD_SHAPE = re.compile(
    r"\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}"
    r"|3[47]\d\d([ -]?)\d{6}\2\d{5}|3[068]\d\d([ -]?)\d{6}\3\d{4}"
)
# de89 3704 0044 0532 0130 00
_IBAN = re.compile(r"(?<![a-z0-9])[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,3})?")
_IBAN_COUNTRIES = frozenset(
    listed(
        "ad ae al at az ba be bg bh br by ch cr cy cz de dk do ee eg es fi fo fr gb ge gi gl gr gt"
        " hr hu ie il iq is it jo kw kz lb lc li lt lu lv ly mc md me mk mr mt mu nl no pk pl ps pt"
        " qa ro rs ru sa sc se si sk sm st sv tl tn tr ua va vg xk"
    )
)
# ISO 13616 reads a letter as a number: a is 10, z is 35.
_AS_DIGITS = {
    ord(letter): str(value) for value, letter in enumerate("abcdefghijklmnopqrstuvwxyz", 10)
}
# 123-45-6789, United States; the excluded numbers are never issued
_SOCIAL_SECURITY = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")


def _matches(pattern: re.Pattern[str]) -> Search:
    """Finds each match as a whole."""
    return lambda text, _: (match.span() for match in pattern.finditer(text))


def _vendor_keys(text: str, _: str) -> Iterator[TextSpan]:
    """Keys of vendors, except for placeholders."""
    if _LONG_RUN.search(text):
        yield from (
            match.span()
            for match in _VENDOR_KEY.finditer(text)
            if not is_placeholder(match.group())
        )


def _private_keys(text: str, _: str) -> Iterator[TextSpan]:
    """Private keys in PEM format, from their first line to their last."""
    position = 0
    while begin := _PRIVATE_KEY.search(text, position):
        end = _PRIVATE_KEY_END.search(text, begin.end())
        position = end.end() if end else len(text)  # the end may be cut off
        yield begin.start(), position


def _last_groups(pattern: re.Pattern[str]) -> Search:
    """Finds the last group of each match, except for placeholders."""

    def search(text: str, _: str) -> Iterator[TextSpan]:
        for match in pattern.finditer(text):
            span = match.span(match.lastindex or 0)
            if not is_placeholder(text[slice(*span)]):
                yield span

    return search


def _settings(text: str, lowered: str) -> Iterator[TextSpan]:
    """Values of settings, assigned without a space or in quotes.

    "password: tiger1" with a space and without quotes may be prose, which the phrased rules read.
    """
    for match in _SETTING.finditer(lowered):
        value = text[match.start(2) : match.end(2)]
        spaced = match.group()[: match.start(1) - match.start()][-1].isspace()
        if (match[1] or not spaced) and not is_placeholder(value):
            yield match.span(2)


def _cards(text: str, _: str) -> Iterator[TextSpan]:
    """Numbers of payment cards, by shape and check digit."""
    for match in _CARD.finditer(text):
        if _CARD_SHAPE.fullmatch(match.group()) and _has_card_check_digit(match.group()):
            yield match.span()


def _ibans(_: str, lowered: str) -> Iterator[TextSpan]:
    """International bank account numbers, by country and check digits."""
    for match in _IBAN.finditer(lowered):
        if match.group()[:2] not in _IBAN_COUNTRIES:
            continue
        # The match may include words after the number, which look like its last groups. Without
        # them the check digits fit.
        words = re.split(r"([ -])", match.group())
        for count in range(len(words), 0, -2):  # groups, with separators between
            number = "".join(words[:count:2])
            if 15 <= len(number) <= 34 and _has_iban_check_digits(number):
                yield match.start(), match.start() + len("".join(words[:count]))
                break


def _has_card_check_digit(number: str) -> bool:
    """Whether the check digit of a payment card fits (ISO/IEC 7812, the Luhn formula)."""
    digits = [int(digit) for digit in number if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _has_iban_check_digits(number: str) -> bool:
    """Whether the check digits of an IBAN fit (ISO 13616): modulo 97 they leave 1."""
    if not number.isascii():
        return False
    return int((number[4:] + number[:4]).translate(_AS_DIGITS)) % 97 == 1


ISSUED_RULES = (
    Rule("vendor-key", _VENDOR_STEMS, _vendor_keys),
    Rule("private-key", ("private key",), _private_keys),
    Rule("web-token", ("eyj",), _matches(_WEB_TOKEN)),
    Rule("webhook", ("hook",), _matches(_WEBHOOK)),
    Rule("url-password", ("://",), _last_groups(_URL_PASSWORD)),
    Rule("command-password", _COMMAND_STEMS, _last_groups(_COMMAND_PASSWORD)),
    Rule("setting", ("pass", "pwd", "secret", "token", "key"), _settings),
    Rule("card", (), _cards),
    Rule("iban", (), _ibans),
    Rule("social-security", ("-",), _matches(_SOCIAL_SECURITY)),
)
