"""The rules for secrets that machines issue: keys, tokens, connection strings, cards, IBANs.

Their shape identifies them, whatever words stand around.
"""

import re
from collections.abc import Iterator

from maverick_assets.datasets.secrets.issued.payment import PAYMENT_RULES
from maverick_assets.datasets.secrets.issued.vendors import VENDOR_RULES
from maverick_assets.datasets.secrets.rules import Rule, Search, TextSpan, is_placeholder

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
# XXXXX-XXXXX-XXXXX-XXXXX-XXXXX of a Windows: letters and figures in three or more equal groups
_LICENCE = re.compile(
    r"(?<![\w-])\d{5}(?:-\d{5}){3,5}(?![\w-])"
    r"|(?<![\w-])(?=[A-Z-]*\d)(?=[\d-]*[A-Z])(?:[A-Z0-9]{5}(?:-[A-Z0-9]{5}){3,5}"
    r"|[A-Z0-9]{4}(?:-[A-Z0-9]{4}){3,6}|[A-Z0-9]{6}(?:-[A-Z0-9]{6}){3,5})(?![\w-])"
)
# "kzpw hfue qlat mxrd": an application's password, as Google and Apple show it
_APP_PASSWORD = re.compile(r"(?<![\w'])(?:[a-z]{4}([ -]))(?:[a-z]{4}\1){2}[a-z]{4}(?![\w'])")
_NO_SYLLABLE = re.compile(
    r"\b[^aeiouyäöüåæøéàèìòùáíóú\W]{4}\b|[bcdfghjkmpqtvwxz]{3}|[jq][bcdfghjklmnpqrstvwxz]"
)
_PASSWORD_NEAR = re.compile(
    r"pass|pwd|kennw|contrase|senha|wachtw|adgang|kodeord|lösen|hasł|şifre|heslo|парол"
)
# 123-45-6789, United States; the excluded numbers are never issued. With spaces only beside "SSN".
_SOCIAL_SECURITY = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_SPACED_SOCIAL_SECURITY = re.compile(
    r"\b(?:ssn|social(?: security)?(?: number| no)?)\b\D{0,40}?"
    r"((?!000|666|9)\d{3} ?\d{2} ?\d{4})(?!\d)"
)


def _matches(pattern: re.Pattern[str]) -> Search:
    """Finds each match as a whole."""
    return lambda text, _: (match.span() for match in pattern.finditer(text))


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


def _app_passwords(text: str, lowered: str) -> Iterator[TextSpan]:
    """Four groups of four letters, where a password is named before or no word looks so."""
    for match in _APP_PASSWORD.finditer(text):
        before = lowered[max(match.start() - 120, 0) : match.start()]
        unreadable = len(_NO_SYLLABLE.findall(match.group()))
        if unreadable >= 2 or (unreadable and _PASSWORD_NEAR.search(before)):
            yield match.span()


def _social_security(text: str, lowered: str) -> Iterator[TextSpan]:
    for match in _SOCIAL_SECURITY.finditer(text):
        yield match.span()
    for match in _SPACED_SOCIAL_SECURITY.finditer(lowered):
        yield match.span(1)


ISSUED_RULES = (
    *VENDOR_RULES,
    *PAYMENT_RULES,
    Rule("private-key", ("private key",), _private_keys),
    Rule("web-token", ("eyj",), _matches(_WEB_TOKEN)),
    Rule("webhook", ("hook",), _matches(_WEBHOOK)),
    Rule("url-password", ("://",), _last_groups(_URL_PASSWORD)),
    Rule("command-password", _COMMAND_STEMS, _last_groups(_COMMAND_PASSWORD)),
    Rule("setting", ("pass", "pwd", "secret", "token", "key"), _settings),
    Rule("licence-key", ("-",), _matches(_LICENCE)),
    Rule("app-password", (), _app_passwords),
    Rule("social-security", (), _social_security),
)
